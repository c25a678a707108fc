"""Writes test/fixtures/nearest-centroid.json: scikit-learn's NearestCentroid on blobs, and CLUE's formulas in NumPy.

python scripts/python-oracle/nearest_centroid_fixture.py
"""

import json

import numpy as np
import sklearn
from scipy.special import softmax
from sklearn.neighbors import NearestCentroid

from random_stream import blobs

CASES = [
    {"metric": "euclidean", "seed": 5, "dims": 8, "priors": "uniform", "shrinkThreshold": 0},
    {"metric": "euclidean", "seed": 6, "dims": 5, "priors": "empirical", "shrinkThreshold": 0},
    {"metric": "euclidean", "seed": 7, "dims": 9, "priors": "uniform", "shrinkThreshold": 1.5},
    {"metric": "euclidean", "seed": 8, "dims": 4, "priors": [0.7, 0.1, 0.1, 0.1], "shrinkThreshold": 4},
    {"metric": "manhattan", "seed": 9, "dims": 7, "priors": "uniform", "shrinkThreshold": 0},
    {"metric": "manhattan", "seed": 10, "dims": 6, "priors": "empirical", "shrinkThreshold": 2},
]
COUNT, QUERIES, CLASSES = 90, 40, 4


def unequal(count):
    """Classes of unequal sizes."""
    return np.minimum(np.arange(count) % 7, CLASSES - 1)


def rounded(values):
    return np.round(np.asarray(values, dtype=np.float64), 9).tolist()


def result(case):
    points, _ = blobs(case["seed"], COUNT + QUERIES, 7, case["dims"], 1.2)
    points = points.astype(np.float64)
    model = NearestCentroid(metric=case["metric"], shrink_threshold=case["shrinkThreshold"] or None, priors=case["priors"])
    model.fit(points[:COUNT], unequal(COUNT))
    queries = points[COUNT:]
    scores = model._decision_function(queries)
    return {
        **case,
        "centroids": rounded(model.centroids_.ravel()),
        "deviations": rounded(model.within_class_std_dev_),
        "labels": model.predict(queries).tolist(),
        "scores": rounded(scores.ravel()),
        "probabilities": rounded(softmax(scores, axis=1).ravel()),
    }


def clue():
    """d(A, B) = mean over layers of the Euclidean distance; right iff nearer to the right ones' mean."""
    layers, width = 5, 6
    points, truth = blobs(77, 80, 2, layers * width, 3.0)
    deltas = points.astype(np.float64).reshape(-1, layers, width)
    known, asked = deltas[:50], deltas[50:]
    distances = [np.linalg.norm(asked - known[truth[:50] == label].mean(0), axis=2).mean(1) for label in (0, 1)]
    return {
        "layers": layers,
        "width": width,
        "distances": rounded(np.stack(distances, 1).ravel()),
        "right": (distances[1] < distances[0]).astype(int).tolist(),
        "order": np.argsort(distances[1], kind="stable").tolist(),
    }


with open("test/fixtures/nearest-centroid.json", "w") as file:
    json.dump({"oracle": f"scikit-learn {sklearn.__version__}", "cases": [result(case) for case in CASES], "clue": clue()}, file)
    file.write("\n")
