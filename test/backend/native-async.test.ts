/** Texts are copied in turns of the event loop, one after the other, however often threads ask for more. */
import type { NativeKernelAddon } from '../../lib/backend/addon-kernels';
import type { EncoderHandle } from '../../lib/backend/kernels';
import { encodeOnThreads } from '../../lib/backend/native-async';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('many who ask for more in one turn get what one gets', async () => {
  let listener: (finished: boolean | null, bytes: number) => void = () => undefined;
  let copies = 0;
  let more = true;
  const addon = {
    startEncoding: (...args: unknown[]) => ((listener = args.at(-1) as typeof listener), {}),
    copyMoreToEncode: () => (copies++, more),
    encodingResult: () => 0,
    takeEncoding: () => new Uint32Array(0),
  } as unknown as NativeKernelAddon;
  const encoding = encodeOnThreads(
    addon,
    {} as EncoderHandle,
    { chunks: [new Uint8Array(0)], offsets: new Uint32Array(1), checked: false },
    {} as never,
  );
  expect(copies).toBe(1);
  for (let i = 0; i < 5; i++) listener(null, 0);
  expect(copies).toBe(1);
  await turn();
  expect(copies).toBe(2);
  more = false;
  await turn();
  expect(copies).toBe(3);
  await turn();
  expect(copies).toBe(3);
  listener(null, 0);
  expect(copies).toBe(4);
  listener(true, 0);
  await encoding;
});
