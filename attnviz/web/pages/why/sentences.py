"""What a score's parts, traces and tests say, in sentences with their numbers, the same on the page and in files.

`escape` is for what somebody typed: Markdown on the page, nothing in a file.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from attnviz.figures.messages.why import head_name, reference, token
from attnviz.text import decimals

if TYPE_CHECKING:
    from attnviz.types import Items, PartTest, ScorePart, ScoreParts, Side, Trace, Writes

Escape = Callable[[str], str]
MOSTLY, PARTLY = 0.5, 0.2  # shares of the score from which on a part is named as the reason
READS = 0.3  # of its attention, from which on a head is said to have read one token
SIDES: tuple[Side, ...] = ("key", "query")  # as they are looked at for a reason
NAMED = 5  # tokens that are promoted or suppressed
LONGEST = 40
SMALL = 1e-9
RESEMBLES = {
    "embedding": "the word {} itself",
    "position": "the place of {} in the text",
    "segment": "the text that {} belongs to",
    "feed-forward": "what {part} wrote at {}",
    "attention": "what {part} wrote at {}",
    "head": "what {part} wrote at {}",
    "bias": "{part}, which are the same at every token",
}


def named(items: Items, at: int, escape: Escape) -> str:
    """A token in quotes, cut where it is long."""
    label = token(items.labels[at])
    return f"“{escape(label if len(label) <= LONGEST else label[: LONGEST - 1] + '…')}”"


def why_title(parts: ScoreParts) -> str:
    """The question, as a headline in plain text."""
    query, key = named(parts.query_tokens, parts.query, str), named(parts.key_tokens, parts.key, str)
    return f"Why {head_name(parts.layer, parts.head)} looks from {query} at {key}"


def headline(parts: ScoreParts, trace: Trace | None, escape: Escape) -> str:
    """The answer in one sentence: the part that singles the key out, else the one that makes the query look.

    A part is a reason where its share is large and its test holds.
    """
    tokens = {
        "query": named(parts.query_tokens, parts.query, escape),
        "key": named(parts.key_tokens, parts.key, escape),
    }
    query, key = tokens["query"], tokens["key"]
    if parts.score <= SMALL:
        return f"{query} does not seek {key}: its score is {decimals(parts.score, 2)} {escape(reference(parts))}."
    large = [
        (side, part, value / parts.score)
        for side, part, value in ((side, *_best(parts, side)) for side in SIDES)
        if value >= PARTLY * parts.score
    ]
    for side, part, share in large:
        test = _test_of(parts, side, part)
        if test is None or test.holds:
            how = "because of" if share >= MOSTLY else "in part because of"
            read = _read(trace, side, part, escape)
            return f"{query} looks at {key} {how} {writing(part, tokens[side], escape)}{read}."
    if large:
        side, part, share = large[0]
        told = f"{writing(part, tokens[side], escape)} ({share:.0%} of the score)"
        return f"By the sum alone, {query} looks at {key} because of {told}; the test does not bear that out."
    part, value = _best(parts, "key")
    told = f"{writing(part, key, escape)}, is {value / parts.score:.0%} of the score"
    return f"No single part makes {query} look at {key}: the largest at the key, {told}."


def _test_of(parts: ScoreParts, side: Side, part: ScorePart) -> PartTest | None:
    return next((test for test in parts.tests if (test.side, test.part) == (side, part)), None)


def writing(part: ScorePart, at: str, escape: Escape) -> str:
    """A part as a reason: what wrote it, and at which token."""
    return RESEMBLES[part.kind].format(at, part=escape(part.title))


def _read(trace: Trace | None, side: Side, part: ScorePart, escape: Escape) -> str:
    """What a head had read itself, where it looked mostly at one token."""
    step = (
        next((each for each in trace.children if (each.side, each.part) == (side, part)), None)
        if trace
        else None
    )
    if step is None or step.key is None or (step.weight or 0) < READS:
        return ""
    before = ", the token just before" if step.key == step.token - 1 else ""
    return f": that head had read “{escape(token(step.key_label))}” there{before} (with {step.weight:.0%})"


def _best(parts: ScoreParts, side: Side) -> tuple[ScorePart, float]:
    """The part of a side that adds most, to a score that is not above its reference that which takes most away."""
    sign = 1 if parts.score > SMALL else -1
    return max(parts.strongest(side, len(parts.parts(side))), key=lambda each: sign * each[1])


def reasons(parts: ScoreParts) -> tuple[tuple[Side, ScorePart], ...]:
    """The parts that the sentences name as reasons, of either side: those that are to be tested."""
    return tuple((side, _best(parts, side)[0]) for side in SIDES)


def details(parts: ScoreParts, escape: Escape) -> tuple[str, ...]:
    """The numbers behind the headline: the weight, the score and its reference, the largest part of either side."""
    query, key = (
        named(parts.query_tokens, parts.query, escape),
        named(parts.key_tokens, parts.key, escape),
    )
    name = head_name(parts.layer, parts.head).capitalize()
    weight = f"{name} gives {parts.weight:.0%} of the attention of {query} to {key}"
    beside = "" if parts.reference_weight is None else f" (to that other key {parts.reference_weight:.0%})"
    found = [f"{weight}{beside}. The score is **{decimals(parts.score, 2)}** {escape(reference(parts))}."]
    most = "most comes from" if parts.score > SMALL else "most is taken away by"
    for side, at in (("key", key), ("query", query)):
        part, value = _best(parts, side)  # type: ignore[arg-type]
        if (value > SMALL) == (parts.score > SMALL):
            found.append(f"At the {side}, {most} {writing(part, at, escape)}: {_of(value, parts.score)}.")
    if parts.position:
        found.append(f"The position alone adds {decimals(parts.position, 2)}.")
    if parts.dtype in ("float16", "bfloat16"):
        found.append(
            f"The model runs in {parts.dtype}, in which sums do not add up: these are the numbers that its weights "
            "give in float32, and may differ a little from its map."
        )
    if parts.softcap is not None:
        found.append(f"Scores are bounded afterwards, at {decimals(parts.softcap, 0)}.")
    return tuple(found)


def _of(value: float, score: float) -> str:
    share = f" ({_percent(value / score)} of the score)" if score > SMALL else ""
    return f"{decimals(value, 2)}{share}"


def _percent(share: float) -> str:
    return f"{round(100 * share) or 0}%".replace("-", "−") if math.isfinite(share) else "–"


def tested(test: PartTest, escape: Escape) -> tuple[str, ...]:
    """What became of the score without the part: directly, with random parts, with everything computed anew."""
    name = escape(test.part.title)
    verdict = "**Tested, and it holds:**" if test.holds else "**The test does not bear this out:**"
    direct = (
        f"{verdict} without {name} in the {test.side}’s stream alone, the score {_falls(test.fell)}, "
        f"{_percent(test.ratio)} of what was said ({decimals(test.said, 2)})"
    )
    chance = (
        f"; without random parts of the same size it moves by {_percent(test.random_ratio)}"
        if len(test.random)
        else ""
    )
    found = [f"{direct}{chance}."]
    if test.anew is not None:
        share = _percent(test.anew / test.said if test.said else math.nan)
        found.append(
            "Taken away where it was written, with all that follows computed anew, the score "
            f"{_falls(test.anew)} ({share} of what was said): a part acts through others, too, and others step in."
        )
    return tuple(found)


def _falls(by: float) -> str:
    return f"falls by {decimals(by, 2)}" if by >= 0 else f"rises by {decimals(-by, 2)}"


def written(found: Writes, escape: Escape) -> tuple[str, ...]:
    """What the head does with what it read."""
    name = head_name(found.layer, found.head)
    at = "At all tokens" if found.query is None else f"At {named(found.tokens, found.query, escape)}"
    size = (
        f", {_percent(found.norm / found.layer_norm)} of what its layer writes there"
        if found.layer_norm
        else ""
    )
    lines = [f"{at}, {name} writes a vector of length {decimals(found.norm, 2)}{size}."]
    if found.share is not None and found.value is not None:
        share = f" ({_percent(found.share / found.value)})" if abs(found.value) > SMALL else ""
        title = escape(found.target_title or found.target)
        lines.append(f"Of the {title}, {decimals(found.value)}, it is **{decimals(found.share)}**{share}.")
    if found.without is not None:
        lines.append(f"Without it, all after computed anew, that is {decimals(found.without, 3)}.")
    for what, tokens in (("Promotes", found.promoted), ("Suppresses", found.suppressed)):
        if tokens:
            lines.append(f"{what}: " + ", ".join(_word(*each, escape) for each in tokens[:NAMED]) + ".")
    later = [
        f"{head_name(each.layer, each.head)} as {each.side} {decimals(each.value, 2)}"
        for each in found.later[:3]
    ]
    if later:
        lines.append(f"Read by later heads: {', '.join(later)}.")
    return (*lines, escape(found.note)) if found.note else tuple(lines)


def _word(label: str, value: float, escape: Escape) -> str:
    """A token of the vocabulary, which comes in quotes, without its number."""
    return f"{escape(token(label.rpartition(' (token ')[0] or label))} {decimals(value, 2)}"
