/** Runs the same cases on every backend that this machine has. */
import { worthCompiling } from '../../lib/backend/js/clustering/compiled';
import { backendInfo } from '../../lib/index';

export type BackendName = 'native' | 'js';

const { nativeError } = backendInfo();

if (process.env['MERGANSER_REQUIRE_NATIVE'] && nativeError !== undefined) {
  throw new Error(`MERGANSER_REQUIRE_NATIVE is set, but the native backend is not there: ${nativeError}`);
}

/**
 * The backends present, or the one that MERGANSER_TEST_BACKEND names: under the sanitizers nothing is to be learnt of the TypeScript one.
 * With MERGANSER_REQUIRE_NATIVE set, a missing native backend is an error instead of a shorter list.
 */
export const BACKENDS: readonly BackendName[] = (nativeError === undefined ? (['native', 'js'] as const) : (['js'] as const)).filter(
  (backend) => (process.env['MERGANSER_TEST_BACKEND'] ?? backend) === backend,
);

// Tests are of the code that long processes run.
worthCompiling(Infinity);

/** A `describe` for each backend present. */
export function describeEachBackend(name: string, body: (backend: BackendName) => void): void {
  for (const backend of BACKENDS) describe(`${name} (${backend})`, () => body(backend));
}
