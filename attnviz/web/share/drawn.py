"""What a page has drawn, for whoever takes it away: a figure's name and how its whole message is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnviz.figures.report import Explained
    from attnviz.types import ModelCard


@dataclass(frozen=True)
class Drawn:
    """A figure of the page.

    Attributes:
        figure: a name of `attnviz.figures.component`.
        message: makes the bytes that it draws alone, offline: with all heads that it could ask for on the page.
        title: a headline for the file. text: the text, or texts, that it is about.
        light: makes a smaller message for a report, where the whole one can be large.
        pinned_as: the title in a report, where the one of the file says too little there.
        settings: (name, value), how it was made, in words.
        texts, cards: (name, text) of its texts, and its models, where they are not those of the page's question.
        linked: whether a link can show it, where that does not follow from the question.
        explained: the explanation that it shows, with its test, if it shows one.
    """

    figure: str
    message: Callable[[], bytes]
    title: str
    text: str
    light: Callable[[], bytes] | None = None
    pinned_as: str = ""
    settings: tuple[tuple[str, str], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    cards: tuple[ModelCard, ...] = ()
    linked: bool = True
    explained: Callable[[], Explained] | None = None
