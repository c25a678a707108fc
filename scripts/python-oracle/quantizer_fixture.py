"""Writes test/fixtures/quantizers.json: codes of k-means, residual (also by beam search) and product quantization by NumPy in double precision, faiss's distortion at
the same sizes, finite scalar quantization by its formula, and metrics.

python scripts/python-oracle/quantizer_fixture.py
"""

import json
import math

import faiss
import numpy as np
import sklearn
from sklearn.metrics import homogeneity_score

from random_stream import blobs, gaussian

COUNT, DIMS, SIZE, BOOKS, BEAM = 400, 12, 16, 3, 5


def squares(a, b):
    return ((a[:, None] - b[None]) ** 2).sum(2)


def codebook(x, size):
    """Lloyd's algorithm from KKZ's centroids, until nothing changes."""
    chosen = [int((x**2).sum(1).argmax())]
    while len(chosen) < size:
        chosen.append(int(squares(x, x[chosen]).min(1).argmax()))
    centroids, labels = x[chosen], None
    while True:
        before, labels = labels, squares(x, centroids).argmin(1)
        if before is not None and (before == labels).all():
            # As they are stored: in single precision.
            return centroids.astype(np.float32).astype(np.float64), labels
        centroids = np.array([x[labels == i].mean(0) for i in range(size)])


def residual(x):
    books, codes, rest = [], [], x
    for _ in range(BOOKS):
        centroids, labels = codebook(rest, SIZE)
        books.append(centroids)
        codes.append(labels)
        rest = rest - centroids[labels]
    return books, np.array(codes).T, rest


def beam_search(books, vector):
    states = [((), vector)]
    for book in books:
        longer = [(path + (code,), rest - book[code]) for path, rest in states for code in range(len(book))]
        states = sorted(longer, key=lambda state: (state[1] ** 2).sum())[:BEAM]
    return states[0][0]


def finite_scalar(z, levels):
    code, basis = 0, 1
    for value, level in zip(z, levels):
        if level == 2:
            place = 0 if value < 0 else 1
        else:
            half, offset = (level - 1) * (1 + 1e-3) / 2, 0.5 if level % 2 == 0 else 0.0
            place = int(np.round(math.tanh(value + math.atanh(offset / half)) * half - offset)) + level // 2
        code, basis = code + place * basis, basis * level
    return code


def entropy(values):
    p = np.bincount(values) / len(values)
    return float(-(p[p > 0] * np.log(p[p > 0])).sum())


x, classes = blobs(51, COUNT, 30, DIMS, 0.5)
x = x.astype(np.float64)
error = lambda rest: float((rest**2).mean())
whole, whole_codes = codebook(x, SIZE)
books, residual_codes, rest = residual(x)
beam_codes = np.array([beam_search(books, vector) for vector in x])
decoded = sum(book[beam_codes[:, i]] for i, book in enumerate(books))
parts = [codebook(x[:, 4 * i : 4 * i + 4], SIZE) for i in range(3)]
product_rest = np.hstack([x[:, 4 * i : 4 * i + 4] - centroids[labels] for i, (centroids, labels) in enumerate(parts)])
single = x.astype(np.float32)
rq, pq = faiss.ResidualQuantizer(DIMS, BOOKS, 4), faiss.ProductQuantizer(DIMS, 3, 4)
for quantizer in (rq, pq):
    quantizer.train(single)
rq_error, pq_error = (error(q.decode(q.compute_codes(single)) - single) for q in (rq, pq))
scalar = []
for levels in ((8, 5, 5, 5), (2, 3), (7, 4, 6), (16, 16)):
    z = 1.5 * gaussian(52, 60 * len(levels)).astype(np.float32).astype(np.float64).reshape(60, -1)
    scalar.append({"levels": levels, "codes": [finite_scalar(row, levels) for row in z]})
table = np.zeros((30, SIZE))
np.add.at(table, (classes, whole_codes), 1)
fixture = {
    "oracle": f"NumPy {np.__version__}, faiss {faiss.__version__}, scikit-learn {sklearn.__version__}",
    "kMeans": {"codes": whole_codes.tolist(), "error": error(x - whole[whole_codes])},
    "residual": {"codes": residual_codes.tolist(), "error": error(rest), "beamCodes": beam_codes.tolist(), "beamError": error(x - decoded), "faissError": rq_error},
    "product": {"codes": np.array([labels for _, labels in parts]).T.tolist(), "error": error(product_rest), "faissError": pq_error},
    "scalar": scalar,
    "metrics": {
        "bitrate": 50 * BOOKS * math.log2(SIZE),
        "perplexity": [math.exp(entropy(column)) for column in residual_codes.T],
        "signalToNoise": 10 * math.log10((x**2).sum() / (rest**2).sum()),
        "purity": table.max(0).sum() / COUNT,
        "unitPurity": table.max(1).sum() / COUNT,
        "pnmi": homogeneity_score(classes, whole_codes),
    },
}
with open("test/fixtures/quantizers.json", "w") as file:
    json.dump(fixture, file)
    file.write("\n")
