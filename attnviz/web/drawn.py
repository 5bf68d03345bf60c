"""What a page has drawn, for whoever takes it away: a figure's name and how its whole message is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Drawn:
    """A figure of the page.

    Attributes:
        figure: a name of `attnviz.figures.component`.
        message: makes the bytes that it draws alone, offline: with all heads that it could ask for on the page.
        title: a headline for the file. text: the text, or texts, that it is about.
    """

    figure: str
    message: Callable[[], bytes]
    title: str
    text: str
