#!/usr/bin/env bash
# A session in a batch Emacs with Eglot. RUBRIC_PROGRAM: the server.
set -euo pipefail
cd "$(dirname "$0")"
if ! emacs --batch --eval "(require 'eglot)" 2>/dev/null; then
  echo "skipped: there is no emacs with eglot (Debian: apt-get install emacs-nox elpa-eglot)"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# No percent sign: Eglot 1.9 leaves it bare in the address of a file, which later ones do not.
export RUBRIC_PROJECT="$work/é project"
cp -r ../project "$RUBRIC_PROJECT"
export HOME="$work" LC_ALL=C.UTF-8
timeout 120 emacs --batch -L "$(cd ../../emacs && pwd)" -l "$(pwd)/session.el" 2>&1 | grep -v '^\[jsonrpc\]\|^\[eglot\] Waiting'
