/** Streams: text comes in pieces that are cut anywhere, ids go out as soon as they are certain, and come back as text without half characters. */
import { Tokenizer } from 'merganser';

/** What a network would deliver: bytes, cut without regard to characters. */
async function* arriving(text: string): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let start = 0; start < bytes.length; start += 5) yield bytes.subarray(start, start + 5);
}

async function main(): Promise<void> {
  using tokenizer = await Tokenizer.forEncoding('o200k_base');
  const decoder = tokenizer.decodeStream();
  for await (const ids of tokenizer.encodeStream(arriving('Licht läuft geradeaus, 光は直進する。'))) {
    console.log([...ids], JSON.stringify(decoder.push(ids)));
  }
  console.log(JSON.stringify(decoder.flush()));
}

void main();
