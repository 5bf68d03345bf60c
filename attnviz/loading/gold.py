"""Gold alignments that lie beside a translator's weights: sentences, translations and links, checked when read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attnviz.loading.weights import damaged, read_json
from attnviz.types import GoldAlignment, Links

FILE = "gold_alignments.json"
MOST_SENTENCES, MOST_LINKS = 1000, 1000


def read_gold(directory: Path, name: str) -> tuple[GoldAlignment, ...]:
    """The sentences of FILE, none where there is no such file.

    It holds {"sentences": [{"language", "source", "target", "sure", "possible"}]}, links written as "0-0 1-2", source
    before target. Raises ModelUnsupported ("damaged").
    """
    if not (directory / FILE).is_file():
        return ()
    written = read_json(directory / FILE, name).get("sentences")
    if not isinstance(written, list) or len(written) > MOST_SENTENCES:
        raise damaged(name, f"{FILE} holds no list of sentences, or too long a one")
    try:
        return tuple(_sentence(each) for each in written)
    except (TypeError, ValueError, KeyError) as error:
        raise damaged(name, f"{FILE} holds no alignments: {str(error)[:80]}") from error


def _sentence(written: Any) -> GoldAlignment:
    texts = [written[field] for field in ("language", "source", "target", "sure", "possible")]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("a field is no text")
    language, source, target, sure, possible = texts
    links = _links(sure)
    return GoldAlignment(language, source, target, links, links | _links(possible))


def _links(written: str) -> Links:
    parts = written.split()
    if len(parts) > MOST_LINKS:
        raise ValueError(f"{len(parts)} links")
    pairs = (part.split("-") for part in parts)
    return frozenset((int(source), int(target)) for source, target in pairs)
