/**
 * XXH64 with seed 0, as https://github.com/Cyan4973/xxHash specifies it. JavaScript multiplies 32 bits at a time, so a 64-bit number is a pair of
 * halves here; the loop over the input keeps them in local variables.
 */

/** The constants, as halves. */
const PRIMES = [0x9e3779b185ebca87n, 0xc2b2ae3d27d4eb4fn, 0x165667b19e3779f9n, 0x85ebca77c2b2ae63n, 0x27d4eb2f165667c5n] as const;
const [P1, P2, P3, P4, P5] = PRIMES;
const P1_HIGH = 0x9e3779b1;
const P1_LOW = 0x85ebca87;
const P2_HIGH = 0xc2b2ae3d;
const P2_LOW = 0x27d4eb4f;

const STRIPE = 32;
const LANES = 4;

function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function rotate(value: bigint, bits: bigint): bigint {
  return wrap((value << bits) | (value >> (64n - bits)));
}

function round(lane: bigint, word: bigint): bigint {
  return wrap(rotate(wrap(lane + word * P2), 31n) * P1);
}

/** High 32 bits of the product of two 32-bit numbers. */
function highProduct(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const other = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + (other >>> 16)) | 0;
}

/** All whole stripes of 32 bytes, through four lanes: halves of each, low before high. */
function mixStripes(view: DataView, end: number): Uint32Array {
  const start = [wrap(P1 + P2), P2, 0n, wrap(-P1)];
  const lanes = new Uint32Array(2 * LANES);
  for (let lane = 0; lane < LANES; lane++) {
    let low = Number(start[lane] & 0xffff_ffffn) | 0;
    let high = Number(start[lane] >> 32n) | 0;
    for (let at = 8 * lane; at < end; at += STRIPE) {
      const wordLow = view.getInt32(at, true);
      const wordHigh = view.getInt32(at + 4, true);
      // lane += word * P2
      const addLow = Math.imul(wordLow, P2_LOW);
      const addHigh = (highProduct(wordLow, P2_LOW) + Math.imul(wordLow, P2_HIGH) + Math.imul(wordHigh, P2_LOW)) | 0;
      const sum = (low >>> 0) + (addLow >>> 0);
      high = (high + addHigh + (sum > 0xffff_ffff ? 1 : 0)) | 0;
      low = sum | 0;
      // rotated left by 31, which is right by 33
      const rotatedLow = (high >>> 1) | (low << 31);
      const rotatedHigh = (low >>> 1) | (high << 31);
      // times P1
      low = Math.imul(rotatedLow, P1_LOW);
      high = (highProduct(rotatedLow, P1_LOW) + Math.imul(rotatedLow, P1_HIGH) + Math.imul(rotatedHigh, P1_LOW)) | 0;
    }
    lanes[2 * lane] = low;
    lanes[2 * lane + 1] = high;
  }
  return lanes;
}

/** The lanes as one number. */
function joinLanes(halves: Uint32Array): bigint {
  const lanes = Array.from({ length: LANES }, (_, lane) => BigInt(halves[2 * lane]) | (BigInt(halves[2 * lane + 1]) << 32n));
  const sum = wrap(rotate(lanes[0], 1n) + rotate(lanes[1], 7n) + rotate(lanes[2], 12n) + rotate(lanes[3], 18n));
  return lanes.reduce((hash, lane) => wrap((hash ^ round(0n, lane)) * P1 + P4), sum);
}

function finish(hash: bigint, view: DataView, at: number): bigint {
  for (; view.byteLength - at >= 8; at += 8) hash = wrap(rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * P1 + P4);
  for (; view.byteLength - at >= 4; at += 4) hash = wrap(rotate(hash ^ wrap(BigInt(view.getUint32(at, true)) * P1), 23n) * P2 + P3);
  for (; at < view.byteLength; at++) hash = wrap(rotate(hash ^ wrap(BigInt(view.getUint8(at)) * P5), 11n) * P1);
  hash = wrap((hash ^ (hash >> 33n)) * P2);
  hash = wrap((hash ^ (hash >> 29n)) * P3);
  return hash ^ (hash >> 32n);
}

export function xxh64(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = BigInt(bytes.length);
  const end = bytes.length - (bytes.length % STRIPE);
  const hash = end === 0 ? P5 : joinLanes(mixStripes(view, end));
  return finish(wrap(hash + size), view, end);
}
