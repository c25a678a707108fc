"""Writes test/fixtures/training.json: what Python `tokenizers` (requirements.txt names the release) trains on small random texts, for all options whose result
does not depend on chance.

    .venv/bin/python scripts/python-oracle/training_fixture.py [CASES [FIRST_SEED [FILE]]]

Seeds from 1,000,000 on are for longer runs: they draw from more kinds of parts and options.
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


WIDE_FROM = 1_000_000
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def wide_pre_tokenizer(rng):
    def byte_level(use_regex=None):
        return pre_tokenizers.ByteLevel(
            add_prefix_space=rng.random() < 0.5, trim_offsets=rng.random() < 0.5, use_regex=rng.random() < 0.5 if use_regex is None else use_regex
        )

    def split():
        pattern = rng.choice([CL100K, O200K, r"\d", r"\p{L}+", r"\s+(?!\S)|\s+", r"[^\s]+", r"(?=[A-Z])", r"'s|'t| ?\w+", r"\p{N}{1,3}", r" "])
        behaviour = rng.choice(["isolated", "removed", "merged_with_previous", "merged_with_next", "contiguous"])
        return pre_tokenizers.Split(rng.choice([Regex(pattern), rng.choice([" ", "e", "\n", "th"])]), behaviour, invert=rng.random() < 0.2)

    def metaspace():
        return pre_tokenizers.Metaspace(
            replacement=rng.choice(["▁", "▁", "_", "é"]), prepend_scheme=rng.choice(["always", "never", "first"]), split=rng.random() < 0.5
        )

    makers = [
        lambda: byte_level(False),
        lambda: pre_tokenizers.Sequence([split(), byte_level()]),
        lambda: pre_tokenizers.Sequence([split(), split(), byte_level()]),
        lambda: pre_tokenizers.Sequence([split(), metaspace()]),
        metaspace,
        lambda: pre_tokenizers.Sequence([metaspace(), split()]),
        lambda: pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), byte_level()]),
        lambda: pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation(rng.choice(["isolated", "contiguous", "removed"]))]),
        lambda: pre_tokenizers.Sequence([pre_tokenizers.Digits(rng.random() < 0.5), split(), byte_level()]),
        pre_tokenizers.BertPreTokenizer,
        pre_tokenizers.UnicodeScripts,
        lambda: pre_tokenizers.Sequence([pre_tokenizers.UnicodeScripts(), metaspace()]),
        lambda: pre_tokenizers.CharDelimiterSplit(rng.choice([" ", "e", "\n"])),
        lambda: pre_tokenizers.Sequence([split(), split()]),
        lambda: None,
    ]
    return rng.choice(makers)()


def wide_normalizer(rng):
    makers = [
        normalizers.NFC,
        normalizers.NFD,
        normalizers.NFKC,
        normalizers.NFKD,
        normalizers.Lowercase,
        normalizers.StripAccents,
        lambda: normalizers.Strip(left=rng.random() < 0.5, right=rng.random() < 0.5),
        normalizers.Nmt,
        lambda: normalizers.BertNormalizer(clean_text=rng.random() < 0.5, handle_chinese_chars=rng.random() < 0.5, lowercase=rng.random() < 0.5),
        lambda: normalizers.Replace(rng.choice([" ", "e", Regex(r"\s+"), Regex(r"[aeiou]"), Regex(r"\d+")]), rng.choice(["▁", "", "xy", " "])),
        lambda: normalizers.Prepend(rng.choice(["▁", "x", "  "])),
    ]
    kind = rng.randrange(3)
    if kind == 0:
        return None
    return rng.choice(makers)() if kind == 1 else normalizers.Sequence([rng.choice(makers)() for _ in range(rng.randint(2, 3))])


def wide_options(rng):
    options = {"vocab_size": rng.choice([30, 80, 150, 300, 420, 900]), "min_frequency": rng.choice([0, 1, 2, 2, 3, 5, 8])}
    if rng.random() < 0.5:
        options["special_tokens"] = [rng.choice(SPECIAL + ["", " ", "<pad>", "é", "th", "Ċ", "e"]) or "<x>" for _ in range(rng.randint(1, 9))]
    if rng.random() < 0.4:
        options["initial_alphabet"] = rng.choice([sorted(pre_tokenizers.ByteLevel.alphabet()), ["zebra", "ab", "é", "e\u0301", "the"], ["🙂x", "z"], [""]])
    if rng.random() < 0.4:
        options["max_token_length"] = rng.choice([1, 2, 3, 4, 6, 7, 30])
    if rng.random() < 0.3:
        options["limit_alphabet"] = rng.choice([1, 2, 4, 8, 16, 30, 100])
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


def wide_model(rng):
    model = {}
    if rng.random() < 0.2:
        model["unk_token"] = "<unk>"
        model["fuse_unk"] = rng.random() < 0.5
    if rng.random() < 0.2:
        model["ignore_merges"] = True
    return model


def make_case(seed):
    rng = random.Random(seed)
    wide = seed >= WIDE_FROM
    normalizer, pre_tokenizer = (wide_normalizer(rng), wide_pre_tokenizer(rng)) if wide else (random_normalizer(rng), random_pre_tokenizer(rng))
    feeding, options = rng.choice(["lines", "items"]), wide_options(rng) if wide else random_options(rng)
    texts = [random_text(rng) for _ in range(rng.randint(1, 4))]
    model = wide_model(rng) if wide else {}
    byte_fallback = wide and rng.random() < 0.15

    def trained():
        tokenizer = Tokenizer(models.BPE(**model, **({"byte_fallback": True} if byte_fallback else {})))
        if normalizer:
            tokenizer.normalizer = normalizer
        if pre_tokenizer:
            tokenizer.pre_tokenizer = pre_tokenizer
        special = dict.fromkeys(options.get("special_tokens", []) + (["<unk>"] if "unk_token" in model else []) + (BYTES if byte_fallback else []))
        trainer_options = {**options, **({"special_tokens": list(special)} if special else {})}
        train(tokenizer, texts, feeding, trainers.BpeTrainer(show_progress=False, **trainer_options))
        return tokenizer.to_str()

    expected = trained()
    # Which of several characters that are equally rare it keeps depends on chance.
    if "limit_alphabet" in options and any(trained() != expected for _ in range(24)):
        return None
    case = {"seed": seed, "texts": texts, "feeding": feeding, "options": options, "expected": json.loads(expected)}
    return {**case, "model": model, "byte_fallback": byte_fallback} if wide else case


with open(FILE, "w", encoding="utf-8") as file:
    made = [make_case(FIRST_SEED + i) for i in range(CASES)]
    cases = ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in made if case)
    file.write(f'{{"oracle":"tokenizers {tokenizers.__version__} (Python)","cases":[\n{cases}\n]}}\n')
