/** Embeddings for the tokens that a batch made: the mean of their parts', kept for later batches. */
import { ComposedEmbedder, DynamicEmbeddings, DynamicTokenizer, type FloatTensor, Tokenizer } from 'merganser';

const WIDTH = 8;

async function main(): Promise<void> {
  using tokenizer = await Tokenizer.forEncoding('gpt2');
  using dynamic = new DynamicTokenizer(tokenizer);
  // Stands for a model's embeddings.
  const table: FloatTensor = {
    type: 'float32',
    data: Float32Array.from({ length: dynamic.baseSize * WIDTH }, (_, i) => Math.sin(i)),
    dims: [dynamic.baseSize, WIDTH],
  };
  const embeddings = new DynamicEmbeddings({ table, embedder: new ComposedEmbedder(table, { method: 'mean' }) });

  for (const text of ['Ribonucleoproteins regulate mRNA stability.', 'mRNA is bound by ribonucleoproteins.']) {
    const batch = await dynamic.encodeBatch([text], { merges: 20 });
    const inputs = await embeddings.lookup(batch);
    console.log(`${batch.base.values.length} base tokens, ${inputs.dims.join(' × ')} embeddings, ${embeddings.cached} of new tokens kept`);
  }
}

void main();
