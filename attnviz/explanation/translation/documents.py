"""A document, sentence by sentence: how sure a translation is of where it looked, and how much of it was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attnviz.analysis.word_alignment import head_scores, word_alignment
from attnviz.errors import InputTooLong
from attnviz.language import say

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.capture.reading import Special
    from attnviz.explanation.declarations import Progress
    from attnviz.explanation.translation.records import Head, Translation

MOST_SENTENCES = 60


@dataclass(frozen=True)
class TranslatedSentence:
    """A sentence of a document.

    Attributes:
        place: its number, from 0. source, target: the texts.
        sureness, completeness: of its alignment, 0 to 1; see `attnviz.analysis.word_alignment.WordAlignment`.
        log_prob: the mean natural logarithm of the probability of its target tokens.
        unread: source words that hardly any target word was read from.
    """

    place: int
    source: str
    target: str
    sureness: float
    completeness: float
    log_prob: float
    unread: tuple[str, ...]

    @property
    def trust(self) -> float:
        """Sureness times completeness: by it, a document is sorted."""
        return self.sureness * self.completeness


@dataclass(frozen=True)
class TranslatedDocument:
    """Sentences in their order, and the head whose attention they were judged by."""

    sentences: tuple[TranslatedSentence, ...]
    head: Head

    @property
    def nbytes(self) -> int:
        """Bytes, roughly."""
        return sum(200 + 2 * len(each.source + each.target) for each in self.sentences)


def translate_document(
    model: Model,
    text: str,
    *,
    special: Special = False,
    source_language: str | None = None,
    target_language: str | None = None,
    progress: Progress | None = None,
) -> TranslatedDocument:
    """Translate each sentence of a text by itself, and judge it by the head that aligns.

    That is the head that the model names, else the one that aligns the whole document best.

    Raises what `translate` raises, and InputTooLong for more than MOST_SENTENCES sentences.
    """
    from attnviz.explanation.translation.writing import translate

    sentences = sentences_of(text)
    if len(sentences) > MOST_SENTENCES:
        raise InputTooLong(
            say(
                "The text has {sentences} sentences; at most {most_sentences} are translated one by one.",
                sentences=len(sentences),
                most_sentences=MOST_SENTENCES,
            ),
            say("Take a part of it."),
            tokens=len(sentences),
            limit=MOST_SENTENCES,
        )
    how = {"special": special, "source_language": source_language, "target_language": target_language}
    found: list[Translation] = []
    for number, sentence in enumerate(sentences):
        if progress is not None:
            progress(number / len(sentences))
        found.append(translate(model, sentence, **how))  # type: ignore[arg-type]
    head = found[0].aligning or _best_head(found)
    return TranslatedDocument(
        tuple(
            _judged(n, sentence, each, head)
            for n, (sentence, each) in enumerate(zip(sentences, found, strict=True))
        ),
        head,
    )


def sentences_of(text: str) -> tuple[str, ...]:
    """The sentences of a text, without the white space around them."""
    from attnviz.text import sentence_spans

    found = (text[start:end].strip() for start, end in sentence_spans(text))
    return tuple(each for each in found if each)


def _best_head(found: list[Translation]) -> Head:
    scores = np.mean([head_scores(each.attention, each.target, each.source) for each in found], 0)
    layer, head = np.unravel_index(int(scores.argmax()), scores.shape)
    return int(layer), int(head)


def _judged(place: int, sentence: str, found: Translation, head: Head) -> TranslatedSentence:
    words = word_alignment(found.attention[head], found.target, found.source)
    unread = tuple(
        label for label, hardly in zip(words.sources, words.unread.tolist(), strict=True) if hardly
    )
    return TranslatedSentence(
        place,
        sentence,
        found.target.text,
        words.sureness,
        words.completeness,
        float(found.log_probs.mean()),
        unread,
    )
