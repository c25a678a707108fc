"""Writes test/fixtures/spectral.json: eigenvalues by NumPy, HDBSCAN by scikit-learn, spectral clustering
(Ng, Jordan & Weiss) and the subspace affinity in NumPy.

Where distances of mutual reachability are equal, probabilities of HDBSCAN depend on the order of the points: those are left out.

python scripts/python-oracle/spectral_fixture.py
"""

import json

import numpy as np
import sklearn
from sklearn.cluster import HDBSCAN, KMeans

from random_stream import blobs, gaussian


def distances(points):
    points = points.astype(np.float64)
    return np.sqrt(((points[:, None] - points[None]) ** 2).sum(2))


def rings():
    """Two rings in a plane, 100 points each, with noise; in single precision."""
    angle, noise = np.arange(100) * 2 * np.pi / 100, gaussian(21, 400).reshape(200, 2) * 0.05
    ring = np.stack([np.cos(angle), np.sin(angle)], 1)
    return (np.concatenate([ring, 3 * ring]) + noise).astype(np.float32)


def planes():
    """60 points on each of three planes through the origin of a space of 12 dimensions, with noise; in single precision."""
    bases, parts, noise = gaussian(31, 3 * 2 * 12).reshape(3, 2, 12), gaussian(32, 180 * 2).reshape(180, 2), gaussian(33, 180 * 12).reshape(180, 12)
    return (np.einsum("nk,nkd->nd", parts, bases[np.arange(180) % 3]) + 0.01 * noise).astype(np.float32)


def normalized(affinity):
    scale = 1 / np.sqrt(affinity.sum(1))
    return affinity * scale[:, None] * scale


def spectral(affinity, clusters):
    rows = np.linalg.eigh(normalized(affinity))[1][:, -clusters:]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return KMeans(clusters, n_init=20, random_state=0).fit_predict(rows).tolist()


def eigenvalues(affinity, count):
    return np.linalg.eigvalsh(normalized(affinity))[::-1][:count].tolist()


def density_clusters(points, size, samples):
    between = distances(points)
    fit = lambda order: HDBSCAN(min_cluster_size=size, min_samples=samples, metric="precomputed", copy=True).fit(between[np.ix_(order, order)])
    found, random = fit(np.arange(len(points))), np.random.RandomState(0)
    probabilities = found.probabilities_.copy()
    for _ in range(20):
        order = random.permutation(len(points))
        probabilities[order[np.abs(fit(order).probabilities_ - found.probabilities_[order]) > 1e-9]] = np.nan
    return {
        "minClusterSize": size,
        "minSamples": samples,
        "labels": found.labels_.tolist(),
        "probabilities": [None if np.isnan(value) else round(value, 9) for value in probabilities],
    }


ring_affinity = np.exp(-distances(rings()) ** 2 / (2 * 0.3**2))
blob_points = blobs(11, 600, 12, 32, 0.5)[0]
blob_affinity = np.exp(-distances(blob_points) ** 2 / (2 * 2.0**2))
columns = planes().astype(np.float64).T
columns /= np.linalg.norm(columns, axis=0)
z = np.linalg.solve(columns.T @ columns + 0.01 * np.eye(180), columns.T @ columns)
kept = np.where(np.abs(z) >= np.sort(np.abs(z), 0)[-10], np.abs(z), 0)
scattered = np.concatenate([blobs(41, 240, 4, 3, 0.25)[0] * 2, 6 * gaussian(43, 60 * 3).reshape(60, 3).astype(np.float32)])
cases = [density_clusters(scattered, *options) for options in ((5, 5), (10, 3), (20, 10), (3, 1))]
with open("test/fixtures/spectral.json", "w") as file:
    json.dump(
        {
            "oracle": f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}",
            "rings": {"eigenvalues": eigenvalues(ring_affinity, 6), "labels": spectral(ring_affinity, 2)},
            "blobs": {"eigenvalues": eigenvalues(blob_affinity, 12), "labels": spectral(blob_affinity, 12)},
            "planes": {"affinity": (kept + kept.T)[0].round(7).tolist(), "labels": spectral(kept + kept.T, 3)},
            "hdbscan": cases,
        },
        file,
    )
    file.write("\n")
