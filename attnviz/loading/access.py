"""Where the name of a model may lead, and what may be fetched for it: what a server decides for its visitors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Access:
    """Who asks for a model by name may reach this much. The default is what whoever runs the program may do.

    Attributes:
        directories: whether a name may be that of a local directory; without, the disk is not looked at.
        hub: whether a name may be a Hub id.
        token: whether the machine's own Hub token is used, and the cache that was filled with it. Without, a model is
            fetched as anybody could, into a cache of its own, and gated and private ones are not found.
        fetch_bytes: what the files of one model may take together; None for what the disk holds.
        cache_bytes: what the cache may take; the revisions that were used least recently are removed for a new one,
            never one that is loaded. None for no limit.
        cache: the directory of the cache; None for the Hub client's own, or without the token for one beside it.
    """

    directories: bool = True
    hub: bool = True
    token: bool = True
    fetch_bytes: int | None = None
    cache_bytes: int | None = None
    cache: Path | None = None

    def cache_directory(self) -> Path:
        """Where the snapshots of Hub models are kept."""
        from huggingface_hub import constants

        own = Path(constants.HF_HUB_CACHE)
        return self.cache or (own if self.token else own.with_name("hub-without-token"))


EVERYTHING = Access()
