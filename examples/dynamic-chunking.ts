/** Dynamic chunking: from vectors of bytes to fewer vectors, and back. */
import {
  attendSegments,
  chunkRows,
  dechunkRows,
  type FloatTensor,
  poolSegments,
  prefixSegments,
  ratioLoss,
  routeChunks,
  wordSegments,
} from 'merganser';

const WIDTH = 4;

// Stands for a model's hidden vectors, which change at spaces.
const text = 'chunks begin where neighbours differ';
const rows: FloatTensor = {
  type: 'float32',
  data: Float32Array.from({ length: text.length * WIDTH }, (_, i) => (text[Math.floor(i / WIDTH)] === ' ' ? -1 : 1) + (i % WIDTH) / 10),
  dims: [text.length, WIDTH],
};
const offsets = Uint32Array.of(0, text.length);

const routing = routeChunks(rows, offsets);
const chunks = chunkRows(rows, routing.boundaries, offsets);
console.log(`${text.length} vectors, ${chunks.rows.dims[0]} chunks, beginning at ${chunks.positions.join(', ')}`);
console.log('ratio loss for four bytes a chunk:', ratioLoss(routing, 4));
// A model would work on chunks.rows here.
const spread = dechunkRows(chunks.rows, routing, offsets);
console.log('back to', spread.dims.join(' × '));

async function main(): Promise<void> {
  const words = wordSegments(text);
  console.log('one vector for each word:', poolSegments(rows, words.offsets, 'mean').dims.join(' × '));

  // Words by attention: two learned rows before each word attend to it, and become the word. A model would project queries, keys and values.
  const learned: FloatTensor = { type: 'float32', data: Float32Array.from({ length: 2 * WIDTH }, (_, i) => i / 10), dims: [2, WIDTH] };
  const units = prefixSegments(rows, words.offsets, learned, { longest: 16 });
  const heads = { data: units.rows.data, dims: [units.rows.dims[0], 1, WIDTH] };
  const pooled = await attendSegments(heads, heads, heads, units.offsets, { keep: 2 });
  console.log('two rows for each word:', pooled.dims.join(' × '));
  if (pooled.dims[0] !== 10) throw new Error('Expected two rows for each of five words.');
}

void main();
