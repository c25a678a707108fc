/** Any quantizer from its file. */
import { readBytes } from '../tokenizer/load/files';
import { MerganserError } from '../errors';
import { FiniteScalarQuantizer } from './finite-scalar-quantizer';
import { KMeansQuantizer } from './kmeans-quantizer';
import { ProductQuantizer } from './product-quantizer';
import { damaged, readQuantizer, type QuantizerParts } from './quantizer-file';
import { ResidualQuantizer } from './residual-quantizer';
import type { Quantizer } from './types';

/** Reads what a quantizer's `save` wrote. Rejects with NOT_FOUND, and with MALFORMED_FILE if the file is damaged, cut off or none. */
export async function loadQuantizer(path: string): Promise<Quantizer> {
  return quantizerFromBytes(await readBytes(path));
}

/** The same from bytes. Throws MALFORMED_FILE. */
export function quantizerFromBytes(bytes: Uint8Array): Quantizer {
  const parts = readQuantizer(bytes);
  try {
    const quantizer = make(parts);
    if (quantizer.dims === parts.header.dims) return quantizer;
  } catch (cause) {
    // What a constructor refuses is what no quantizer wrote.
    if (!(cause instanceof MerganserError)) throw cause;
  }
  throw damaged('parts that fit together', 'others');
}

function make({ header: { kind, levels, beam }, codebooks }: QuantizerParts): Quantizer {
  switch (kind) {
    case 'k-means':
      if (codebooks.length === 1) return new KMeansQuantizer(codebooks[0]);
      break;
    case 'residual':
      return new ResidualQuantizer(codebooks, beam);
    case 'product':
      return new ProductQuantizer(codebooks);
    case 'finite-scalar':
      if (Array.isArray(levels) && codebooks.length === 0) return new FiniteScalarQuantizer(levels);
  }
  throw damaged('a known kind of quantizer', String(kind));
}
