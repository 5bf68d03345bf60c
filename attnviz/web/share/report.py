"""What one visitor has pinned: the figures of a report in order, with title and summary; bounded, in the session."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    from attnviz.figures.report import Item

KEY = "attnviz_report"
MOST = 20
MOST_BYTES = 16 << 20
MAX_TITLE, MAX_NOTE, MAX_SUMMARY = 200, 2_000, 10_000  # letters


@dataclass
class Report:
    """The report of one visitor. Changed in place, so that what is saved is what was typed last.

    Attributes:
        items: by name, in order. removed: what was taken out last, as (place, name, item).
    """

    title: str = ""
    summary: str = ""
    items: dict[str, Item] = field(default_factory=dict)
    removed: tuple[tuple[int, str, Item], ...] = ()

    def add(self, item: Item) -> str:
        """Pin the item; says what became of it."""
        name = name_of(item)
        if name in self.items:
            return f"This is in the report already, as number {list(self.items).index(name) + 1}."
        if len(self.items) >= MOST:
            return f"The report is full: it holds {MOST} figures. Remove one first."
        used = sum(each.nbytes for each in self.items.values())
        if used + item.nbytes > MOST_BYTES:
            return (
                f"This figure does not fit: a report holds {MOST_BYTES >> 20} MB, and {used / 2**20:.1f} MB are used. "
                "Remove a figure, or take a shorter text."
            )
        self.items[name] = item
        self.removed = ()
        return f"Pinned to the report: {len(self.items)} of at most {MOST}. Open **Report** to see it."

    def change(self, name: str, **fields: Any) -> None:
        """Another title or note."""
        if name in self.items:
            self.items[name] = replace(self.items[name], **fields)

    def move(self, name: str, step: int) -> None:
        """One place up (-1) or down (1), as far as there is one."""
        names = list(self.items)
        at = names.index(name) if name in self.items else 0
        to = at + step
        if name in self.items and 0 <= to < len(names):
            names[at], names[to] = names[to], names[at]
            self.items = {each: self.items[each] for each in names}

    def remove(self, *names: str) -> None:
        """Take them out; `undo` puts them back."""
        found = [(at, name) for at, name in enumerate(self.items) if name in names]
        if found:
            self.removed = tuple((at, name, self.items.pop(name)) for at, name in found)

    def undo(self) -> None:
        """Put back what was removed last, where it stood."""
        pairs = list(self.items.items())
        for at, name, item in self.removed:
            pairs.insert(at, (name, item))
        self.items, self.removed = dict(pairs), ()

    def html(self) -> str:
        """The report as one file. Raises InputEmpty where nothing is pinned."""
        from attnviz.figures.report import TITLE, document

        return document(tuple(self.items.values()), title=self.title.strip() or TITLE, summary=self.summary)


def current() -> Report:
    """The report of this visitor."""
    if KEY not in st.session_state:
        st.session_state[KEY] = Report()
    return st.session_state[KEY]


def name_of(item: Item) -> str:
    """Tells one figure from another, whatever it is called and when it was pinned."""
    test = item.explained.test if item.explained is not None else None
    told = (
        item.figure,
        item.link,
        item.settings,
        item.texts,
        test and (test.operator, test.side, test.seeds),
    )
    digest = hashlib.blake2b(repr(told).encode("utf-8", "replace"), digest_size=8)
    digest.update(item.message)
    return digest.hexdigest()
