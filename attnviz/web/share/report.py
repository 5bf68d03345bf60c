"""What one visitor has pinned: the figures of a report in order, with title and summary.

The figures lie in the runtime's store, which bounds what all visitors hold together. One that had to make room there
stays in the list, by its title, until it is pinned again from its link or taken out.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from attnviz.web.serving import uploads, visitor
from attnviz.web.state import holding

if TYPE_CHECKING:
    from attnviz.figures.report import Item

KEY = "attnviz_report"
MOST = 20
MOST_BYTES = 16 << 20
KIND = "pin"  # of what is held
MAX_TITLE, MAX_NOTE, MAX_SUMMARY = 200, 2_000, 10_000  # letters


@dataclass(frozen=True)
class Pin:
    """What the window itself remembers of a pinned figure: enough to name it, and to make it again.

    `link`, `unlinked`, `figure`: as of `Item`. `nbytes`: of the figure; 0 before it is made again.
    """

    title: str
    note: str
    link: str
    unlinked: str
    nbytes: int
    figure: str


@dataclass
class Report:
    """The report of one visitor. Changed in place, so that what is saved is what was typed last.

    Attributes:
        pins: by name, in order. removed: what was taken out last, as (place, name, pin).
        owner: whose figures they are, in the store.
        returned: whether it came back from the browser's storage, and its figures have to be made again.
    """

    title: str = ""
    summary: str = ""
    pins: dict[str, Pin] = field(default_factory=dict)
    removed: tuple[tuple[int, str, Pin], ...] = ()
    owner: str = field(default_factory=lambda: secrets.token_hex(8))
    returned: bool = False

    @property
    def items(self) -> dict[str, Item]:
        """The figures that are still held, by name, in order."""
        held = visitor.runtime().held
        found = {name: held.get(self._key(name)) for name in self.pins}
        return {
            name: replace(item, title=self.pins[name].title, note=self.pins[name].note)
            for name, item in found.items()
            if item is not None
        }

    @property
    def lost(self) -> list[str]:
        """The names of those that had to make room on the server."""
        held = self.items
        return [name for name in self.pins if name not in held]

    @property
    def nbytes(self) -> int:
        """Bytes of the figures that are still held."""
        return sum(self.pins[name].nbytes for name in self.items)

    def add(self, item: Item, again: str = "") -> str:
        """Pin the item; says what became of it. One that was lost takes its place again, with its title and note.

        `again`: the name of the lost one that this item is, where its numbers differ in their last digits by now.

        Raises AttnVizError where it is larger than what one visitor may hold.
        """
        name, held = name_of(item), visitor.runtime().held
        if again in self.pins and name not in self.pins:
            self.pins = {name if each == again else each: pin for each, pin in self.pins.items()}
        known, kept = self.pins.get(name), self.items
        if name in kept:
            return f"This is in the report already, as number {self._number(name)}."
        if known is None and len(self.pins) >= MOST:
            return f"The report is full: it holds {MOST} figures. Remove one first."
        room, used = min(MOST_BYTES, held.share), sum(self.pins[each].nbytes for each in kept)
        if used + item.nbytes > room:
            return (
                f"This figure does not fit: a report holds {room / 2**20:.3g} MB, and {used / 2**20:.1f} MB are used. "
                "Remove a figure, or take a shorter text."
            )
        held.give_way(uploads.held())
        held.put(self._key(name), item)
        holding.owns(self._key(name))
        self._forget_removed()
        self.pins[name] = (
            replace(known, nbytes=item.nbytes)
            if known
            else Pin(item.title, item.note, item.link, item.unlinked, item.nbytes, item.figure)
        )
        self.returned = self.returned and bool(self.lost)
        if known is not None:
            return f"Pinned again, as number {self._number(name)}."
        return f"Pinned to the report: {len(self.pins)} of at most {MOST}. Open **Report** to see it."

    def change(self, name: str, **fields: Any) -> None:
        """Another title or note."""
        if name in self.pins:
            self.pins[name] = replace(self.pins[name], **fields)

    def move(self, name: str, step: int) -> None:
        """One place up (-1) or down (1), as far as there is one."""
        names = list(self.pins)
        at = names.index(name) if name in self.pins else 0
        to = at + step
        if name in self.pins and 0 <= to < len(names):
            names[at], names[to] = names[to], names[at]
            self.pins = {each: self.pins[each] for each in names}

    def remove(self, *names: str) -> None:
        """Take them out; `undo` puts them back."""
        found = [(at, name) for at, name in enumerate(self.pins) if name in names]
        if found:
            self._forget_removed()
            self.removed = tuple((at, name, self.pins.pop(name)) for at, name in found)

    def undo(self) -> None:
        """Put back what was removed last, where it stood."""
        pairs = list(self.pins.items())
        for at, name, pin in self.removed:
            pairs.insert(at, (name, pin))
        self.pins, self.removed = dict(pairs), ()

    def _forget_removed(self) -> None:
        held = visitor.runtime().held
        for _, name, _ in self.removed:
            held.drop(self._key(name))
        self.removed = ()

    def _key(self, name: str) -> str:
        return f"{KIND}:{self.owner}:{name}"

    def _number(self, name: str) -> int:
        return list(self.pins).index(name) + 1

    def html(self, brief: bool = False) -> str:
        """The report as one file, of the figures that are still held; `brief`: its first page alone.

        Raises InputEmpty where there is no figure.
        """
        from attnviz.figures.report import TITLE, document

        return document(
            tuple(self.items.values()), title=self.title.strip() or TITLE, summary=self.summary, brief=brief
        )


def current() -> Report:
    """The report of this visitor."""
    if KEY not in st.session_state:
        st.session_state[KEY] = Report()
    return st.session_state[KEY]


def said_of_lost() -> str:
    """What this visitor should know of figures that had to make room; "" where none had to."""
    shown = current() if KEY in st.session_state else None
    count = len(shown.lost) if shown is not None and not shown.returned else 0
    figures = "A figure" if count == 1 else f"{count} figures"
    them = "it" if count == 1 else "them"
    return (
        f"{figures} of your report had to make room on this server. The page Report says which, and opens {them} again."
        if count
        else ""
    )


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
