"""The formulas of the operators of token reduction in NumPy and PyTorch (CPU), and SciPy's and scikit-learn's clustering, timed whenever they are asked.

python bench/reduce-peers.py TOKENS.f32 BATCH COUNT WIDTH OPERATOR JSON_OPTIONS LIBRARIES THREADS -> one JSON line {library: {version, groups, first}} (groups: where each token of the first sequence went,
null for Expedit); then, for each line of the input that names one of them, a line with the seconds that it took once. `roof` is one of them, if PyTorch is: its matrix products that the operator's similarities
or distances are, alone, on rows that are normalised and gathered already. NumPy goes through the sequences one by one, PyTorch takes them all at once where the published code does.
"""

import json
import os
import sys
import time

for library in ("OMP", "MKL", "OPENBLAS"):
    os.environ[f"{library}_NUM_THREADS"] = sys.argv[8]

import numpy as np

path, operator, options = sys.argv[1], sys.argv[5], json.loads(sys.argv[6])
batch, count, width, threads = (int(sys.argv[i]) for i in (2, 3, 4, 8))
libraries = sys.argv[7].split(",")
tokens = np.fromfile(path, dtype=np.float32).reshape(batch, count, width)
answer, work = {}, {}


def window_mask():
    rows, columns = options["grid"]
    h, w = options["target"]
    r = options.get("window", 5) // 2
    y, x = np.repeat(np.arange(rows) * h // rows, columns), np.tile(np.arange(columns) * w // columns, rows)
    v, u = np.repeat(np.arange(h), w), np.tile(np.arange(w), h)
    return (abs(y[:, None] - v) <= r) & (abs(x[:, None] - u) <= r)


def numpy_one(z):
    n = len(z)
    squares = lambda a, b: np.maximum((a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T, 0)
    into = np.arange(n)

    def means(into):
        sums, sizes = np.zeros_like(z), np.zeros(n, np.float32)
        np.add.at(sums, into, z)
        np.add.at(sizes, into, 1)
        return sums[sizes > 0] / sizes[sizes > 0, None]

    unit = z / np.linalg.norm(z, axis=1, keepdims=True)
    if operator == "tofu":
        greatest, lengths = np.zeros(n, np.float32), np.linalg.norm(z, axis=1)
        scores = unit[::2] @ unit[1::2].T
        order = np.argsort(-scores.max(1), kind="stable")[: options["remove"]]
        into[2 * order] = 2 * scores.argmax(1)[order] + 1
        np.maximum.at(greatest, into, lengths)
        mean, used = means(into), np.bincount(into, minlength=n) > 0
        return into, mean * (greatest[used] / np.linalg.norm(mean, axis=1))[:, None]
    if operator in ("threshold", "tome-grid"):
        is_destination = np.arange(n) % 2 == 1
        if operator == "tome-grid":
            rows, columns = options["grid"]
            is_destination = ((np.arange(rows)[:, None] % 2 == 0) & (np.arange(columns) % 2 == 0)).ravel()
        a, b = np.where(~is_destination)[0], np.where(is_destination)[0]
        scores = unit[a] @ unit[b].T
        best = scores.max(1)
        order = np.where(best >= options["threshold"])[0] if operator == "threshold" else np.argsort(-best, kind="stable")[: options["remove"]]
        into[a[order]] = b[scores.argmax(1)[order]]
        return into, means(into)
    if operator == "visionzip":
        k, m = options["dominant"], options["contextual"]
        stays = np.sort(np.argsort(-np.array(options["attention"][:n]), kind="stable")[:k])
        rest = np.setdiff1d(into, stays)
        targets = rest[: m * (len(rest) // m) : len(rest) // m]
        joining = np.setdiff1d(rest, targets)
        to = (unit[joining] @ unit[targets].T).argmax(1)
        one_hot = np.zeros((len(joining), m), np.float32)
        one_hot[np.arange(len(joining)), to] = 1
        gathered = one_hot.T @ z[joining] / np.maximum(one_hot.sum(0), 1)[:, None]
        into[joining] = targets[to]
        return into, np.concatenate([z[stays], z[targets] + gathered])
    if operator in ("tome", "pitome"):
        if operator == "tome":
            scores = unit[::2] @ unit[1::2].T
            order = np.argsort(-scores.max(1), kind="stable")[: options["remove"]]
            into[2 * order] = 2 * scores.argmax(1)[order] + 1
        else:
            d = unit @ unit.T - options["margin"]
            energy = np.where(d > 0, d, np.expm1(np.minimum(d, 0))).mean(1)
            top = np.argsort(-energy, kind="stable")[: 2 * options["remove"]]
            into[top[::2]] = top[1::2][(unit[top[::2]] @ unit[top[1::2]].T).argmax(1)]
        return into, means(into)
    k = options.get("clusters", 0)
    if operator == "dpc-knn":
        d = np.sqrt(squares(z, z)) / np.sqrt(width)
        np.fill_diagonal(d, 0)
        rho = np.exp(-(np.sort(d, 1)[:, :5] ** 2).mean(1))
        i = np.arange(n)
        denser = (rho[None] > rho[:, None]) | ((rho[None] == rho[:, None]) & (i[None] < i[:, None]))
        centres = np.sort(np.argsort(-(np.where(denser, d, d.max()).min(1) * rho), kind="stable")[:k])
        labels = d[centres].argmin(0)
        labels[centres] = np.arange(k)
        return labels, means(centres[labels])
    if operator in ("k-medoids", "spectral"):
        x = z
        if operator == "spectral":
            w = np.exp(-squares(z, z) / (2 * options["sigma"] ** 2))
            scale = 1 / np.sqrt(w.sum(1))
            x = np.linalg.eigh(w * scale[:, None] * scale)[1][:, -k:]
            x = x / np.linalg.norm(x, axis=1, keepdims=True)
        d = np.sqrt(squares(x, x))
        np.fill_diagonal(d, 0)
        medoids = [int(np.linalg.norm(x, axis=1).argmax())]
        while len(medoids) < k:
            medoids.append(int(d[:, medoids].min(1).argmax()))
        medoids = np.array(medoids)
        for _ in range(100):
            labels, before = d[:, medoids].argmin(1), medoids.copy()
            for j in range(k):
                members = np.where(labels == j)[0]
                medoids[j] = members[d[np.ix_(members, members)].sum(1).argmin()]
            if (medoids == before).all():
                break
        medoids = np.sort(medoids)
        return d[:, medoids].argmin(1), z[medoids]
    if operator == "expedit":
        mask, tau, m = window_mask(), options["temperature"], options["target"][0] * options["target"][1]
        h, w = options["target"]
        rows, columns = options["grid"]
        grid = z.reshape(rows, columns, width)
        s = np.array([[grid[i * rows // h : -(-(i + 1) * rows // h), j * columns // w : -(-(j + 1) * columns // w)].mean((0, 1)) for j in range(w)] for i in range(h)]).reshape(m, width)
        for _ in range(5):
            logits = np.where(mask, -tau * squares(z, s), -np.inf)
            a = np.exp(logits - logits.max(1, keepdims=True))
            a /= a.sum(1, keepdims=True)
            s = a.T @ z / np.maximum(a.sum(0)[:, None], 1e-16)
        weights = np.exp(-tau * squares(z, s))
        weights = np.where(weights >= np.sort(weights, 1)[:, -20][:, None], weights, 0)
        return None, weights / weights.sum(1, keepdims=True) @ s


def torch_all(torch, z):
    b, n, c = z.shape
    if operator in ("tome", "pitome"):
        unit = z / z.norm(dim=-1, keepdim=True)
        r = options["remove"]
        if operator == "tome":
            scores = unit[:, ::2] @ unit[:, 1::2].transpose(-1, -2)
            best, to = scores.max(-1)
            order = best.argsort(-1, descending=True)
            kept, source, target = order[:, r:], order[:, :r], to.gather(1, order[:, :r])
            left, right = z[:, ::2], z[:, 1::2]
            rows = lambda x, i: x.gather(1, i[..., None].expand(-1, -1, c))
            merged = right.scatter_reduce(1, target[..., None].expand(-1, -1, c), rows(left, source), reduce="mean")
            into = torch.arange(n).repeat(b, 1).scatter(1, 2 * source, 2 * target + 1)
            return into, torch.cat([rows(left, kept), merged], 1)
        energy = torch.nn.functional.elu(unit @ unit.transpose(-1, -2) - options["margin"]).mean(-1)
        order = energy.argsort(-1, descending=True)
        a, d, rest = order[:, : 2 * r : 2], order[:, 1 : 2 * r : 2], order[:, 2 * r :]
        rows = lambda x, i: x.gather(1, i[..., None].expand(-1, -1, c))
        to = (rows(unit, a) @ rows(unit, d).transpose(-1, -2)).argmax(-1)
        merged = rows(z, d).scatter_reduce(1, to[..., None].expand(-1, -1, c), rows(z, a), reduce="mean")
        return torch.arange(n).repeat(b, 1).scatter(1, a, d.gather(1, to)), torch.cat([rows(z, rest), merged], 1)
    if operator in ("tofu", "threshold", "tome-grid"):
        unit = z / z.norm(dim=-1, keepdim=True)
        is_destination = torch.arange(n) % 2 == 1
        if operator == "tome-grid":
            rows, columns = options["grid"]
            is_destination = ((torch.arange(rows)[:, None] % 2 == 0) & (torch.arange(columns) % 2 == 0)).flatten()
        a, d = torch.where(~is_destination)[0], torch.where(is_destination)[0]
        best, to = (unit[:, a] @ unit[:, d].transpose(-1, -2)).max(-1)
        into = torch.arange(n).repeat(b, 1)
        if operator == "threshold":
            chosen = best >= options["threshold"]
            into[:, a] = torch.where(chosen, d[to], a)
        else:
            order = best.argsort(-1, descending=True)[:, : options["remove"]]
            into.scatter_(1, a[order], d[to.gather(1, order)])
        spread = into[..., None].expand(-1, -1, c)
        merged = torch.zeros_like(z).scatter_reduce(1, spread, z, reduce="mean", include_self=False)
        if operator == "tofu":
            lengths = torch.zeros(b, n).scatter_reduce(1, into, z.norm(dim=-1), reduce="amax")
            merged = merged * (lengths / merged.norm(dim=-1).clamp(min=1e-12))[..., None]
        return into, [merged[i][into[i].bincount(minlength=n) > 0] for i in range(b)]
    if operator == "visionzip":
        unit = z / z.norm(dim=-1, keepdim=True)
        k, m = options["dominant"], options["contextual"]
        attention = torch.tensor(options["attention"]).view(b, n)
        stays = attention.topk(k, dim=-1).indices.sort(-1).values
        left = torch.ones(b, n, dtype=torch.bool).scatter_(1, stays, False)
        rest = torch.arange(n).repeat(b, 1)[left].view(b, -1)
        step = rest.shape[1] // m
        place = torch.arange(rest.shape[1])
        is_target = (place % step == 0) & (place < m * step)
        targets, joining = rest[:, is_target], rest[:, ~is_target]
        rows = lambda x, i: x.gather(1, i[..., None].expand(-1, -1, c))
        to = (rows(unit, joining) @ rows(unit, targets).transpose(-1, -2)).argmax(-1)
        one_hot = torch.zeros(b, joining.shape[1], m).scatter_(2, to[..., None], 1)
        gathered = one_hot.transpose(-1, -2) @ rows(z, joining) / one_hot.sum(1).clamp(min=1)[..., None]
        return torch.arange(n).repeat(b, 1).scatter(1, joining, targets.gather(1, to)), torch.cat([rows(z, stays), rows(z, targets) + gathered], 1)
    if operator == "dpc-knn":
        k = options["clusters"]
        d = torch.cdist(z, z) / c**0.5
        rho = (-(d.topk(5, dim=-1, largest=False).values ** 2).mean(-1)).exp()
        denser = (rho[:, None, :] > rho[:, :, None]).to(z.dtype)
        delta = (d * denser + d.flatten(1).max(1).values[:, None, None] * (1 - denser)).min(-1).values
        centres = (delta * rho).topk(k, dim=-1).indices.sort(-1).values
        labels = d.gather(1, centres[..., None].expand(-1, -1, n)).argmin(1)
        labels.scatter_(1, centres, torch.arange(k).repeat(b, 1))
        sums = torch.zeros(b, k, c).scatter_add_(1, labels[..., None].expand(-1, -1, c), z)
        return labels, sums / torch.zeros(b, k).scatter_add_(1, labels, torch.ones(b, n))[..., None]
    if operator == "expedit":
        mask, tau = torch.from_numpy(window_mask()), options["temperature"]
        squares = lambda a, s: (a**2).sum(-1)[..., None] + (s**2).sum(-1)[:, None] - 2 * a @ s.transpose(-1, -2)
        s = torch.nn.functional.adaptive_avg_pool2d(z.transpose(1, 2).reshape(b, c, *options["grid"]), options["target"]).flatten(2).transpose(1, 2)
        for _ in range(5):
            a = torch.where(mask, -tau * squares(z, s), -torch.inf).softmax(-1)
            s = a.transpose(-1, -2) @ z / a.sum(1).clamp(min=1e-16)[..., None]
        weights = (-tau * squares(z, s).clamp(min=0)).exp()
        weights = torch.where(weights >= weights.topk(20, dim=-1).values[..., -1:], weights, 0)
        return None, (weights / weights.sum(-1, keepdim=True)) @ s
    if operator in ("k-medoids", "spectral"):
        return torch_medoids(torch, z)
    return None


def torch_medoids(torch, z):
    b, n, c = z.shape
    k = options["clusters"]
    x = z
    if operator == "spectral":
        w = (-torch.cdist(z, z) ** 2 / (2 * options["sigma"] ** 2)).exp()
        scale = w.sum(-1).rsqrt()
        x = torch.linalg.eigh(w * scale[..., None] * scale[:, None])[1][..., -k:]
        x = x / x.norm(dim=-1, keepdim=True)
    d = torch.cdist(x, x)
    rows = lambda medoids: d.gather(1, medoids[..., None].expand(-1, -1, n))
    medoids = x.norm(dim=-1).argmax(-1, keepdim=True)
    apart = rows(medoids)[:, 0]
    while medoids.shape[1] < k:
        medoids = torch.cat([medoids, apart.argmax(-1, keepdim=True)], 1)
        apart = torch.minimum(apart, rows(medoids[:, -1:])[:, 0])
    for _ in range(100):
        labels, before = rows(medoids).argmin(1), medoids
        one_hot = torch.zeros(b, n, k).scatter_(2, labels[..., None], 1)
        sums = (d @ one_hot).gather(2, labels[..., None])[..., 0]
        least = torch.full((b, k), torch.inf).scatter_reduce(1, labels, sums, reduce="amin")
        token = torch.where(sums == least.gather(1, labels), torch.arange(n).repeat(b, 1), n)
        medoids = torch.full((b, k), n).scatter_reduce(1, labels, token, reduce="amin")
        if (medoids == before).all():
            break
    medoids = medoids.sort(-1).values
    return rows(medoids).argmin(1), z.gather(1, medoids[..., None].expand(-1, -1, c))


def torch_products(torch, z):
    b, n, c = z.shape
    pairs = {"tome": (n // 2, n // 2), "tofu": (n // 2, n // 2), "threshold": (n // 2, n // 2), "tome-grid": (n - n // 4, n // 4), "pitome": (n, n), "dpc-knn": (n, n), "k-medoids": (n, n)}
    if operator == "visionzip":
        rest = n - options["dominant"]
        pairs[operator] = (rest - options["contextual"], options["contextual"])
    if operator not in pairs:
        return None
    left, right = (z[:, :size].contiguous() for size in pairs[operator])
    return lambda: left @ right.transpose(-1, -2)


def of_points(x):
    """What takes distances instead of tokens: (library, its version, what is timed, labels)."""
    from scipy import __version__ as scipy_version
    from scipy.cluster.hierarchy import cut_tree, linkage
    from scipy.spatial.distance import pdist, squareform
    from sklearn import __version__ as sklearn_version
    from sklearn.cluster import HDBSCAN

    x = x.astype(np.float64)
    if operator == "ward":
        distances = pdist(x)
        return "scipy", scipy_version, lambda: linkage(distances, "ward"), lambda tree: cut_tree(tree, options["clusters"]).ravel()
    distances = squareform(pdist(x))
    size = options["minClusterSize"]
    return "scikit-learn", sklearn_version, lambda: HDBSCAN(metric="precomputed", min_cluster_size=size, min_samples=options["minSamples"], copy=True).fit(distances), lambda fit: fit.labels_


def add(name, version, call, answer_of):
    """`answer_of` gives (groups, first numbers) of a result."""
    groups, first = answer_of(call())
    work[name] = call
    answer[name] = {"version": version, "groups": groups, "first": first}


if operator in ("ward", "hdbscan"):
    name, version, call, labels_of = of_points(tokens[0])
    add(name, version, call, lambda result: (labels_of(result).tolist(), []))
else:
    as_lists = lambda groups, values: (None if groups is None else groups.tolist(), values.tolist())
    if "numpy" in libraries:
        add("numpy", np.__version__, lambda: [numpy_one(z) for z in tokens], lambda results: as_lists(results[0][0], results[0][1].ravel()[:64]))
    if "torch" in libraries:
        try:
            import torch

            torch.set_num_threads(threads)
            z = torch.from_numpy(tokens)
            add("torch", torch.__version__, torch.inference_mode()(lambda: torch_all(torch, z)), lambda result: as_lists(None if result[0] is None else result[0][0], result[1][0].flatten()[:64]))
            product = torch_products(torch, z)
            if product is not None:
                work["roof"] = torch.inference_mode()(product)
        except ImportError as error:
            print(f"without PyTorch: {error}", file=sys.stderr)
print(json.dumps(answer), flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    result = work[line.strip()]() if line.strip() in work else None
    seconds = time.perf_counter() - start
    del result
    print(seconds if line.strip() in work else "null", flush=True)
