/** How much faster threads that only compute, without memory, are together than one: what a machine can give at most. */
import { Worker } from 'node:worker_threads';

const ROUNDS = 400_000_000;
const SPIN = `
  const { parentPort } = require('node:worker_threads');
  const spin = (rounds) => { let x = 1; for (let i = 0; i < rounds; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0; return x; };
  spin(1e7);
  parentPort.on('message', (rounds) => parentPort.postMessage(spin(rounds)));
`;

async function milliseconds(workers: readonly Worker[]): Promise<number> {
  const start = performance.now();
  await Promise.all(
    workers.map((worker) => {
      const done = new Promise((resolve) => worker.once('message', resolve));
      worker.postMessage(ROUNDS);
      return done;
    }),
  );
  return performance.now() - start;
}

/** Times the speed of one thread that `threads` have together: `threads` on a machine that has that many processors to itself. */
export async function arithmeticScaling(threads: number): Promise<number> {
  const workers = Array.from({ length: threads }, () => new Worker(SPIN, { eval: true }));
  await milliseconds(workers);
  const one = await milliseconds(workers.slice(0, 1));
  const all = await milliseconds(workers);
  await Promise.all(workers.map((worker) => worker.terminate()));
  return (threads * one) / all;
}
