/**
 * Answers binding.gyp's questions, so that it and CMakeLists.txt compile the same files with the same flags:
 *   node native/sources.cjs core               native/src/**\/*.cpp, without the per-instruction-set kernels
 *   node native/sources.cjs kernels            native/src/**\/*.isa.cpp, compiled once per instruction set
 *   node native/sources.cjs addon              native/addon/*.cpp
 *   node native/sources.cjs flags avx2 gnu     compiler flags from instruction-sets.json
 */
const { readdirSync } = require('node:fs');
const { relative, resolve, sep } = require('node:path');
const instructionSets = require('./instruction-sets.json');

const root = resolve(__dirname, '..');

function sourcesUnder(folder, accept) {
  return readdirSync(resolve(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.cpp') && accept(entry.name))
    .map((entry) =>
      relative(root, resolve(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join('/'),
    )
    .sort();
}

const isKernel = (name) => name.endsWith('.isa.cpp');
const answers = {
  core: () => sourcesUnder('native/src', (name) => !isKernel(name)),
  kernels: () => sourcesUnder('native/src', isKernel),
  addon: () => sourcesUnder('native/addon', () => true),
  flags: (name, compiler) => Object.values(instructionSets).find((sets) => name in sets)[name][compiler],
};

const [question, ...details] = process.argv.slice(2);
console.log(answers[question](...details).join('\n'));
