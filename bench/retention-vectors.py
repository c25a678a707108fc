"""Writes token vectors of queries and documents, for bench/retention.ts: the first sentence of each paragraph of a text asks for the rest of it.

python bench/retention-vectors.py MODEL_FOLDER TEXT OUT_FOLDER [PASSAGES]

MODEL_FOLDER: a BERT of Hugging Face, such as sentence-transformers/all-MiniLM-L6-v2. Paragraphs stand between empty lines; those with 60 words or more and a first sentence of 5 to 60 words take
part. Vectors are the last hidden states at unit length, without those of special tokens, at most 256 a document. Files: queries.f32 and documents.f32 (rows of little-endian float32), lengths.json (tokens of
each query and of each document, and the length of a vector).
"""

import json
import re
import sys
from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer

folder, text, out = map(Path, sys.argv[1:4])
most = int(sys.argv[4]) if len(sys.argv) > 4 else 400
out.mkdir(parents=True, exist_ok=True)
pairs = []
for paragraph in re.split(r"\n\s*\n", text.read_text("utf-8", "ignore")):
    sentences = re.split(r"(?<=[.!?])\s+(?=[A-Z])", " ".join(paragraph.split()), maxsplit=1)
    if len(sentences) == 2 and 5 <= len(sentences[0].split()) <= 60 and len(sentences[1].split()) >= 60:
        pairs.append(sentences)
pairs = pairs[:most]
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModel.from_pretrained(folder).eval()


def vectors(texts, longest):
    rows, lengths = [], []
    for first in range(0, len(texts), 16):
        batch = tokenizer(texts[first : first + 16], padding=True, truncation=True, max_length=longest + 2, return_tensors="pt", return_special_tokens_mask=True)
        special = batch.pop("special_tokens_mask").bool()
        with torch.no_grad():
            hidden = torch.nn.functional.normalize(model(**batch).last_hidden_state, dim=-1)
        for states, leave_out in zip(hidden, special):
            rows.append(states[~leave_out])
            lengths.append(len(rows[-1]))
    return torch.cat(rows).numpy(), lengths


queries, query_lengths = vectors([first for first, _ in pairs], 64)
documents, document_lengths = vectors([rest for _, rest in pairs], 256)
queries.tofile(out / "queries.f32")
documents.tofile(out / "documents.f32")
(out / "lengths.json").write_text(json.dumps({"queries": query_lengths, "documents": document_lengths, "width": queries.shape[1]}))
print(f"{len(pairs)} passages, {len(queries)} vectors of queries, {len(documents)} of documents")
