"""What was written, into the address: the tree, and the step of it that is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz.web.state import session
from attnviz.web.state.address import UNWRITTEN
from attnviz.web.state.tree import Tree, read_tree

if TYPE_CHECKING:
    from attnviz.web.state.address import State

TOO_LARGE = "These branches are too many to travel in a link: take some away, or save the page as a file."


def keep(tree: Tree, place: int | None = None, beside: bool = True) -> None:
    """Write the tree into the address, and the step that is looked at; None for the newest.

    beside: whether the branch that stands beside it stays: a branch that is taken away changes their numbers.
    """
    letters = tree.written()
    if tree.size and not letters:
        session.notice(TOO_LARGE)
        return
    newest = place is None and tree.current == 0
    at = None if newest else f"{tree.current}.{len(tree.path) if place is None else place}"
    session.update(written=letters or None, at=at, other=session.state().other if beside else None)


def kept(state: State) -> Tree:
    """What the address says was written; nothing, and a notice, where that cannot be read."""
    tree = read_tree(state.written, int(state.at.split(".")[0]) if state.at else 0)
    if tree is None:
        session.notice(UNWRITTEN)
        return Tree()
    return tree
