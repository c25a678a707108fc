/** The decoders that turn tokens into bytes and bytes into text. */
import { writeAlphabetBytes } from '../byte-alphabet';
import { isWellFormed } from '../well-formed';
import { decodeUtf8, encodeUtf8 } from '../utf8';
import { type StageFactory, wholeToken } from './stage';

const BYTE_TOKEN = /^<0x([0-9A-Fa-f]{2}|\+[0-9A-Fa-f])>$/;

/** The byte that a token such as `<0x0A>` stands for; −1 for other tokens. */
export function byteOfToken(token: string): number {
  if (!token.startsWith('<0x')) return -1;
  const digits = BYTE_TOKEN.exec(token)?.[1];
  return digits === undefined ? -1 : Number.parseInt(digits, 16);
}

/** ByteFallback: a run of byte tokens becomes the text that its bytes are, or one U+FFFD for each if they are not UTF-8 as a whole. */
export function byteFallback(fused: boolean): StageFactory {
  const factory: StageFactory = (next) => {
    let run: number[] = [];
    const flush = (): void => {
      for (const token of tokensOfRun(Uint8Array.from(run))) next.write(token);
      run = [];
    };
    return {
      write(token) {
        const byte = byteOfToken(token);
        if (byte >= 0) {
          run.push(byte);
          return;
        }
        flush();
        next.write(token);
      },
      end() {
        flush();
        next.end();
      },
    };
  };
  return fused ? wholeToken(factory) : factory;
}

function tokensOfRun(bytes: Uint8Array): string[] {
  if (bytes.length === 0) return [];
  return isWellFormed(bytes) ? [decodeUtf8(bytes)] : new Array<string>(bytes.length).fill('\ufffd');
}

/** ByteLevel: tokens in the printable alphabet are their bytes, others their UTF-8; malformed UTF-8 becomes U+FFFD. */
export function byteLevel(fused: boolean): StageFactory {
  const factory: StageFactory = (next) => {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    return {
      write: (token) => next.write(decoder.decode(bytesOfToken(token), { stream: true })),
      end() {
        next.write(decoder.decode());
        next.end();
      },
    };
  };
  return fused ? wholeToken(factory) : factory;
}

/** The bytes that the ByteLevel decoder makes of a token. */
export function bytesOfToken(token: string): Uint8Array {
  const bytes = new Uint8Array(token.length);
  return writeAlphabetBytes(token, bytes, 0) < 0 ? encodeUtf8(token) : bytes;
}
