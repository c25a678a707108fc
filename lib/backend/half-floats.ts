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

/** The nearest number's bits, of two the even ones. */
export function toBfloat16(value: number): number {
  number[0] = value;
  const bits = word[0];
  if (Number.isNaN(value)) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The nearest number's bits, of two the even ones; infinite from 65520 on. */
export function toFloat16(value: number): number {
  number[0] = value;
  const sign = (word[0] >>> 16) & 0x8000;
  const magnitude = Math.abs(number[0]);
  if (!(magnitude < 65520)) return sign | (Number.isNaN(magnitude) ? 0x7e00 : 0x7c00);
  if (magnitude < 2 ** -14) {
    // 2²³ + x leaves x rounded to a whole number in the low bits.
    number[0] = magnitude * 2 ** 24 + 2 ** 23;
    return sign | (word[0] & 0x7fff);
  }
  const bits = word[0] & 0x7fffffff;
  return sign | ((bits - 0x38000000 + 0xfff + ((bits >>> 13) & 1)) >>> 13);
}
