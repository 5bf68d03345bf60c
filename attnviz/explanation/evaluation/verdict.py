"""What a test of an explanation found, in words: one place, so that page, report and notebook say the same.

No sentence holds a user's text: the words of a headline are counted there, and whoever names them escapes them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from attnviz.explanation.evaluation.agreement import Agreement
from attnviz.explanation.results import Faithfulness, Sanity, prediction_interval
from attnviz.text import decimals
from attnviz.types import Attribution

ALIKE = 0.35  # Kendall's tau, see `agreement_badges`
HARDLY, PARTLY = 0.7, 0.4  # rank correlations, see `shuffled`
NOUNS = {"similarity": "similarity"}  # what a target is called in a headline; the others are results


@dataclass(frozen=True)
class Badge:
    """One property that an explanation has or has not.

    Attributes:
        holds: whether it has it. words: that, in a few words. meaning: what it says that it has not, or "".
        note: the numbers behind it, a sentence, or "".
    """

    holds: bool
    words: str
    meaning: str = ""
    note: str = ""


def headline(test: Faithfulness, what: str | None = None) -> str:
    """The test in a sentence: 'Without these 3 words the similarity falls from 0.45 to 0.12; ...'.

    `what`: what the target is called; by default "similarity", or "result".
    """
    what = what or NOUNS.get(test.target, "result")
    count = len(test.words)
    these, some = (
        ("this word", "a random word") if count == 1 else (f"these {count} words", f"{count} random words")
    )
    verb = "falls" if test.without_words < test.value else "rises"
    return (
        f"Without {these} the {what} {verb} from {decimals(test.value, 2)} to {decimals(test.without_words, 2)}; "
        f"without {some} to {decimals(float(test.without_random_words.mean()), 2)}."
    )


def conditions(test: Faithfulness) -> str:
    """How the words of the headline were taken away, and how often random ones were drawn."""
    return f"They are {test.operator_title}; random words were drawn {len(test.seeds)} times."


def badges(test: Faithfulness, attribution: Attribution) -> tuple[Badge, ...]:
    """Whether the explanation beats random words, and whether its scores sum up, where they claim to."""
    found = _beats_random(test)
    if attribution.sum_holds is not None:
        found.append(_sums_up(attribution))
    return tuple(found)


def _beats_random(test: Faithfulness) -> list[Badge]:
    """One badge, or none where there are too few random orders or tokens to tell."""
    interval = test.comprehensiveness_interval
    if test.beats_random is None or interval is None:
        return []
    numbers = (
        f"Comprehensiveness {decimals(test.comprehensiveness)}; of {len(test.seeds)} random orders "
        f"{decimals(interval[0])} to {decimals(interval[1])} (an interval at the level of {test.level:.0%})."
    )
    if test.beats_random:
        return [Badge(True, "finds words that matter more than random ones", note=numbers)]
    meaning = (
        "taking away the words that this method puts first, step by step, changed the result no more than random "
        f"orders do. Do not tell anybody that these words were the reason. {numbers}"
    )
    return [Badge(False, "no better than random words", meaning, numbers)]


def _sums_up(attribution: Attribution) -> Badge:
    if attribution.sum_holds:
        return Badge(True, "adds up to the result")
    return Badge(
        False,
        "does not add up to the result",
        "the scores are shares of another sum than of the result: their sizes mean nothing, and their order may be "
        f"wrong. Choose another method. {sum_check(attribution)}",
    )


def agreement_badges(found: Agreement, titles: Mapping[str, str]) -> tuple[Badge, ...]:
    """Whether other methods put the same words first, and whether a change of baseline leaves them there.

    `titles`: of the methods, by their names.

    An explanation agrees where the lowest of its taus is 0.35 or more. Of forty texts (MiniLM, `python
    benchmarks/agreement.py`) scores drawn at random reach that on 8 %, rollout on 10 %, gradient × input on 45 %,
    integrated gradients on 68 %, leave-one-out on 85 %, gradient-weighted attention on 92 %. With those from another
    baseline, integrated gradients reach it on 88 %, leave-one-out on all.
    """
    others = " and ".join(
        f"{titles[name]} ({decimals(tau, 2)})"
        for name, tau in zip(found.methods, found.taus, strict=True)
        if tau == tau
    )
    result = []
    if not math.isnan(found.tau):
        lowest = found.methods[found.taus.index(found.tau)]
        worst = f"worst {titles[lowest]}: {decimals(found.tau, 2)}"
        numbers = (
            f"Kendall’s tau with {others}: the lowest is {decimals(found.tau, 2)}, {ALIKE} or more passes."
        )
        if found.tau >= ALIKE:
            result.append(Badge(True, f"agrees with other methods, {worst}", note=numbers))
        else:
            meaning = (
                "other ways of asking put other words first, and not all of them can be right. Look at all methods "
                f"side by side before you name a reason. {numbers}"
            )
            result.append(Badge(False, f"other methods disagree, {worst}", meaning, numbers))
    tau = found.baseline_tau
    if not math.isnan(tau):
        numbers = f"With {found.baseline}: Kendall’s tau {decimals(tau, 2)}, {ALIKE} or more passes."
        if tau >= ALIKE:
            result.append(Badge(True, "survives a change of baseline", note=numbers))
        else:
            meaning = (
                "what stands in place of a word that is not there decides which words come first: the order says as "
                f"much of that choice as of the text. {numbers}"
            )
            result.append(Badge(False, "does not survive a change of baseline", meaning, numbers))
    return tuple(result)


def chance(test: Faithfulness) -> str:
    """What the band of random orders is: "90 % of 20 random orders", or, of too few for that, their whole range."""
    count = len(test.seeds)
    if test.removed_interval is None:
        return f"the range of {count} random {'order' if count == 1 else 'orders'}"
    return f"{test.level:.0%} of {count} random orders".replace("%", " %")


def spread(values: npt.NDArray[np.float64], level: float) -> npt.NDArray[np.float64]:
    """(2, ...) from where to where values (S, ...) of random orders go: their interval, or the range of too few."""
    interval = prediction_interval(values, level)
    return np.stack([values.min(0), values.max(0)]) if interval is None else interval


def beside_chance(values: npt.NDArray[np.float64], test: Faithfulness) -> str:
    """The mean of a number (S,) of random orders, and its spread: "0.121 (0.050 to 0.204)"."""
    low, high = spread(values, test.level).tolist()
    return f"{decimals(float(values.mean()))} ({decimals(low)} to {decimals(high)})"


def curve_numbers(test: Faithfulness) -> str:
    """Comprehensiveness and sufficiency beside those of random orders, and how to read them."""
    random = [
        beside_chance(values, test) for values in (test.random_comprehensiveness, test.random_sufficiency)
    ]
    return (
        f"Comprehensiveness {decimals(test.comprehensiveness)}, by chance {random[0]}; higher is better: how "
        "far the result falls without the first words, mean over the steps. Sufficiency "
        f"{decimals(test.sufficiency)}, by chance {random[1]}; lower is better: how far it falls short with "
        f"the first words alone (DeYoung et al. 2020). By chance: the mean, and in brackets {chance(test)}. "
        "The numbers mean something only beside those, and for this way of taking words away."
    )


def curve_table(test: Faithfulness) -> tuple[dict[str, float], ...]:
    """The curves as numbers: a row for each step, by the title of its column."""
    columns = {
        "taken or kept, tokens": [int(count) for count in test.counts],
        "result without the first": test.removed.tolist(),
        "random, mean": test.random_removed.mean(0).tolist(),
        **_bounds("random", test.removed_interval, test.level),
        "result with the first alone": test.kept.tolist(),
        "random alone, mean": test.random_kept.mean(0).tolist(),
        **_bounds("random alone", test.kept_interval, test.level),
    }
    return tuple(dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))


def _bounds(what: str, interval: npt.NDArray[np.float64] | None, level: float) -> dict[str, list[float]]:
    """The columns of an interval; none where there is none."""
    if interval is None:
        return {}
    return {
        f"{what}, {end} of {level:.0%}": row.tolist()
        for end, row in zip(("from", "to"), interval, strict=True)
    }


def sum_check(attribution: Attribution) -> str:
    """Whether the scores add up to what they claim to."""
    value = f"The result is {decimals(attribution.value)}"
    if attribution.residual is None or attribution.baseline_value is None:
        return f"{value}. The scores of this method do not claim to add up to it."
    change, residual = attribution.change, attribution.residual
    other = attribution.pair_residual
    if other is not None and abs(other) > abs(residual):  # the worse of the two texts
        residual, change = other, attribution.value - (attribution.pair_baseline_value or 0.0)
    sums = change - residual
    start = f"; with the text blanked out it is {decimals(attribution.value - change)}"
    if attribution.method == "token-pairs":
        start = "; without any pair it would be 0"
    verdict = (
        "the sum checks" if attribution.sum_holds else "the sum does not check, so read the scores with care"
    )
    return f"{value}{start}. The scores add up to {decimals(sums)} of the {decimals(change)} between them: {verdict}."


def shuffled(correlation: float) -> str:
    """What the rank correlation of an explanation with that of the shuffled model says.

    Means on ten pairs (MiniLM, the upper half of its layers shuffled, `python benchmarks/agreement.py`): methods that
    follow the input rather than what was learned stay above 0.7 (gradient norm .82, rollout .81), all others are below
    0.5 (gradient-weighted attention .49, integrated gradients .41, leave-one-out .38).
    """
    if math.isnan(correlation):
        return "One of the two gives all tokens the same score: their orders cannot be compared."
    if correlation >= HARDLY:
        what = "this picture hardly depends on what the upper layers learned"
    elif correlation >= PARTLY:
        what = "this picture depends only in part on what the upper layers learned"
    else:
        what = "this picture does depend on what the upper layers learned"
    return f"Rank correlation {decimals(correlation, 2)}: {what}."


def shuffling(found: Sanity) -> str:
    """What was done to the model, in a sentence."""
    first, last = found.layers[0], found.layers[-1]
    layers = f"layer {first}" if first == last else f"layers {first} to {last}"
    return (
        f"In a copy of the model every weight matrix of {layers} (of {last + 1}, counted from 0) was shuffled within "
        f"itself, with seed {found.seed}; the question stayed the same, and its result went from "
        f"{decimals(found.before.value)} to {decimals(found.after.value)}."
    )
