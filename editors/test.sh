#!/usr/bin/env bash
# Real editors and clients on the real server.
#
#   editors/test.sh                      everything; what an editor is missing for is said and skipped
#   editors/test.sh neovim pytest        some of: neovim emacs helix pytest browser vscode workbench tree-sitter
#   editors/test.sh --install …          first install what is missing: Debian packages (as root), PyPI and npm packages
#
# RUBRIC_PROGRAM names the server; without it, it is built. RUBRIC_STRICT=1: what the server does not advertise is a
# failure, where it is else skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
everything=(neovim emacs helix pytest browser vscode workbench tree-sitter)

install=no
wanted=()
for argument in "$@"; do
  case "$argument" in
    --install) install=yes ;;
    neovim | emacs | helix | pytest | browser | vscode | workbench | tree-sitter) wanted+=("$argument") ;;
    *)
      sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
      exit 2
      ;;
  esac
done
[ ${#wanted[@]} -gt 0 ] || wanted=("${everything[@]}")

passed=0 failed=0 skipped=0
skip() {
  echo "skipped: $1"
  skipped=$((skipped + 1))
}

# have COMMAND PACKAGE…: whether a program is there, after it was installed if that was asked for.
updated=no
have() {
  command -v "$1" >/dev/null && return 0
  [ "$install" = yes ] && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || return 1
  if [ "$updated" = no ]; then
    timeout 120 apt-get update >/dev/null 2>&1 || return 1
    updated=yes
  fi
  DEBIAN_FRONTEND=noninteractive timeout 300 apt-get install -y --no-install-recommends "${@:2}" >/dev/null 2>&1 || return 1
  command -v "$1" >/dev/null
}

# node_modules FOLDER: whether its packages are there.
node_modules() {
  command -v npm >/dev/null || return 1
  [ -d "$1/node_modules" ] && return 0
  [ "$install" = yes ] && (cd "$1" && timeout 300 npm ci --no-audit --no-fund --loglevel=error >/dev/null)
}

run() {
  echo "== $1"
  case "$1" in
    neovim)
      have nvim neovim || { skip "there is no nvim (Debian: neovim)"; return 0; }
      editors/tests/neovim/run.sh
      ;;
    emacs)
      have emacs emacs-nox elpa-eglot || { skip "there is no emacs (Debian: emacs-nox, elpa-eglot)"; return 0; }
      editors/tests/emacs/run.sh
      ;;
    helix)
      have hx hx || { skip "there is no hx (Debian 13: hx)"; return 0; }
      editors/tests/helix/run.sh
      ;;
    pytest)
      local venv=editors/tests/.venv
      if [ ! -x $venv/bin/pytest ]; then
        [ "$install" = yes ] && python3 -m venv $venv 2>/dev/null &&
          timeout 300 $venv/bin/pip install --quiet --disable-pip-version-check -r editors/tests/pytest/requirements.txt || {
          skip "there is no pytest-lsp (editors/test.sh --install pytest)"
          return 0
        }
      fi
      $venv/bin/python -m pytest -q -rs -p no:cacheprovider editors/tests/pytest
      ;;
    browser)
      have "${CHROMIUM:-chromium}" chromium || { skip "there is no chromium (Debian: chromium)"; return 0; }
      node_modules editors/tests/browser || { skip "no npm packages (editors/test.sh --install browser)"; return 0; }
      CHROMIUM=$(command -v "${CHROMIUM:-chromium}") timeout 180 npm --prefix editors/tests/browser test
      ;;
    vscode)
      node_modules editors/vscode || { skip "no npm packages (editors/test.sh --install vscode)"; return 0; }
      (cd editors/vscode && npm test && npm run package)
      ;;
    workbench)
      have "${CHROMIUM:-chromium}" chromium || { skip "there is no chromium (Debian: chromium)"; return 0; }
      node_modules editors/vscode || { skip "no npm packages (editors/test.sh --install vscode)"; return 0; }
      # VS Code as npm has it, some of it built here: half a gigabyte.
      [ "$install" = yes ] && { timeout 900 editors/tests/vscode/install.sh || true; }
      if ! node editors/tests/vscode/node_modules/code-server/out/node/entry.js --version >/dev/null 2>&1; then
        skip "there is no code-server (editors/test.sh --install workbench)"
        return 0
      fi
      (cd editors/vscode && npm run package) || return 1
      CHROMIUM=$(command -v "${CHROMIUM:-chromium}") timeout 300 npm --prefix editors/tests/vscode test
      ;;
    tree-sitter)
      (
        cd editors/tree-sitter-rubric
        cargo fmt --check && cargo clippy --locked --all-targets -- -D warnings && cargo test --locked
      )
      ;;
  esac
}

for one in "${wanted[@]}"; do
  case "$one" in
    vscode | tree-sitter) ;;
    *)
      if [ -z "${RUBRIC_PROGRAM:-}" ]; then
        cargo build --bin rubric
        RUBRIC_PROGRAM=${CARGO_TARGET_DIR:-$root/target}/debug/rubric
      fi
      RUBRIC_PROGRAM=$(realpath "$RUBRIC_PROGRAM")
      export RUBRIC_PROGRAM
      ;;
  esac
  before=$skipped
  # A subshell would lose the count of what was skipped.
  set +e
  run "$one"
  status=$?
  set -e
  if [ $status -ne 0 ]; then
    echo "FAILED: $one"
    failed=$((failed + 1))
  elif [ "$skipped" = "$before" ]; then
    passed=$((passed + 1))
  fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
