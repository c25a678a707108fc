"""The paper's rules in the straightforward way: every merge counts all pairs anew. Needs `tokenizers` for its pre-tokenizer.

Reads {"sequences", "strings", "merges", "runs"} as JSON from standard input; writes {"seconds": [...], "length", "version"}. The same program as
dynamic-recount.ts.
"""

import json
import platform
import sys
import time

from tokenizers.pre_tokenizers import ByteLevel


def byte_alphabet():
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}


ALPHABET = byte_alphabet()
PRE_TOKENIZER = ByteLevel(add_prefix_space=False, use_regex=True)


def is_valid(text):
    marks = sum(character in "ĠĊĉ" for character in text)
    if text.count("Ċ") >= 2 or (any(character in "ĠĊĉ" for character in text[1:]) and marks < len(text)):
        return False
    try:
        decoded = bytes(ALPHABET[character] for character in text).decode("utf-8")
    except UnicodeDecodeError:
        return True
    return len(PRE_TOKENIZER.pre_tokenize_str(decoded)) == 1


def recount(batch, strings, merges):
    texts = list(strings)
    numbers = {text: number for number, text in enumerate(texts)}
    verdicts = {}
    for _ in range(merges):
        counts = {}
        for sequence in batch:
            for pair in zip(sequence, sequence[1:]):
                if pair in counts:
                    counts[pair] += 1
                    continue
                text = texts[pair[0]] + texts[pair[1]]
                if text not in verdicts:
                    verdicts[text] = is_valid(text)
                if verdicts[text]:
                    counts[pair] = 1
        if not counts:
            break
        left, right = max(counts, key=counts.get)
        text = texts[left] + texts[right]
        if text not in numbers:
            numbers[text] = len(texts)
            texts.append(text)
        product = numbers[text]
        merged_batch = []
        for sequence in batch:
            merged, i = [], 0
            while i < len(sequence):
                if i + 1 < len(sequence) and sequence[i] == left and sequence[i + 1] == right:
                    merged.append(product)
                    i += 2
                else:
                    merged.append(sequence[i])
                    i += 1
            merged_batch.append(merged)
        batch = merged_batch
    return sum(map(len, batch))


request = json.load(sys.stdin)
seconds = []
for _ in range(request["runs"]):
    start = time.perf_counter()
    length = recount(request["sequences"], request["strings"], request["merges"])
    seconds.append(time.perf_counter() - start)
print(json.dumps({"seconds": seconds, "length": length, "version": platform.python_version()}))
