"""The peers' part of bench/quantizers.ts. Reads {method, vectors, others, dims, threads, iterations, codebooks, codebookSize, beam, levels}, then one line for each turn: train, encode or decode; answers each
with seconds, and at first with {version, error}: the mean squared error of `others` after encoding and decoding.

faiss trains on all vectors (its default takes 256 for each code) for as many iterations. FSQ: the authors' formulas in PyTorch, levels of more than two.
"""

import json
import sys
import time

import numpy as np

order = json.loads(sys.stdin.readline())
dims, threads, method = order["dims"], order["threads"], order["method"]
vectors, others = (np.fromfile(order[name], dtype=np.float32).reshape(-1, dims) for name in ("vectors", "others"))
state = {}


def faiss_work():
    import faiss

    faiss.omp_set_num_threads(threads)

    def settled(clustering):
        clustering.niter = order["iterations"]
        clustering.max_points_per_centroid = len(vectors)
        return clustering

    books, bits = order["codebooks"], order["codebookSize"].bit_length() - 1

    def train():
        if method == "k-means":
            model = faiss.Kmeans(dims, order["codebookSize"], niter=order["iterations"], max_points_per_centroid=len(vectors))
            model.train(vectors)
        elif method == "product":
            model = faiss.ProductQuantizer(dims, books, bits)
            settled(model.cp)
            model.train(vectors)
        else:
            model = faiss.ResidualQuantizer(dims, books, bits)
            settled(model.cp)
            model.train_type = faiss.ResidualQuantizer.Train_default
            # Codebooks as ours: each from what one code leaves.
            model.max_beam_size = 1
            model.train(vectors)
            model.max_beam_size = order["beam"]
        state["model"] = model

    def encode():
        model = state["model"]
        state["codes"] = model.assign(others)[1] if method == "k-means" else model.compute_codes(others)

    def decode():
        model = state["model"]
        state["decoded"] = model.centroids[state["codes"]] if method == "k-means" else model.decode(state["codes"])

    return f"faiss {faiss.__version__}", train, encode, decode


def torch_work():
    import torch

    torch.set_num_threads(threads)
    levels = torch.tensor(order["levels"], dtype=torch.float32)
    half = (levels - 1) * (1 + 1e-3) / 2
    offset = torch.where(levels % 2 == 0, 0.5, 0.0)
    shift = torch.atanh(offset / half)
    width = torch.div(levels, 2, rounding_mode="floor")
    basis = torch.cumprod(torch.cat([torch.ones(1), levels[:-1]]), 0)
    tokens = torch.from_numpy(others)

    def encode():
        with torch.inference_mode():
            rounded = torch.round(torch.tanh(tokens + shift) * half - offset)
            state["codes"] = ((rounded + width) * basis).sum(-1).to(torch.int32)

    def decode():
        with torch.inference_mode():
            places = torch.div(state["codes"][:, None], basis.to(torch.int32), rounding_mode="floor") % levels.to(torch.int32)
            state["decoded"] = ((places - width) / width).numpy()

    return f"PyTorch {torch.__version__}", lambda: None, encode, decode


version, *steps = torch_work() if method == "finite-scalar" else faiss_work()
work = dict(zip(("train", "encode", "decode"), steps))
for step in steps:
    step()
error = float(np.square(others - np.asarray(state["decoded"]), dtype=np.float64).mean())
print(json.dumps({"version": version, "error": error}), flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    work[line.strip()]()
    print(json.dumps(time.perf_counter() - start), flush=True)
