/** Votes among the best answers. */
import { integer } from '../clustering/kmeans-options';
import { unexpected } from '../errors';

/**
 * The most frequent of the answers that a ranking puts first (top-maj@k): `answers[ranking[0]]` … `answers[ranking[top − 1]]`, or all if those are fewer. Of equally frequent
 * ones the one that comes first. Throws INVALID_ARGUMENT.
 */
export function majorityOfBest<Answer>(answers: ArrayLike<Answer>, ranking: ArrayLike<number>, top: number): Answer {
  integer(top, 'top', 1, 2 ** 32 - 1);
  if (ranking.length === 0) throw unexpected('the ranking', 'one answer at least', 'none');
  const votes = new Map<Answer, number>();
  for (let place = 0; place < Math.min(top, ranking.length); place++) {
    const answer = answers[integer(ranking[place], 'the ranking', 0, answers.length - 1)];
    votes.set(answer, (votes.get(answer) ?? 0) + 1);
  }
  // A Map keeps the order of first votes.
  return [...votes].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}
