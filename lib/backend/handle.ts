declare const handleKind: unique symbol;
/** Opaque state of a backend. */
export interface Handle<Kind extends string> {
  readonly [handleKind]: Kind;
}
