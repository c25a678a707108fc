/**
 * The linear program of unigramify, in the LP format that solvers read: scores x = x₀ + p − n, such that each target beats its rivals by a margin, or else pays for
 * what is missing:
 *
 *   minimise Σ w · s + λ · Σ (p + n)   subject to   Σ a · (p − n) + s ≥ margin − Σ a · x₀   and   p, n, s ≥ 0
 *
 * where a is how much more often a token stands in the target than in the rival.
 */
import { MerganserError } from '../errors';

/** What is used of the package highs: the object that its loader resolves to. Another solver, or one in a worker, fits as well. */
export interface LinearSolver {
  /** `problem`: CPLEX's LP format. */
  solve(problem: string): LinearSolution | Promise<LinearSolution>;
}

export interface LinearSolution {
  readonly Status: string;
  readonly ObjectiveValue: number;
  /** `Primal` is the value of each variable. */
  readonly Columns: Readonly<Record<string, object>>;
}

/** A target and one of its rivals. */
export interface Rivalry {
  /** What falling short costs. */
  readonly weight: number;
  /** How much more often each token stands in the target; none is 0. */
  readonly differences: ReadonlyMap<number, number>;
}

export function rivalry(target: readonly number[], rival: readonly number[], weight: number): Rivalry {
  const differences = new Map<number, number>();
  for (const id of target) differences.set(id, (differences.get(id) ?? 0) + 1);
  for (const id of rival) differences.set(id, (differences.get(id) ?? 0) - 1);
  for (const [id, difference] of differences) if (difference === 0) differences.delete(id);
  return { weight, differences };
}

/** By how much a target is ahead of its rival. */
export function lead({ differences }: Rivalry, scores: Float64Array): number {
  let sum = 0;
  for (const [id, difference] of differences) sum += difference * scores[id];
  return sum;
}

export interface MarginProgram {
  readonly rivalries: readonly Rivalry[];
  readonly start: Float64Array;
  readonly margin: number;
  /** λ */
  readonly change: number;
}

/** The scores that solve a program, and its objective. Throws INTERNAL if the solver finds none. */
export async function solveMargins(program: MarginProgram, solver: LinearSolver): Promise<{ scores: Float64Array; objective: number }> {
  const scores = program.start.slice();
  if (program.rivalries.length === 0) return { scores, objective: 0 };
  const { Status, ObjectiveValue, Columns } = await solver.solve(lpText(program));
  if (Status !== 'Optimal') throw new MerganserError('INTERNAL', `The linear program was not solved: the solver says ${Status}.`);
  for (const [name, column] of Object.entries(Columns)) {
    const { Primal = 0 } = column as { Primal?: number };
    if (name.startsWith('p')) scores[Number(name.slice(1))] += Primal;
    else if (name.startsWith('n')) scores[Number(name.slice(1))] -= Primal;
  }
  return { scores, objective: ObjectiveValue };
}

function lpText({ rivalries, start, margin, change }: MarginProgram): string {
  const ids = new Set<number>();
  const rows = rivalries.map((one, row) => {
    const terms: string[] = [];
    for (const [id, difference] of one.differences) {
      ids.add(id);
      const [sign, opposite] = difference > 0 ? ['+', '-'] : ['-', '+'];
      const times = Math.abs(difference);
      terms.push(`${sign} ${times} p${id} ${opposite} ${times} n${id}`);
    }
    return ` c${row}: ${terms.join('\n ')} + s${row} >= ${margin - lead(one, start)}`;
  });
  const costs = rivalries.map(({ weight }, row) => ` + ${weight} s${row}`);
  for (const id of ids) costs.push(` + ${change} p${id} + ${change} n${id}`);
  return ['Minimize', ' cost:', ...costs, 'Subject To', ...rows, 'End', ''].join('\n');
}
