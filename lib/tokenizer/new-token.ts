import { invalidArgument } from '../errors';
import type { NewToken } from './added-tokens';
import type { AddedToken } from './types';

const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** Fills in what a user leaves out of an added token; as in Hugging Face, special tokens are not normalized unless that is asked for. */
export function newToken(token: string | (Partial<AddedToken> & { content: string }), special = false): NewToken {
  const given: Partial<AddedToken> = typeof token === 'string' ? { content: token } : token;
  const { content } = given;
  if (typeof content !== 'string' || LONE_SURROGATE.test(content))
    throw invalidArgument('token', 'well-formed text or an object with it as content', token);
  const isSpecial = given.special ?? special;
  return {
    content,
    special: isSpecial,
    singleWord: given.singleWord ?? false,
    lstrip: given.lstrip ?? false,
    rstrip: given.rstrip ?? false,
    normalized: given.normalized ?? !isSpecial,
  };
}
