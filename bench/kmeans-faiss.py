"""One run of faiss's k-means on one or more threads.

python bench/kmeans-faiss.py VECTORS.f32 CENTROIDS.f32 DIMS ITERATIONS THREADS RUNS -> one JSON line {version, runs: [{seconds, objective, iterations}]} or {missing: reason}

No subsampling; the first centroids are given. ITERATIONS: one or several, such as 10,25. One run makes the most of them, and what fewer of them take is read off faiss's own clock of each
iteration (all are alike). It ends early where nothing changes any more. Seconds of one thread are processor time, of several the wall clock's. `objective` is that of the last iteration's beginning.
"""

import json
import statistics
import sys
import time

try:
    import faiss
    import numpy

    points, centroids = (numpy.fromfile(path, dtype=numpy.float32).reshape(-1, int(sys.argv[3])) for path in sys.argv[1:3])
    iterations = list(map(int, sys.argv[4].split(",")))
    threads, runs = map(int, sys.argv[5:7])
    faiss.omp_set_num_threads(threads)
    clock = time.process_time if threads == 1 else time.perf_counter
    times = {count: [] for count in iterations}
    for _ in range(runs):
        model = faiss.Kmeans(points.shape[1], len(centroids), niter=max(iterations), max_points_per_centroid=len(points))
        start = clock()
        model.train(points, init_centroids=centroids)
        seconds, ends = clock() - start, [iteration["time"] for iteration in model.iteration_stats]
        for count in iterations:
            times[count].append(seconds * ends[min(count, len(ends)) - 1] / ends[-1])
    runs = [{"seconds": statistics.median(times[count]), "objective": float(model.obj[min(count, len(model.obj)) - 1]), "iterations": min(count, len(ends))} for count in iterations]
    answer = {"version": faiss.__version__, "runs": runs}
except ImportError as error:
    answer = {"missing": str(error)}
print(json.dumps(answer))
