"""Translations against gold: which links of the built-in sentences are right, and how far each head is from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated

import numpy as np

from attnviz.analysis.word_alignment import agreement, by_words, word_alignment
from attnviz.explanation.translation.records import Gold, HeadErrors
from attnviz.types import FloatArray, GoldAlignment, Links

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.explanation.declarations import Progress
    from attnviz.types import Tokens


def gold_of(model: Model, source: Tokens, target: Tokens) -> Gold | None:
    """What the model's own gold says of these texts, by the places of their tokens; None where it has neither."""
    for each in model.loaded.gold:
        if (each.source, each.target) == (source.text, target.text):
            return placed(each, source, target)
    return None


def reference_of(model: Model, source: Tokens) -> str | None:
    """The translation of this text for which links are known; None where there is none."""
    return next((each.target for each in model.loaded.gold if each.source == source.text), None)


def placed(gold: GoldAlignment, source: Tokens, target: Tokens) -> Gold:
    """Its links by the places of tokens, special ones counted; what leads out of the texts is left out."""
    rows, columns = (np.flatnonzero(~tokens.special).tolist() for tokens in (source, target))

    def here(links: Links) -> Links:
        return frozenset((rows[s], columns[t]) for s, t in links if s < len(rows) and t < len(columns))

    return Gold(here(gold.sure), here(gold.possible))


def head_errors(
    model: Model, gold: Iterable[GoldAlignment] = (), unit: str = "token", progress: Progress | None = None
) -> tuple[HeadErrors, ...]:
    """The alignment error rate of every head over all gold sentences, one record for each language of translations.

    A head's link of a target word is the source word that it was read from most; rows that are too flat have none.

    Args:
        gold: other sentences than those that come with the model. unit: "token", or "word".
        progress: told the fraction that is done; what it raises ends the work.

    Raises what `Decoder` raises. Empty where there are no gold sentences.
    """
    from attnviz.explanation.translation.decoder import Decoder

    sentences = tuple(gold) or model.loaded.gold
    found: dict[str, list[Mapping[str, np.ndarray]]] = {}
    for number, each in enumerate(sentences):
        if progress is not None:
            progress(number / len(sentences))
        reader = model.reads(target_language=each.language if each.language in model.languages else None)
        decoder = Decoder(reader, each.source)
        target, fed = reader.forced(each.target)
        attention = decoder.look(target.ids.tolist(), fed)[1]
        found.setdefault(each.language, []).append(_counts(attention, each, decoder.tokens, target, unit))
    return tuple(_summed(language, counts) for language, counts in found.items())


def _counts(
    attention: Annotated[FloatArray, "L H T S"],
    gold: GoldAlignment,
    source: Tokens,
    target: Tokens,
    unit: str,
) -> Mapping[str, np.ndarray]:
    """Right and all links of every head and every layer's mean, (L, H + 1, 2), and of the diagonal, (2,)."""
    maps = np.concatenate([attention, attention.mean(1, keepdims=True)], 1)
    every = [[word_alignment(head, target, source, unit) for head in layer] for layer in maps]
    words = every[0][0]
    sure, possible = (by_words(links, words) for links in placed(gold, source, target))
    heads = [[agreement(each.links, sure, possible) for each in layer] for layer in every]
    straight = [(n, n) for n in range(min(len(words.sources), len(words.targets)))]
    return {"heads": np.array(heads), "diagonal": np.array(agreement(straight, sure, possible))}


def _summed(language: str, counts: list[Mapping[str, np.ndarray]]) -> HeadErrors:
    heads, diagonal = (sum(each[name] for each in counts) for name in ("heads", "diagonal"))
    heads, diagonal = np.asarray(heads), np.asarray(diagonal)
    rates = 1 - heads[..., 0] / np.maximum(1, heads[..., 1])
    return HeadErrors(language, len(counts), rates, float(1 - diagonal[0] / max(1, diagonal[1])))
