"""The random stream of lib/clustering/random.ts, and data made from it."""

import numpy as np


def uniform(seed, count):
    state, numbers = seed & 0xFFFFFFFF, np.empty(count)
    for i in range(count):
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        mixed = ((state ^ (state >> 15)) * (state | 1)) & 0xFFFFFFFF
        mixed ^= (mixed + (((mixed ^ (mixed >> 7)) * (mixed | 61)) & 0xFFFFFFFF)) & 0xFFFFFFFF
        numbers[i] = (mixed ^ (mixed >> 14)) / 4294967296
    return numbers


def gaussian(seed, count):
    pairs = uniform(seed, 2 * count)
    return np.sqrt(-2 * np.log(1 - pairs[0::2])) * np.cos(2 * np.pi * pairs[1::2])


def blobs(seed, count, clusters, dims, deviation):
    """Points around clusters of them, point i around cluster i mod clusters; in single precision."""
    centres = gaussian(seed, clusters * dims).reshape(clusters, dims)
    noise = gaussian(seed + 1, count * dims).reshape(count, dims) * deviation
    truth = np.arange(count) % clusters
    return (centres[truth] + noise).astype(np.float32), truth
