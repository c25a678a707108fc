"""Writes test/fixtures/picky.json: what the authors of PickyBPE train and encode (github.com/pchizhov/picky_bpe, which is no package).

python scripts/python-oracle/picky_fixture.py CHECKOUT

Two things are fixed that depend on the order of their dictionaries: the first ids, and which of several pairs with the same count is merged.
"""

import json
import re
import sys
import tempfile

sys.path.insert(0, sys.argv[1])

import bpe_trainer
import picky_tokenize
from utils import WHITESPACE, MCounter


class Pairs(MCounter):
    def most_common(self, n=None):
        if n != 1 or not self:
            return super().most_common(n)
        return [min(self.items(), key=lambda item: (-item[1], item[0][0].id, item[0][1].id))]


class Trainer(bpe_trainer.BPE):
    def _filter_characters(self, characters):
        return MCounter(dict(sorted(characters.items())))

    def _initialize_pairs(self, words):
        return Pairs(super()._initialize_pairs(words))


def events(model):
    both = sorted(model["merges"] + model["splits"], key=lambda event: event["id"])
    text = {token["id"]: token["str"] for token in model["tokens"]}
    for event in both:
        if "pair" in event:
            yield [part["str"] for part in event["pair"]]
        else:
            yield {"remove": event["token"]["str"], "into": [text[part["id"]] for part in event["split"]]}


text = re.sub(r"[^a-z ]+", " ", open("docs/training.md").read().lower())
fixture = {"oracle": "github.com/pchizhov/picky_bpe", "text": " ".join(text.split())[:9000], "models": []}
other = open("docs/superwords.md").read().lower()
words = sorted(set(re.findall("[a-z]+", other)) | set(fixture["text"].split()))
words = [word for word in words if set(word) <= set(fixture["text"])]
fixture["words"] = words
for vocab_size, threshold in ((200, 0.9), (300, 0.6), (300, 0.3)):
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/text", "w") as file:
            # Their count of lines is defined from the second one on.
            file.write(fixture["text"] + "\n\n")
        trainer = Trainer(vocab_size, coverage=1, threshold=threshold)
        trainer.fit(f"{folder}/text", f"{folder}/model.json")
        model = json.load(open(f"{folder}/model.json"))
        tokenizer = picky_tokenize.BPEModel(f"{folder}/model.json")
        encoded = [" ".join(token.str for token in tokenizer._encode_word_by_events(WHITESPACE + word)) for word in words]
        present = [token["str"] for token in model["tokens"] if token["present"] and not token["special"]]
        fixture["models"].append({"threshold": threshold, "events": list(events(model)), "present": present, "encoded": encoded})
with open("test/fixtures/picky.json", "w") as file:
    json.dump(fixture, file, ensure_ascii=False, separators=(",", ":"))
    file.write("\n")
