import { get_encoding } from 'tiktoken';
import { BUNDLED_ENCODINGS, loadEncodingRanks, parseEncoding, readEncodingSync } from '../../../lib/tokenizer/encodings/load-ranks';

describe.each(BUNDLED_ENCODINGS)('the bundled vocabulary of %s', (name) => {
  // npm's tiktoken has no o200k_harmony; its vocabulary is o200k_base's (openai_public.py).
  const oracle = get_encoding(name === 'o200k_harmony' ? 'o200k_base' : name);
  afterAll(() => oracle.free());

  it('holds the tokens of tiktoken', async () => {
    const expected = oracle.token_byte_values().length;
    const { tokenBytes, tokenOffsets } = await loadEncodingRanks(name);
    let tokens = 0;
    const different: number[] = [];
    for (let id = 0; id + 1 < tokenOffsets.length; id++) {
      const token = tokenBytes.subarray(tokenOffsets[id], tokenOffsets[id + 1]);
      if (token.length === 0) continue;
      tokens++;
      if (Buffer.compare(token, oracle.decode_single_token_bytes(id)) !== 0) different.push(id);
    }
    expect(different).toEqual([]);
    expect(tokens).toBe(expected);
  });

  it('is the same when it is read synchronously', async () => {
    const { tokenBytes, tokenOffsets } = parseEncoding(name, readEncodingSync(name));
    const asynchronous = await loadEncodingRanks(name);
    expect(Buffer.compare(tokenBytes, asynchronous.tokenBytes)).toBe(0);
    expect(tokenOffsets).toEqual(asynchronous.tokenOffsets);
  });
});

it('takes the bytes of the file in place of reading it', async () => {
  await expect(loadEncodingRanks('cl100k_base', { bytes: new Uint8Array(3) })).rejects.toMatchObject({ code: 'MALFORMED_FILE' });
});

it('names the encodings there are when it is asked for another', async () => {
  await expect(loadEncodingRanks('toString')).rejects.toMatchObject({
    code: 'UNKNOWN_MODEL',
    message: expect.stringContaining('o200k_harmony'),
  });
});
