"""Random comparison of agglomerative clustering, HDBSCAN and the indices with SciPy and scikit-learn. Not a test: how often it was run, and what came out, stands in docs/clustering.md.

scikit-learn sorts the edges of HDBSCAN's tree with NumPy's quicksort, which leaves equal ones in any order: here they are asked to be stable.

npx tsx scripts/python-oracle/clustering-comparison.ts [ROUNDS] [SEED] gives this script merganser's results as JSON lines. It prints what differs and a last line of counts; the exit status is 1 if anything does.
"""

import json
import sys

import numpy as np
from scipy.cluster.hierarchy import cut_tree, linkage
from scipy.spatial.distance import squareform
from sklearn import metrics
from sklearn.cluster import HDBSCAN

counts, wrong = {}, 0
argsort = np.argsort
np.argsort = lambda values, *arguments, **options: argsort(values, *arguments, **{**options, "kind": "stable"})


def check(name, right, case):
    global wrong
    counts[name] = counts.get(name, 0) + 1
    if not right:
        wrong += 1
        print(f"{name} differs in case {case}")


for line in sys.stdin:
    case = json.loads(line)
    condensed = np.array(case["distances"])
    square = squareform(condensed)
    for name, tree in case["linkages"].items():
        expected = linkage(condensed, name)
        check(name, np.allclose(expected[:, 2], tree["distances"], rtol=1e-9, atol=1e-12), case["seed"])
        labels = cut_tree(expected, case["clusters"])[:, 0]
        check(f"{name}, labels", metrics.adjusted_rand_score(labels, tree["labels"]) == 1, case["seed"])
    model = HDBSCAN(metric="precomputed", min_cluster_size=case["minClusterSize"], min_samples=case["minSamples"], copy=True).fit(square)
    own = np.array(case["hdbscan"])
    check("HDBSCAN", (model.labels_ == own).all() and np.allclose(model.probabilities_, case["probabilities"], atol=1e-9), case["seed"])
    a, b, points = case["classes"], case["labels"], np.array(case["points"]).reshape(len(case["labels"]), -1)
    expected = {
        "adjustedRand": metrics.adjusted_rand_score(a, b),
        "adjustedMutualInformation": metrics.adjusted_mutual_info_score(a, b),
        "normalizedMutualInformation": metrics.normalized_mutual_info_score(a, b),
        "homogeneity": metrics.homogeneity_score(a, b),
        "completeness": metrics.completeness_score(a, b),
        "vMeasure": metrics.v_measure_score(a, b),
        "silhouette": metrics.silhouette_score(points, b),
        "daviesBouldin": metrics.davies_bouldin_score(points, b),
    }
    for name, value in expected.items():
        # scikit-learn's distance of a point from itself is not always 0: clusters of one point have a spread of 10⁻⁷ there.
        room = 1e-6 if name == "daviesBouldin" else 1e-9
        check(name, abs(case["indices"][name] - value) < room * max(1, abs(value)), case["seed"])
print(", ".join(f"{name} {count}" for name, count in counts.items()), f"compared, {wrong} different")
sys.exit(wrong > 0)
