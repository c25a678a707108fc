"""Writes test/fixtures/reduction.json: what NumPy transcriptions of the papers' formulas make of reproducible tokens.

python scripts/python-oracle/reduction_fixture.py
"""

import json

import numpy as np

from random_stream import blobs, gaussian


def field(rows, columns, dims, seed, deviation):
    """A smooth field over a grid with noise, in single precision."""
    noise = gaussian(seed, rows * columns * dims).reshape(rows, columns, dims) * deviation
    y, x = np.mgrid[0:rows, 0:columns]
    c = np.arange(dims)
    wave = np.sin(2 * np.pi * (x[..., None] / columns * (1 + c % 4) + c / dims)) + np.cos(2 * np.pi * (y[..., None] / rows * (1 + (c // 4) % 4) - c / dims))
    return (wave + noise).reshape(-1, dims).astype(np.float32).astype(np.float64)


def squares(a, b):
    return np.maximum((a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T, 0)


def expedit(z, rows, columns, target, iterations, tau, window, nearest, norm):
    cells = [[(int(np.floor(i * s / t)), int(np.ceil((i + 1) * s / t))) for i in range(t)] for s, t in ((rows, target), (columns, target))]
    grid = z.reshape(rows, columns, -1)
    s = np.array([[grid[a:b, c:d].mean((0, 1)) for c, d in cells[1]] for a, b in cells[0]]).reshape(target * target, -1)
    y, x = np.repeat(np.arange(rows) * target // rows, columns), np.tile(np.arange(columns) * target // columns, rows)
    v, h = np.repeat(np.arange(target), target), np.tile(np.arange(target), target)
    near = (abs(y[:, None] - v) <= window // 2) & (abs(x[:, None] - h) <= window // 2)
    for _ in range(iterations):
        logits = np.where(near, -tau * squares(z, s), -np.inf)
        a = np.exp(logits - logits.max(1, keepdims=True))
        a /= a.sum(1, keepdims=True)
        s = a.T @ z / np.maximum(a.sum(0)[:, None], 1e-16)
    w = np.exp(-tau * squares(z, s))
    w = np.where(w >= np.sort(w, 1)[:, -nearest][:, None], w, 0)
    w /= w.sum(1, keepdims=True) if norm == "l1" else np.sqrt((w**2).sum(1, keepdims=True))
    return s, float(((w @ s - z) ** 2).mean())


def tome(z, remove):
    unit = z / np.linalg.norm(z, axis=1, keepdims=True)
    scores = unit[::2] @ unit[1::2].T
    order = np.argsort(-scores.max(1), kind="stable")[:remove]
    into = np.arange(len(z))
    into[2 * order] = 2 * scores.argmax(1)[order] + 1
    sums, sizes = np.zeros_like(z), np.zeros(len(z))
    np.add.at(sums, into, z)
    np.add.at(sizes, into, 1)
    means = sums / np.maximum(sizes, 1)[:, None]
    return {"largest": sizes.max(), "error": float(((means[into] - z) ** 2).mean()), "into": into.tolist()}


def pitome(z, remove, margin):
    unit = z / np.linalg.norm(z, axis=1, keepdims=True)
    d = unit @ unit.T - margin
    energy = np.where(d > 0, d, np.expm1(np.minimum(d, 0))).mean(1)
    top = np.argsort(-energy, kind="stable")[: 2 * remove]
    a, b = top[::2], top[1::2]
    into = np.arange(len(z))
    into[a] = b[(unit[a] @ unit[b].T).argmax(1)]
    return into.tolist()


def k_medoids(x, k):
    d = np.sqrt(squares(x, x))
    np.fill_diagonal(d, 0)
    medoids = [int(np.linalg.norm(x, axis=1).argmax())]
    for _ in range(1, k):
        nearest = d[:, medoids].min(1)
        nearest[medoids] = -1
        medoids.append(int(nearest.argmax()))
    medoids = np.array(medoids)
    for _ in range(100):
        labels, before = d[:, medoids].argmin(1), medoids.copy()
        for j in range(k):
            members = np.where(labels == j)[0]
            medoids[j] = members[d[np.ix_(members, members)].sum(1).argmin()]
        if np.linalg.norm(x[medoids] - x[before], axis=1).sum() < 1e-5:
            break
    medoids = np.sort(medoids)
    return medoids.tolist(), d[:, medoids].argmin(1).tolist()


def dpc_knn(x, k, neighbours=5):
    d = np.sqrt(((x[:, None] - x[None]) ** 2).sum(2)) / np.sqrt(x.shape[1])
    rho = np.exp(-(np.sort(d, 1)[:, :neighbours] ** 2).mean(1))
    n = np.arange(len(x))
    denser = (rho[None] > rho[:, None]) | ((rho[None] == rho[:, None]) & (n[None] < n[:, None]))
    delta = np.where(denser, d, d.max()).min(1)
    centres = np.sort(np.argsort(-(delta * rho), kind="stable")[:k])
    labels = d[centres].argmin(0)
    labels[centres] = np.arange(k)
    return centres.tolist(), labels.tolist()


z = field(40, 40, 64, 7, 0.3)
x = blobs(11, 600, 12, 32, 0.5)[0].astype(np.float64)
fixture = {"oracle": f"NumPy {np.__version__}", "expedit": [], "tome": tome(z, 800), "pitome": pitome(z, 300, 0.45)}
for target, tau in ((20, 1.0), (20, 0.02), (28, 1.0), (10, 5.0)):
    for norm in ("l1", "l2"):
        s, error = expedit(z, 40, 40, target, 5, tau, 5, 20, norm)
        fixture["expedit"].append({"target": target, "temperature": tau, "normalization": norm, "sum": s.sum(), "first": s[0, :4].tolist(), "error": error})
fixture["kMedoids"] = dict(zip(("medoids", "labels"), k_medoids(x, 12)))
fixture["dpcKnn"] = dict(zip(("centres", "labels"), dpc_knn(x, 12)))
with open("test/fixtures/reduction.json", "w") as file:
    json.dump(fixture, file)
    file.write("\n")
