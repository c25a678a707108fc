#!/usr/bin/env bash
# Loads the prebuild in a clean folder with nothing but what the package would have there, on every instruction set of the processor.
# $NODE may name another Node (or an emulator and a Node).
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp -r package.json prebuilds "$folder"
mkdir "$folder/node_modules"
cp -r node_modules/node-gyp-build "$folder/node_modules"
cat > "$folder/load.cjs" <<'JS'
const load = require('node-gyp-build');
const name = load(__dirname).instructionSet();
if (process.env.MERGANSER_ISA === 'scalar' && name !== 'scalar') throw new Error(`Expected the scalar kernels, but got ${name}.`);
console.log(`${load.path(__dirname).slice(__dirname.length + 1)} runs with ${name} kernels on Node ${process.versions.node}`);
JS
for instruction_set in '' scalar; do
  (cd "$folder" && MERGANSER_ISA=$instruction_set ${NODE:-node} load.cjs)
done
