#!/usr/bin/env bash
# Builds prebuilds/<platform>-<arch>/merganser.node for this machine, or with arguments for prebuildify for another (npm run prebuildify).
# Works on a copy: prebuildify empties build/, and a cross build would leave a binary there that this machine cannot load.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r package.json binding.gyp native cuda "$copy"
ln -s "$root/node_modules" "$copy/node_modules"

node_folder=$(dirname "$(dirname "$(node -p process.execPath)")")
if [ -z "${npm_config_nodedir:-}" ] && [ -f "$node_folder/include/node/node_version.h" ]; then
  export npm_config_nodedir=$node_folder
fi
# The C++ library goes into the binary: older systems have an older one.
if [ "$(uname)" = Linux ]; then
  export LDFLAGS="${LDFLAGS:-} -static-libstdc++ -static-libgcc -Wl,--exclude-libs,ALL"
fi
"$root/node_modules/.bin/prebuildify" --cwd "$copy" --napi --target "$(node -p process.versions.node)" \
  --node-gyp "$root/node_modules/.bin/node-gyp" --strip --quiet "$@"
cp -r "$copy/prebuilds" "$root"
ls -l "$root"/prebuilds/*
