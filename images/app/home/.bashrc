# shellcheck shell=bash
. /etc/profile.d/environment.sh
# Only where somebody types.
case $- in
  *i*) eval "$(direnv hook bash)" ;;
esac
