import { ascendingOrder } from '../../lib/clustering/ascending-order';
import { runSteps } from '../../lib/clustering/steps';
import { gaussians } from './blobs';

test.each([0, 1, 2047, 2048, 2049, 4096, 4097, 10_000, 14_336])('%d numbers, many of them equal', (count) => {
  const values = gaussians(count, count).map((value) => Math.round(value * 100));
  const expected = Array.from(values.keys()).sort((p, q) => values[p] - values[q] || p - q);
  expect([...runSteps(ascendingOrder(values), null)]).toEqual(expected);
});

test('sorts in many steps', () => {
  const steps = ascendingOrder(gaussians(1, 40_000));
  let pauses = 0;
  while (steps.next().done !== true) pauses++;
  expect(pauses).toBeGreaterThan(100);
});
