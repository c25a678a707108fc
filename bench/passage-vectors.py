"""Writes vectors of passages, as a search would keep them, as rows of little-endian float32, for bench/index.ts.

python bench/passage-vectors.py OUT_FILE ROWS DIMS TEXT...

The texts are cut into passages of 16 tokens, one from each text in turn, and embedded with WordLlama (pip install wordllama, which brings its model of 256
numbers: the mean of its tokens' vectors). Its first DIMS (64, 128 or 256) numbers are a smaller embedding of their own. Passages that come again are
left out, and the order is shuffled.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

PASSAGE, READ = 16, 1 << 20

out, rows, dims = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
# Not imported: only its files are used, not what it needs to run.
model = Path(find_spec("wordllama").origin).parent
embedding = next(iter(load_file(model / "weights/l2_supercat_256.safetensors").values())).astype(np.float32)[:, :dims]
tokenizer = Tokenizer.from_file(str(model / "tokenizers/l2_supercat_tokenizer_config.json"))
tokenizer.no_truncation()


def passages(path):
    with open(path, encoding="utf-8", errors="ignore") as file:
        while text := file.read(READ):
            ids = np.array(tokenizer.encode(text, add_special_tokens=False).ids)
            yield from ids[: len(ids) // PASSAGE * PASSAGE].reshape(-1, PASSAGE)


sources = [passages(path) for path in sys.argv[4:]]
seen, vectors = set(), np.empty((rows, dims), np.float32)
while len(seen) < rows and sources:
    for source in list(sources):
        ids = next((ids for ids in source if hash(ids.tobytes()) not in seen), None)
        if ids is None:
            sources.remove(source)
        elif len(seen) < rows:
            vectors[len(seen)] = embedding[ids].mean(axis=0)
            seen.add(hash(ids.tobytes()))
if len(seen) < rows:
    sys.exit(f"the texts have only {len(seen)} passages")
np.random.default_rng(1).shuffle(vectors)
vectors.tofile(out)
