/**
 * An image's tokens before and after clustering, and what reconstruction makes of them: image → patches → reduce → restore → PNG. One row for each ratio; from left to right the image, density peaks,
 * Expedit's clusters, and Expedit's reconstruction. Writes image-tokens.png into the folder that is named, or a temporary one. The image is a landscape, or a PNG of yours:
 *
 *   npx tsx examples/image-tokens.ts [FOLDER] [PICTURE.png]
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reduce, type ReduceOptions } from 'merganser';
import { PNG } from 'pngjs';

const SIZE = 256;
const PATCH = 4;
/** Tokens in each direction, and numbers of each. */
const GRID = SIZE / PATCH;
const WIDTH = PATCH * PATCH * 3;
/** Cells in each direction: a quarter, a sixteenth and a sixty-fourth of the tokens. */
const TARGETS = [32, 16, 8];

/** Red, green and blue of each pixel, 0 … 1: hills under a sky with a sun, and a fence. */
function landscape(): Float32Array {
  const image = new Float32Array(SIZE * SIZE * 3);
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      const [u, v] = [x / SIZE, y / SIZE];
      const far = 0.55 + 0.06 * Math.sin(7 * u) + 0.03 * Math.sin(23 * u);
      const near = 0.72 + 0.05 * Math.sin(5 * u + 2) + 0.008 * Math.sin(90 * u);
      const sun = Math.hypot(u - 0.75, v - 0.2) < 0.09;
      const texture = 0.5 + 0.5 * Math.sin(160 * u + 9 * Math.sin(31 * v)) * Math.sin(140 * v);
      let colour = [0.35 + 0.5 * v, 0.55 + 0.35 * v, 0.95 - 0.15 * v];
      if (sun) colour = [1, 0.9, 0.45];
      if (v > far) colour = [0.25 + 0.1 * texture, 0.35 + 0.1 * texture, 0.45];
      if (v > near) colour = [0.2 + 0.15 * texture, 0.45 + 0.25 * texture, 0.15];
      if (v > 0.8 && v < 0.93 && x % 24 < 5) colour = [0.5, 0.32, 0.18];
      image.set(colour, (y * SIZE + x) * 3);
    }
  }
  return image;
}

/** The middle of a picture, as large a square as there is. */
function pictureOf(path: string): Float32Array {
  const { width, height, data } = PNG.sync.read(readFileSync(path));
  const side = Math.min(width, height);
  return Float32Array.from({ length: SIZE * SIZE * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % SIZE, Math.floor(i / 3 / SIZE)].map((place) => Math.floor((place * side) / SIZE));
    return data[((y + ((height - side) >> 1)) * width + x + ((width - side) >> 1)) * 4 + (i % 3)] / 255;
  });
}

/** Where a pixel stands in its token. */
function placeOf(x: number, y: number): number {
  const token = Math.floor(y / PATCH) * GRID + Math.floor(x / PATCH);
  return token * WIDTH + ((y % PATCH) * PATCH + (x % PATCH)) * 3;
}

function toPatches(image: Float32Array): Float32Array {
  const tokens = new Float32Array(image.length);
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      const from = (y * SIZE + x) * 3;
      tokens.set(image.subarray(from, from + 3), placeOf(x, y));
    }
  }
  return tokens;
}

function paint(picture: PNG, tokens: Float32Array, left: number, top: number): void {
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      const to = ((top + y) * picture.width + left + x) * 4;
      const from = placeOf(x, y);
      for (let c = 0; c < 3; c++) picture.data[to + c] = Math.round(255 * Math.min(1, Math.max(0, tokens[from + c])));
      picture.data[to + 3] = 255;
    }
  }
}

function error(tokens: Float32Array, restored: Float32Array): string {
  const mean = tokens.reduce((sum, value, i) => sum + (value - restored[i]) ** 2, 0) / tokens.length;
  return `${(-10 * Math.log10(mean)).toFixed(1)} dB`;
}

function main(): void {
  const [folder = tmpdir(), ownPicture] = process.argv.slice(2);
  const tokens = toPatches(ownPicture === undefined ? landscape() : pictureOf(ownPicture));
  const dims = [GRID * GRID, WIDTH];
  const gap = 8;
  const picture = new PNG({ width: 4 * SIZE + 3 * gap, height: TARGETS.length * SIZE + (TARGETS.length - 1) * gap });
  picture.data.fill(255);
  TARGETS.forEach((target, row) => {
    const grid = [target, target] as const;
    const options: ReduceOptions = { method: 'expedit', grid: [GRID, GRID], target: grid, temperature: 'auto' };
    const expedit = reduce({ data: tokens, dims }, options);
    const centres = expedit.tokens.data;
    // Each token as the centre that it went to.
    const clusters = new Float32Array(tokens.length);
    expedit.source.forEach((cell, token) => clusters.set(centres.subarray(cell * WIDTH, (cell + 1) * WIDTH), token * WIDTH));
    const peaks = reduce({ data: tokens, dims }, { method: 'dpc-knn', clusters: target * target });
    const panels = [tokens, peaks.unmerge(peaks.tokens.data), clusters, expedit.unmerge(centres)];
    panels.forEach((panel, column) => paint(picture, panel, column * (SIZE + gap), row * (SIZE + gap)));
    const [, ofPeaks, ofClusters, ofReconstruction] = panels.map((panel) => error(tokens, panel));
    console.log(
      `${GRID * GRID} tokens → ${target * target}: density peaks ${ofPeaks}, Expedit's clusters ${ofClusters}, reconstruction ${ofReconstruction}`,
    );
  });
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'image-tokens.png');
  writeFileSync(path, PNG.sync.write(picture));
  console.log(`written to ${path}`);
}

main();
