"""What was written, as a tree of branches with a shared trunk, and how it stands in an address: tokens by number.

No Streamlit in here. A link may hold anything: what is not a tree is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from attnviz.web.state.fields import MAX_LINK

MOST_BRANCHES = 24
MOST_TOKENS = 1_000  # of all branches
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_BRANCH = re.compile(r"(?:([0-9a-z]{1,3})-([0-9a-z]{1,3})-)?((?:[0-9a-z]{1,6}(?:\.[0-9a-z]{1,6})*)?)")


@dataclass(frozen=True)
class Branch:
    """Tokens by number that go on behind the first `at` tokens of another branch; of the trunk, `parent` is -1."""

    parent: int
    at: int
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Tree:
    """Branches, the trunk first, each behind its parent; and which is looked at."""

    branches: tuple[Branch, ...] = (Branch(-1, 0, ()),)
    current: int = 0

    @property
    def path(self) -> tuple[int, ...]:
        """All tokens of the branch that is looked at, from the trunk on."""
        return self.path_of(self.current)

    def path_of(self, number: int) -> tuple[int, ...]:
        """All tokens of a branch."""
        branch = self.branches[number]
        return branch.ids if branch.parent < 0 else self.path_of(branch.parent)[: branch.at] + branch.ids

    @property
    def size(self) -> int:
        """Tokens of all branches."""
        return sum(len(branch.ids) for branch in self.branches)

    @property
    def room(self) -> int:
        """How many tokens more can be kept."""
        return MOST_TOKENS - self.size

    def look(self, number: int) -> Tree:
        """The same tree, looking at another branch, where there is one."""
        return replace(self, current=number) if 0 <= number < len(self.branches) else self

    def longer(self, ids: tuple[int, ...]) -> Tree:
        """More tokens behind the branch that is looked at."""
        own = self.branches[self.current]
        kept = list(self.branches)
        kept[self.current] = replace(own, ids=own.ids + ids[: max(0, self.room)])
        return replace(self, branches=tuple(kept))

    def choose(self, place: int, token: int) -> Tree:
        """This token in this place: of a branch that has it there, else of one that parts here, else at the end."""
        path = self.path
        if place == len(path):
            known = self._with(path, token)
            return self.look(known) if known is not None else self.longer((token,))
        if path[place] == token:
            return self
        known = self._with(path[:place], token)
        if known is not None:
            return self.look(known)
        if len(self.branches) >= MOST_BRANCHES or self.room < 1:
            return self
        owner = self.current
        while self.branches[owner].parent >= 0 and place <= self.branches[owner].at:
            owner = self.branches[owner].parent
        if owner == 0 and place == 0:
            # Nothing is shared: the other beginning is a branch of the trunk from its first place on.
            return Tree((*self.branches, Branch(0, 0, (token,))), len(self.branches))
        return Tree((*self.branches, Branch(owner, place, (token,))), len(self.branches))

    def _with(self, start: tuple[int, ...], token: int) -> int | None:
        """The first branch that begins so and goes on with this token."""
        wanted = (*start, token)
        for number in range(len(self.branches)):
            if self.path_of(number)[: len(wanted)] == wanted:
                return number
        return None

    def without(self, number: int) -> Tree:
        """The tree without a branch and those that part from it; the trunk stays."""
        gone = {number} - {0}
        for n, branch in enumerate(self.branches):
            if branch.parent in gone:
                gone.add(n)
        left = [n for n in range(len(self.branches)) if n not in gone]
        names = {old: new for new, old in enumerate(left)}
        kept = tuple(replace(self.branches[n], parent=names.get(self.branches[n].parent, -1)) for n in left)
        parent = max(0, self.branches[number].parent)
        return Tree(kept, names.get(self.current, names.get(parent, 0)))

    def written(self) -> str:
        """The letters that stand for it in an address; "" for a tree without tokens, or one that is too large."""
        if not self.size:
            return ""
        parts = [
            ".".join(map(_base36, branch.ids))
            if branch.parent < 0
            else f"{_base36(branch.parent)}-{_base36(branch.at)}-{'.'.join(map(_base36, branch.ids))}"
            for branch in self.branches
        ]
        letters = "~".join(parts)
        return letters if len(letters) <= MAX_LINK else ""


def read_tree(letters: str | None, current: int = 0) -> Tree | None:
    """The inverse of `Tree.written`; None for what is none. `current` beyond the branches is the trunk."""
    if not letters:
        return Tree()
    branches: list[Branch] = []
    for number, part in enumerate(letters.split("~")):
        found = _BRANCH.fullmatch(part)
        if found is None or number >= MOST_BRANCHES or (number == 0) != (found[1] is None):
            return None
        ids = tuple(int(each, 36) for each in found[3].split(".")) if found[3] else ()
        branch = Branch(-1, 0, ids) if number == 0 else Branch(int(found[1], 36), int(found[2], 36), ids)
        tree = Tree((*branches, branch))
        if number and not (branch.parent < number and branch.at <= len(tree.path_of(branch.parent))):
            return None
        branches.append(branch)
    tree = Tree(tuple(branches))
    return tree.look(current) if tree.size <= MOST_TOKENS else None


def _base36(number: int) -> str:
    letters = ""
    while True:
        number, digit = divmod(number, 36)
        letters = _DIGITS[digit] + letters
        if not number:
            return letters
