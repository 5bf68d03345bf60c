"""Translations: what the model writes on its own or behind a beginning, or somebody's own target, with its rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.capture.arrays import to_numpy
from attnviz.checks import finite, index
from attnviz.errors import InputInvalid
from attnviz.explanation.declarations import Progress
from attnviz.explanation.translation.decoder import Decoder
from attnviz.explanation.translation.forced_links import ForcedLinks
from attnviz.explanation.translation.gold import gold_of, reference_of
from attnviz.explanation.translation.records import Head, Link, Translation
from attnviz.language import say

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.capture.reading import Special

CANDIDATES = 8


def translate(
    model: Model,
    text: str,
    target_text: str | None = None,
    prefix: Iterable[int] = (),
    links: Iterable[Iterable[int]] = (),
    heads: Iterable[Head] | None = None,
    *,
    special: Special = False,
    source_language: str | None = None,
    target_language: str | None = None,
    progress: Progress | None = None,
) -> Translation:
    """Translate greedily, and keep of every target token its probability, its rivals and its rows of cross-attention.

    Args:
        text: the source.
        target_text: a translation of one's own, whose tokens are all given (teacher-forced).
        prefix: ids that the translation begins with, as in `Translation.target.ids`; the model goes on from there.
        links: (first, end, key, key_end) each: target tokens first .. end - 1 look at source tokens key .. key_end - 1
            only, in `heads` (all by default), while the translation is written.
        heads: (layer, head) of the cross-attention.
        special, source_language, target_language: as in `Model.capture`.
        progress: told the fraction that is done; what it raises ends the work.

    Raises:
        TargetUnsupported: the model does not translate. InputInvalid: a prefix with a target text, an id that the model
            lacks, or a link out of the text. InputEmpty, InputTooLong, UnknownName: as `Model.capture`.
    """
    reader = model.reads(special, source_language, target_language)
    decoder = Decoder(reader, text)
    forcing = decoder.forcing([Link(*link) for link in links], heads)
    given = checked_ids(decoder, prefix)
    if target_text is not None:
        if given:
            raise InputInvalid(
                say("A target text is given whole, and a beginning beside it."), say("Give one of the two.")
            )
        target, fed = reader.forced(target_text)
        return _looked_at(decoder, target.ids.tolist(), fed, len(target), forcing)
    ids = _written(decoder, list(given), forcing, progress)
    return _looked_at(decoder, ids, None, len(given), forcing)


def checked_ids(decoder: Decoder, ids: Iterable[int]) -> tuple[int, ...]:
    """Raises UnknownName for an id that the model lacks, InputInvalid where there are too many."""
    count = int(decoder.module.get_output_embeddings().weight.shape[0])
    found = tuple(index("token", number, count) for number in ids)
    if len(found) > decoder.most:
        raise InputInvalid(
            say(
                "{found} tokens are given; a translation has at most {most}.",
                found=len(found),
                most=decoder.most,
            ),
            say("Give fewer."),
        )
    return found


def _written(decoder: Decoder, ids: list[int], forcing: ForcedLinks, report: Progress | None) -> list[int]:
    """The ids behind these, each the likeliest, up to the end of the sentence."""
    import torch

    while len(ids) < decoder.most and not (ids and ids[-1] in decoder.ends):
        if report is not None:
            report(len(ids) / decoder.most)
        beginning = torch.tensor([ids], dtype=torch.long, device=decoder.model.device)
        ids.append(int(decoder.next_log_probs(beginning, forcing)[0].argmax()))
    return ids


def _looked_at(
    decoder: Decoder, ids: Sequence[int], fed: Sequence[int] | None, given: int, forcing: ForcedLinks
) -> Translation:
    from attnviz.text import tokens_of_ids

    log_probs, attention = decoder.look(ids, fed, forcing)
    finite(log_probs, "the probabilities of a translation", decoder.model.dtype)
    best = log_probs.topk(min(CANDIDATES, log_probs.shape[-1]), -1)
    own = log_probs[range(len(ids)), list(ids)]
    candidates = best.indices.tolist()
    labels = (tuple(label_at(decoder, ids[:n], each) for each in row) for n, row in enumerate(candidates))
    target = tokens_of_ids(decoder.tokenizer, ids)
    return Translation(
        decoder.tokens,
        target,
        given,
        to_numpy(own),
        to_numpy(-(log_probs.exp() * log_probs).nan_to_num(0).sum(-1)),
        np.array(candidates, np.int64),
        to_numpy(best.values),
        tuple(labels),
        attention,
        forcing.links,
        forcing.heads if forcing.links else (),
        aligning_head_of(decoder),
        gold_of(decoder.model, decoder.tokens, target),
        reference_of(decoder.model, decoder.tokens),
    )


def label_at(decoder: Decoder, before: Sequence[int], number: int) -> str:
    """What a token reads like behind others: with the space that it begins with, if it does; "" for the end."""
    from attnviz.text import tokens_of_ids

    if number in decoder.ends:
        return ""
    # One token before it tells whether it begins a word; a whole beginning would be decoded again for each rival.
    return tokens_of_ids(decoder.tokenizer, [*before[-1:], number]).labels[-1]


def aligning_head_of(decoder: Decoder) -> Head | None:
    """The head that the model's config says was trained to align; None where it says nothing that fits."""
    named: Any = getattr(decoder.module.config, "alignment_heads", None)
    for layer, head in named or ():
        if layer < len(decoder.heads) and head < decoder.heads[layer]:
            return int(layer), int(head)
    return None
