# Reads /ask/wanted and /ask/locked, and writes to /answer what the package manager says. Fails only where the archive
# cannot be reached: what is wrong with a name is an answer.
set -u
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
wanted=$(cat /ask/wanted)
locked=$(cat /ask/locked)
: >/answer/available
status=0
if command -v apt-get >/dev/null; then
  manager=apt
  # Without the first option apt goes on with what it could not fetch.
  apt-get update -o APT::Update::Error-Mode=any -o Acquire::Retries=3 -o Acquire::http::Timeout=30 \
    -o Acquire::https::Timeout=30 -o Acquire::Languages=none || exit 1
  # shellcheck disable=SC2086
  apt-get install --simulate --no-install-recommends $wanted >/answer/simulated 2>/answer/errors || status=$?
  # shellcheck disable=SC2086
  [ -z "$locked" ] || apt-cache madison $locked >/answer/available || :
elif command -v apk >/dev/null; then
  manager=apk
  mkdir -p /var/cache/apk
  apk update --timeout 30 || exit 1
  # apk adds nothing for no names, and says nothing.
  # shellcheck disable=SC2086
  apk add --simulate $wanted >/answer/simulated 2>/answer/errors || status=$?
  # shellcheck disable=SC2086
  [ -z "$locked" ] || apk policy $locked >/answer/available || :
else
  manager=none
  : >/answer/simulated
  echo "it has neither apt-get nor apk" >/answer/errors
  status=1
fi
echo "$manager" >/answer/manager
echo "$status" >/answer/status
