"""Where a named model is: the catalogue first, then local directories, then the Hub.

In flows what a user typed, which is hostile text; out flows a directory with files that passed the first checks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from attnviz.errors import ModelNotFound
from attnviz.language import say
from attnviz.loading import adapter, catalogue, hub
from attnviz.loading.access import Access
from attnviz.loading.bounds import check_files, check_sizes
from attnviz.loading.config import check_config, check_shape
from attnviz.loading.sentence_modules import MODULES, transformer_folder
from attnviz.loading.weights import Weights, check_digests, read_json, read_weights
from attnviz.types import ModelCard

MAX_NAME = 1024
CONFIGS = ("config.json", adapter.CONFIG)
LICENSE_LINE = re.compile(r"^license:\s*[\"']?([\w.+-]{1,64})", re.MULTILINE)


@dataclass(frozen=True, eq=False)
class Located:
    """A model's files: `card` is set for a catalogue model, `revision` is a commit, a digest or "".

    `root` holds modules.json where there is one, and `path` the Transformer: the same directory, or a folder in it.
    `fetched` says that `root` is a snapshot in the cache of Hub models.
    """

    name: str
    source: str
    root: Path
    path: Path
    revision: str
    weights: Weights
    license: str = ""
    card: ModelCard | None = None
    sha256: dict[str, str] = field(default_factory=dict)
    fetched: bool = False
    adapter: adapter.Adapter | None = None


def locate(name: str, revision: str | None, fits: hub.Fits, access: Access) -> Located:
    """Finds a model, fetches it from the Hub if need be, and checks its files without importing torch.

    Args:
        fits: called with {stored dtype: element count} before anything large is fetched or read.
        access: where the name may lead; the catalogue is open to everybody.

    Raises: ModelNotFound, HubUnreachable, ModelUnsupported, and what `fits` raises.
    """
    entry = catalogue.find(name)
    if entry is not None and entry.place == "hub":
        path, commit = _from_hub(entry.at, revision or entry.card.revision or None, fits, access)
        return _checked(name, entry.at, path, commit, fits, entry.card, entry.sha256, fetched=True)
    if entry is not None:
        _no_revision(name, revision)
        return _checked(name, entry.at, entry.path(), entry.card.revision, fits, entry.card, entry.digests())
    if access.directories and (directory := directory_of(name)) is not None:
        _no_revision(name, revision)
        if (found := adapter.read_adapter(directory, name)) is not None:
            if (directory / "config.json").is_file():
                raise adapter.unmerged(name, "an adapter lies beside the weights of its base")
            return _adapted(name, directory, found, fits, access)
        return _checked(name, str(directory.resolve()), directory, "", fits)
    if access.hub and hub.is_hub_id(name):
        path, commit = _from_hub(name, revision, fits, access)
        return _checked(name, name, path, commit, fits, fetched=True)
    raise hub.not_found(name, access)


def _adapted(name: str, directory: Path, found: adapter.Adapter, fits: hub.Fits, access: Access) -> Located:
    """The base that an adapter names, under the adapter's own name."""
    try:
        base = locate(found.base, found.revision, fits, access)
    except ModelNotFound as error:
        raise ModelNotFound(
            say(
                "{name!r} is an adapter for the model {base!r}, which is not at hand.",
                name=name,
                base=found.base,
            ),
            say(
                "Load or copy the base first, or name where it is in {config}. {message}",
                config=adapter.CONFIG,
                message=error.message,
            ),
        ) from error
    if base.adapter is not None:
        raise ModelNotFound(
            say("{name!r} is an adapter for another adapter.", name=name), say("Merge one of them with PEFT.")
        )
    return replace(base, name=name, source=str(directory.resolve()), card=None, sha256={}, adapter=found)


def _from_hub(name: str, revision: str | None, fits: hub.Fits, access: Access) -> tuple[Path, str]:
    path = hub.fetch(name, revision, fits, access)
    return path, path.name


def directory_of(name: str) -> Path | None:
    """The local directory of that name, if it holds a model. What else is on the disk is not told."""
    if not name or len(name) > MAX_NAME or not name.isprintable():
        return None
    try:
        path = Path(name).expanduser()
        return path if any((path / file).is_file() for file in (*CONFIGS, MODULES)) else None
    except (OSError, RuntimeError, ValueError):  # too long, or the ~ of nobody
        return None


def _no_revision(name: str, revision: str | None) -> None:
    if revision is not None:
        raise ModelNotFound(
            say(
                "The model {name!r} is on this machine, and has no revision {revision!r}.",
                name=name,
                revision=revision,
            ),
            say("Leave the revision out."),
        )


def _checked(
    name: str,
    source: str,
    root: Path,
    revision: str,
    fits: hub.Fits,
    card: ModelCard | None = None,
    sha256: dict[str, str] | None = None,
    fetched: bool = False,
) -> Located:
    path = transformer_folder(root, name)
    config = read_json(path / "config.json", name)
    check_config(config, name)
    check_shape(config, name)
    check_files(path, name)
    weights = read_weights(path, name)
    check_sizes(config, weights, name)
    fits(weights.elements)
    check_digests(path, sha256 or {}, name)
    return Located(name, source, root, path, revision, weights, license_of(root), card, sha256 or {}, fetched)


def license_of(path: Path) -> str:
    """What the front matter of README.md says, "" where it says nothing."""
    try:
        with (path / "README.md").open(encoding="utf-8", errors="replace") as stream:
            head = stream.read(20_000)
    except OSError:
        return ""
    if not head.startswith("---"):
        return ""
    found = LICENSE_LINE.search(head.split("\n---", 1)[0])
    return found[1] if found else ""
