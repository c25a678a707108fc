"""faiss IVFFlat by inner product on one thread, for bench/next-token.ts. Reads a JSON object from stdin, and writes one."""
import json
import sys
import time

import faiss
import numpy as np

task = json.load(sys.stdin)
faiss.omp_set_num_threads(1)
embeddings = np.memmap(task["embeddings"], dtype=np.float32, mode="r", shape=(task["rows"], task["dims"]))
queries = np.fromfile(task["queries"], dtype=np.float32).reshape(-1, task["dims"])
truth = np.array(task["truth"]).reshape(len(queries), -1)
k = truth.shape[1]

start = time.perf_counter()
quantizer = faiss.IndexFlatIP(task["dims"])
index = faiss.IndexIVFFlat(quantizer, task["dims"], task["lists"], faiss.METRIC_INNER_PRODUCT)
index.train(embeddings[:: max(1, task["rows"] // (64 * task["lists"]))])
index.add(embeddings)
built = time.perf_counter() - start
points = []
for probes in task["probes"]:
    index.nprobe = probes
    index.search(queries[:4], k)
    start = time.perf_counter()
    found = index.search(queries, k)[1]
    seconds = time.perf_counter() - start
    hits = sum(len(set(a) & set(b)) for a, b in zip(found.tolist(), truth.tolist()))
    points.append({"probes": probes, "recall": hits / truth.size, "perSecond": len(queries) / seconds})
json.dump({"version": faiss.__version__, "built": built, "points": points}, sys.stdout)
