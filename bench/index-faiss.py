"""faiss IVFFlat by inner product, for bench/index.ts. Reads a JSON object from stdin, and writes one."""

import json
import math
import os
import sys
import time

import faiss
import numpy as np

K, SAMPLES_PER_LIST, ITERATIONS, CHECKED = 10, 64, 10, 100

task = json.load(sys.stdin)
rows, dims = task["rows"], task["dims"]
vectors = np.memmap(task["vectors"], dtype=np.float32, mode="r", shape=(rows, dims))
queries = np.fromfile(task["queries"], dtype=np.float32, count=task["queryCount"] * dims).reshape(-1, dims)
truth = np.fromfile(task["truth"], dtype=np.uint32).reshape(-1, K)

note = task["index"] + ".seconds"
if not os.path.exists(note):
    faiss.omp_set_num_threads(max(task["threads"]))
    scores, found = faiss.knn(queries[:CHECKED], vectors, K, metric=faiss.METRIC_INNER_PRODUCT)
    for wanted, ids, row, query in zip(truth, found, scores, queries):
        # Other ids only where their scores are as good.
        missing = vectors[list(set(wanted) - set(ids))] @ query
        if (missing < row[-1] - 1e-5).any():
            sys.exit("the true neighbours are not those that faiss finds")
    start = time.perf_counter()
    quantizer = faiss.IndexFlatIP(dims)
    index = faiss.IndexIVFFlat(quantizer, dims, task["lists"], faiss.METRIC_INNER_PRODUCT)
    index.cp.niter = ITERATIONS
    index.train(np.ascontiguousarray(vectors[:: max(1, rows // (SAMPLES_PER_LIST * task["lists"]))]))
    index.add(vectors)
    faiss.write_index(index, task["index"])
    with open(note, "w") as file:
        file.write(str(time.perf_counter() - start))
index = faiss.read_index(task["index"])


def recall(found, wanted):
    return sum(len(set(a) & set(b)) for a, b in zip(found.tolist(), wanted.tolist())) / wanted.size


def per_second(parts):
    index.search(parts[0], K)
    done, start = 0, time.perf_counter()
    while True:
        for part in parts:
            index.search(part, K)
            done += len(part)
            passed = time.perf_counter() - start
            if passed > task["seconds"]:
                return done / passed


def least_effort(enough):
    """The least effort that is enough: doubled until it is, then halved in between."""
    low, high, most = K, 2 * K, task["lists"]
    while high < most and not enough(high):
        low, high = high, 2 * high
    high = min(high, most)
    while high > low * task["precision"] and high > low + 1:
        middle = round(math.sqrt(low * high))
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def recall_with(nprobe):
    index.nprobe = nprobe
    return recall(index.search(queries, K)[1], truth)


figures = []
for wanted in task["recalls"]:
    faiss.omp_set_num_threads(max(task["threads"]))
    index.nprobe = least_effort(lambda nprobe: recall_with(nprobe) >= wanted)
    found = recall(index.search(queries, K)[1], truth)
    for threads in task["threads"]:
        faiss.omp_set_num_threads(threads)
        single = per_second(np.split(queries, len(queries))) if threads == task["threads"][0] else None
        # As many at once as are done in the time that is meant for a figure.
        batched = per_second(np.split(queries, range(200, len(queries), 200)))
        figures.append(
            {"name": f"faiss {faiss.__version__} IVFFlat", "threads": threads, "effort": f"nprobe {index.nprobe}", "recall": found, "single": single, "batched": batched}
        )
json.dump({"built": float(open(note).read()), "bytes": os.path.getsize(task["index"]), "figures": figures}, sys.stdout)
