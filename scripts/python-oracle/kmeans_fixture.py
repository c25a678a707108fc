"""Writes test/fixtures/kmeans.json: what scikit-learn's Lloyd makes of blobs from given first centroids.

python scripts/python-oracle/kmeans_fixture.py
"""

import json

import numpy as np
import sklearn
from sklearn.cluster import KMeans, kmeans_plusplus

from random_stream import blobs, uniform

CASES = [
    {"seed": 11, "count": 600, "clusters": 12, "dims": 32, "deviation": 0.5, "k": 20, "weighted": False},
    {"seed": 21, "count": 900, "clusters": 40, "dims": 7, "deviation": 0.7, "k": 120, "weighted": False},
    {"seed": 31, "count": 500, "clusters": 9, "dims": 3, "deviation": 0.4, "k": 33, "weighted": True},
    {"seed": 41, "count": 400, "clusters": 5, "dims": 1, "deviation": 0.6, "k": 6, "weighted": False},
]


def farthest_first(points, count):
    """KKZ: the longest vector, then always the one farthest from those chosen."""
    points = points.astype(np.float64)
    chosen = [int((points**2).sum(1).argmax())]
    nearest = ((points - points[chosen[0]]) ** 2).sum(1)
    while len(chosen) < count:
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, ((points - points[chosen[-1]]) ** 2).sum(1))
    return chosen


def result(case):
    points, _ = blobs(case["seed"], case["count"], case["clusters"], case["dims"], case["deviation"])
    first = farthest_first(points, case["k"])
    weights = uniform(case["seed"] + 7, case["count"]) if case["weighted"] else None
    model = KMeans(case["k"], init=points[first].astype(np.float64), n_init=1, max_iter=300, tol=0, algorithm="lloyd")
    model.fit(points.astype(np.float64), sample_weight=weights)
    return {**case, "first": first, "labels": model.labels_.tolist(), "inertia": model.inertia_}


def seeding(case, runs=200):
    """The mean over many runs of what k-means++ leaves: plain, and greedy as is scikit-learn's default."""
    points, _ = blobs(case["seed"], case["count"], case["clusters"], case["dims"], case["deviation"])
    points = points.astype(np.float64)

    def left(seed, trials):
        chosen, _ = kmeans_plusplus(points, case["k"], random_state=seed, n_local_trials=trials)
        return ((points[:, None] - chosen[None]) ** 2).sum(2).min(1).sum()

    means = {name: float(np.mean([left(seed, trials) for seed in range(runs)])) for name, trials in [("plain", 1), ("greedy", None)]}
    return {**case, **means}


SEEDINGS = [
    {"seed": 51, "count": 600, "clusters": 25, "dims": 8, "deviation": 0.2, "k": 25},
]

with open("test/fixtures/kmeans.json", "w") as file:
    json.dump({"oracle": f"scikit-learn {sklearn.__version__}", "cases": [result(case) for case in CASES], "seedings": [seeding(case) for case in SEEDINGS]}, file)
    file.write("\n")
