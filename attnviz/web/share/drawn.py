"""What a page has drawn, for whoever takes it away: a figure, the question that it answers, and how it was made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnviz.figures.report import Explained
    from attnviz.provenance import Provenance
    from attnviz.runtime import Query
    from attnviz.types import ModelCard
    from attnviz.web.controls.attention import Attention
    from attnviz.web.state.address import State

Rows = list[list[str | float]]
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Drawn:
    """A figure of the page.

    Attributes:
        query: the question of the page. state: what a link to the figure holds, its choices resolved.
        figure: a name of `attnviz.figures.component`; "" where the page has said why there is none.
        message: makes the bytes that it draws alone, offline: with all heads that it could ask for on the page.
        title: a headline in a report, and, with the name of the model, of the file.
        light: makes a smaller message for a report, where the whole one can be large.
        settings: (name, value), how it was made, in words.
        texts, cards: (name, text) of its texts, and its models, where they are not those of the question.
        file_title, file_name: where they do not follow from title and question.
        document: makes a whole HTML page, where the figure is one already.
        attention: what it shows, where that can be saved: as a file for AttnViz, and with `arrays` as an NPZ.
        table: makes its numbers as the rows of a CSV file.
        explained: the explanation that it shows, with its test, if it shows one.
        linked: whether a link can show it, where that does not follow from the question.
        again: lines of Python that make its numbers, from the `capture` of the question, or with `of_model` from the
            `model` alone. seed: of what was drawn by chance.
    """

    query: Query
    state: State
    figure: str
    message: Callable[[], bytes]
    title: str
    light: Callable[[], bytes] | None = None
    settings: Pairs = ()
    texts: Pairs = ()
    cards: tuple[ModelCard, ...] = ()
    file_title: str = ""
    file_name: str = ""
    document: Callable[[], str] | None = None
    attention: Attention | None = None
    arrays: Callable[[], bytes] | None = None
    table: Callable[[], Rows] | None = None
    explained: Callable[[], Explained] | None = None
    linked: bool = True
    again: tuple[str, ...] = ()
    of_model: bool = False
    seed: int | None = None

    def provenance(self) -> Provenance:
        """What made the figure, for whatever leaves with it."""
        from attnviz.web.serving import visitor

        return visitor.runtime().provenance(
            self.query, self.again, of_model=self.of_model, seed=self.seed, settings=self.settings
        )

    @property
    def all_texts(self) -> Pairs:
        """(name, text) of every text that the figure is about."""
        named = (
            (
                "Text" if self.query.text else "What is read",
                self.attention.text if self.attention else self.query.text,
            ),
            ("Second text", self.query.pair),
            ("Output", self.query.target_text),
        )
        return self.texts or tuple((name, text) for name, text in named if text)


def file_stem(model: str, text: str) -> str:
    """A file name of plain letters: the model, and how the text begins."""
    words = f"{Path(model).name} {text[:40]}"
    letters = "".join(c if c.isascii() and c.isalnum() else " " for c in words)
    return "-".join(letters.lower().split()) or "attention"
