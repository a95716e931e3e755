#!/bin/bash
# The extension manager's own logic, with small extensions that need no network: an installer of the test's own.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME="$work/home" EXTENSION_DEFINITIONS="$work/definitions" EXTENSION_INSTALLERS="$work/installers"
unset XDG_DATA_HOME
mkdir -p "$HOME" "$work/installers"
store="$HOME/.local/share/extensions"

cat > "$work/installers/from-pypi" <<'INSTALLER'
#!/bin/sh
set -eu
mkdir -p "$2/bin"
version=$(jq -r .version "$1/extension.json")
printf '#!/bin/sh\necho %s\n' "$version" > "$2/bin/$(basename "$1")"
if [ -f "$1/breaks" ]; then echo "the registry has no such file" >&2; exit 1; fi
chmod +x "$2/bin/$(basename "$1")"
INSTALLER
chmod +x "$work/installers/from-pypi"

# define NAME VERSION REQUIRES-AS-JSON
define() {
  mkdir -p "$work/definitions/$1"
  jq -n --arg name "$1" --arg version "$2" --argjson requires "${3:-[]}" '{description: "For a test", category: "tool", $version,
    from: "pypi", package: $name, commands: {($name): "bin/\($name)"}, $requires}' > "$work/definitions/$1/extension.json"
}

# expect CODE TEXT COMMAND...: the exit code, and what standard output and error have in them
expect() {
  local code=$1 text=$2 said status=0
  shift 2
  said=$("$@" 2>&1) || status=$?
  if [ "$status" != "$code" ] || [[ $said != *"$text"* ]]; then
    echo "$*: expected exit code $code and \"$text\", got $status and: $said" >&2
    exit 1
  fi
}

# Nothing but what is expected lies in the store and among the links.
expect_files() {
  local found
  found=$(cd "$HOME/.local" && find bin share/extensions -mindepth 1 -maxdepth 2 ! -name .lock -printf '%P ' | xargs -n1 | sort | xargs)
  [ "$found" = "$1" ] || { echo "find ~/.local: expected \"$1\", got \"$found\"" >&2; exit 1; }
}

manager=extension-manager
define tool 1.0
define other 2.0 '["tool"]'
define broken 1.0
touch "$work/definitions/broken/breaks"

expect 0 "For a test" $manager list
expect 0 '"installed": false' $manager list --json
expect 0 "requires: tool" $manager info other
expect 2 "usage:" $manager
expect 2 "usage:" $manager nonsense
expect 2 "usage:" $manager install
expect 3 'no extension "nothing"' $manager install nothing
expect 3 'no extension "nothing"' $manager install tool nothing
expect 4 "tool is not installed" $manager status tool
expect 3 'no extension "../tool"' $manager install ../tool
expect 4 "tool is not installed" $manager status tool
expect 4 "tool is not installed" $manager remove tool
expect 4 "tool is not installed" $manager upgrade tool

expect 1 "the registry has no such file" $manager install broken
expect_files ""
touch "$HOME/.local/bin/tool"
expect 1 "is there already" $manager install tool
rm "$HOME/.local/bin/tool"

# A run that was killed has left a folder and no receipt.
mkdir -p "$store/other/2.0/half-done"
expect 0 "Installed other 2.0" $manager install other
expect_files "other other other/2.0 other/installed.json tool tool tool/1.0 tool/installed.json"
[ ! -e "$store/other/2.0/half-done" ] || { echo "other: what a killed run left was kept" >&2; exit 1; }
expect 0 "other 2.0 is installed" $manager install other
expect 0 "1.0" "$HOME/.local/bin/tool"
expect 0 '"current": true' $manager status tool --json
expect 1 "tool is needed by other" $manager remove tool

define tool 1.1
expect 0 "extension-manager upgrade tool: 1.1" $manager status
touch "$work/definitions/tool/breaks"
expect 1 "nothing of it was left" $manager upgrade
expect 0 "1.0" "$HOME/.local/bin/tool"
rm "$work/definitions/tool/breaks"
expect 0 "Installed tool 1.1" $manager upgrade
expect 0 "1.1" "$HOME/.local/bin/tool"
expect_files "other other other/2.0 other/installed.json tool tool tool/1.1 tool/installed.json"

expect 0 "Removed tool" $manager remove other tool
expect_files ""
expect 0 "[]" $manager status --json

# Of those that the image has.
unset EXTENSION_DEFINITIONS
count=$($manager list --json | jq length)
[ "$count" -ge 20 ] || { echo "extension-manager list --json: expected 20 extensions or more, got $count" >&2; exit 1; }
