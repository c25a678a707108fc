import { TokenTrait } from '../../training-kernels';

const WORDS = TokenTrait.StartsWithWord - 1;

/** What tokens must not be. Twin of native/include/merganser/training/token_rule.hpp. */
export class TokenRule {
  private readonly traits: number[];

  /** `traits`: of the tokens that are there at first. */
  constructor(
    private readonly maxWords: number,
    traits: Uint32Array,
  ) {
    this.traits = Array.from(traits);
  }

  allows(left: number, right: number): boolean {
    const joined = join(this.traits[left], this.traits[right]);
    return (joined & TokenTrait.Forbidden) === 0 && (joined & WORDS) <= this.maxWords;
  }

  /** The next id is that of the product of two tokens. */
  addProduct(left: number, right: number): void {
    this.traits.push(join(this.traits[left], this.traits[right]));
  }
}

function join(left: number, right: number): number {
  const oneWord = (left & TokenTrait.EndsWithWord) !== 0 && (right & TokenTrait.StartsWithWord) !== 0;
  const colonSpace = (left & TokenTrait.EndsWithColon) !== 0 && (right & TokenTrait.StartsWithWord) === 0;
  return (
    ((left & WORDS) + (right & WORDS) - (oneWord ? 1 : 0)) |
    (left & TokenTrait.StartsWithWord) |
    (right & (TokenTrait.EndsWithWord | TokenTrait.EndsWithColon)) |
    ((left | right) & TokenTrait.Forbidden) |
    (colonSpace ? TokenTrait.Forbidden : 0)
  );
}
