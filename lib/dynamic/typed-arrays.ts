/** Also of another realm, as in tests and workers, where `instanceof` says no. */
export function isUint32Array(value: unknown): value is Uint32Array {
  return Object.prototype.toString.call(value) === '[object Uint32Array]';
}
