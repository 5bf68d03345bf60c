"""Distances between heads against the plain definition, clusters and maps that can be seen by hand, and names."""

import numpy as np
import pytest

from attnviz.analysis import jensen_shannon
from attnviz.analysis.entropy import distributions, entropy, jensen_shannon_distance
from attnviz.analysis.head_kinds import KINDS, name_heads
from attnviz.analysis.likeness import BUDGET, cluster_order, pairwise, plane, sample_rows


def test_distances_are_mean_jensen_shannon_distances():
    rows = np.random.default_rng(0).dirichlet(np.ones(7), (5, 4)).astype(np.float32)
    found = pairwise(rows)
    for i in range(5):
        for j in range(5):
            assert found[i, j] == pytest.approx(jensen_shannon(rows[i], rows[j]).mean(), abs=1e-5)


def test_equal_heads_are_at_0_and_disjoint_ones_at_1():
    rows = np.array([[[1, 0]], [[1, 0]], [[0, 1]]], np.float32)
    np.testing.assert_allclose(pairwise(rows), [[0, 0, 1], [0, 0, 1], [1, 1, 0]], atol=1e-6)


def test_like_heads_stand_together():
    """Two families, interleaved."""
    family = np.array([0, 1, 0, 1, 0, 1])
    distances = np.where(family[:, None] == family, 0.1, 0.9).astype(np.float32)
    np.fill_diagonal(distances, 0)
    order = cluster_order(distances)
    assert sorted(order.tolist()) == list(range(6))
    assert len(set(family[order[:3]])) == len(set(family[order[3:]])) == 1


def test_a_triangle_lies_flat_and_the_map_is_always_the_same():
    """Sides 3, 4, 5: two dimensions hold it exactly."""
    distances = np.array([[0, 3, 4], [3, 0, 5], [4, 5, 0]], np.float32) / 5
    points, stress = plane(distances)
    found = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.testing.assert_allclose(found, distances, atol=1e-2)
    assert stress < 0.02
    np.testing.assert_array_equal(plane(distances)[0], points)


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_heads(count):
    distances = np.full((count, count), 0.5, np.float32) * (1 - np.eye(count, dtype=np.float32))
    points, stress = plane(distances)
    assert points.shape == (count, 2)
    assert stress == 0
    assert cluster_order(distances).tolist() == list(range(count))


def test_equal_heads_have_a_map_without_stress():
    points, stress = plane(np.zeros((4, 4), np.float32))
    assert np.isfinite(points).all()
    assert stress == 0


def test_rows_are_sampled_within_the_budget():
    assert sample_rows(72, 16, 16).tolist() == list(range(16))
    rows = sample_rows(144, 512, 512)
    assert 144 * 143 / 2 * len(rows) * 512 <= BUDGET
    assert (rows[0], rows[-1]) == (0, 511)
    assert len(sample_rows(2000, 4096, 4096)) == 2


def test_heads_are_named_after_their_largest_share():
    nan = np.nan
    shares = {
        "previous": np.array([[0.9, 0.1, 0.0, 0.1]]),
        "first": np.array([[0.3, 0.39, 0.5, 0.2]]),
        "same": np.array([[nan, nan, nan, nan]]),
    }
    entropy = np.array([[0.1, 0.5, 0.5, 1.9]])
    names = list(KINDS)
    assert [names[kind] for kind in name_heads(shares, entropy, 2.0)[0]] == [
        "previous",
        "mixed",
        "first",
        "broad",
    ]


def test_a_head_that_looks_behind_the_earlier_place_is_an_induction_head_and_a_sink_is_called_one():
    shares = {"first": np.array([[0.27, 0.8]]), "induction": np.array([[0.6, 0.1]])}
    assert name_heads(shares, np.zeros((1, 2)), 2.0)[0].tolist() == [
        list(KINDS).index(name) for name in ("induction", "first")
    ]
    assert KINDS["first"][0] == "first token (sink)"


def test_one_token_alone_is_not_called_broad():
    assert list(KINDS)[name_heads({"next": np.array([[np.nan]])}, np.array([[0.0]]), 0.0)[0, 0]] == "mixed"


def test_distances_are_those_of_scipy():
    from scipy.spatial.distance import jensenshannon

    generator = np.random.default_rng(1)
    p, q = (generator.dirichlet(np.full(50, 0.05), 200) for _ in range(2))
    p[p < 1e-3] = 0
    found = jensen_shannon_distance(distributions(p), distributions(q))
    np.testing.assert_allclose(found, jensenshannon(p, q, base=2, axis=1), atol=1e-7)
    np.testing.assert_allclose(jensen_shannon(p, q), found, atol=1e-7)
    assert jensen_shannon_distance(p, p).tolist() == [0.0] * 200, "not nearly: exactly"
    assert np.isnan(distributions(np.zeros((1, 3)))).all()
    assert entropy(np.array([0.5, 0.5, 0.0])) == 1
