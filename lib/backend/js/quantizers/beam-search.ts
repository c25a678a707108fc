/** Codes by beam search: several partial sums of codes are kept, and the one that ends nearest to the vector wins. */
import type { CodebookRows } from '../../quantizer-kernels';
import { products } from '../clustering/products';

export class BeamSearch {
  private readonly dims: number;
  /** ½‖c‖² of each code. */
  private readonly halves: readonly Float64Array[];

  constructor(
    private readonly codebooks: readonly CodebookRows[],
    private readonly beam: number,
  ) {
    this.dims = codebooks[0].dims;
    this.halves = codebooks.map(({ data, codes, dims }) =>
      Float64Array.from({ length: codes }, (_, code) => squaredLength(data, code * dims, dims) / 2),
    );
  }

  /** Codes of the vectors, code by code for each. Of equally good sums the one found first wins. */
  encode(vectors: Float32Array, codes: Uint32Array): void {
    const { dims, codebooks, beam } = this;
    const count = vectors.length / dims;
    const books = codebooks.length;
    let states: States = { width: 1, rests: vectors, paths: new Uint32Array(0), halves: squaredHalves(vectors, dims) };
    for (let book = 0; book < books; book++) {
      const width = Math.min(beam, states.width * codebooks[book].codes);
      states = this.extend(states, count, book, width);
    }
    // The best state of each vector stands first.
    for (let row = 0; row < count; row++) {
      codes.set(states.paths.subarray(row * states.width * books, (row * states.width + 1) * books), row * books);
    }
  }

  /** The `width` best continuations of each vector's states by a code of the codebook, the best first. */
  private extend(states: States, count: number, book: number, width: number): States {
    const { dims } = this;
    const { data, codes } = this.codebooks[book];
    const scores = new Float32Array(count * states.width * codes);
    products(states.rests, data, dims, scores);
    const next: States = {
      width,
      rests: new Float32Array(count * width * dims),
      paths: new Uint32Array(count * width * (book + 1)),
      halves: new Float64Array(count * width),
    };
    const best = new BestFew(width);
    for (let row = 0; row < count; row++) {
      best.clear();
      for (let state = row * states.width; state < (row + 1) * states.width; state++) {
        const own = states.halves[state];
        for (let code = 0, at = state * codes; code < codes; code++, at++) best.offer(own + this.halves[book][code] - scores[at], at);
      }
      for (let rank = 0; rank < width; rank++) {
        const [from, code] = [Math.floor(best.ids[rank] / codes), best.ids[rank] % codes];
        const to = row * width + rank;
        for (let k = 0; k < dims; k++) next.rests[to * dims + k] = states.rests[from * dims + k] - data[code * dims + k];
        next.halves[to] = squaredLength(next.rests, to * dims, dims) / 2;
        next.paths.set(states.paths.subarray(from * book, (from + 1) * book), to * (book + 1));
        next.paths[to * (book + 1) + book] = code;
      }
    }
    return next;
  }
}

/** Partial codes of some vectors, `width` for each. */
interface States {
  readonly width: number;
  /** What they leave of the vectors. */
  readonly rests: Float32Array;
  /** Their codes so far. */
  readonly paths: Uint32Array;
  /** Half the squared length of each rest. */
  readonly halves: Float64Array;
}

/** The least few of many numbers, ascending; of equal ones those offered first. */
class BestFew {
  readonly ids: Float64Array;
  private readonly values: Float64Array;

  constructor(private readonly room: number) {
    this.ids = new Float64Array(room);
    this.values = new Float64Array(room);
  }

  clear(): void {
    this.values.fill(Infinity);
  }

  offer(value: number, id: number): void {
    let at = this.room - 1;
    if (!(value < this.values[at])) return;
    for (; at > 0 && this.values[at - 1] > value; at--) {
      this.values[at] = this.values[at - 1];
      this.ids[at] = this.ids[at - 1];
    }
    this.values[at] = value;
    this.ids[at] = id;
  }
}

function squaredLength(data: Float32Array, from: number, dims: number): number {
  let square = 0;
  for (let at = from; at < from + dims; at++) square += data[at] * data[at];
  return square;
}

function squaredHalves(rows: Float32Array, dims: number): Float64Array {
  return Float64Array.from({ length: rows.length / dims }, (_, row) => squaredLength(rows, row * dims, dims) / 2);
}
