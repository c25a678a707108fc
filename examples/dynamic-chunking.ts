/** Dynamic chunking: from vectors of bytes to fewer vectors, and back. */
import { chunkRows, dechunkRows, type FloatTensor, poolSegments, ratioLoss, routeChunks } from 'merganser';

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

const words = Uint32Array.of(0, 7, 13, 19, 30, text.length);
console.log('one vector for each word:', poolSegments(rows, words, 'mean').dims.join(' × '));
