"""Random regular expressions with the matches that tiktoken's engine finds: writes test/fixtures/patterns/fancy-regex.json.

    pip install tiktoken==0.14.0 && python scripts/python-oracle/fancy_regex_fixture.py > test/fixtures/patterns/fancy-regex.json

The engine of npm's tiktoken is an older one, and an error in it leaves its WASM instance broken; so these come from the Python package.
"""

import json
import random
import sys

import tiktoken
from tiktoken._tiktoken import CoreBPE

PATTERNS = 400
TEXTS = 6
SEED = 20240607

LITERALS = ["a", "A", "b", "B", "c", "s", "x", "1", "2", "_", "é", "٣", "漢", "²", " ", "\\n", "\\r", "\\t", "\\.", "'", "\\-", "\u0301", "\u00a0"]
FOLDED = ["s", "S", "k", "ſ", "\u212a", "ß", "ẞ", "ﬁ", "İ"]
SETS = [
    ".", r"\d", r"\D", r"\s", r"\S", r"\w", r"\W", r"\h", r"\p{L}", r"\P{L}", r"\p{Lu}", r"\p{^Ll}", r"\p{N}", r"\p{Greek}", "[ab]", "[^a]", "[a-c]", r"[^\s\d]",
    r"[\p{L}\p{M}]", r"[^\r\n\p{L}\p{N}]", "[a-z&&[^b]]", "[[ab]1]", "[[:alpha:]]", "[^[:space:]]", r"[a-c&&\w]", r"[^ab&&\w]", "[]a]", "[a-]", "[-a]", "[a-c--b]", "[a-c~~b-x]",
]
ANCHORS = ["^", "$", r"\b", r"\B", r"\A", r"\z", r"\Z", "(?m:^)", "(?m:$)"]
QUANTIFIERS = ["*", "+", "?", "*?", "+?", "??", "*+", "++", "?+", "{2}", "{1,2}", "{1,}", "{0,2}", "{1,3}?", "{1,2}+"]
LOOK_BEHINDS = ["a", r"\s", "ab", "a|bc", r"\p{L}|[^a]x"]
# Loops of groups that can match nothing are left out: fancy-regex's own machine and the one of regex, to which it delegates, do not agree about them.
GROUP_QUANTIFIERS = ["?", "??", "?+", "{2}", "{1,2}", "{0,2}", "{1,2}+"]
ALPHABET = "aAbBcsS12_x.-'é٣漢² \n\r\tſßKkfiﬁα\u0301\u00a0"


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def atom(self, depth):
        choice = self.random
        kind = choice.random()
        if depth == 0 or kind < 0.45:
            return choice.choice(LITERALS if choice.random() < 0.5 else SETS)
        if kind < 0.5:
            return choice.choice(FOLDED)
        if kind < 0.58:
            return choice.choice(ANCHORS)
        if kind < 0.64:
            return choice.choice(["(?<=", "(?<!"]) + choice.choice(LOOK_BEHINDS) + ")"
        if kind < 0.68:
            return r"\R"
        opening = choice.choice(["(", "(?:", "(?:", "(?=", "(?!", "(?>", "(?i:", "(?s:"])
        return opening + self.alternatives(depth - 1) + ")"

    def repeated(self, depth):
        atom = self.atom(depth)
        if atom in ANCHORS or atom.startswith(("(?=", "(?!", "(?<=", "(?<!")) or self.random.random() > 0.42:
            return atom
        return atom + self.random.choice(GROUP_QUANTIFIERS if atom.endswith(")") else QUANTIFIERS)

    def alternatives(self, depth):
        branches = ["".join(self.repeated(depth) for _ in range(self.random.choice([1, 1, 2, 3]))) for _ in range(self.random.choice([1, 1, 2, 3]))]
        return "|".join(branches)

    def text(self):
        letters = self.random.sample(ALPHABET, self.random.choice([2, 3, 5]))
        return "".join(self.random.choice(letters) for _ in range(self.random.randrange(12)))


def matches(pattern, texts):
    """The non-empty matches: every substring is a token, so that each match becomes one."""
    ranks = {bytes([byte]): byte for byte in range(256)}
    ranks[b""] = 256
    for text in texts:
        for start in range(len(text)):
            for end in range(start + 1, len(text) + 1):
                ranks.setdefault(text[start:end].encode(), len(ranks))
    tokens = {rank: token for token, rank in ranks.items()}
    core = CoreBPE(ranks, {}, pattern)
    return [[tokens[rank].decode() for rank in core.encode_ordinary(text) if rank != 256] for text in texts]


def main():
    generator = Generator(SEED)
    cases = []
    while len(cases) < PATTERNS:
        pattern = generator.alternatives(generator.random.choice([1, 2, 3]))
        texts = [generator.text() for _ in range(TEXTS)]
        try:
            cases.append({"pattern": pattern, "texts": texts, "matches": matches(pattern, texts)})
        except BaseException:  # A panic of Rust is no Exception. Refused patterns, and too much backtracking.
            continue
    json.dump({"oracle": f"tiktoken {tiktoken.__version__} (Python)", "cases": cases}, sys.stdout, ensure_ascii=True, separators=(",", ":"))


if __name__ == "__main__":
    main()
