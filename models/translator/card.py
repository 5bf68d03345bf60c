"""What is written beside the weights: gold alignments of the sentences that the app shows, and the model's card."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from models.translator import data
from models.translator.evaluate import Figures, evaluate, gold
from models.translator.tokenizer import SPECIAL

if TYPE_CHECKING:
    from attnviz.types import GoldAlignment

ALIGNED = 120  # sentences of each direction whose alignment is measured
GOLD_FILE, CARD_FILE, WEIGHTS = "gold_alignments.json", "README.md", "model.safetensors"
NAMES = {"fr": "English to French", "en": "French to English"}
CARD = """---
license: apache-2.0
language: [en, fr]
pipeline_tag: translation
---

# translator: English and French, both ways in one model

A small model of the Marian family with decoder self-attention: {parameters:,} parameters, 3 + 3 layers of 4 heads,
width 128. The weights are stored as float16 ({megabytes:.1f} MB) and computed with in float32.

- **Task.** A text begins with the tag `>>fr<<` or `>>en<<` of the language that is wanted; AttnViz sets it by
  `target_language`. Both directions share every weight: a multi-task model.
- **Words.** A vocabulary of {words:,} whole words. A text with any other word is refused: the model would make up
  something fluent.
- **Data.** {trained:,} pairs of sentences, made by a controlled grammar that writes both languages at once
  (`models/translator/`), which is why the links between their words are known. No text of other people is in it. About
  one pair in eight of a noun and an adjective never occurs in training.
- **Training.** `python -m models.translator.train`: {steps:,} steps of {batch} sentences on one CPU thread, with a
  fixed seed. Nothing told the attention how to align.

Measured on {tested} sentences with at least one held-out pair of noun and adjective; alignment on {aligned} of them:

| | BLEU | exact | alignment error rate | diagonal |
|---|---|---|---|---|
{table}

The alignment error rate is that of the best head of the cross-attention (or mean of a layer), read in the row that
predicts each word, against gold with sure and possible links.

**Not for use** as a translator of anything but its own sentences: it is made to be looked at.
"""


def write_beside(directory: Path) -> None:
    """Write gold and card into the folder of the weights, and print the digest that the catalogue needs."""
    shown = [_entry(each) for each in gold(data.shown_sentences())]
    text = json.dumps({"sentences": shown}, ensure_ascii=False, indent=1)
    (directory / GOLD_FILE).write_text(text + "\n", encoding="utf-8")
    card = card_text(directory)
    (directory / CARD_FILE).write_text(card, encoding="utf-8")
    print(card)
    print("sha256 of the weights:", hashlib.sha256((directory / WEIGHTS).read_bytes()).hexdigest())


def card_text(directory: Path) -> str:
    """The card, its figures measured anew."""
    import attnviz
    from models.translator import train

    model = attnviz.load(directory, device="cpu", dtype="float32")
    found = evaluate(model, data.unseen_sentences(), ALIGNED)
    return CARD.format(
        parameters=model.card.parameters,
        megabytes=(directory / WEIGHTS).stat().st_size / 1e6,
        words=len(model.loaded.tokenizer) - len(SPECIAL),
        trained=len(data.training_sentences()),
        steps=train.STEPS,
        batch=train.BATCH,
        tested=data.TESTED,
        aligned=ALIGNED,
        table="\n".join(_row(NAMES[language], each, model.card.heads) for language, each in found.items()),
    )


def _row(name: str, found: Figures, heads: int) -> str:
    layer, head = found.place
    where = f"layer {layer}, {'mean' if head == heads else f'head {head}'}"
    aligned = f"{found.error_rate:.3f} ({where}) | {found.diagonal:.2f}"
    return f"| {name} | {found.bleu:.1f} | {found.exact:.2f} | {aligned} |"


def _entry(each: GoldAlignment) -> dict[str, str]:
    """As `attnviz.loading.gold` reads it."""
    return {
        "language": each.language,
        "source": each.source,
        "target": each.target,
        "sure": _written(each.sure),
        "possible": _written(each.possible - each.sure),
    }


def _written(links: frozenset[tuple[int, int]]) -> str:
    return " ".join(f"{source}-{target}" for source, target in sorted(links))
