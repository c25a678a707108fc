/** How many tokens each layer of a transformer takes away. */
import { numberThat } from '../arguments';
import { invalidArgument } from '../errors';
import { whole } from './checks';

/**
 * ToMe's schedule (Bolya et al. 2023): `remove` tokens per layer on average, along a line that begins at (1 − inflect) · remove and ends at (1 + inflect) · remove. inflect 0: the same in all
 * layers; 1: from 0 to twice as many; −1: from twice as many to 0. Throws INVALID_ARGUMENT.
 */
export function removalSchedule(layers: number, remove: number, inflect = 0): number[] {
  whole(layers, 'layers', 1, 1e6);
  if (!Number.isInteger(remove) || remove < 0) throw invalidArgument('remove', 'a whole number from 0', remove);
  numberThat(inflect, 'inflect', 'a number from −1 to 1', (value) => value >= -1 && value <= 1);
  if (layers === 1) return [remove];
  const first = Math.trunc(remove * (1 - inflect));
  const step = (2 * (remove - first)) / (layers - 1);
  return Array.from({ length: layers }, (_, layer) => Math.trunc(first + step * layer));
}
