/** What follows for a pair from the traits of its tokens. Twin of native/include/merganser/dynamic/traits.hpp. */
import { TokenTrait } from '../../dynamic-kernels';

/** The traits of a token that two others make. */
export function joinTraits(left: number, right: number): number {
  let traits = (left & TokenTrait.StartsMarked) | (left & right & TokenTrait.OnlyMarks) | (right & TokenTrait.EndsWord);
  traits |= (left | right) & (TokenTrait.Newline | TokenTrait.Newlines);
  if ((left & right & TokenTrait.Newline) !== 0) traits |= TokenTrait.Newlines;
  if ((left & TokenTrait.MarkedInside) !== 0 || (right & (TokenTrait.StartsMarked | TokenTrait.MarkedInside)) !== 0)
    traits |= TokenTrait.MarkedInside;
  return traits;
}

/** Whether marks alone forbid a pair: words and lines begin where tokens do. */
export function isBarred(left: number, right: number): boolean {
  const joined = joinTraits(left, right);
  return (
    (left & TokenTrait.EndsWord) !== 0 ||
    (joined & TokenTrait.Newlines) !== 0 ||
    (joined & (TokenTrait.MarkedInside | TokenTrait.OnlyMarks)) === TokenTrait.MarkedInside
  );
}
