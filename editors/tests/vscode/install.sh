#!/usr/bin/env bash
# Installs VS Code as code-server packs it for npm, and a driver for the browser that shows it. Its own installation script
# fetches a program from elsewhere that is not needed here, so the modules with native code are built one by one, with the
# headers of the Node that is here.
set -euo pipefail
cd "$(dirname "$0")"
node=$(dirname "$(dirname "$(realpath "$(command -v node)")")")
[ -e "$node/include/node/node.h" ] || { echo "there are no headers of Node in $node/include/node" >&2; exit 1; }
gyp=$(npm root --global)/npm/node_modules/node-gyp/bin/node-gyp.js
[ -d node_modules ] || npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
[ -d node_modules/argon2/lib/binding ] ||
  npm_config_nodedir=$node npm_config_build_from_source=true npm rebuild argon2 --loglevel=error >/dev/null
code=$PWD/node_modules/code-server
build() {
  (cd "$1" && [ -n "$(find build/Release -name '*.node' 2>/dev/null)" ] || node "$gyp" rebuild --nodedir="$node" >/dev/null 2>&1)
}
cd "$code/lib/vscode"
[ -d node_modules ] || npm install --ignore-scripts --omit=dev --no-audit --no-fund --loglevel=error
ln -sfn node_modules node_modules.asar
for module in @vscode/spdlog native-watchdog node-pty @vscode/deviceid; do
  build "node_modules/$module"
done
