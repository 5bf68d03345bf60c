"""How alike all heads are: pairwise distances, an order that puts like heads together, and a map in two dimensions.

scipy and scikit-learn are imported when they are needed.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from attnviz.analysis.entropy import distributions, entropy, jensen_shannon_distance
from attnviz.types import FloatArray, IntArray

BUDGET = 60_000_000  # weights compared in all; a second or two on one core
LEAST_ROWS = 2
MOST_ORDERED = 400  # heads whose leaves are put in the best order, and whose map is refined to the end


def sample_rows(heads: int, queries: int, keys: int) -> Annotated[IntArray, "R"]:
    """Which query rows to compare: all of them, or as many evenly spaced ones as `BUDGET` allows."""
    pairs = max(1, heads * (heads - 1) // 2)
    count = min(queries, max(LEAST_ROWS, BUDGET // (pairs * keys)))
    return np.unique(np.linspace(0, queries - 1, count).round().astype(np.int64))


def pairwise(rows: Annotated[FloatArray, "N R K"]) -> Annotated[FloatArray, "N N"]:
    """The Jensen-Shannon distance of each two heads, mean over the rows; 0 (equal) to 1 (no key in common).

    Rows without weight count as equal.
    """
    p = distributions(rows)
    own = entropy(p)
    count = len(p)
    result = np.zeros((count, count))
    step = max(1, 250_000 // max(1, p[0].size))
    for i in range(count - 1):
        for low in range(i + 1, count, step):
            high = min(low + step, count)
            apart = jensen_shannon_distance(p[i], p[low:high], (own[i], own[low:high]))
            result[i, low:high] = np.nan_to_num(apart).mean(-1)
    return (result + result.T).astype(np.float32)


def cluster_order(distances: Annotated[FloatArray, "N N"]) -> Annotated[IntArray, "N"]:
    """The heads in the order of the leaves of a tree of clusters (average linkage)."""
    if len(distances) < 3:
        return np.arange(len(distances), dtype=np.int64)
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    condensed = squareform(np.asarray(distances, np.float64), checks=False)
    tree = linkage(condensed, "average", optimal_ordering=len(distances) <= MOST_ORDERED)
    return leaves_list(tree).astype(np.int64)


def plane(distances: Annotated[FloatArray, "N N"]) -> tuple[Annotated[FloatArray, "N 2"], float]:
    """Points whose distances are as near to the given ones as two dimensions allow, and the stress of the map.

    Metric multidimensional scaling (SMACOF) from a classical start; the same distances give the same map. The
    stress is Kruskal's stress-1: 0 for a perfect map, above .2 for a poor one.
    """
    count = len(distances)
    if not distances.any():
        return np.zeros((count, 2), np.float32), 0.0
    if count == 2:
        return np.array([[0, 0], [distances[0, 1], 0]], np.float32), 0.0
    from sklearn.manifold import MDS

    exact = np.asarray(distances, np.float64)
    steps = 300 if count <= MOST_ORDERED else 40
    options = {"n_init": 1, "max_iter": steps, "random_state": 0, "normalized_stress": False}
    mds = MDS(2, metric="precomputed", init="classical_mds", **options)
    points = mds.fit_transform(exact)
    shown = np.linalg.norm(points[:, None] - points[None], axis=-1)
    stress = np.sqrt(((exact - shown) ** 2).sum() / (exact**2).sum())
    return points.astype(np.float32), float(stress)
