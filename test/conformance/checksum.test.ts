import { selectKernels } from '../../lib/backend/select';
import { describeEachBackend } from './backends';

/** Made by Python's xxhash 3 (xxh64 with seed 0) of the bytes (i·i·31 + i·7 + (i >> 8)·13) mod 256. */
const CHECKSUMS: ReadonlyArray<readonly [size: number, checksum: bigint]> = [
  [0, 0xef46db3751d8e999n],
  [1, 0xe934a84adb052768n],
  [3, 0x9d966a97baccf29an],
  [4, 0xc65f94d12ce17d30n],
  [7, 0x7c81f6cd3e2a8029n],
  [8, 0xa5dcb0145d06632dn],
  [15, 0x693c47ba73ecee2fn],
  [31, 0xd57d4f875127a3e3n],
  [32, 0x15c2d9802b73abecn],
  [33, 0xc25d22775553aeecn],
  [63, 0x6d3b49be9e774b7cn],
  [64, 0xaeae73b68bf266f5n],
  [100, 0xe31e7ecedddd659dn],
  [1000, 0xda2308d948b1d08fn],
  [100000, 0xad1d616a9bb36f9fn],
];

describeEachBackend('checksum', (backend) => {
  it.each(CHECKSUMS)('of %d bytes', (size, checksum) => {
    const bytes = Uint8Array.from({ length: size }, (_, i) => i * i * 31 + i * 7 + (i >> 8) * 13);
    expect(selectKernels(backend).checksum(bytes)).toBe(checksum);
  });
});
