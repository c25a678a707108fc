/** What the rules of grapheme clusters (UAX #29) distinguish: Grapheme_Cluster_Break, refined by Extended_Pictographic and Indic_Conjunct_Break. */
export enum GraphemeKind {
  Other,
  CR,
  LF,
  Control,
  Prepend,
  /** Grapheme_Cluster_Break=Extend that takes no part in conjuncts. */
  Extend,
  /** Extend, and Indic_Conjunct_Break=Extend. */
  ConjunctExtend,
  /** Extend, and Indic_Conjunct_Break=Linker. */
  ConjunctLinker,
  ZWJ,
  SpacingMark,
  RegionalIndicator,
  L,
  V,
  T,
  LV,
  LVT,
  ExtendedPictographic,
  /** Indic_Conjunct_Break=Consonant. */
  ConjunctConsonant,
}
