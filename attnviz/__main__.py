"""`python -m attnviz fetch NAME...` fetches models of the catalogue, once; `check MODEL` proves a model's capture.

`fetch --all` takes all, `fetch --list` says which there are.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

import attnviz
from attnviz.errors import AttnVizError
from attnviz.loading import catalog
from attnviz.loading.packages.fetch import fetch_all
from attnviz.types import CatalogCard


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0, 1 where a model is wrong or could not be fetched, 2 where command or model are refused."""
    parser = argparse.ArgumentParser(
        prog="python -m attnviz", description="Exact attention of any Transformer."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    fetching = commands.add_parser("fetch", help="fetch models of the catalogue, once")
    fetching.add_argument("names", metavar="NAME", nargs="*", help="of the catalogue")
    fetching.add_argument("--all", action="store_true", help="every model that can be fetched")
    fetching.add_argument("--list", action="store_true", help="which models there are, and which are at hand")
    check = commands.add_parser("check", help="compare a model's capture with transformers' eager attention")
    check.add_argument("model", help="catalogue name, directory or Hub id")
    check.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps")
    check.add_argument("--dtype", default="auto", help="auto, float32, bfloat16, float16 or float64")
    given = parser.parse_args(arguments)
    if given.command == "check":
        return _check(given.model, given.device, given.dtype)
    if given.list:
        for card in catalog():
            _say(describe(card))
        return 0
    if bool(given.names) == given.all:
        fetching.error("name models, or --all")
    return _fetch([card.name for card in catalog() if card.download_bytes] if given.all else given.names)


def _check(model: str, device: str, dtype: str) -> int:
    """0: right; 1: wrong; 2: refused, or nothing to compare with; the reason is printed."""
    try:
        found = attnviz.check(attnviz.load(model, device=device, dtype=dtype))
    except AttnVizError as error:
        sys.stderr.write(f"{model}: refused. {error}\n")
        return 2
    _say(str(found))
    return {True: 0, False: 1, None: 2}[found.passed]


def _fetch(names: Sequence[str]) -> int:
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
