/** Zstandard for a Node that has none of its own (before 22.15). */
import { Transform, type TransformCallback } from 'node:stream';
import { Decompress } from 'fzstd';

/** Compressed bytes that are taken at once, on the calling thread. */
const STEP_BYTES = 1 << 14;

/** Frames, one after another. A file that is cut off is an error; checksums are not looked at. */
export function zstdDecompressor(): Transform {
  const decompress = new Decompress((chunk) => void stream.push(chunk));
  let fed = false;
  const stream: Transform = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      fed = true;
      finishing(done, () => {
        for (let at = 0; at < chunk.length; at += STEP_BYTES) decompress.push(chunk.subarray(at, at + STEP_BYTES));
      });
    },
    flush(done) {
      finishing(done, () => {
        if (fed) decompress.push(new Uint8Array(0), true);
      });
    },
  });
  return stream;
}

function finishing(done: TransformCallback, work: () => void): void {
  try {
    work();
  } catch (error) {
    done(error as Error);
    return;
  }
  done();
}
