#!/usr/bin/env bash
# Prints the path of an nvcc: the one of $CUDACXX or PATH, or else of a toolkit made from PyPI's wheels in a cache outside the repository
# ($MERGANSER_CUDA_TOOLKIT, by default ~/.cache/merganser/cuda-13.0). Messages go to stderr.
set -euo pipefail

existing=${CUDACXX:-$(command -v nvcc || true)}
if [ -n "$existing" ]; then
  echo "$existing"
  exit
fi

toolkit=${MERGANSER_CUDA_TOOLKIT:-${XDG_CACHE_HOME:-$HOME/.cache}/merganser/cuda-13.0}
find_nvcc() { find "$toolkit" -path '*/nvidia/cu13/bin/nvcc' -print -quit 2>/dev/null || true; }
if [ -z "$(find_nvcc)" ]; then
  echo "Installing a CUDA 13.0 toolkit into $toolkit …" >&2
  python3 -m venv "$toolkit" >&2 || { echo "Could not make a Python environment; on Debian: apt-get install python3-venv" >&2; exit 1; }
  "$toolkit/bin/pip" install --quiet --disable-pip-version-check \
    'nvidia-cuda-nvcc==13.0.*' 'nvidia-cuda-runtime==13.0.*' 'nvidia-cuda-crt==13.0.*' 'nvidia-cuda-cccl==13.0.*' 'nvidia-nvvm==13.0.*' >&2 ||
    { rm -rf "$toolkit"; echo "Could not install the toolkit's wheels." >&2; exit 1; }
fi
find_nvcc
