"""Times the Python peers on one core. One JSON request a line on stdin, one JSON line on stdout.

{peer: 'tokenizers' | 'tiktoken' | 'gigatoken', file, encoding: {path, pattern, specialTokens} | null, text: path of a file, runs, clock: 'wall' | 'cpu'}
-> {version, cold: [seconds …], warm: [seconds …], ids: path of a file of little-endian uint32} or {missing: reason}
Each run loads a fresh tokenizer, encodes the text once (cold) and once more (warm).
"""

import array
import base64
import importlib.metadata
import json
import os
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def load_tokenizers(request):
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(request["file"])
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids


def load_tiktoken(request):
    import tiktoken

    encoding = request["encoding"]
    ranks = {}
    with open(encoding["path"], "rb") as file:
        for line in file:
            token, rank = line.split()
            ranks[base64.b64decode(token)] = int(rank)
    built = tiktoken.Encoding("bench", pat_str=encoding["pattern"], mergeable_ranks=ranks, special_tokens=encoding["specialTokens"])
    return built.encode_ordinary


def load_gigatoken(request):
    import gigatoken

    return gigatoken.Tokenizer(request["file"]).encode


LOADERS = {"tokenizers": load_tokenizers, "tiktoken": load_tiktoken, "gigatoken": load_gigatoken}
TAKES_BYTES = {"gigatoken"}


def timed(encode, text, clock):
    now = time.process_time if clock == "cpu" else time.perf_counter
    start = now()
    ids = encode(text)
    return now() - start, ids


def measure(request):
    peer = request["peer"]
    try:
        version = importlib.metadata.version(peer)
    except importlib.metadata.PackageNotFoundError:
        return {"missing": f"{peer} is not installed"}
    with open(request["text"], "rb") as file:
        text = file.read()
    if peer not in TAKES_BYTES:
        text = text.decode()
    cold, warm, ids = [], [], None
    for _ in range(request["runs"]):
        encode = LOADERS[peer](request)
        cold.append(timed(encode, text, request["clock"])[0])
        seconds, ids = timed(encode, text, request["clock"])
        warm.append(seconds)
    return {"version": version, "cold": cold, "warm": warm, "ids": write(ids)}


def write(ids):
    with tempfile.NamedTemporaryFile(delete=False, suffix=".ids") as file:
        array.array("I", [int(i) for i in ids]).tofile(file)
    return file.name


for line in sys.stdin:
    try:
        answer = measure(json.loads(line))
    except BaseException as error:  # pyo3's panics are no Exceptions
        answer = {"missing": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
