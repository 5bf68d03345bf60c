"""What an example of the gallery is: a text, what is to be seen in it, and where."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.runtime.query import Query


@dataclass(frozen=True)
class Example:
    """A text to start from.

    `look` says in a sentence what is to be seen, on `page`, at `place`: (layer, head), counted from 0, where one head
    shows it best. `held`: the queries and keys that it is about, as (side, position) in this model's tokens. `stored`:
    answered from files.
    """

    name: str
    title: str
    query: Query
    look: str
    page: str = "attention"
    place: tuple[int, int] | None = None
    held: tuple[tuple[int, int], ...] = ()
    stored: bool = False

    @property
    def model(self) -> str:
        return self.query.model

    @property
    def text(self) -> str:
        return self.query.text

    @property
    def pair(self) -> str | None:
        return self.query.pair
