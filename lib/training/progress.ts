/** Tells users how far a long piece of work is. */
import type { TrainingProgress } from './types';

const INTERVAL_MILLISECONDS = 100;

/** One phase: what is done, how fast, and how long the rest will take. */
export class PhaseProgress {
  private readonly started = performance.now();
  private next: number;
  private done: number;

  /** `begin`: what was done before, by an earlier call. */
  constructor(
    private readonly phase: TrainingProgress['phase'],
    private readonly total: number | null,
    private readonly listener: ((progress: TrainingProgress) => void) | undefined,
    private readonly begin = 0,
  ) {
    this.done = begin;
    this.next = this.started + INTERVAL_MILLISECONDS;
  }

  add(amount: number): void {
    this.reach(this.done + amount);
  }

  reach(done: number): void {
    this.done = done;
    const now = performance.now();
    if (now < this.next) return;
    this.next = now + INTERVAL_MILLISECONDS;
    this.tell(now);
  }

  /** The phase is over: seconds that it took. */
  end(): number {
    const now = performance.now();
    this.tell(now);
    return (now - this.started) / 1000;
  }

  /** What was done since it began. */
  get amount(): number {
    return this.done - this.begin;
  }

  private tell(now: number): void {
    if (this.listener === undefined) return;
    const { phase, done, total } = this;
    const rate = (done - this.begin) / Math.max((now - this.started) / 1000, 1e-6);
    const secondsLeft = total === null || rate === 0 ? null : Math.max(0, total - done) / rate;
    this.listener({ phase, done, total, rate, secondsLeft });
  }
}
