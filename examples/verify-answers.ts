/**
 * Tells right answers from wrong ones by how a model's hidden states changed while it reasoned (CLUE, arXiv 2510.01591). The states are made up here: a direction in every layer
 * that right answers move along, and much noise. With a model of yours: hidden states of all layers at the end of the reasoning minus those at its start.
 */
import { majorityOfBest, NearestCentroid } from 'merganser';

const [LAYERS, WIDTH] = [12, 64];
const LENGTH = LAYERS * WIDTH;

let state = 1;
/** Sums of uniform numbers are about normal. */
function noise(): number {
  let sum = -3;
  for (let i = 0; i < 6; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    sum += state / 2 ** 32;
  }
  return sum;
}

const direction = Float32Array.from({ length: LENGTH }, () => 0.12 * noise());

function changesOf(right: readonly boolean[]): { data: Float32Array; dims: [number, number] } {
  const data = Float32Array.from({ length: right.length * LENGTH }, (_, at) => {
    const towards = right[Math.floor(at / LENGTH)] ? 1 : -1;
    return towards * direction[at % LENGTH] + noise();
  });
  return { data, dims: [right.length, LENGTH] };
}

async function main(): Promise<void> {
  const known = Array.from({ length: 200 }, (_, i) => i % 2 === 0);
  const labels = known.map((right) => (right ? 'right' : 'wrong'));
  const verifier = await NearestCentroid.fit(changesOf(known), labels, { blocks: LAYERS });

  // One question, answered 32 times: mostly wrong, and then always in the same way.
  const right = Array.from({ length: 32 }, (_, i) => i % 3 === 0);
  const answers = right.map((isRight) => (isRight ? '42' : '41'));
  const changes = changesOf(right);
  const verified = await verifier.verify(changes, 'right');
  const hits = verified.filter((one, i) => (one === 1) === right[i]).length;
  console.log(`${hits} of ${right.length} verdicts are right`);

  const ranking = await verifier.rank(changes, 'right');
  const all = majorityOfBest(answers, ranking, answers.length);
  const best = majorityOfBest(answers, ranking, 8);
  console.log(`the majority of all says ${all}, that of the best eight says ${best}`);
  if (hits < 28 || all !== '41' || best !== '42') throw new Error('Expected the ranking to put right answers first.');

  const again = NearestCentroid.fromBytes(verifier.toBytes());
  if ((await again.predict(changes)).join() !== (await verifier.predict(changes)).join()) throw new Error('Expected the same classes.');
}

void main();
