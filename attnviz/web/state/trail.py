"""Which addresses a visitor has left behind, so that a choice reported from an older one is added to the newer ones.

A browser that reports one choice soon after another may send the address from before the first: then both hold.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from attnviz.web.state.address import State

REMEMBERED = 16  # of the addresses left behind


@dataclass(frozen=True)
class Trail:
    """The last state that was written into the address, and those that it took the place of, oldest first.

    `written` is None where nothing was written, or where the reader has gone elsewhere since.
    """

    written: State | None = None
    before: tuple[State, ...] = ()

    def latest(self, address: State) -> State:
        """The state that a report from this address is about: the one written last, where that address was left."""
        return self.written if self.written is not None and address in self.before else address

    def at(self, address: State) -> Trail:
        """The trail as a page finds it that is drawn at this address: forgotten where the reader went elsewhere."""
        return self if self.written == address else Trail()

    def then(self, former: State, address: State) -> Trail:
        """The trail after `address` was written in the place of `former`."""
        left = [each for each in (*self.before, self.written, former) if each is not None and each != address]
        return replace(self, written=address, before=tuple(left[-REMEMBERED:]))
