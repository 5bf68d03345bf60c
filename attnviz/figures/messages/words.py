"""Packs an attribution for the figure "words": the text as prose with coloured words, and bars with numbers.

The message has the scores of the tokens, their groups and the prose cut at the borders of these. The browser sums a
group's scores, so switching between tokens, words, sentences and paragraphs is instant.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from attnviz.figures.messages.axes import GRANULARITIES
from attnviz.figures.messages.prose import text_in_groups
from attnviz.figures.wire import pack
from attnviz.language import say
from attnviz.types import Attribution, BoolArray, FloatArray, Tokens

# What scores push towards and away from, by target, in short; in full it stands in the targets' declarations.
LEGEND = {
    "similarity": ("makes the texts more similar", "makes them less similar"),
    "label": ("speaks for the label", "speaks against it"),
    "label-difference": ("speaks for the first label", "speaks for the second"),
    "label-prompt": ("speaks for the first label", "speaks for the second"),
    "next-token": ("makes this token more likely", "makes it less likely"),
    "token-difference": ("speaks for the first token", "speaks for the second"),
    "masked-token": ("helps to this guess", "speaks against it"),
    "sequence": ("makes the continuation more probable", "makes it less probable"),
    "entailment": ("speaks for it", "speaks against it"),
    "tag": ("speaks for the tag", "speaks for the other tag"),
    "answer-start": ("speaks for this start", "speaks against it"),
    "answer-end": ("speaks for this end", "speaks against it"),
}
ASKED = {  # what a click on a word asks about it, by target
    "masked-token": "hide it and explain the guess",
    "tag": "explain its tag",
    "answer-start": "explain it as the start of the answer",
    "answer-end": "explain it as the end of the answer",
}


def explanation_data(
    attribution: Attribution,
    *,
    granularity: str = "word",
    model: str = "",
    beside: Attribution | None = None,
    names: tuple[str, str] = ("before", "after"),
    choosable: BoolArray | None = None,
) -> bytes:
    """The same as `words_data`, with the words of the attribution's target and method."""
    from attnviz.explanation import methods, targets

    target = next((each for each in targets() if each.name == attribution.target), None)
    method = next((each for each in methods() if each.name == attribution.method), None)
    towards, away = LEGEND.get(attribution.target, ("", ""))
    unit = target.unit if target else ""
    return words_data(
        attribution,
        towards=towards if attribution.signed else "takes more part in the result",
        away=away,
        unit=unit if attribution.signed else "share",
        granularity=granularity,
        text_title="Text",
        pair_title="Second text",
        method_title=method.title if method else "",
        target_title=target.title if target else "",
        model=model,
        beside=beside,
        names=names,
        choosable=choosable,
        asked=ASKED.get(attribution.target, ""),
    )


def words_data(
    attribution: Attribution,
    *,
    title: str = "",
    towards: str = "",
    away: str = "",
    unit: str = "",
    granularity: str = "word",
    text_title: str = "Text",
    pair_title: str = "Other text",
    method_title: str = "",
    target_title: str = "",
    note: str = "",
    model: str = "",
    beside: Attribution | None = None,
    names: tuple[str, str] = ("before", "after"),
    choosable: BoolArray | None = None,
    asked: str = "",
) -> bytes:
    """The message of the figure "words".

    Args:
        attribution: the scores of a text and, where it has them, of the other text.
        title: a headline, such as the test that the explanation passed; may be empty.
        towards, away: what a positive and a negative score push towards ("pushes towards similar"); by
            default named after the target. For unsigned scores only `towards` is used.
        unit: of a score ("cosine", "logit"); titles the axis of the bars.
        granularity: one of `GRANULARITIES`, to begin with.
        note: a line under the figure, after the attribution's own note.
        beside: another explanation of the same texts, which stands beside this one, on one scale with it.
        names: what to call the two then.
        choosable: (T,) the tokens of the first text that can be asked about, by a click; the one that is explained is
            the attribution's own option `position`. asked: what the click does.

    Header: figure, beside (whether each text stands there twice), title, towards, away, unit, granularity, method,
    target, methodTitle, targetTitle, signed, value, baselineValue, residual, sumHolds, note, model, asked, texts
    [{title, text, granularities: {name: {labels, special, runs [[text, group or -1], ...]}}, marks [[first token, end,
    name, probability], ...], choosable [token, ...], chosen (a token, or -1)}]. Sections, for text number n: scores{n}
    f32 (T,), {granularity}{n} i32 (T,) the group of each token.

    Raises:
        UnknownName: an unknown granularity.
    """
    from attnviz.errors import UnknownName

    if granularity not in GRANULARITIES:
        raise UnknownName(say("granularity"), granularity, GRANULARITIES)
    sides = _sides(attribution, text_title, pair_title)
    if beside is not None:
        both = zip(sides, _sides(beside, text_title, pair_title), strict=True)
        sides = [
            (f"{side[0]}, {name}", *side[1:]) for pair in both for side, name in zip(pair, names, strict=True)
        ]
    sections: dict[str, Any] = {}
    texts = []
    for number, (name, tokens, scores) in enumerate(sides):
        text, indices = text_in_groups(name, tokens)
        first = number == 0 and beside is None
        position = dict(attribution.options).get("position") if first and asked else None
        text |= {
            "marks": [list(mark) for mark in attribution.marks] if first else [],
            "choosable": np.flatnonzero(choosable).tolist() if first and choosable is not None else [],
            "chosen": -1 if position is None else position,
        }
        texts.append(text)
        sections[f"scores{number}"] = np.asarray(scores, np.float32)
        sections.update({f"{kind}{number}": index for kind, index in indices.items()})
    target = target_title or attribution.target
    header = {
        "figure": "words",
        "beside": beside is not None,
        "title": title,
        "towards": towards
        or (f"pushes towards {target}" if attribution.signed else f"matters more for {target}"),
        "away": away or f"pushes away from {target}",
        "unit": unit,
        "granularity": granularity,
        "method": attribution.method,
        "target": attribution.target,
        "methodTitle": method_title or attribution.method,
        "targetTitle": target,
        "signed": attribution.signed,
        "value": attribution.value,
        "baselineValue": attribution.baseline_value,
        "residual": attribution.residual,
        "sumHolds": attribution.sum_holds,
        "note": " ".join(filter(None, (attribution.note, note))),
        "model": model,
        "asked": asked,
        "texts": texts,
    }
    return pack(header, sections)


def _sides(attribution: Attribution, *titles: str) -> list[tuple[str, Tokens, FloatArray]]:
    """The explained texts, each with its title and scores."""
    found = (attribution.tokens, attribution.scores), (attribution.pair_tokens, attribution.pair_scores)
    return [
        (title, tokens, scores)
        for title, (tokens, scores) in zip(titles, found, strict=True)
        if tokens is not None and scores is not None
    ]
