/**
 * Kernels are compiled once per instruction set, and the linker keeps one copy of an inline function for the whole addon. If a kernel's object
 * file holds an inline function of a shared header, that copy may be the one that needs AVX-512, and baseline code that calls it dies on an
 * older processor. So kernel objects may define names in their own namespace only. Run after `npm run build:native`.
 */
const { execFileSync } = require('node:child_process');
const { readdirSync } = require('node:fs');
const { join, resolve } = require('node:path');

const objects = resolve(__dirname, '..', 'build', 'Release', 'obj.target');

function definedNames(file) {
  const lines = execFileSync('nm', ['--demangle', '--defined-only', '--extern-only', '--format=posix', file], { encoding: 'utf8' })
    .trim()
    .split('\n');
  // name, type, address, size; a demangled name may hold spaces.
  return lines.map((line) => line.replace(/ [A-Za-z] [0-9a-f]+( [0-9a-f]+)?$/, '')).filter((name) => name !== '');
}

let files = 0;
const strays = [];
for (const target of readdirSync(objects).filter((name) => /^kernels_\w+$/.test(name))) {
  const namespace = `::${target.slice('kernels_'.length)}::`;
  for (const entry of readdirSync(join(objects, target), { recursive: true }).filter((name) => name.endsWith('.o'))) {
    files++;
    const stray = definedNames(join(objects, target, entry)).filter(
      (name) => !(name.startsWith('merganser::') && name.includes(namespace)),
    );
    strays.push(...stray.map((name) => `${target}/${entry}: ${name}`));
  }
}
if (files === 0) throw new Error(`Expected object files of kernels in ${objects}; run npm run build:native first.`);
if (strays.length > 0) throw new Error(`Expected kernels to define names in their own namespace only, but found:\n${strays.join('\n')}`);
console.log(`${files} kernel objects define names in their own namespace only.`);
