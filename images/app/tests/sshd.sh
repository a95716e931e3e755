#!/bin/sh
# The container's own entry point starts sshd; one logs in with a key made on the spot, and with nothing else.
set -eu

fail() {
  echo "$1: expected $2, got: $3" >&2
  exit 1
}

work=$(mktemp -d)
/usr/local/bin/entrypoint > "$work/log" 2>&1 &
sshd=$!
trap 'kill $sshd; rm -rf "$work"' EXIT

tries=0
until said=$(ssh-keyscan -t ed25519 -p 2222 -T 3 127.0.0.1 2> /dev/null) && [ -n "$said" ]; do
  tries=$((tries + 1))
  [ $tries -lt 20 ] || fail "ssh-keyscan -p 2222 127.0.0.1" "a host key" "$(cat "$work/log")"
  sleep 0.5
done
echo "$said" > "$work/known"

ssh-keygen -q -t ed25519 -N '' -f "$work/key"
mkdir -p "$HOME/.ssh"
chmod 700 "$HOME/.ssh"
cat "$work/key.pub" >> "$HOME/.ssh/authorized_keys"
chmod 600 "$HOME/.ssh/authorized_keys"
login() { ssh -p 2222 -o BatchMode=yes -o UserKnownHostsFile="$work/known" "$@"; }

said=$(login -i "$work/key" developer@127.0.0.1 'id -u; command -v extension-manager; pwd' 2>&1) ||
  fail "ssh developer@127.0.0.1" "a log-in" "$said; $(cat "$work/log")"
expected=$(printf '1001\n/usr/local/bin/extension-manager\n/home/developer')
[ "$said" = "$expected" ] || fail "ssh developer@127.0.0.1 id" "$expected" "$said"

said=$(login -o PreferredAuthentications=password,keyboard-interactive developer@127.0.0.1 true 2>&1) &&
  fail "ssh with a password" "a refusal" "$said"
case $said in
  *"Permission denied (publickey)"*) ;;
  *) fail "ssh with a password" "Permission denied (publickey)" "$said" ;;
esac

said=$(login -tt -i "$work/key" developer@127.0.0.1 exit < /dev/null 2>&1 || :)
sudo -n true 2> /dev/null && fail "sudo -n true" "a refusal" "exit code 0"
sudo -n -l | grep -q 'debian-packages install' || fail "sudo -n -l" "the rule for packages" "$(sudo -n -l 2>&1)"
