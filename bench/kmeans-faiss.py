"""One run of faiss's k-means on one or more threads.

python bench/kmeans-faiss.py VECTORS.f32 CENTROIDS.f32 DIMS ITERATIONS THREADS RUNS -> one JSON line {version, seconds, objective} or {missing: reason}
No subsampling; the first centroids are given. `objective` is that of the last iteration's beginning.
"""

import json
import statistics
import sys
import time

try:
    import faiss
    import numpy

    points, centroids = (numpy.fromfile(path, dtype=numpy.float32).reshape(-1, int(sys.argv[3])) for path in sys.argv[1:3])
    iterations, threads, runs = map(int, sys.argv[4:7])
    faiss.omp_set_num_threads(threads)
    times = []
    for _ in range(runs):
        model = faiss.Kmeans(points.shape[1], len(centroids), niter=iterations, max_points_per_centroid=len(points))
        start = time.perf_counter()
        model.train(points, init_centroids=centroids)
        times.append(time.perf_counter() - start)
    answer = {"version": faiss.__version__, "seconds": statistics.median(times), "objective": float(model.obj[-1])}
except ImportError as error:
    answer = {"missing": str(error)}
print(json.dumps(answer))
