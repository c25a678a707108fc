"""Seconds of PyTorch's scaled_dot_product_attention.

python bench/attention-torch.py TYPE QUERY_HEADS KV_HEADS QUERIES KEYS DIMS CAUSAL THREADS LAYERS RUNS -> one JSON line {version, seconds} or {missing: reason}
Layers take turns, so that keys are not in the cache. `seconds`: the median over runs, for one layer.
"""

import json
import statistics
import sys
import time

try:
    import torch

    kind, (heads, kv_heads, queries, keys, dims, causal, threads, layers, runs) = sys.argv[1], map(int, sys.argv[2:11])
    torch.set_num_threads(threads)
    dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16}[kind]
    q = torch.randn(1, heads, queries, dims).to(dtype)
    kv = [[torch.randn(1, kv_heads, keys, dims).to(dtype) for _ in range(2)] for _ in range(layers)]
    attend = torch.nn.functional.scaled_dot_product_attention
    times = []
    with torch.inference_mode():
        for _ in range(runs + 1):
            start = time.perf_counter()
            for k, v in kv:
                attend(q, k, v, is_causal=bool(causal), enable_gqa=heads != kv_heads)
            times.append((time.perf_counter() - start) / layers)
    answer = {"version": torch.__version__, "seconds": statistics.median(times[1:])}
except ImportError as error:
    answer = {"missing": str(error)}
print(json.dumps(answer))
