# shellcheck shell=sh
# Read by log-in shells (/etc/profile.d), by interactive ones (~/.bashrc), and by scripts (BASH_ENV).
case ":$PATH:" in
  *":$HOME/.local/share/mise/shims:"*) ;;
  *) export PATH="$HOME/.local/share/mise/shims:$HOME/.local/bin:$PATH" ;;
esac
export EDITOR="${EDITOR:-vim}"
