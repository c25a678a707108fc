#!/usr/bin/env bash
# Makes the Python environment of the oracles in .venv at the top of the repository (ignored by git). `--bench` adds the peers of the benchmarks.
set -euo pipefail
if [ -n "${MERGANSER_PYTHON:-}" ]; then exit 0; fi # an environment of one's own
here=$(cd "$(dirname "$0")" && pwd)
venv="$here/../../.venv"
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
if [ "${1:-}" = --bench ]; then "$venv/bin/pip" install --quiet --disable-pip-version-check gigatoken==0.10.0; fi
"$venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -iE '^(tokenizers|tiktoken|sentencepiece|gigatoken) '
