"""How good the translator is: BLEU, exact match and alignment error rate on sentences with held-out pairs of words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.types import GoldAlignment
from models.translator.tokenizer import LONGEST, TAGS
from models.translator.words import Pairs, Sentence, written

if TYPE_CHECKING:
    from attnviz import Model

BATCH, ORDERS = 64, 4


@dataclass(frozen=True)
class Figures:
    """Of one direction: BLEU, the share of exact translations, and the alignment error rate of the best head.

    `place`: layer and head of that head, or the number of heads for their mean; `diagonal`: the rate without a model.
    """

    bleu: float
    exact: float
    error_rate: float
    place: tuple[int, int]
    diagonal: float


def evaluate(model: Model, sentences: Sequence[Sentence], aligned: int) -> dict[str, Figures]:
    """By target language, over these sentences; alignment over the first `aligned` of them."""
    from attnviz.explanation.translation.gold import head_errors

    errors = {each.language: each for each in head_errors(model, gold(sentences[:aligned]))}
    found = {}
    for language in TAGS:
        pairs = [directed(each, language) for each in sentences]
        texts = greedy(model, [written(source) for source, _ in pairs], language)
        references = [written(target) for _, target in pairs]
        exact = sum(a == b for a, b in zip(texts, references, strict=True)) / len(pairs)
        bleu = corpus_bleu([_split(model, each) for each in texts], [list(target) for _, target in pairs])
        rates = errors[language]
        found[language] = Figures(bleu, exact, float(rates.rates.min()), rates.best, rates.diagonal)
    return found


def directed(sentence: Sentence, language: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words that are read and those to be written, for a target language."""
    both = sentence.english, sentence.french
    return both if language == "fr" else both[::-1]


def gold(sentences: Sequence[Sentence]) -> list[GoldAlignment]:
    """Both directions of each sentence, with their links."""
    found = []
    for each in sentences:
        for language in TAGS:
            source, target = directed(each, language)
            sure, possible = (_turned(pairs, language) for pairs in (each.sure, each.possible))
            found.append(GoldAlignment(language, written(source), written(target), sure, possible))
    return found


def _turned(pairs: Pairs, language: str) -> frozenset[tuple[int, int]]:
    """English-French links as links from source to target."""
    return frozenset(pairs if language == "fr" else ((french, english) for english, french in pairs))


def greedy(model: Model, texts: Sequence[str], language: str) -> list[str]:
    """The likeliest translations word by word, in batches."""
    import torch

    from models.translator.train import padded

    module, tokenizer = model.loaded.module, model.loaded.tokenizer
    reader = model.reads(target_language=language)
    found: list[str] = []
    for start in range(0, len(texts), BATCH):
        rows = [reader.encode(text)[1]["input_ids"] for text in texts[start : start + BATCH]]
        source = padded(rows, tokenizer.pad_token_id)
        with torch.no_grad():
            ids = module.generate(
                input_ids=source, attention_mask=(source != tokenizer.pad_token_id).long(), max_length=LONGEST,
                num_beams=1, do_sample=False,
            )  # fmt: skip
        found += tokenizer.batch_decode(ids, skip_special_tokens=True)
    return found


def _split(model: Model, text: str) -> list[str]:
    """The words of a translation, as the tokenizer cuts them; none of an empty one."""
    tokenizer = model.loaded.tokenizer
    return list(tokenizer.convert_ids_to_tokens(tokenizer(text, add_special_tokens=False)["input_ids"]))


def corpus_bleu(found: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> float:
    """BLEU of a corpus in percent, one reference each, up to four words, without smoothing.

    Source: Papineni et al. 2002, "BLEU: a Method for Automatic Evaluation of Machine Translation", section 2.3.
    """
    right, total = [0] * ORDERS, [0] * ORDERS
    for words, reference in zip(found, references, strict=True):
        for order in range(1, ORDERS + 1):
            have, want = _ngrams(words, order), _ngrams(reference, order)
            right[order - 1] += sum((have & want).values())
            total[order - 1] += sum(have.values())
    if not all(right):
        return 0.0
    lengths = sum(map(len, references)) / max(1, sum(map(len, found)))
    precision = sum(math.log(a / b) for a, b in zip(right, total, strict=True)) / ORDERS
    return 100 * min(1.0, math.exp(1 - lengths)) * math.exp(precision)


def _ngrams(words: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[at : at + order]) for at in range(len(words) - order + 1))
