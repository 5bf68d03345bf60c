"""What the tests of the figure "heads" share: its maps and messages, and its thumbnails."""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Page

from attnviz.figures import Details, heads_data
from attnviz.types import HeadTable, Overviews
from tests.figures.conftest import HOSTILE

L, H = 3, 4


COUNT = len(HOSTILE)


RANDOM = np.random.default_rng(5)


TABLE = HeadTable(
    ("entropy", "induction"),
    ("nats", "share"),
    np.stack([RANDOM.permutation(L * H).reshape(L, H) / 4, np.full((L, H), np.nan)]).astype(np.float32),
)


OVERVIEWS = RANDOM.random((L, H, 16, 16), np.float32) ** 5


MAP = RANDOM.random((COUNT, COUNT)).astype(np.float32)


def message(**other: object) -> bytes:
    return heads_data(
        Overviews.of(OVERVIEWS), TABLE, queries=16, keys=16, model="tiny", **{"details": details(), **other}
    )  # type: ignore[arg-type]


def details(opened: tuple[int, int] | None = None) -> Details:
    """With the map of the opened head, if there is one."""
    maps = MAP[None] if opened else np.zeros((0, COUNT, COUNT), np.float32)
    special = np.zeros(COUNT, bool)
    return Details(maps, [opened] if opened else [], HOSTILE, HOSTILE, special, special, opened=opened)


def thumb(page: Page, layer: int, head: int):
    return page.get_by_role("button", name=f"Layer {layer}, head {head}", exact=True)
