"""What a reader changes about a translation, as it stands in the address: its beginning, and moved links."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from attnviz.explanation.translation.records import Head, Link

if TYPE_CHECKING:
    from attnviz.web.state.address import State

SCOPES = {"every": "every head", "layer": "the heads of its layer", "head": "this head only"}
MOST_LINKS = 50


@dataclass(frozen=True)
class Changes:
    """The ids that a translation is to begin with, the links that were moved, and in which heads they are forced."""

    prefix: tuple[int, ...] = ()
    links: tuple[Link, ...] = ()
    scope: str = "every"

    def heads(self, shape: tuple[int, ...], shown: Head) -> tuple[Head, ...] | None:
        """The heads that are forced, None for all: of (L, H, ...) heads, `shown` being the one on screen."""
        layer, head = shown
        if self.scope == "every":
            return None
        if self.scope == "layer" or head < 0:
            return tuple((layer, each) for each in range(shape[1]))
        return (shown,)

    def linked(self, link: Link) -> Changes:
        """With one more link, in place of another one of the same words."""
        others = (each for each in self.links if (each.first, each.end) != (link.first, link.end))
        return replace(self, links=(*others, link)[-MOST_LINKS:])

    def continued(self, before: Iterable[int], number: int) -> Changes:
        """With this token behind these ids; links of later places go."""
        prefix = (*before, number)
        return replace(
            self, prefix=prefix, links=tuple(each for each in self.links if each.end < len(prefix))
        )

    def fields(self) -> dict[str, str | None]:
        """As fields of the state."""
        return {
            "prefix": ".".join(map(str, self.prefix)) or None,
            "links": ",".join(".".join(map(str, link)) for link in self.links) or None,
        }


def read(state: State) -> Changes:
    """What the address asks for."""
    prefix = tuple(int(each) for each in (state.prefix or "").split(".") if each)
    links = tuple(Link(*map(int, each.split("."))) for each in (state.links or "").split(",") if each)
    return Changes(prefix, links, state.scope if state.scope in SCOPES else "every")
