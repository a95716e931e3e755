#!/bin/sh
# The distribution's sshd_config is the one that includes ours.
set -eu

fail() {
  echo "$1: expected $2, got: $3" >&2
  exit 1
}

grep -q '^Include' /etc/ssh/sshd_config || fail "/etc/ssh/sshd_config" "an Include" "none"
said=$(/usr/sbin/sshd -G | grep -E '^(port|passwordauthentication) ') || fail "sshd -G" "exit code 0" "$said"
[ "$said" = "$(printf 'port 2222\npasswordauthentication no')" ] || fail "sshd -G" "port 2222, no passwords" "$said"
