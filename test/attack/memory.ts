/**
 * Looks for leaks: loads, uses and drops tokenizers thousands of times and watches the memory of the process. Not part of `npm test`, for it
 * takes a minute and wants a quiet machine.
 *
 *   npx tsx --expose-gc test/attack/memory.ts
 */
import { backendInfo, Tokenizer } from '../../lib/index';
import { smallTokenizer } from './small-tokenizer';

/** Growth between the middle and the end that is not explained by the allocator's habits. */
const ALLOWED_GROWTH_MB = 24;
const ROUNDS = 30;

type Scenario = readonly [name: string, round: (backend: 'native' | 'js') => Promise<void>];

const shared = new Map<string, Tokenizer>();

function sharedTokenizer(backend: 'native' | 'js'): Tokenizer {
  const known = shared.get(backend) ?? Tokenizer.fromJSON(smallTokenizer(), { backend });
  shared.set(backend, known);
  return known;
}

const scenarios: readonly Scenario[] = [
  [
    'load and dispose',
    async (backend) => {
      for (let i = 0; i < 200; i++) Tokenizer.fromJSON(smallTokenizer(), { backend }).dispose();
    },
  ],
  [
    'load and forget',
    async (backend) => {
      for (let i = 0; i < 200; i++) Tokenizer.fromJSON(smallTokenizer(), { backend }).encode('abcd abcd');
      globalThis.gc!();
      await new Promise((resolve) => setImmediate(resolve));
    },
  ],
  [
    'encode texts that are always new',
    async (backend) => {
      const tokenizer = sharedTokenizer(backend);
      for (let i = 0; i < 20_000; i++) tokenizer.encode(`abcd ${Math.random()} ab cd`);
    },
  ],
  [
    'asynchronous batches',
    async (backend) => {
      const tokenizer = sharedTokenizer(backend);
      for (let i = 0; i < 50; i++) await tokenizer.encodeBatch(Array<string>(100).fill('abcd ab cd a b c d'));
    },
  ],
  [
    'aborted batches',
    async (backend) => {
      const tokenizer = sharedTokenizer(backend);
      for (let i = 0; i < 50; i++) {
        const controller = new AbortController();
        const work = tokenizer.encodeBatch(Array<string>(1000).fill('abcd ab cd'), { signal: controller.signal }).catch(() => undefined);
        controller.abort();
        await work;
      }
    },
  ],
  [
    'streams',
    async (backend) => {
      const tokenizer = sharedTokenizer(backend);
      for (let i = 0; i < 100; i++) for await (const ids of tokenizer.encodeStream(['abcd', ' ab ', 'cd'])) void ids;
    },
  ],
];

function residentMegabytes(): number {
  globalThis.gc!();
  globalThis.gc!();
  return process.memoryUsage().rss / 2 ** 20;
}

async function main(): Promise<void> {
  if (globalThis.gc === undefined) throw new Error('Run with --expose-gc.');
  const backends = backendInfo().nativeError === undefined ? (['native', 'js'] as const) : (['js'] as const);
  for (const backend of backends) {
    for (const [name, round] of scenarios) {
      let middle = 0;
      for (let i = 0; i < ROUNDS; i++) {
        await round(backend);
        if (i === ROUNDS / 2) middle = residentMegabytes();
      }
      const growth = residentMegabytes() - middle;
      const leaks = growth > ALLOWED_GROWTH_MB;
      console.log(`${leaks ? 'LEAKS' : 'ok   '} ${name} (${backend}): ${growth.toFixed(1)} MB over the second half`);
      if (leaks) process.exitCode = 1;
    }
  }
}

void main();
