/** Fits documents into a model's context: counts without building ids, and cuts the last one on a token boundary. */
import { Tokenizer } from 'merganser';

const BUDGET = 60;
const documents = [
  'The Angle of Reflexion is equal to the Angle of Incidence.',
  'Refraction out of the rarer Medium into the denser, is made towards the Perpendicular.',
  'The Sine of Incidence is either accurately or very nearly in a given Ratio to the Sine of Refraction.',
  'Homogeneal Light is refracted regularly without any Dilatation splitting or shattering of the Rays.',
];

async function main(): Promise<void> {
  using tokenizer = await Tokenizer.forModel('gpt-4o');
  const chosen: string[] = [];
  let left = BUDGET;
  for (const document of documents) {
    const tokens = tokenizer.count(document, { limit: left });
    const fitting = tokens <= left ? document : tokenizer.truncate(document, left);
    chosen.push(fitting);
    left -= Math.min(tokens, left);
    if (left === 0) break;
  }
  console.log(chosen.join('\n'));
}

void main();
