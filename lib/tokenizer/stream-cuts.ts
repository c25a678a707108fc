/** Finds places at which a text that is not complete yet can be cut, so that the ids of both sides are the ids of the whole, whatever follows. */
import { AddedTokens } from '../backend/js/added-tokens';
import type { EncodeControl } from '../backend/kernels';
import type { Engine } from './engine';
import type { FusedPath } from './fused-plan';
import { VISIBLE_SPACE } from './model-text';
import { SettledCuts } from './settled-cuts';
import { SettledPairs } from './settled-pairs';
import { settledSteps } from './settled-splits';
import { beginsNormalization } from './text-parts';
import { isWhitespace } from './unicode/predicates';
import { UnmergeablePairs } from './unmergeable-pairs';
import { characterBefore, codePointAt, isContinuation } from './utf8';

/** Tells whether a text without added tokens can always be cut between two characters. */
interface Pairs {
  divides(left: number, right: number): boolean;
}

/** What is derived from patterns and vocabulary, which takes up to a second. */
interface Derived {
  readonly added: AddedTokens;
  readonly pairs: Pairs | null;
  /** null: there are no steps that could be seen through, or a space that is put in front moves what they find. */
  readonly settled: SettledCuts | null;
}

/** By the path, which changes with the added tokens. Every stream of a tokenizer asks. */
const known = new WeakMap<FusedPath, StreamCuts>();

/**
 * Three ways, each for what the one before does not find: the backend, which knows the widespread patterns; pairs of characters that always divide text; and
 * walking through the whole text.
 */
export class StreamCuts {
  private derivedMemo: Derived | null = null;

  private constructor(
    private readonly engine: Engine,
    private readonly path: FusedPath,
  ) {}

  /** null if a tokenizer offers no such places. */
  static of(engine: Engine): StreamCuts | null {
    const { fused } = engine.plan;
    // Supermerges reach over the ends of pieces.
    if (fused === null || engine.definition.model.supermerges !== undefined) return null;
    let cuts = known.get(fused);
    if (cuts === undefined) known.set(fused, (cuts = new StreamCuts(engine, fused)));
    return cuts;
  }

  /** The last such place that is found: what follows `continues` (see EncodeControl). 0: there is none. Throws DisallowedAddedToken. */
  find(text: Uint8Array, control: EncodeControl): number {
    const { kernels, encoder } = this.engine;
    return (
      kernels.lastCut(encoder!, text, control) ||
      this.lastDivided(text, control.actions) ||
      (this.derived.settled?.find(text, control.actions) ?? 0)
    );
  }

  private get derived(): Derived {
    return (this.derivedMemo ??= this.derive());
  }

  private derive(): Derived {
    const { path, engine } = this;
    const added = new AddedTokens(path.added);
    if (path.steps.length === 0) return { added, pairs: UnmergeablePairs.of(engine.plan.model, path.spaceAlias), settled: null };
    const steps = settledSteps(path.steps);
    return { added, pairs: SettledPairs.of(steps), settled: SettledCuts.of(steps, path, added) };
  }

  /** From the text's end on, between which characters it can be cut; 0: nowhere. */
  private lastDivided(text: Uint8Array, actions: Uint8Array | null): number {
    const { added, pairs } = this.derived;
    if (pairs === null) return 0;
    // Every added token that begins at a place or before it is there as a whole.
    let at = Math.max(0, text.length - Math.max(1, added.longest));
    while (at > 0 && isContinuation(text[at])) at--;
    for (let right = codePointAt(text, at); at > 0;) {
      const before = characterBefore(text, at);
      const left = codePointAt(text, before);
      if (this.allows(left, right) && pairs.divides(left, right) && !added.touches(text, at, actions)) return at;
      at = before;
      right = left;
    }
    return 0;
  }

  /** Whether neither rewriting nor an added token that takes white space reaches over a place. */
  private allows(left: number, right: number): boolean {
    const { nfc, spaceAlias, steps } = this.path;
    if (nfc && (left >= 0x80 || !beginsNormalization(right))) return false;
    if (spaceAlias && steps.length > 0 && (left === VISIBLE_SPACE || right === VISIBLE_SPACE)) return false;
    return !this.derived.added.strips || !isWhitespace(left);
  }
}
