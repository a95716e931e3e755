#!/bin/sh
# What the table of the chain promises of base answers.
set -eu

fail() {
  echo "$1: expected $2, got: $3" >&2
  exit 1
}

# prints PATTERN COMMAND...
prints() {
  pattern=$1
  shift
  said=$("$@" 2>&1) || fail "$*" "exit code 0" "$said"
  case $said in
    *$pattern*) ;;
    *) fail "$*" "\"$pattern\"" "$said" ;;
  esac
}

# same EXPECTED COMMAND...
same() {
  expected=$1
  shift
  said=$("$@" 2>&1) || fail "$*" "exit code 0" "$said"
  [ "$said" = "$expected" ] || fail "$*" "$expected" "$said"
}

prints "gcc (Debian" gcc --version
prints "GNU Make" make --version
prints "3." pkg-config --modversion openssl
prints "1.3" pkg-config --modversion zlib
prints "curl 8" curl --version
prints "git version 2" git --version
prints "jq-1" jq --version
prints "VIM - Vi IMproved 9" vim --version
prints "psql (PostgreSQL) 17" psql --version
prints "redis-cli 8" redis-cli --version
prints "2." direnv version
prints "3." sqlite3 --version
prints "Screen version" screen --version
prints "tree v2" tree --version
prints "gh version 2" gh --version
prints "mikefarah/yq/) version v4.54.1" yq --version
prints "OpenSSH_10" ssh -V
prints "tini version" tini --version
prints "iproute2" ip -V
prints "net-tools" netstat --version
prints "DiG 9" dig -v
prints "Python 3.13" python3 --version

# What compiles, runs.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '#include <stdio.h>\n#include <zlib.h>\n#include <openssl/crypto.h>\nint main(void) { puts(zlibVersion()); puts(OpenSSL_version(0)); return 0; }\n' > "$work/a.c"
gcc -o "$work/a" "$work/a.c" -lz -lcrypto
prints "OpenSSL 3" "$work/a"

same 1 yq -n -o=json '{"a": {"b": 1}} | .a.b'
same 42 sqlite3 :memory: "select 6 * 7"

# Every container makes host keys for itself.
said=$(find /etc/ssh -name 'ssh_host_*')
[ -z "$said" ] || fail "find /etc/ssh -name 'ssh_host_*'" "nothing" "$said"

same 1001 id -u developer
same developer stat -c %U /workspace
