#!/usr/bin/env bash
# A session in a headless Neovim. RUBRIC_PROGRAM: the server.
set -euo pipefail
cd "$(dirname "$0")"
if ! command -v nvim >/dev/null; then
  echo "skipped: there is no nvim (Debian: apt-get install neovim)"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export RUBRIC_PROJECT="$work/é 50% project"
cp -r ../project "$RUBRIC_PROJECT"
export XDG_CONFIG_HOME="$work/config" XDG_DATA_HOME="$work/data" XDG_STATE_HOME="$work/state" XDG_CACHE_HOME="$work/cache"
site="$work/data/nvim/site"
mkdir -p "$site/parser" "$site/queries/rubric"
if command -v cc >/dev/null; then
  grammar=$(cd ../../tree-sitter-rubric && pwd)
  cc -shared -fPIC -I "$grammar/src" "$grammar/src/parser.c" "$grammar/src/scanner.c" -o "$site/parser/rubric.so"
  cp "$grammar"/queries/*.scm "$site/queries/rubric/"
fi
timeout 120 nvim --headless -i NONE --cmd "set runtimepath^=$(cd ../../neovim && pwd)" --cmd "filetype plugin on" \
  -c "set noswapfile hidden" -c "luafile $(pwd)/session.lua" </dev/null
