# Read by interactive and other shells alike.
export PATH="$HOME/.local/share/mise/shims:$HOME/.local/bin:$PATH"
export EDITOR="${EDITOR:-vim}"
if [ -n "${PS1:-}" ]; then
  eval "$(direnv hook bash)"
fi
