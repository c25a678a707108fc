#!/usr/bin/env bash
# Builds the CUDA plug-in into build-cuda/libmerganser_cuda.so (npm run build:cuda). Needs no GPU.
set -euo pipefail
cd "$(dirname "$0")/.."

CUDACXX=$(scripts/setup-cuda-toolkit.sh)
export CUDACXX
# In the wheels the static runtime lies in lib, where nvcc does not look by itself.
export LIBRARY_PATH="$(dirname "$CUDACXX")/../lib${LIBRARY_PATH:+:$LIBRARY_PATH}"
npx cmake-js compile -O build-cuda --CDMERGANSER_CUDA=ON --CDMERGANSER_ADDON=OFF "$@"
