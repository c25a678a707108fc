"""Writes test/fixtures/pooling.json: embeddings by PyTorch's own layers, and directions of places by NumPy's ridge regression, in double precision.

python scripts/python-oracle/pooling_fixture.py
"""

import json

import numpy as np
import torch
from torch.nn.functional import gelu, layer_norm, linear, normalize, scaled_dot_product_attention

from random_stream import gaussian

D, R, HEADS, INNER, LAYERS, SEQUENCES, TOKENS = 12, 3, 2, 8, 4, 3, 6
# Padding on the right, on the left, and none.
MASK = [[1, 1, 1, 1, 0, 0], [0, 0, 0, 1, 1, 1], [1, 1, 1, 1, 1, 1]]


def random(seed, *shape, scale=1.0):
    """Single precision, as the test has it."""
    return torch.tensor((gaussian(seed, int(np.prod(shape))) * scale).astype(np.float32).astype(np.float64).reshape(shape))


states = random(61, LAYERS, SEQUENCES, TOKENS, D)
mask = torch.tensor(MASK, dtype=torch.float64)
latents, layer_embedding = random(62, R, D), random(63, LAYERS, D)
norms = [(1 + random(64 + 2 * i, D, scale=0.1), random(65 + 2 * i, D, scale=0.1)) for i in range(3)]
norms = [(torch.tensor(weight.numpy().astype(np.float32).astype(np.float64)), bias) for weight, bias in norms]
query, key_value, output = random(70, INNER, D, scale=0.4), random(71, 2 * INNER, D, scale=0.4), random(72, D, INNER, scale=0.4)
expand, expand_bias = random(73, 8 * D, D, scale=0.3), random(74, 8 * D, scale=0.1)
contract, contract_bias = random(75, D, 4 * D, scale=0.2), random(76, D, scale=0.1)


def latent_pooling(context, context_mask):
    batch = context.shape[0]
    start = latents.expand(batch, R, D)
    heads = lambda x: x.reshape(batch, -1, HEADS, INNER // HEADS).transpose(1, 2)
    q = heads(linear(layer_norm(start, (D,), *norms[0]), query))
    keys, values = linear(layer_norm(context, (D,), *norms[1]), key_value).chunk(2, dim=-1)
    attended = scaled_dot_product_attention(q, heads(keys), heads(values), attn_mask=context_mask[:, None, None, :].bool())
    x = start + linear(attended.transpose(1, 2).reshape(batch, R, INNER), output)
    value, gate = linear(layer_norm(x, (D,), *norms[2]), expand, expand_bias).chunk(2, dim=-1)
    x = x + linear(value * gelu(gate), contract, contract_bias)
    return normalize(x.mean(1), dim=-1)


last = states[-1]
means = (states * mask[None, :, :, None]).sum(2) / mask.sum(1)[None, :, None]
positions = mask.cumsum(1) * mask
eos = torch.stack([last[i, max(t for t in range(TOKENS) if MASK[i][t])] for i in range(SEQUENCES)])

GRID, IMAGES, WIDTH = (5, 7), 6, 16
count = IMAGES * GRID[0] * GRID[1]
places = np.array([(r / (GRID[0] - 1), c / (GRID[1] - 1)) for r in range(GRID[0]) for c in range(GRID[1])] * IMAGES)
maps = gaussian(81, 4 * WIDTH).reshape(4, WIDTH)
content = gaussian(82, count * WIDTH).reshape(count, WIDTH)
features = np.hstack([places, places**2]) @ maps * 2 + 0.7 * content
features = features.astype(np.float32).astype(np.float64)
rest, directions, explained = features, [], []
for _ in range(4):
    x, y = rest - rest.mean(0), places - places.mean(0)
    moments = x.T @ x
    w = np.linalg.solve(moments + 1e-3 * np.trace(moments) / WIDTH * np.eye(WIDTH), x.T @ y)
    explained.append(1 - ((y - x @ w) ** 2).sum() / (y**2).sum())
    for vector in w.T:
        for other in directions:
            vector = vector - other * (other @ vector)
        directions.append(vector / np.linalg.norm(vector))
        rest = rest - np.outer(rest @ directions[-1], directions[-1])
fixture = {
    "oracle": f"PyTorch {torch.__version__}, NumPy {np.__version__}",
    "last": eos.flatten().tolist(),
    "mean": (last * mask[..., None]).sum(1).div(mask.sum(1)[:, None]).flatten().tolist(),
    "weightedMean": ((last * positions[..., None]).sum(1) / positions.sum(1)[:, None]).flatten().tolist(),
    "lastLayer": latent_pooling(last, mask).flatten().tolist(),
    "multiLayer": latent_pooling(means.transpose(0, 1) + layer_embedding, torch.ones(SEQUENCES, LAYERS)).flatten().tolist(),
    "positional": {"explained": explained, "directions": np.array(directions).flatten().tolist()},
}
with open("test/fixtures/pooling.json", "w") as file:
    json.dump(fixture, file)
    file.write("\n")
