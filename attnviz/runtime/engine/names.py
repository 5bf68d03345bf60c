"""What visitors may call a model: names of the catalogue, Hub ids, directories, and the operator's own default."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.errors import ModelNotFound
from attnviz.language import say
from attnviz.runtime.engine.visitors import current_visitor
from attnviz.runtime.settings import MB, Settings

if TYPE_CHECKING:
    from attnviz.loading.access import Access

MAX_TITLE = 64


def catalogue_names() -> list[str]:
    """The names of the models offered. Does not import torch."""
    from attnviz.loading import catalog

    return [card.name for card in catalog()]


class Names:
    """Which names this server answers to.

    Attributes:
        default: what the operator's default model is called. Where that is a directory, its last part: visitors need
            not know where it lies.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.default = _title(settings.model) if is_path(settings.model) else settings.model.strip()

    def place(self, name: str) -> str:
        """What the loading layer is to look for under a name."""
        return os.path.expanduser(self._settings.model.strip()) if name == self.default else name

    def directories(self) -> bool:
        """Whether the current visitor may name directories of this machine."""
        if self._settings.local != "auto":
            return self._settings.local == "1"
        visitor = current_visitor()
        return visitor is None or visitor.at_home

    def on_disk(self, name: str) -> bool:
        """Whether the current visitor's name may lead to a directory of this machine."""
        return name == self.default or self.directories()

    def may_fetch(self) -> bool:
        """Whether the current visitor may fetch models of the catalogue, and evict loaded ones."""
        if self._settings.fetch != "auto":
            return self._settings.fetch == "1"
        visitor = current_visitor()
        return visitor is None or visitor.at_home

    def access(self, name: str) -> Access:
        """Where a name may lead, and what may be fetched for it: for the operator, everything."""
        from attnviz.loading.access import EVERYTHING, Access

        visitor = current_visitor()
        if name == self.default:
            return EVERYTHING
        if visitor is None:
            return replace(EVERYTHING, directories=self.directories(), hub=self._settings.hub)
        settings = self._settings
        token = settings.hub_token == "1" or (settings.hub_token == "auto" and visitor.at_home)
        return Access(
            directories=self.directories(),
            hub=settings.hub,
            token=token,
            fetch_bytes=settings.fetch_mb * MB,
            cache_bytes=settings.hub_cache_mb * MB,
        )

    def permits(self, name: str) -> bool:
        """Whether a name may be looked up at all.

        For a visitor who may not name directories this follows from the name alone: nothing on the disk shows.
        """
        if name == self.default or name in catalogue_names():
            return True
        if self._settings.hub and not is_path(name):
            return True
        return self.directories() and (is_path(name) or _exists(name))

    def check(self, name: str) -> None:
        """Refuse what is not permitted, without saying whether it exists. Raises ModelNotFound."""
        if self.permits(name):
            return
        what = "directories of this machine" if is_path(name) else "models from the Hub"
        raise ModelNotFound(
            say(
                "There is no model {name!r} in the catalogue, and this server does not load {what}.",
                name=name,
                what=what,
            ),
            say("Choose one of: {catalogue_names}.", catalogue_names=", ".join(catalogue_names())),
        )


def is_path(name: str) -> bool:
    """Whether a name can only be that of a directory; others may also be ids of the Hub."""
    name = name.strip()
    return name.startswith(("/", ".", "~")) or "\\" in name or name.count("/") > 1 or ":" in name


def _exists(name: str) -> bool:
    try:
        return (Path(name).expanduser() / "config.json").is_file()
    except (OSError, RuntimeError, ValueError):  # too long, the ~ of nobody, a null byte
        return False


def _title(path: str) -> str:
    """The last part of a path, as a name that no model of the catalogue has."""
    last = Path(os.path.expanduser(path.strip())).resolve().name
    title = re.sub(r"[^\w.-]+", "-", last).strip("-.")[:MAX_TITLE] or "default"
    return f"{title}-local" if title in catalogue_names() else title
