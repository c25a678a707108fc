/** Streams: a book comes in as bytes that are cut anywhere, ids go out as soon as they are certain, and become text again without half characters. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer } from 'merganser';

const BOOK = join(__dirname, 'texts', 'newton-opticks.txt');

async function main(): Promise<void> {
  using tokenizer = await Tokenizer.forEncoding('o200k_base');
  const decoder = tokenizer.decodeStream();
  let tokens = 0;
  let characters = 0;
  for await (const ids of tokenizer.encodeStream(createReadStream(BOOK) as AsyncIterable<Uint8Array>)) {
    tokens += ids.length;
    characters += decoder.push(ids).length;
    console.log(`${tokens} tokens, ${characters} characters`);
  }
  characters += decoder.flush().length;
  console.log(`${tokens} tokens and ${characters} characters in all`);
}

void main();
