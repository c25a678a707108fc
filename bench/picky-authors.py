"""Trains PickyBPE with its authors' program (github.com/pchizhov/picky_bpe, which is no package).

python bench/picky-authors.py CHECKOUT FILE VOCAB_SIZE THRESHOLD -> one JSON line {seconds, merges, removals}
"""

import json
import logging
import sys
import tempfile
import time

checkout, file, vocab_size, threshold = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
sys.path.insert(0, checkout)
logging.disable(logging.CRITICAL)

import bpe_trainer

with tempfile.TemporaryDirectory() as folder:
    start = time.perf_counter()
    bpe_trainer.BPE(vocab_size, coverage=1, threshold=threshold).fit(file, f"{folder}/model.json")
    seconds = time.perf_counter() - start
    with open(f"{folder}/model.json") as file:
        model = json.load(file)
print(json.dumps({"seconds": seconds, "merges": len(model["merges"]), "removals": len(model["splits"])}))
