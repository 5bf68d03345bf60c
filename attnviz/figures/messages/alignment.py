"""Packs a translation for the figure "alignment": source and target words, and the links between them of each head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attnviz.analysis.word_alignment import (
    FLAT,
    WordAlignment,
    alignment_error_rate,
    by_words,
    head_scores,
    word_alignment,
)
from attnviz.figures.messages.beams import shown_label
from attnviz.figures.wire import pack

if TYPE_CHECKING:
    from attnviz.explanation.translation.records import Translation
    from attnviz.types import Links

MEAN = -1  # in place of a head: the mean of its layer's
MAP_BYTES = 2 << 20  # of maps in one message

Place = tuple[int, int]


@dataclass(frozen=True)
class AlignedHeads:
    """What a translation shows, by words or by pieces.

    Attributes:
        places: (layer, head) of every map, or (layer, MEAN), those that align best first where not all are held.
        maps: of each place. scores: of each, NaN for means; see `head_scores`.
        chosen: the place that aligns, by the model's own word or by its score. trained: whether the model names it.
        dropped: how many places there was no room for.
        sure, possible: links that are known to be right, as (source, target) words; None where nothing is known.
        errors: the alignment error rate of each map against them, NaN where nothing is known.
    """

    places: tuple[Place, ...]
    maps: tuple[WordAlignment, ...]
    scores: tuple[float, ...]
    chosen: Place
    trained: bool
    dropped: int = 0
    sure: Links | None = None
    possible: Links = frozenset()
    errors: tuple[float, ...] = ()

    def of(self, place: Place | None) -> WordAlignment:
        """The map of this place; of the one that aligns where there is none."""
        return self.maps[self.places.index(place if place in self.places else self.chosen)]


def aligned_heads(translation: Translation, unit: str = "word", wanted: Place | None = None) -> AlignedHeads:
    """The alignments of all heads and of the means of layers; `wanted` is among them in any case."""
    attention = translation.attention
    layers, heads = attention.shape[:2]
    scores = head_scores(attention, translation.target, translation.source)
    first = np.unravel_index(int(scores.argmax()), scores.shape)
    chosen = translation.aligning or (int(first[0]), int(first[1]))
    places: list[Place] = [(layer, head) for layer in range(layers) for head in (*range(heads), MEAN)]
    room = max(1, MAP_BYTES // (4 * max(1, len(translation.target) * len(translation.source))))
    kept = places
    if len(places) > room:
        must = [place for place in (chosen, wanted) if place in places]
        ranked = sorted(places, key=lambda at: -scores[at] if at[1] != MEAN else 0.0)
        kept = [place for place in places if place in {*must, *ranked[:room]}]
    maps = [
        word_alignment(
            attention[layer].mean(0) if head == MEAN else attention[layer, head],
            translation.target,
            translation.source,
            unit,
        )
        for layer, head in kept
    ]
    values = tuple(float("nan") if at[1] == MEAN else float(scores[at]) for at in kept)
    trained = translation.aligning is not None
    sure, possible = None, frozenset[tuple[int, int]]()
    errors = (float("nan"),) * len(maps)
    if translation.gold is not None:
        sure, possible = (by_words(links, maps[0]) for links in translation.gold)
        errors = tuple(alignment_error_rate(each.links, sure, possible) for each in maps)
    return AlignedHeads(
        tuple(kept), tuple(maps), values, chosen, trained, len(places) - len(kept), sure, possible, errors
    )


def alignment_data(
    translation: Translation,
    aligned: AlignedHeads,
    shown: Place,
    *,
    form: str = "lines",
    unit: str = "word",
    title: str = "",
    note: str = "",
    model: str = "",
    identity: str = "",
    editable: bool = True,
) -> bytes:
    """The message of the figure "alignment".

    Args:
        aligned: its maps. shown: which place is drawn first. form: "lines" or "matrix". unit: of the words.
        title, note: above and below it. identity: with another one, what was held is let go. editable: whether links
            can be moved, and words chosen, where somebody listens.

    Header: figure, title, note, model, unit, form, identity, editable, places [[layer, head or -1], ...], shown,
    chosen, trained, flat, sources [label], targets [{label, first, logProb, forced, given,
    candidates [[id, label, log prob], ...]}], gold null or {sure, possible}: [[source, target], ...].
    Sections: maps f32 (N, T, S), entropy f32 (N, T), scores f32 (N,), errors f32 (N,).
    """
    words = aligned.maps[0]
    header = {
        "figure": "alignment",
        "title": title,
        "note": note,
        "model": model,
        "unit": unit,
        "form": form,
        "identity": identity,
        "editable": editable,
        "places": [list(place) for place in aligned.places],
        "shown": aligned.places.index(shown if shown in aligned.places else aligned.chosen),
        "chosen": aligned.places.index(aligned.chosen),
        "trained": aligned.trained,
        "flat": FLAT,
        "sources": list(words.sources),
        "targets": _targets(translation, words),
        "gold": None
        if aligned.sure is None
        else {"sure": sorted(aligned.sure), "possible": sorted(aligned.possible - aligned.sure)},
    }
    count, sources = len(words.targets), len(words.sources)
    return pack(
        header,
        {
            "maps": np.stack([each.weights for each in aligned.maps])
            .reshape(-1, count, sources)
            .astype(np.float32),
            "entropy": np.stack([each.entropy for each in aligned.maps]).astype(np.float32),
            "scores": np.array(aligned.scores, np.float32),
            "errors": np.array(aligned.errors, np.float32),
        },
    )


def _targets(translation: Translation, words: WordAlignment) -> list[dict[str, object]]:
    """Each target word with its probability, and what could have begun in its place."""
    forced = {row for link in translation.links for row in range(link.first, link.end)}
    found: list[dict[str, object]] = []
    for label, (first, end) in zip(words.targets, words.target_tokens.tolist(), strict=True):
        rivals = _rivals(translation, first)
        log_prob = float(translation.log_probs[first:end].sum())
        given = {
            "label": label,
            "first": first,
            "logProb": log_prob,
            "forced": any(row in forced for row in range(first, end)),
        }
        found.append({**given, "given": end <= translation.given, "candidates": rivals})
    return found


def _rivals(translation: Translation, place: int) -> Sequence[tuple[int, str, float]]:
    own = int(translation.target.ids[place])
    rows = zip(
        translation.candidates[place].tolist(),
        translation.candidate_labels[place],
        translation.candidate_log_probs[place].tolist(),
        strict=True,
    )
    return [(number, shown_label(label).strip(), value) for number, label, value in rows if number != own]
