/** What training is expected to reach, beside what a run of the benchmark measured. */

/** One contestant on one task. */
export interface TrainingFigures {
  readonly task: { readonly name: string; readonly vocabSize: number };
  readonly name: string;
  readonly seconds: number;
  readonly peakBytes: number;
  /** The peak above what the process had when training began. */
  readonly ownBytes: number;
  /** A checksum; null: the contestant does not tell. */
  readonly merges: string | null;
  /** Whether the merges are Hugging Face's. */
  equal: boolean | null;
}

type Figure = 'seconds' | 'ownBytes';
interface Demand {
  readonly says: string;
  readonly tasks: readonly string[];
  /** The one that must be larger, and by how much. */
  readonly larger: string;
  readonly than: string;
  readonly figure: Figure;
  readonly times: number;
}

const SMALL = ['english', 'code', 'mixed'];
const ALL = [...SMALL, 'code200'];
const US = 'merganser';
const DEMANDS: readonly Demand[] = [
  { says: 'time of tokenizers', tasks: SMALL, larger: 'tokenizers', than: US, figure: 'seconds', times: 40 },
  { says: 'time of gigatoken', tasks: SMALL, larger: 'gigatoken', than: US, figure: 'seconds', times: 15 },
  { says: 'time of gigatoken', tasks: ['code200'], larger: 'gigatoken', than: US, figure: 'seconds', times: 4 },
  { says: 'time of tokenizers, one thread', tasks: ALL, larger: 'tokenizers', than: `${US}, 1 thread`, figure: 'seconds', times: 1 },
  { says: 'time of gigatoken, one thread', tasks: ALL, larger: 'gigatoken', than: `${US}, 1 thread`, figure: 'seconds', times: 1 },
  { says: 'memory of tokenizers', tasks: ALL, larger: 'tokenizers', than: US, figure: 'ownBytes', times: 5 },
  { says: 'memory of gigatoken', tasks: ALL, larger: 'gigatoken', than: US, figure: 'ownBytes', times: 4 },
  { says: 'time of tokenizers, TypeScript', tasks: ALL, larger: 'tokenizers', than: `${US} (js)`, figure: 'seconds', times: 4 },
  { says: 'speed from an iterable of lines', tasks: ALL, larger: US, than: `${US}, iterable of lines`, figure: 'seconds', times: 0.5 },
  { says: 'speed from an iterable of chunks', tasks: ALL, larger: US, than: `${US}, iterable of chunks`, figure: 'seconds', times: 0.5 },
];

/** One row of a table for each demand that was measured. */
export function demandsOf(results: readonly TrainingFigures[]): string[] {
  const find = (task: string, name: string): TrainingFigures | undefined =>
    results.find((figures) => figures.task.name === task && figures.name === name);
  const rows = DEMANDS.flatMap(({ says, tasks, larger, than, figure, times }) =>
    tasks.flatMap((task) => {
      const [a, b] = [find(task, larger), find(task, than)];
      return a === undefined || b === undefined ? [] : [row(`${task}: ${says}`, times, a[figure] / b[figure])];
    }),
  );
  const [few, many] = [find('english', US), find('english128', US)];
  if (few !== undefined && many !== undefined)
    rows.push(row('english: speed with 128,000 tokens, of that with 32,000', 0.4, few.seconds / many.seconds));
  return rows;
}

function row(says: string, least: number, got: number): string {
  return `| ${says} | ${least} × | ${got.toFixed(2)} × | ${got >= least ? 'reached' : '**short**'} |`;
}
