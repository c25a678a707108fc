"""Writes test/fixtures/search.json: the nearest by faiss's flat indexes (inner product, L2) and scikit-learn's brute force (cosine), of vectors as each storage keeps them.

python scripts/python-oracle/search_fixture.py
"""

import json

import faiss
import numpy as np
import sklearn
from sklearn.neighbors import NearestNeighbors

from random_stream import blobs, gaussian

COUNT, DIMS, QUERIES, K = 400, 40, 6, 8

vectors = blobs(31, COUNT, 12, DIMS, 0.8)[0]
queries = gaussian(33, QUERIES * DIMS).reshape(QUERIES, DIMS).astype(np.float32)


def bfloat16(rows):
    bits = rows.view(np.uint32).astype(np.uint64)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16 << 16).astype(np.uint32).view(np.float32)


def int8(rows):
    scales = np.abs(rows).max(1, keepdims=True) / np.float32(127)
    return np.rint(rows / scales) * scales


def unit(rows):
    return (rows / np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)).astype(np.float32)


STORAGES = {"float32": lambda rows: rows, "float16": lambda rows: rows.astype(np.float16).astype(np.float32), "bfloat16": bfloat16, "int8": int8}
cases = []
for storage, kept in STORAGES.items():
    for metric, index in {"inner-product": faiss.IndexFlatIP(DIMS), "l2": faiss.IndexFlatL2(DIMS)}.items():
        index.add(np.ascontiguousarray(kept(vectors)))
        scores, ids = index.search(queries, K)
        cases.append({"storage": storage, "metric": metric, "ids": ids.tolist(), "scores": scores.tolist()})
    # Cosines are inner products with what is kept of vectors of unit length.
    if storage == "float32":
        distances, ids = NearestNeighbors(n_neighbors=K, algorithm="brute", metric="cosine").fit(vectors).kneighbors(queries)
        scores = 1 - distances
    else:
        index = faiss.IndexFlatIP(DIMS)
        index.add(np.ascontiguousarray(kept(unit(vectors))))
        scores, ids = index.search(unit(queries), K)
    cases.append({"storage": storage, "metric": "cosine", "ids": ids.tolist(), "scores": scores.tolist()})
with open("test/fixtures/search.json", "w") as file:
    oracle = f"faiss {faiss.__version__}, scikit-learn {sklearn.__version__}, NumPy {np.__version__}"
    json.dump({"oracle": oracle, "count": COUNT, "dims": DIMS, "queries": QUERIES, "k": K, "cases": cases}, file)
    file.write("\n")
