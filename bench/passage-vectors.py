"""Writes vectors of passages, as a search would keep them, as rows of little-endian float32, for bench/index.ts.

python bench/passage-vectors.py OUT_FILE ROWS DIMS TEXT...

The texts are cut into passages of 16 tokens, in turns from each text in parts of a thousand, and embedded with WordLlama (pip install wordllama, which brings its model of 256
numbers: the mean of its tokens' vectors). Its first DIMS (64, 128 or 256) numbers are a smaller embedding of their own. Passages that come again are left out.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

PASSAGE, TURN, READ = 16, 1000, 1 << 20

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
seen, written = set(), 0
with open(out, "wb") as file:
    while written < rows and sources:
        for source in list(sources):
            found = []
            for ids in source:
                if (key := hash(ids.tobytes())) not in seen:
                    seen.add(key)
                    found.append(ids)
                if len(found) == min(TURN, rows - written):
                    break
            else:
                sources.remove(source)
            if found:
                file.write(embedding[np.array(found)].mean(axis=1).tobytes())
                written += len(found)
if written < rows:
    sys.exit(f"the texts have only {written} passages")
