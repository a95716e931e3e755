#!/bin/sh
# Each tool prints the version that its lock file has, and SOPS and age do their work.
set -eu

fail() {
  echo "$1: expected $2, got: $3" >&2
  exit 1
}

prints() {
  pattern=$1
  shift
  said=$("$@" 2>&1) || fail "$*" "exit code 0" "$said"
  case $said in
    *$pattern*) ;;
    *) fail "$*" "\"$pattern\"" "$said" ;;
  esac
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME="$work" MISE_OFFLINE=1
cd "$work"

prints "2026.9.15" mise --version
prints "2.1.330 (Claude Code)" claude --version
prints "sops 3.13.3" sops --version --disable-version-check
prints "1.2.1" age --version

age-keygen -o key 2> keygen
recipient=$(sed -n 's/^# public key: //p' key)
echo "a secret" | age -r "$recipient" > secret.age
prints "a secret" age -d -i key secret.age

echo "password: a secret" > plain.yaml
sops encrypt --age "$recipient" plain.yaml > encrypted.yaml
if grep -q "a secret" encrypted.yaml; then fail "sops encrypt" "ciphertext" "$(cat encrypted.yaml)"; fi
SOPS_AGE_KEY_FILE="$work/key"
export SOPS_AGE_KEY_FILE
prints "password: a secret" sops decrypt encrypted.yaml
