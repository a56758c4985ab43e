#!/usr/bin/env bash
# A session in Helix, on a terminal of its own. RUBRIC_PROGRAM: the server.
set -euo pipefail
cd "$(dirname "$0")"
if ! command -v hx >/dev/null; then
  echo "skipped: there is no hx (Debian 13: apt-get install hx)"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r ../project "$work/é 50% project"
export HOME="$work" XDG_CONFIG_HOME="$work/config" XDG_CACHE_HOME="$work/cache" TERM=xterm-256color LC_ALL=C.UTF-8
runtime="$XDG_CONFIG_HOME/helix/runtime"
mkdir -p "$runtime/queries/rubric" "$runtime/grammars"
sed "s|^command = .*|command = \"$RUBRIC_PROGRAM\"|" ../../helix/languages.toml >"$XDG_CONFIG_HOME/helix/languages.toml"
if command -v cc >/dev/null; then
  grammar=$(cd ../../tree-sitter-rubric && pwd)
  cc -shared -fPIC -I "$grammar/src" "$grammar/src/parser.c" "$grammar/src/scanner.c" -o "$runtime/grammars/rubric.so"
  cp "$grammar"/queries/{indents,injections,locals,textobjects}.scm "$runtime/queries/rubric/"
  cp ../../helix/queries/rubric/highlights.scm "$runtime/queries/rubric/"
  hx --health rubric
fi
timeout 120 python3 session.py "$work/é 50% project"
