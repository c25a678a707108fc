"""Writes test/fixtures/multi-vector.json: what pooling by SciPy's Ward linkage keeps of MaxSim, and Sinkhorn's balancing in NumPy.

python scripts/python-oracle/multi_vector_fixture.py
"""

import json

import numpy as np
import scipy
from scipy.cluster.hierarchy import fcluster, linkage

from random_stream import blobs, gaussian

POINTS = 240
unit = blobs(11, POINTS, 12, 32, 0.5)[0].astype(np.float64)
unit /= np.linalg.norm(unit, axis=1, keepdims=True)
queries = gaussian(99, 32 * 32).reshape(32, 32)
queries /= np.linalg.norm(queries, axis=1, keepdims=True)
distances = 1 - unit @ unit.T
trees = {
    "rows": linkage(distances, metric="euclidean", method="ward"),
    "cosine": linkage(distances[np.triu_indices(POINTS, 1)], method="ward"),
    "euclidean": linkage(unit, method="ward"),
}
full = (queries @ unit.T).max(1).sum()
cases = []
for name, tree in trees.items():
    for factor in (2, 3, 4, 10):
        labels = fcluster(tree, POINTS // factor, "maxclust")
        means = np.array([unit[labels == i].mean(0) for i in np.unique(labels)])
        cases.append({"linkage": name, "factor": factor, "retention": (queries @ means.T).max(1).sum() / full})
q = np.exp((lambda x: x - x.max())(gaussian(5, 64 * 16).astype(np.float32).reshape(64, 16)).astype(np.float64) / 0.5).T
for _ in range(3):
    q /= q.sum(1, keepdims=True) * 16
    q /= q.sum(0, keepdims=True) * 64
q = (q * 64).T
with open("test/fixtures/multi-vector.json", "w") as file:
    json.dump({"oracle": f"SciPy {scipy.__version__}, NumPy {np.__version__}", "full": full, "pooling": cases, "sinkhorn": q.sum(0).tolist()}, file)
    file.write("\n")
