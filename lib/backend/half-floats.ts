/** Half-precision numbers, as the bits that arrays hold them in. */

const word = new Uint32Array(1);
const number = new Float32Array(word.buffer);

export function fromBfloat16(bits: number): number {
  word[0] = bits << 16;
  return number[0];
}

export function fromFloat16(bits: number): number {
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  const magnitude =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
        ? fraction === 0
          ? Infinity
          : NaN
        : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -magnitude : magnitude;
}
