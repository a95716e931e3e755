#!/bin/bash
# Each extension is installed for real, prints its version, and is removed. Names may be given: extensions.sh ruff node
set -euo pipefail
definitions=${EXTENSION_DEFINITIONS:-/usr/share/extensions}
# shellcheck disable=SC1091 # Of the image.
. /etc/profile.d/environment.sh
failed=()

try() {
  local name=$1 file=$definitions/$1/extension.json said expected check
  mapfile -t check < <(jq -r '.check[]' "$file")
  expected=$(jq -r '.prints // .version' "$file")
  extension-manager install "$name" || return 1
  hash -r
  said=$("${check[@]}" 2>&1) || { echo "${check[*]}: expected exit code 0, got: $said" >&2; return 1; }
  [[ $said == *"$expected"* ]] || { echo "${check[*]}: expected \"$expected\", got: $said" >&2; return 1; }
  extension-manager remove "$name" || return 1
  hash -r
  if command -v "${check[0]}" > /dev/null && [[ $(command -v "${check[0]}") == "$HOME"/* ]]; then
    echo "extension-manager remove $name: expected no ${check[0]}, got $(command -v "${check[0]}")" >&2
    return 1
  fi
}

[ $# -gt 0 ] || mapfile -t all < <(extension-manager list --json | jq -r '.[].name')
for name in "${@:-${all[@]}}"; do
  if try "$name"; then echo "ok $name"; else failed+=("$name"); echo "FAILED $name" >&2; fi
done
[ ${#failed[@]} -eq 0 ] || { echo "extensions.sh: expected all to be installed, failed: ${failed[*]}" >&2; exit 1; }
