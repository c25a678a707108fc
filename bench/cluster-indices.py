"""scikit-learn's part of bench/cluster-indices.ts. Reads {points, dims, classes, clusters, index} and then one line for each turn; answers with {version, value} and with seconds.

Values are those of scikit-learn's functions on the same numbers: float64 points, and distances of SciPy's pdist.
"""

import json
import sys
import time

import numpy as np
from scipy.spatial.distance import pdist, squareform
from sklearn import __version__ as version
from sklearn import metrics

order = json.loads(sys.stdin.readline())
labels = [np.fromfile(order[name], dtype=np.uint32).astype(np.int64) for name in ("classes", "clusters")]
points = np.fromfile(order["points"], dtype=np.float32).reshape(len(labels[1]), order["dims"]).astype(np.float64) if order["points"] else None


def agreement():
    classes, clusters = labels
    homogeneity, completeness, v_measure = metrics.homogeneity_completeness_v_measure(classes, clusters)
    contingency = metrics.cluster.contingency_matrix(classes, clusters, sparse=True)
    return {
        "adjustedRand": metrics.adjusted_rand_score(classes, clusters),
        "adjustedMutualInformation": metrics.adjusted_mutual_info_score(classes, clusters),
        "normalizedMutualInformation": metrics.normalized_mutual_info_score(classes, clusters),
        "homogeneity": homogeneity,
        "completeness": completeness,
        "vMeasure": v_measure,
        "purity": float(contingency.max(axis=0).toarray().sum() / len(classes)),
    }


if order["index"] == "silhouetteOfDistances":
    distances = squareform(pdist(points))
work = {
    "silhouette": lambda: metrics.silhouette_score(points, labels[1]),
    "silhouetteOfDistances": lambda: metrics.silhouette_score(distances, labels[1], metric="precomputed"),
    "daviesBouldin": lambda: metrics.davies_bouldin_score(points, labels[1]),
    "compareLabels": agreement,
}[order["index"]]
print(json.dumps({"version": version, "value": work()}), flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    work()
    print(json.dumps(time.perf_counter() - start), flush=True)
