"""Line charts: the same record by plotly and as SVG, solved by hand, with hostile texts as text."""

import re
from dataclasses import replace

import numpy as np
import pytest

from attnviz.explanation.evaluation import verdict
from attnviz.figures.charts import (
    agreement_figure,
    curves_chart,
    layers_chart,
    line_figure,
    line_svg,
    methods_figure,
)
from tests.explanation.evaluation.records import record
from tests.figures.conftest import HOSTILE

RESULT = np.array([0.0, 0.5, 1.0, 0.75])
NAMES = ["before layer 0", *HOSTILE[:3]]


@pytest.fixture(scope="module")
def layers():
    return layers_chart(RESULT, NAMES, HOSTILE[0], 2)


def test_the_curves_begin_with_the_whole_result_and_lie_over_the_random_orders() -> None:
    test = record()
    away, kept = curves_chart(test, "cosine").lines
    assert away.y.tolist() == [test.value, *test.removed]
    assert away.x.tolist() == [0, *(100 * test.fractions)]
    assert kept.y.tolist() == list(test.kept)
    assert away.low is not None
    assert away.high is not None
    np.testing.assert_array_equal(away.low, [test.value, *test.random_removed.min(0)])
    np.testing.assert_array_equal(away.high, [test.value, *test.random_removed.max(0)])
    assert away.band == "first words taken away: 90 % of 20 random orders"


def test_enough_random_orders_are_a_band_whose_level_is_named() -> None:
    """39 orders whose values are 1 to 39 at every step: 90 % lie between the second smallest and the second largest."""
    test = record()
    steps = len(test.counts)
    values = np.random.default_rng(0).permuted(np.tile(np.arange(1.0, 40.0)[:, None], (1, steps)), axis=0)
    many = replace(
        test,
        random_removed=values,
        random_kept=-values,
        random_comprehensiveness=values[:, 0],
        random_sufficiency=values[:, 0],
        without_random_words=values[:, 0],
        seeds=tuple(range(39)),
    )
    away, kept = curves_chart(many, "cosine").lines
    assert away.low is not None
    assert away.high is not None
    assert (away.low.tolist(), away.high.tolist()) == (
        [test.value, *[2.0] * steps],
        [test.value, *[38.0] * steps],
    )
    assert kept.low is not None
    assert kept.low.tolist() == [-38.0] * steps
    assert away.band == "first words taken away: 90 % of 39 random orders"
    assert verdict.beside_chance(many.random_sufficiency, many) == "20.000 (2.000 to 38.000)"
    assert "90 % of 39 random orders" in verdict.curve_numbers(many)
    few = replace(many, random_removed=values[:5], seeds=tuple(range(5)))
    assert curves_chart(few, "cosine").lines[0].band == "first words taken away: the range of 5 random orders"


def test_plotly_draws_what_the_record_holds(layers) -> None:
    line, ring = line_figure(layers).data
    assert line.y.tolist() == RESULT.tolist()
    assert (ring.x, ring.y) == ((2.0,), (1.0,))
    assert not any("<" in text for text in line.text)
    drawn = line_figure(curves_chart(record(), HOSTILE[0])).to_plotly_json()
    assert [each["showlegend"] for each in drawn["data"]] == [True] * 4
    assert drawn["layout"]["yaxis"]["title"]["text"] == "&lt;/script&gt;"


def test_svg_draws_what_the_record_holds(layers) -> None:
    drawn = line_svg(layers, HOSTILE[1])
    (points,) = re.findall(r'<polyline class="first-line" points="([^"]+)"', drawn)
    bottom, top, left, right = 220, 12, 56, 628
    places = [left + (right - left) * n / 3 for n in range(4)]
    heights = [bottom, (top + bottom) / 2, top, 64]
    expected = [f"{x:.1f},{y:.1f}" for x, y in zip(places, heights, strict=True)]
    assert points.split() == expected
    assert f'<circle class="second-line" cx="{places[2]:.1f}" cy="{top:.1f}" r="8"/>' in drawn
    assert "polygon" not in drawn
    assert "<img" not in drawn
    assert "&lt;/script&gt;" in drawn


def lightness(colour: str) -> float:
    """Of rgba(...) in OKLab (Ottosson 2020), without its transparency."""
    red, green, blue = (int(part) / 255 for part in colour[5:-1].split(",")[:3])
    linear = np.array(
        [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)]
    )
    to_cones = np.array(
        [[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]], np.float64
    )
    return float(np.cbrt(to_cones @ linear) @ [0.2105, 0.7936, -0.0041])


@pytest.mark.parametrize("make", [
    lambda: methods_figure(np.array([[1.0, -3.0]]), ["A"], ["x", "y"], [True]),
    lambda: agreement_figure(np.array([[1.0, -0.5], [-0.5, 1.0]]), ["A", "B"]),
], ids=["methods", "agreement"])  # fmt: skip
def test_maps_of_plotly_have_the_page_at_zero_and_equal_signs(make) -> None:
    (heatmap,) = make().data
    (first, minus), (below, zero_below), (above, zero_above), (last, plus) = heatmap.colorscale
    assert (first, below, above, last) == (0, 0.5, 0.5, 1)
    assert zero_below.endswith(",0)")
    assert zero_above.endswith(",0)")
    assert heatmap.zmin == -heatmap.zmax
    assert heatmap.zmax >= np.abs(heatmap.z).max(), "no value beyond the scale"
    assert lightness(minus) == pytest.approx(lightness(plus), abs=0.012)


@pytest.mark.parametrize(
    ("ground", "text"), [((255, 255, 255), (27, 37, 48)), ((17, 22, 28), (228, 233, 238))]
)
def test_numbers_on_the_strongest_agreement_are_read_in_both_themes(ground, text) -> None:
    figure = agreement_figure(np.array([[1.0, np.nan], [np.nan, -1.0]]), ["A", "B"])
    assert [(each.x, each.y, each.text) for each in figure.layout.annotations] == [
        (0, 0, "1.00"),
        (1, 1, "-1.00"),
    ]
    for _, colour in (figure.data[0].colorscale[0], figure.data[0].colorscale[-1]):
        *parts, alpha = map(float, colour[5:-1].split(","))
        painted = [alpha * part + (1 - alpha) * under for part, under in zip(parts, ground, strict=True)]
        low, high = sorted((luminance(painted), luminance(text)))
        assert (high + 0.05) / (low + 0.05) >= 4.5


def luminance(colour) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in np.array(colour) / 255]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))
