/**
 * What the source of a compiled tokenizer is recognised by: its size, and the XXH64 of the XXH64s of its blocks of a mebibyte. In blocks, so that a file
 * need not be in memory as a whole to be checked.
 */
import type { Kernels } from '../../backend/kernels';
import type { SourceStamp } from './container';

export const BLOCK_BYTES = 1 << 20;

export class Stamper {
  private readonly blocks: bigint[] = [];
  private size = 0;

  constructor(private readonly kernels: Kernels) {}

  /** The next block; all but the last are of {@link BLOCK_BYTES}. */
  add(block: Uint8Array): void {
    if (block.length === 0) return;
    this.blocks.push(this.kernels.checksum(block));
    this.size += block.length;
  }

  stamp(): SourceStamp {
    const sums = new DataView(new ArrayBuffer(8 * this.blocks.length));
    this.blocks.forEach((sum, i) => sums.setBigUint64(8 * i, sum, true));
    return { checksum: this.kernels.checksum(new Uint8Array(sums.buffer)), size: this.size };
  }
}

export function stampOf(bytes: Uint8Array, kernels: Kernels): SourceStamp {
  const stamper = new Stamper(kernels);
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) stamper.add(bytes.subarray(at, at + BLOCK_BYTES));
  return stamper.stamp();
}

export function sameStamp(a: SourceStamp, b: SourceStamp): boolean {
  return a.size === b.size && a.checksum === b.checksum;
}
