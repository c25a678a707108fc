"""Writes vectors of a real model over a text, as rows of little-endian float32, for bench/kmeans.ts: what clusters well is a matter of the data.

python bench/token-vectors.py MODEL_FOLDER TEXT OUT_FOLDER [ROWS]

MODEL_FOLDER: a BERT of Hugging Face, such as sentence-transformers/all-MiniLM-L6-v2 (hidden size 384, 12 heads of 32). The text goes through it in windows of
256 tokens. tokens-384: the last hidden states; keys-32, -64, -128: keys of the middle layer, of as many heads side by side as make up the length;
keys-values-768: that layer's keys and values side by side; noise-128: Gaussian noise.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

WINDOW, BATCH = 256, 16

folder, text, out = map(Path, sys.argv[1:4])
rows = int(sys.argv[4]) if len(sys.argv) > 4 else 131072
out.mkdir(parents=True, exist_ok=True)
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModel.from_pretrained(folder).eval()
size = model.config.hidden_size
with open(text, "rb") as file:
    characters = file.read(8 * rows).decode("utf-8", "ignore")
ids = tokenizer(characters, add_special_tokens=False, verbose=False)["input_ids"][:rows]
if len(ids) < rows:
    sys.exit(f"the text has only {len(ids)} tokens")
attention = model.encoder.layer[model.config.num_hidden_layers // 2].attention.self
seen = {}
attention.key.register_forward_hook(lambda module, inputs, result: seen.update(keys=result))
attention.value.register_forward_hook(lambda module, inputs, result: seen.update(values=result))
lengths = {"tokens": size, "keys-32": 32, "keys-64": 64, "keys-128": 128, "keys-values": 2 * size}
vectors = {name: np.empty((rows, length), np.float32) for name, length in lengths.items()}
whole = len(ids) // WINDOW * WINDOW
# What does not fill a window is one of its own.
batches = [part.view(-1, WINDOW) for part in torch.tensor(ids[:whole]).split(WINDOW * BATCH)]
if whole < len(ids):
    batches.append(torch.tensor(ids[whole:])[None])
at = 0
for part in batches:
    with torch.no_grad():
        hidden = model(part).last_hidden_state
    keys, values = seen["keys"].reshape(-1, size), seen["values"].reshape(-1, size)
    end = at + part.numel()
    vectors["tokens"][at:end] = hidden.reshape(-1, size)
    for length in (32, 64, 128):
        vectors[f"keys-{length}"][at:end] = keys[:, :length]
    vectors["keys-values"][at:end] = torch.cat([keys, values], 1)
    at = end
vectors["tokens"].tofile(out / f"tokens-{size}.f32")
vectors["keys-values"].tofile(out / f"keys-values-{2 * size}.f32")
for length in (32, 64, 128):
    vectors[f"keys-{length}"].tofile(out / f"keys-{length}.f32")
np.random.default_rng(1).standard_normal((rows, 128), np.float32).tofile(out / "noise-128.f32")
