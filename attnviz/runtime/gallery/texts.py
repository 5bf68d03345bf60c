"""The gallery: short texts in which something is to be seen, and the stored answers to some of them.

A stored answer is drawn before torch is imported, so that the first picture is on the screen at once. The
files in attnviz/examples/ are made by `python -m attnviz.runtime.gallery.make` with the real model.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.errors import AttnVizError
from attnviz.runtime.gallery.decoders import DECODER_EXAMPLES
from attnviz.runtime.gallery.example import Example
from attnviz.runtime.gallery.records import attribution_from_json
from attnviz.runtime.query import Query

if TYPE_CHECKING:
    from attnviz.capture import Capture
    from attnviz.types import Attribution

FOLDER = Path(__file__).resolve().parents[2] / "examples"
MODEL = "minilm"
STORED = "stored example"  # what the caches call them


EXAMPLES = (
    Example(
        "coreference",
        "Coreference",
        Query(MODEL, "The animal didn't cross the street because it was too tired."),
        "Follow the row of “it” in layer 3, head 1: two thirds of its attention go to “animal”.",
        place=(3, 1),
        held=((0, 10),),
        stored=True,
    ),
    Example(
        "sink",
        "Why so much to [CLS]?",
        Query(MODEL, "The animal didn't cross the street because it was too tired."),
        "Layer 4, head 5 rests on [CLS]: 90 % of its attention. That is how a head does nothing: weighted by what it "
        "carries, 25 % are left. Compare “Value-weighted” under Options.",
        place=(4, 5),
        held=((1, 0),),
    ),
    Example(
        "repeated",
        "Said twice: induction",
        Query(MODEL, "one two three four five one two three four five"),
        "In layer 2, head 9, the second “one” finds the first one. An induction head would look one word further, to "
        "what came next: this model, which was never trained to continue a text, has none.",
        place=(2, 9),
        held=((0, 6),),
    ),
    Example(
        "negation",
        "Negation",
        Query(MODEL, "The film was not good, but the music was not bad."),
        "In layer 2, head 1, the first “not” looks at “good”, the word that it negates.",
        place=(2, 1),
        held=((0, 4),),
    ),
    Example(
        "agreement",
        "Agreement",
        Query(MODEL, "The keys to the old wooden cabinet are on the table."),
        "“are” belongs to “keys”, not to the nearer “cabinet”: layer 3, head 1 knows. Which others do?",
        place=(3, 1),
        held=((0, 8), (1, 2)),
    ),
    Example(
        "ambiguity",
        "Ambiguity",
        Query(MODEL, "She sat on the bank of the river after leaving the bank with her money."),
        "The same word twice: in layer 2, head 0, the first “bank” looks at “sat”, the second at “leaving”.",
        place=(2, 0),
        held=((0, 5),),
    ),
    Example(
        "changed",
        "Coreference, one word changed",
        Query(MODEL, "The animal didn't cross the street because it was too wide."),
        "On Compare: with “wide” for “tired”, “it” in layer 3, head 1 turns from “animal” (.68) away (.28).",
        place=(3, 1),
        held=((0, 10), (1, 2)),
        page="compare",
        stored=True,
    ),
    Example(
        "similar",
        "Two similar sentences",
        Query(
            MODEL, "A man is playing a guitar on the stage.", pair="Somebody performs music with a guitar."
        ),
        "Hardly a word in common, and yet much alike to the model: which words make them so?",
        page="attribution",
        stored=True,
    ),
    Example(
        "code",
        "Code",
        Query(MODEL, "def add(a, b): return a + b"),
        "Repeated names: in layer 2, head 9, the second “a” finds its earlier self.",
        place=(2, 9),
        held=((0, 10),),
    ),
    Example(
        "chinese",
        "Chinese",
        Query(MODEL, "我喜欢在下雨的晚上读书。"),
        "Each character is one token here; see how the characters of a word look at each other.",
    ),
    Example(
        "emoji",
        "Emoji",
        Query(MODEL, "I love this 😍 but the ending made me 😢"),
        "This model does not know emoji: they become one unknown token, and the heads treat them alike.",
        place=(2, 9),
        held=((0, 10),),
    ),
    *DECODER_EXAMPLES,
)


def examples() -> tuple[Example, ...]:
    """The gallery, in the order in which it is shown."""
    return EXAMPLES


def changed_example() -> Example:
    """The first example with one word changed, to be compared with it."""
    return next(each for each in EXAMPLES if each.name == "changed")


def stored_example(query: Query) -> Example | None:
    """The example whose query this is, where its answer is stored."""
    return next((each for each in EXAMPLES if each.stored and each.query == query), None)


def capture_path(example: Example, folder: Path = FOLDER) -> Path:
    return folder / f"{example.name}.attnviz"


def attributions_path(example: Example, folder: Path = FOLDER) -> Path:
    return folder / f"{example.name}.attributions.json"


def open_example(example: Example, folder: Path = FOLDER) -> Capture | None:
    """The stored capture, without torch; None where the file is missing or damaged (it is then computed)."""
    from attnviz.capture import open_capture

    try:
        return open_capture(capture_path(example, folder))
    except (AttnVizError, OSError) as error:
        logging.getLogger("attnviz").warning("the example %r cannot be opened: %s", example.name, error)
        return None


def open_attributions(example: Example, folder: Path = FOLDER) -> tuple[Attribution, ...]:
    """The stored attributions, the default method first; none where the file is missing or damaged."""
    path = attributions_path(example, folder)
    if not path.exists():
        return ()
    try:
        return tuple(attribution_from_json(each) for each in json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError, OSError) as error:
        logging.getLogger("attnviz").warning("the attributions of %r are damaged: %s", example.name, error)
        return ()
