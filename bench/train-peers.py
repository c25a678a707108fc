"""Trains with one Python peer, in a process of its own so that its peak memory is its own.

python bench/train-peers.py tokenizers|gigatoken VOCAB_SIZE OUTPUT FILE … -> one JSON line {version, seconds, peakBytes, baseBytes} or {missing: reason}
`baseBytes` is the peak when training began. tokenizers writes its tokenizer.json to OUTPUT; gigatoken has no such file, and trains on the files' text as one.
"""

import importlib.metadata
import json
import re
import sys
import time

peer, vocab_size, output, files = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]


def train_tokenizers():
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    base, start = peak_bytes(), time.perf_counter()
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train(files, trainers.BpeTrainer(vocab_size=vocab_size, show_progress=False))
    tokenizer.save(output)
    return base, time.perf_counter() - start


def train_gigatoken():
    import gigatoken

    base, start = peak_bytes(), time.perf_counter()
    text = b"".join(open(file, "rb").read() for file in files)
    gigatoken.train_bpe(text, vocab_size, [])
    return base, time.perf_counter() - start


def peak_bytes():
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\s*(\d+) kB", status.read()).group(1)) * 1024


try:
    version = importlib.metadata.version(peer)
    base, seconds = {"tokenizers": train_tokenizers, "gigatoken": train_gigatoken}[peer]()
    answer = {"version": version, "seconds": seconds, "peakBytes": peak_bytes(), "baseBytes": base}
except BaseException as error:  # pyo3's panics are no Exceptions
    answer = {"missing": f"{type(error).__name__}: {error}"}
print(json.dumps(answer))
