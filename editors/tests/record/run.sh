#!/usr/bin/env bash
# Records what the editors of this machine say in `initialize`, into `lsp/tests/initialize`.
set -euo pipefail
cd "$(dirname "$0")"
fixtures=$(cd ../../../lsp/tests/initialize && pwd)
editors=$(cd ../.. && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME="$work" LC_ALL=C.UTF-8
# The same for each, and without what a client may encode in its own way: that is tried in the sessions.
project="$work/school"
cp -r ../project "$project"
file="$project/policies/school/promotion.rubric"

keep() {
  [ -s "$work/$1.json" ] || { echo "$1 said nothing" >&2; exit 1; }
  python3 normalise.py "$work/$1.json" "$work" "$fixtures/$1.json"
  echo "recorded: $1"
}

if command -v nvim >/dev/null; then
  RUBRIC_RECORD="$work/neovim.json" timeout 60 nvim --headless -i NONE --cmd "set runtimepath^=$editors/neovim" \
    --cmd "filetype plugin on" --cmd "let g:rubric_program='$PWD/recorder.py'" --cmd "set noswapfile" \
    -c "edit $file" -c "sleep 2" -c "qall!" </dev/null 2>/dev/null
  keep neovim
fi
if emacs --batch --eval "(require 'eglot)" 2>/dev/null; then
  RUBRIC_RECORD="$work/emacs.json" timeout 60 emacs --batch -L "$editors/emacs" -l eglot -l rubric-mode --eval "
    (progn (setq rubric-program \"$PWD/recorder.py\")
           (find-file \"$file\")
           (apply #'eglot--connect (eglot--guess-contact))
           (sleep-for 1)
           (kill-emacs 0))" 2>/dev/null
  keep emacs
fi
if command -v hx >/dev/null; then
  mkdir -p "$work/.config/helix"
  # Without the grammar, which stands elsewhere on each machine.
  sed "s|^command = .*|command = \"$PWD/recorder.py\"|; /^\[\[grammar\]\]/,\$d" "$editors/helix/languages.toml" \
    >"$work/.config/helix/languages.toml"
  (cd "$project" && (sleep 3; printf ':q!\r'; sleep 1) |
    RUBRIC_RECORD="$work/helix.json" TERM=xterm-256color timeout 60 script -qec "hx $file" /dev/null >/dev/null)
  keep helix
fi
if [ -d ../vscode/node_modules ] && [ -e "$editors/vscode/rubric.vsix" ]; then
  node ../vscode/record.mjs "$project" "$file" "$work/vscode.json"
  keep vscode
fi
