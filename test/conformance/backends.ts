/** Runs the same cases on every backend that this machine has. */
import { backendInfo } from '../../lib/index';

export type BackendName = 'native' | 'js';

const { nativeError } = backendInfo();

if (process.env['MERGANSER_REQUIRE_NATIVE'] && nativeError !== undefined) {
  throw new Error(`MERGANSER_REQUIRE_NATIVE is set, but the native backend is not there: ${nativeError}`);
}

/** The backends present. With MERGANSER_REQUIRE_NATIVE set, a missing native backend is an error instead of a shorter list. */
export const BACKENDS: readonly BackendName[] = nativeError === undefined ? ['native', 'js'] : ['js'];

/** A `describe` for each backend present. */
export function describeEachBackend(name: string, body: (backend: BackendName) => void): void {
  for (const backend of BACKENDS) describe(`${name} (${backend})`, () => body(backend));
}
