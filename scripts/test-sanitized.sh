#!/usr/bin/env bash
# Builds the addon with AddressSanitizer and UndefinedBehaviorSanitizer into build-asan/ and runs the tests on it (npm run test:asan).
# Arguments go to jest: npm run test:asan -- test/conformance
set -euo pipefail
cd "$(dirname "$0")/.."

npm run --silent build:asan
# libstdc++ too: the sanitizer looks for its exception functions when it starts, and Node does not load it.
LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libstdc++.so)"
export LD_PRELOAD
export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1
export MERGANSER_PREBUILD=$PWD/build-asan MERGANSER_BACKEND=native MERGANSER_TEST_BACKEND=native
# Several times slower than without: what only guards against hanging waits longer.
exec node node_modules/jest/bin/jest.js --testTimeout 900000 "$@"
