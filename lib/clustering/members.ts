/** Labels the other way round. */

export interface Members {
  /** Numbers of points, cluster by cluster, ascending in each. */
  readonly values: Uint32Array;
  /** clusters + 1 entries: those of cluster c are values[offsets[c]] … values[offsets[c + 1] − 1]. */
  readonly offsets: Uint32Array;
}

export function membersOf(labels: Uint32Array, clusters: number): Members {
  const offsets = new Uint32Array(clusters + 1);
  for (let point = 0; point < labels.length; point++) offsets[labels[point] + 1]++;
  for (let cluster = 0; cluster < clusters; cluster++) offsets[cluster + 1] += offsets[cluster];
  const next = offsets.slice(0, clusters);
  const values = new Uint32Array(labels.length);
  for (let point = 0; point < labels.length; point++) values[next[labels[point]]++] = point;
  return { values, offsets };
}

export function sizesOf({ offsets }: Members): Uint32Array {
  return offsets.slice(1).map((end, cluster) => end - offsets[cluster]);
}
