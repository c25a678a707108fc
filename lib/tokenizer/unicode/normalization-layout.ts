/** What the readers and the writer of the normalization tables share. */

export type NormalizationForm = 'NFC' | 'NFD' | 'NFKC' | 'NFKD';

/** Hangul syllables and jamo, which compose by arithmetic (Unicode Standard, section 3.12). */
export const HANGUL = {
  sBase: 0xac00,
  sCount: 11172,
  lBase: 0x1100,
  lCount: 19,
  vBase: 0x1161,
  vCount: 21,
  /** One below the first trailing consonant: index 0 means that there is none. */
  tBase: 0x11a7,
  tCount: 28,
} as const;

/** Flag of a code point that may not stand in a form, or that may combine with what stands before it. */
export const MAY_CHANGE = 0x80;
