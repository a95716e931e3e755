#!/bin/sh
# One small extension of PyPI, and one of npm, which brings node with it.
set -eu
extension-manager install ruff prettier
said=$("$HOME/.local/bin/ruff" --version)
expected="ruff $(jq -r .version /usr/share/extensions/ruff/extension.json)"
[ "$said" = "$expected" ] || { echo "ruff --version: expected $expected, got: $said" >&2; exit 1; }
extension-manager status --json | jq -e 'map(.name) == ["node", "prettier", "ruff"] and all(.current)' > /dev/null ||
  { echo "extension-manager status --json: expected node, prettier and ruff, got: $(extension-manager status)" >&2; exit 1; }
extension-manager remove ruff prettier node
