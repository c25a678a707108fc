"""Writes test/fixtures/training.json: what Python `tokenizers` (requirements.txt names the release) trains on small random texts, for all options whose result
does not depend on chance.

    .venv/bin/python scripts/python-oracle/training_fixture.py [CASES [FIRST_SEED [FILE]]]
"""

import json
import os
import random
import sys
import tempfile

import tokenizers
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

CASES = int(sys.argv[1]) if len(sys.argv) > 1 else 60
FIRST_SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 0
FILE = sys.argv[3] if len(sys.argv) > 3 else "test/fixtures/training.json"

WORDS = "the of and to in is that it was for on are with as his they be at one have this from or had by hot but some what there we can out".split()
STRANGE = ["don't", "we'll", "it's", "café", "naïve", "e\u0301", "日本語", "テスト", "привет", "한국어", "हिन्दी", "🙂", "x1y2", "1234", "12 345", "---", "!!", "...", "\t", "  "]
STRANGE += ["   ", "\r\n", "a\u00a0b", "\u2581x", "__init__", "fooBar", "ǅ", "ﬁ", "\u3000", "!\n/x"]
CL100K = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
O200K = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTION}|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTION}"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIAL = ["<s>", "</s>", "<unk>", "a", "b", "ab", "the", "Ġthe", "Ġ", "in", "abc", "aa", "aaa", "▁the"]


def random_text(rng):
    kind = rng.randrange(4)
    if kind == 0:
        words = rng.sample(WORDS, rng.randint(2, len(WORDS))) + rng.sample(STRANGE, rng.randint(0, len(STRANGE)))
        return "".join(rng.choice(words) + rng.choice([" "] * 8 + ["\n", "  ", "\n\n", ", ", ". ", " \n", ""]) for _ in range(rng.randint(5, 200)))
    if kind == 1:
        alphabet = rng.choice(["ab", "abc ", "aab \n", "abcdefghij  \n"])
        return "".join(rng.choice(alphabet) for _ in range(rng.randint(2, 400)))
    if kind == 2:
        return " ".join("".join(rng.choice("abcde") for _ in range(rng.randint(1, 9))) for _ in range(rng.randint(2, 120)))
    alphabet = "".join(STRANGE) + "abc  \n'st"
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(5, 300)))


def random_pre_tokenizer(rng):
    def byte_level():
        return pre_tokenizers.ByteLevel(add_prefix_space=rng.random() < 0.3, use_regex=rng.random() < 0.8)

    kind = rng.randrange(13)
    if kind <= 3:
        return byte_level()
    if kind == 4:
        return pre_tokenizers.Whitespace()
    if kind == 5:
        return pre_tokenizers.WhitespaceSplit()
    if kind == 6:
        return pre_tokenizers.Metaspace(prepend_scheme=rng.choice(["always", "never", "first"]), split=rng.random() < 0.8)
    if kind in (7, 8):
        split = pre_tokenizers.Split(Regex(rng.choice([CL100K, O200K])), "isolated")
        return pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    if kind == 9:
        behaviour = rng.choice(["isolated", "removed", "merged_with_previous", "merged_with_next", "contiguous"])
        return pre_tokenizers.Split(Regex(rng.choice([r"\w+", r"\s+", r"[aeiou]", r"\d"])), behaviour, invert=rng.random() < 0.3)
    if kind == 10:
        return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=rng.random() < 0.5), byte_level()])
    if kind == 11:
        return pre_tokenizers.Sequence([pre_tokenizers.Punctuation(), pre_tokenizers.Metaspace()])
    return None


def random_normalizer(rng):
    makers = {
        0: normalizers.NFC,
        1: normalizers.NFKC,
        2: normalizers.Lowercase,
        3: lambda: normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents()]),
        4: lambda: normalizers.Prepend("▁"),
        5: lambda: normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]),
        6: normalizers.Strip,
    }
    return makers.get(rng.randrange(12), lambda: None)()


def random_options(rng):
    options = {"vocab_size": rng.choice([60, 120, 300, 400, 600]), "min_frequency": rng.choice([0, 0, 0, 2, 3])}
    if rng.random() < 0.5:
        options["special_tokens"] = [rng.choice(SPECIAL) for _ in range(rng.randint(1, 6))]
    if rng.random() < 0.3:
        options["initial_alphabet"] = rng.choice([sorted(pre_tokenizers.ByteLevel.alphabet()), ["x", "y", "zebra", "é"]])
    if rng.random() < 0.35:
        options["max_token_length"] = rng.choice([1, 2, 3, 4, 5, 8, 16])
    return options


def train(tokenizer, texts, feeding, trainer):
    if feeding == "items":
        tokenizer.train_from_iterator(texts, trainer)
        return
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, str(i)) for i in range(len(texts))]
        for path, text in zip(paths, texts):
            with open(path, "w", newline="", encoding="utf-8") as file:
                file.write(text)
        tokenizer.train(paths, trainer)


def make_case(seed):
    rng = random.Random(seed)
    tokenizer = Tokenizer(models.BPE())
    normalizer, pre_tokenizer = random_normalizer(rng), random_pre_tokenizer(rng)
    if normalizer:
        tokenizer.normalizer = normalizer
    if pre_tokenizer:
        tokenizer.pre_tokenizer = pre_tokenizer
    feeding, options = rng.choice(["lines", "items"]), random_options(rng)
    texts = [random_text(rng) for _ in range(rng.randint(1, 4))]
    train(tokenizer, texts, feeding, trainers.BpeTrainer(show_progress=False, **options))
    return {"seed": seed, "texts": texts, "feeding": feeding, "options": options, "expected": json.loads(tokenizer.to_str())}


with open(FILE, "w", encoding="utf-8") as file:
    cases = ",\n".join(json.dumps(make_case(FIRST_SEED + i), ensure_ascii=False, separators=(",", ":")) for i in range(CASES))
    file.write(f'{{"oracle":"tokenizers {tokenizers.__version__} (Python)","cases":[\n{cases}\n]}}\n')
