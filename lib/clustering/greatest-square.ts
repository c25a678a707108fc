/** Vectors of this squared length or more are refused: scores, squared distances and their sums must be finite in single precision. */
export const GREATEST_SQUARE = 1e37;
