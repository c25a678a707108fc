/** What attention is compared with: PyTorch, and what the machine can do at most. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pythonPath } from '../scripts/python-oracle/python-oracle';

export const DIMS = 128;

export interface Shape {
  readonly type: 'float32' | 'bfloat16';
  readonly heads: number;
  readonly kvHeads: number;
  readonly queries: number;
  readonly keys: number;
  readonly causal: boolean;
}

/** Of one layer; null without PyTorch. */
export function torchSeconds(
  { type, heads, kvHeads, queries, keys, causal }: Shape,
  threads: number,
  layers: number,
  runs: number,
): number | null {
  const python = pythonPath();
  if (python === null) return null;
  const call = [type, heads, kvHeads, queries, keys, DIMS, causal ? 1 : 0, threads, layers, runs].map(String);
  const answer = JSON.parse(execFileSync(python, ['bench/attention-torch.py', ...call], { encoding: 'utf8' })) as { seconds?: number };
  return answer.seconds ?? null;
}

/** What a small program prints; null without a compiler. */
export function measured(folder: string, source: string, ...call: string[]): number | null {
  try {
    const program = join(folder, source);
    execFileSync('g++', ['-O3', '-march=native', '-pthread', `bench/${source}.cpp`, '-o', program]);
    return Number(execFileSync(program, call, { encoding: 'utf8' }));
  } catch {
    return null;
  }
}
