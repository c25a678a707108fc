/** The decoders that look at one token, or at it and its place. */
import { eachToken, replaceInFragments, replaceText, type StageFactory, wholeToken } from './stage';

/** Fuse: everything behind it sees one token. */
export const fuse: StageFactory = (next) => ({
  write: (text) => next.write(text),
  end: () => next.end(),
});

/** What happens where there is no decoder: tokens with spaces in between. */
export const joinWithSpaces: StageFactory = (next) => {
  let first = true;
  return {
    write(token) {
      next.write(first ? token : ` ${token}`);
      first = false;
    },
    end: () => next.end(),
  };
};

/** Metaspace: the replacement character is a space, except in the first token, where it vanishes unless the scheme is "never". */
export function metaspace(replacement: string, keepsFirst: boolean, fused: boolean): StageFactory {
  const toSpaces = (token: string): string => replaceText(token, replacement, ' ');
  if (keepsFirst) return eachToken(toSpaces);
  const vanish = (token: string): string => replaceText(token, replacement, '');
  return fused ? eachToken(vanish) : firstAndRest(vanish, toSpaces);
}

/** WordPiece: a space before every token but the first, unless it carries the prefix of continuations. */
export function wordPiece(prefix: string, cleanUp: boolean, fused: boolean): StageFactory {
  const clean = cleanUp ? cleanUpSpaces : (token: string): string => token;
  if (fused) return wholeToken(eachToken(clean));
  return firstAndRest(clean, (token) => clean(token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`));
}

function firstAndRest(first: (token: string) => string, rest: (token: string) => string): StageFactory {
  return (next) => {
    let isFirst = true;
    return {
      write(token) {
        next.write(isFirst ? first(token) : rest(token));
        isFirst = false;
      },
      end: () => next.end(),
    };
  };
}

/** Takes back spaces that tokenization put before punctuation and contractions, as `transformers` does. */
function cleanUpSpaces(text: string): string {
  return text
    .replaceAll(' .', '.')
    .replaceAll(' ?', '?')
    .replaceAll(' !', '!')
    .replaceAll(' ,', ',')
    .replaceAll(" ' ", "'")
    .replaceAll(" n't", "n't")
    .replaceAll(" 'm", "'m")
    .replaceAll(' do not', " don't")
    .replaceAll(" 's", "'s")
    .replaceAll(" 've", "'ve")
    .replaceAll(" 're", "'re");
}

/** BPEDecoder: the suffix that ends words is a space, and nothing in the last token. */
export function bpeSuffix(suffix: string, fused: boolean): StageFactory {
  if (fused) return replaceInFragments(suffix, '');
  return (next) => {
    let last: string | null = null;
    return {
      write(token) {
        if (last !== null) next.write(replaceText(last, suffix, ' '));
        last = token;
      },
      end() {
        if (last !== null) next.write(replaceText(last, suffix, ''));
        next.end();
      },
    };
  };
}

/** CTC: repeated tokens count once, padding vanishes, the word delimiter is a space. */
export function ctc(padToken: string, wordDelimiter: string, cleanUp: boolean, fused: boolean): StageFactory {
  const factory: StageFactory = (next) => {
    let previous: string | null = null;
    return {
      write(token) {
        if (token === previous) return;
        previous = token;
        const text = replaceText(token, padToken, '');
        const cleaned = cleanUp ? replaceText(cleanUpSpaces(text), wordDelimiter, ' ') : text;
        if (cleaned !== '') next.write(cleaned);
      },
      end: () => next.end(),
    };
  };
  return fused ? wholeToken(factory) : factory;
}

/** Strip: at most `start` and `stop` times the character is taken from the ends of each token. */
export function strip(content: string, start: number, stop: number, fused: boolean): StageFactory {
  const stripEnds = eachToken((token) => stripEnd(stripStart(token, content, start), content, stop));
  if (!fused) return stripEnds;
  if (stop > 0) return wholeToken(stripEnds);
  return (next) => {
    let left = start;
    return {
      write(fragment) {
        const rest = left > 0 ? stripStart(fragment, content, left) : fragment;
        left = rest === '' ? left - (fragment.length - rest.length) / content.length : 0;
        if (rest !== '') next.write(rest);
      },
      end: () => next.end(),
    };
  };
}

/** Takes `content` from the beginning at most `times` times. */
export function stripStart(text: string, content: string, times: number): string {
  let start = 0;
  for (let i = 0; i < times && text.startsWith(content, start); i++) start += content.length;
  return start === 0 ? text : text.slice(start);
}

/** The same for a text in UTF-8. */
export function stripStartBytes(bytes: Uint8Array, content: Uint8Array, times: number): Uint8Array {
  let start = 0;
  for (let i = 0; i < times && content.every((byte, at) => bytes[start + at] === byte); i++) start += content.length;
  return bytes.subarray(start);
}

function stripEnd(text: string, content: string, times: number): string {
  let end = text.length;
  for (let i = 0; i < times && end > 0 && text.endsWith(content, end); i++) end -= content.length;
  return text.slice(0, end);
}
