import type { TestRun } from "./image-tests";

/**
 * Runs in images of any kind, so it needs no more than a POSIX shell, grep for what must match, and stat for modes and owners. It
 * tells only of what failed, all of it, and ends with 1 where anything did.
 */
const runner = String.raw`
count=0
failed=0
export TESTS

# show LABEL TEXT: the first lines of a text, beneath each other.
show() {
  printf '%s\n' "$2" | {
    label=$1
    lines=0
    while IFS= read -r line || [ -n "$line" ]; do
      lines=$((lines + 1))
      if [ "$lines" -gt 20 ]; then printf '            …\n'; break; fi
      printf '  %-9s %s\n' "$label" "$line"
      label=
    done
  }
}

# fail EXPECTED CAME: of the test that is named last; what it ran is told with its first failure.
fail() {
  if [ "$told" = 0 ]; then
    told=1
    failed=$((failed + 1))
    printf 'FAILED %s: %s\n' "$file" "$name"
    [ -z "$run" ] || [ "$run" = "$name" ] || show command "$run"
  fi
  show expected "$1"
  show came "$2"
}

begin() {
  name=$1
  run=$2
  told=0
  count=$((count + 1))
}

# of_command NAME COMMAND EXITCODE [output TEXT] [matches EXPRESSION]
of_command() {
  begin "$1" "$2"
  printed=$(/bin/sh -c "$2" 2>&1 </dev/null)
  code=$?
  [ "$code" = "$3" ] || fail "exit code $3" "exit code $code$(printed_text)"
  shift 3
  while [ $# -gt 0 ]; do
    case $1 in
      output) [ "$printed" = "$2" ] || fail "output: $2" "output: $printed" ;;
      matches) printf '%s\n' "$printed" | grep -Eq -e "$2" || fail "a line that matches $2" "output: $printed" ;;
    esac
    shift 2
  done
}

printed_text() {
  [ -z "$printed" ] || printf ', and output: %s' "$printed"
}

# of_file PATH [absent -] [mode MODE] [owner USER:GROUP] [matches EXPRESSION]
of_file() {
  path=$1
  begin "$path" ""
  shift
  if [ "$1" = absent ]; then
    if [ -e "$path" ] || [ -L "$path" ]; then fail "nothing there" "$(ls -ld "$path")"; fi
    return
  fi
  if [ ! -e "$path" ]; then fail "a file or a folder" "nothing there"; return; fi
  while [ $# -gt 0 ]; do
    case $1 in
      mode)
        mode=$(stat -Lc %a "$path" 2>&1)
        while [ "${"$"}{#mode}" -lt 4 ]; do mode=0$mode; done
        [ "$mode" = "$2" ] || fail "mode $2" "mode $mode"
        ;;
      owner)
        form=%U:%G
        case ${"$"}{2%%:*} in *[!0-9]*) ;; *) form=%u:${"$"}{form#*:} ;; esac
        case ${"$"}{2#*:} in *[!0-9]*) ;; *) form=${"$"}{form%:*}:%g ;; esac
        owner=$(stat -Lc "$form" "$path" 2>&1)
        [ "$owner" = "$2" ] || fail "owner $2" "owner $owner"
        ;;
      matches)
        grep -Eq -e "$2" "$path" || fail "a line that matches $2" "$(cat "$path" 2>&1)"
        ;;
    esac
    shift 2
  done
}

# of_user NAME [uid NUMBER] [gid NUMBER] [home PATH] [shell PATH]
of_user() {
  begin "$1" ""
  found=
  while IFS=: read -r user _ uid gid _ home shell || [ -n "$user" ]; do
    if [ "$user" = "$1" ]; then found=1; break; fi
  done </etc/passwd
  if [ -z "$found" ]; then fail "a user" "none of that name in /etc/passwd"; return; fi
  shift
  while [ $# -gt 0 ]; do
    case $1 in
      uid) has=$uid ;;
      gid) has=$gid ;;
      home) has=$home ;;
      shell) has=$shell ;;
    esac
    [ "$has" = "$2" ] || fail "$1 $2" "$1 $has"
    shift 2
  done
}

listens() {
  for table in /proc/net/tcp /proc/net/tcp6; do
    [ -r "$table" ] || continue
    while read -r _ local _ state _; do
      case "$local $state" in *:"$1 0A") return 0 ;; esac
    done <"$table"
  done
  return 1
}

# of_port PORT COMMAND SECONDS: what the command prints goes to the log as it comes.
of_port() {
  begin "port $1" "$2"
  hex=$(printf %04X "$1")
  pause=1
  tries=$3
  if sleep 0.1 2>/dev/null; then pause=0.1; tries=$(($3 * 10)); fi
  if listens "$hex"; then fail "port $1 to be free before" "it is open"; return; fi
  /bin/sh -c "$2" 2>&1 </dev/null &
  process=$!
  until listens "$hex"; do
    if ! kill -0 "$process" 2>/dev/null; then
      wait "$process"
      fail "port $1 to be open" "the command ended with exit code $?"
      return
    fi
    tries=$((tries - 1))
    if [ "$tries" -lt 0 ]; then fail "port $1 to be open" "not open after $3 s"; break; fi
    sleep "$pause"
  done
  kill "$process" 2>/dev/null
}

# of_script PATH: what it prints goes to the log as it comes.
of_script() {
  begin "$1" ""
  "$TESTS/$1" 2>&1 </dev/null
  code=$?
  [ "$code" = 0 ] || fail "exit code 0" "exit code $code"
}

finish() {
  if [ "$failed" -gt 0 ]; then
    printf '%s of %s tests failed\n' "$failed" "$count"
    exit 1
  fi
  printf '%s passed\n' "$count"
  exit 0
}
`.trimStart();

/**
 * A program for the image's /bin/sh.
 *
 * @param folder as a person finds it. @example "images/base/tests"
 * @param mounted where the container has it; in the variable TESTS
 */
export function programOf({ file, tests }: TestRun, folder: string, mounted: string): string {
  const calls = tests === undefined ? [["of_script", file]] : callsOf(tests);
  const lines = calls.map(([test, ...words]) => [test, ...words.map((word) => quoted(String(word)))].join(" "));
  return [`TESTS=${quoted(mounted)}`, runner, `file=${quoted(`${folder}/${file}`)}`, ...lines, "finish", ""].join("\n");
}

function callsOf({ files = {}, users = {}, commands = [], ports = {} }: NonNullable<TestRun["tests"]>) {
  return [
    ...Object.entries(files).map(([path, { exists, ...expected }]) =>
      exists === false ? ["of_file", path, "absent", "-"] : ["of_file", path, ...pairs(expected)],
    ),
    ...Object.entries(users).map(([user, expected]) => ["of_user", user, ...pairs(expected)]),
    ...commands.map(({ name, run, exitCode = 0, output, matches }) => [
      "of_command",
      name ?? run,
      run,
      exitCode,
      // As the shell does with what a command prints.
      ...pairs({ output: output?.replace(/\n+$/, ""), matches }),
    ]),
    ...Object.entries(ports).map(([port, { run, within = 10 }]) => ["of_port", port, run, within]),
  ];
}

function pairs(expected: Readonly<Record<string, string | number | undefined>>): (string | number)[] {
  return Object.entries(expected).flatMap(([what, value]) => (value === undefined ? [] : [what, value]));
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
