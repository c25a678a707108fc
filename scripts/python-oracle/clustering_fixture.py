"""Writes test/fixtures/clustering.json: scikit-learn's indices of labels, and SciPy's linkages, for blobs.

python scripts/python-oracle/clustering_fixture.py
"""

import json

import numpy as np
import scipy
import sklearn
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist
from sklearn import metrics

from random_stream import blobs, uniform


def agreement(classes, clusters):
    table = metrics.cluster.contingency_matrix(classes, clusters)
    return {
        "adjustedRand": metrics.adjusted_rand_score(classes, clusters),
        "adjustedMutualInformation": metrics.adjusted_mutual_info_score(classes, clusters),
        "normalizedMutualInformation": metrics.normalized_mutual_info_score(classes, clusters),
        "homogeneity": metrics.homogeneity_score(classes, clusters),
        "completeness": metrics.completeness_score(classes, clusters),
        "vMeasure": metrics.v_measure_score(classes, clusters),
        "purity": table.max(0).sum() / table.sum(),
    }


fixture = {"oracle": f"scikit-learn {sklearn.__version__}, SciPy {scipy.__version__}", "agreement": [], "points": [], "linkage": []}
for seed, count, a, b in ((1, 200, 5, 7), (2, 50, 1, 4), (3, 80, 80, 3), (4, 300, 12, 12), (5, 40, 2, 1), (6, 30, 1, 1), (7, 1, 1, 1)):
    noise = uniform(seed, 2 * count)
    classes = np.arange(count) % a
    clusters = np.where(noise[:count] < 0.6, classes % b, (noise[count:] * b).astype(int))
    fixture["agreement"].append({"classes": classes.tolist(), "clusters": clusters.tolist(), "expected": agreement(classes, clusters)})
for seed, count, k, dims in ((11, 150, 6, 5), (12, 90, 4, 1)):
    x, truth = blobs(seed, count, k, dims, 0.6)
    x = x.astype(np.float64)
    fixture["points"].append(
        {"seed": seed, "count": count, "k": k, "dims": dims, "silhouette": metrics.silhouette_score(x, truth), "daviesBouldin": metrics.davies_bouldin_score(x, truth)}
    )
    for method in ("ward", "average", "complete"):
        tree = linkage(pdist(x), method)
        fixture["linkage"].append(
            {"seed": seed, "count": count, "k": k, "dims": dims, "method": method, "distances": tree[:, 2].tolist(), "labels": fcluster(tree, 9, "maxclust").tolist()}
        )
with open("test/fixtures/clustering.json", "w") as file:
    json.dump(fixture, file)
    file.write("\n")
