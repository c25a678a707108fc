/** What bench/kmeans.ts compares with: faiss, and what the processor can do. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pythonPath } from '../scripts/python-oracle/python-oracle';

export interface FaissRun {
  readonly seconds: number;
  readonly objective: number;
  /** As many as were asked for, or fewer. */
  readonly iterations: number;
}

/** faiss on vectors.f32 and centroids.f32 of the folder, one run for all numbers of iterations; null: it is not there. */
export function faissRuns(
  folder: string,
  dims: number,
  iterations: readonly number[],
  threads: number,
  runs: number,
  env: NodeJS.ProcessEnv,
): FaissRun[] | null {
  const python = pythonPath();
  if (python === null) return null;
  const files = [join(folder, 'vectors.f32'), join(folder, 'centroids.f32')];
  const call = ['bench/kmeans-faiss.py', ...files, ...[dims, iterations.join(), threads, runs].map(String)];
  const answer = JSON.parse(execFileSync(python, call, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })) as {
    runs?: FaissRun[];
    missing?: string;
  };
  if (answer.runs === undefined) console.warn(`faiss left out: ${answer.missing}`);
  return answer.runs ?? null;
}

/** Of the instruction set that is used, with operands in registers or in the first-level cache as a tile needs them, in 10⁹ operations a second of all threads together, the most of several repeats of 50 ms; null without a compiler. */
export function arithmeticPeak(folder: string, threads = 1, repeats = 7, operands: 'registers' | 'tile' = 'registers'): number | null {
  try {
    const program = join(folder, 'arithmetic-peak');
    const flags = process.env.MERGANSER_ISA === 'avx2' ? ['-mavx2', '-mfma'] : ['-march=native'];
    if (!existsSync(program)) execFileSync('g++', ['-O3', ...flags, '-pthread', 'bench/arithmetic-peak.cpp', '-o', program]);
    return Number(execFileSync(program, [String(threads), String(repeats), operands], { encoding: 'utf8' }));
  } catch {
    return null;
  }
}
