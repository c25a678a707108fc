/** A line on the terminal that says how far training is. */
import type { TrainingProgress } from '../index';
import { CLEAR_LINE, describeBytes, describeSeconds } from './progress';
import type { Terminal } from './terminal';

export class TrainingProgressLine {
  private shown = false;

  /** Shows nothing unless standard error is a terminal. */
  constructor(private readonly terminal: Terminal) {}

  show(progress: TrainingProgress): void {
    const { stderr } = this.terminal;
    if (stderr.isTTY !== true) return;
    this.shown = true;
    stderr.write(CLEAR_LINE + describeTraining(progress).slice(0, (stderr.columns ?? 80) - 1));
  }

  /** Takes the line away. */
  clear(): void {
    if (this.shown) this.terminal.stderr.write(CLEAR_LINE);
    this.shown = false;
  }
}

/** The phase, what is done, of how much, how fast, and the time that is left. */
export function describeTraining({ phase, done, total, rate, secondsLeft }: TrainingProgress): string {
  const amount = phase === 'merge' ? (value: number) => `${Math.round(value)}` : describeBytes;
  const unit = phase === 'merge' ? ' merges' : '';
  const name = { pretokenize: 'counting', count: 'adding up', merge: 'merging ' }[phase];
  const of = total === null ? '' : ` of ${amount(total)}`;
  const left = secondsLeft === null ? '' : `  ${describeSeconds(Math.ceil(secondsLeft))} left`;
  return `${name}  ${amount(done)}${of}${unit}  ${amount(rate)}/s${left}`;
}
