/** Positions of reduced tokens (PPE): several of their members' positions instead of one. */

/** `keep` positions of each of `count` reduced tokens: the last members' first, and again from the last where there are fewer. Tokens without members: zeros. */
export function keptPositions(data: ArrayLike<number>, width: number, keep: number, source: Uint32Array, count: number): Float64Array {
  const members: number[][] = Array.from({ length: count }, () => []);
  source.forEach((target, token) => members[target].push(token));
  const out = new Float64Array(count * keep * width);
  members.forEach((list, target) => {
    for (let k = 0; k < keep && list.length > 0; k++) {
      const token = list[list.length - 1 - (k % list.length)];
      for (let dim = 0; dim < width; dim++) out[(target * keep + k) * width + dim] = data[token * width + dim];
    }
  });
  return out;
}

/**
 * The rows of position ids that a rotary embedding takes (mRoPE): for coordinate c and kept position k row c · keep + k, each with one number per token.
 * `positions` is what a reduction gives.
 */
export function positionRows(positions: Float64Array, width: number, keep: number): Float64Array[] {
  const count = positions.length / (width * keep);
  return Array.from({ length: width * keep }, (_, row) => {
    const [coordinate, k] = [Math.floor(row / keep), row % keep];
    return Float64Array.from({ length: count }, (_value, token) => positions[(token * keep + k) * width + coordinate]);
  });
}

/** Lengths of the chunks of a rotary embedding; chunk i takes row i modulo the number of rows. All ones where a section cannot be cut into `keep` parts. */
export function rotaryChunks(sections: readonly number[], keep: number): number[] {
  const fits = sections.every((section) => section % keep === 0);
  if (fits) return sections.flatMap((section) => Array.from({ length: keep }, () => section / keep));
  return Array.from({ length: sections.reduce((sum, section) => sum + section, 0) }, () => 1);
}
