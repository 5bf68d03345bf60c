"""Models of the Hugging Face Hub: asked about first, refused early, then fetched into the local cache.

In flows a Hub id; out flows the directory of its snapshot. Only safetensors, JSON and tokenizer files are fetched,
never pickles or code. HF_ENDPOINT, HF_HOME, HF_TOKEN and HF_HUB_OFFLINE are honoured, telemetry is off.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.errors import AttnVizError, HubUnreachable, ModelNotFound, ModelTooLarge
from attnviz.language import say
from attnviz.loading import catalogue, hub_cache
from attnviz.loading.access import Access
from attnviz.loading.bounds import MAX_BESIDE
from attnviz.loading.config import check_config
from attnviz.loading.memory import gigabytes
from attnviz.loading.weights import INDEX, MAX_JSON, SINGLE, damaged, refuse_without_safetensors

if TYPE_CHECKING:
    from huggingface_hub import ModelInfo

ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?", re.ASCII)
TIMEOUT = 5.0  # seconds until the Hub counts as unreachable
SHARD = re.compile(r"model-\d+-of-\d+\.safetensors")
TOKENIZER_OR_CONFIG = re.compile(
    r"[^/]+\.(json|txt|model|spm|jinja|bpe|codes)|[^/]+/config\.json|\d+_Dense/model\.safetensors|README\.md"
)
STORED_BITS = {"float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16"}
Fits = Callable[[dict[str, int]], None]


def is_hub_id(name: str) -> bool:
    """Whether the Hub could have a model of this name ("name" or "organisation/name")."""
    return (
        ID.fullmatch(name) is not None
        and not name.endswith((".git", ".", "-"))
        and "--" not in name
        and ".." not in name
    )


def fetch(name: str, revision: str | None, fits: Fits, access: Access) -> Path:
    """The local snapshot of a Hub model, fetched where the cache lacks it; its folder's name is the commit.

    Args:
        fits: called with {stored dtype: element count} before weights are fetched; raises what it finds.

    Raises: ModelNotFound, HubUnreachable, ModelUnsupported, ModelTooLarge (files), and what `fits` raises.
    """
    import httpx2
    from huggingface_hub import errors

    try:
        with _refusals(name, revision, access):
            return _download(name, revision, _info(name, revision, access), fits, access)
    except (httpx2.HTTPError, ConnectionError, ValueError, errors.LocalEntryNotFoundError) as error:
        return _cached(name, revision, error, access.cache_directory())
    except OSError as error:
        raise AttnVizError(
            say("The Hub model {name!r} could not be stored: {error}.", name=name, error=error),
            say("Free some disk space, or set HF_HOME to a larger disk."),
        ) from error


def announced(name: str, access: Access) -> tuple[dict[str, int], int, str]:
    """What the Hub says of a model: {stored dtype: element count}, bytes of the files that are wanted, licence.

    Asks over the network and fetches nothing. Raises ModelNotFound, HubUnreachable, ModelUnsupported, ModelTooLarge.
    """
    import httpx2
    from huggingface_hub import errors

    try:
        with _refusals(name, None, access):
            info = _info(name, None, access)
    except (httpx2.HTTPError, OSError, ValueError, errors.LocalEntryNotFoundError) as error:
        raise _unreachable(name, error) from error
    sizes = {file.rfilename: file.size for file in info.siblings or []}
    wanted = wanted_files(list(sizes), name)
    given = getattr(info.card_data, "license", None)
    total = _total(sizes, wanted, name, access)
    return _elements(info, sizes, wanted, {}), total, given if isinstance(given, str) else ""


def cached_snapshot(name: str, access: Access) -> Path | None:
    """The snapshot of a Hub model in the cache, without asking the Hub; None where it is not there."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(name, "config.json", cache_dir=access.cache_directory())
    return Path(found).parent if isinstance(found, str) else None


def _info(name: str, revision: str | None, access: Access) -> ModelInfo:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from huggingface_hub import HfApi, constants

    constants.HF_HUB_DISABLE_TELEMETRY = True  # for a huggingface_hub that was imported before
    api = HfApi(token=None if access.token else False)
    return api.model_info(name, revision=revision, files_metadata=True, timeout=TIMEOUT)


@contextlib.contextmanager
def _refusals(name: str, revision: str | None, access: Access) -> Iterator[None]:
    """What the Hub refuses, as errors of ours."""
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError as error:
        raise ModelNotFound(
            say("The Hub model {name!r} is open only to people whom its authors have let in.", name=name),
            say("Ask for access on its page, then set HF_TOKEN to a token of yours."),
        ) from error
    except errors.RevisionNotFoundError as error:
        raise ModelNotFound(
            say("The Hub model {name!r} has no revision {shown}.", name=name, shown=_shown(revision)),
            say("Give a branch, a tag or a commit of it."),
        ) from error
    except (errors.RepositoryNotFoundError, errors.DisabledRepoError, errors.HFValidationError) as error:
        raise not_found(name, access) from error
    except errors.RemoteEntryNotFoundError as error:
        raise damaged(name, "it has no config.json") from error


def not_found(name: str, access: Access) -> ModelNotFound:
    """The error for a name that is nothing: says where it was looked for, and what there is."""
    places = [
        "not in the catalogue",
        *["not a directory with a config.json"] * access.directories,
        *["not on the Hub"] * access.hub,
    ]
    return ModelNotFound(
        say("There is no model {shown}: {places}.", shown=_shown(name), places=", ".join(places)),
        say("The catalogue has: {names}.", names=catalogue.names()),
    )


def _download(name: str, revision: str | None, info: ModelInfo, fits: Fits, access: Access) -> Path:
    from huggingface_hub import hf_hub_download, snapshot_download

    cache, sizes = access.cache_directory(), {file.rfilename: file.size for file in info.siblings or []}
    how: dict[str, Any] = {
        "cache_dir": cache, "token": None if access.token else False, "etag_timeout": TIMEOUT,
    }  # fmt: skip
    try:
        # By the revision's name, not its commit: this notes in the cache which commit the name stands for.
        config_file = hf_hub_download(
            name, "config.json", revision=revision, tqdm_class=_meter(name, MAX_JSON), **how
        )
        config = _parsed(Path(config_file), name)
        check_config(config, name)
        wanted = wanted_files(list(sizes), name)
        total = _total(sizes, wanted, name, access)
        fits(_elements(info, sizes, wanted, config))
        commit = str(info.sha)
        snapshot = _snapshot(cache, name, commit)
        there = sum((snapshot / file).stat().st_size for file in wanted if (snapshot / file).is_file())
        hub_cache.touch(snapshot)
        hub_cache.make_room(cache, access.cache_bytes, max(total - there, 0), name, snapshot)
        meter = _meter(name, total)
        return Path(snapshot_download(name, revision=commit, allow_patterns=wanted, tqdm_class=meter, **how))
    except BaseException:
        if access.cache_bytes is not None:
            hub_cache.discard_partial(cache)
        raise


def _parsed(config_file: Path, name: str) -> dict[str, Any]:
    try:
        config = json.loads(config_file.read_bytes())
        assert isinstance(config, dict)
    except (ValueError, RecursionError, AssertionError) as error:
        raise damaged(name, "config.json is not valid JSON") from error
    return config


def _snapshot(cache: Path, name: str, commit: str) -> Path:
    return cache / f"models--{name.replace('/', '--')}" / "snapshots" / commit


def _total(sizes: dict[str, int | None], wanted: list[str], name: str, access: Access) -> int:
    """Bytes of the files that are wanted. Raises ModelTooLarge, and ModelUnsupported where the Hub does not say."""
    given = {file: sizes[file] for file in wanted}
    known = {file: size for file, size in given.items() if size is not None}
    if len(known) < len(given):
        raise damaged(name, "the Hub does not say how large its files are")
    beside = sum(size for file, size in known.items() if not file.endswith(".safetensors"))
    for needed, limit in ((beside, MAX_BESIDE), (sum(known.values()), access.fetch_bytes)):
        if limit is not None and needed > limit:
            raise _too_large(name, needed, limit)
    return sum(known.values())


def _too_large(name: str, needed: int, limit: int) -> ModelTooLarge:
    return ModelTooLarge(
        say(
            "The files of the model {name!r} take {gigabytes} or more; at most {most} are fetched.",
            name=name,
            gigabytes=gigabytes(needed),
            most=gigabytes(limit),
        ),
        say("Choose a smaller model."),
        needed=needed,
        available=limit,
    )


def _meter(name: str, limit: int) -> Any:
    """A silent progress bar of huggingface_hub's that ends a fetch of more bytes than were announced."""
    from huggingface_hub.utils import tqdm

    class Meter(tqdm):
        def __init__(self, *args: Any, **options: Any) -> None:
            self.counts, self.fetched = options.get("unit") == "B", 0.0
            super().__init__(*args, **{**options, "disable": True})

        def update(self, n: float | None = 1) -> bool | None:
            self.fetched += n or 0
            if self.counts and self.fetched > limit:
                raise _too_large(name, int(self.fetched), limit)
            return None

    return Meter


def wanted_files(files: list[str], name: str) -> list[str]:
    """Which of a repository's files are needed. Raises ModelUnsupported where no safetensors are among them."""
    weights = [SINGLE] if SINGLE in files else [file for file in files if SHARD.fullmatch(file)]
    if not weights or (weights != [SINGLE] and INDEX not in files):
        refuse_without_safetensors(files, name)
    return weights + [file for file in files if TOKENIZER_OR_CONFIG.fullmatch(file)]


def _elements(
    info: ModelInfo, sizes: dict[str, int | None], wanted: list[str], config: dict[str, Any]
) -> dict[str, int]:
    """{stored dtype: element count}: as the Hub counts them, else from file sizes and the config's dtype."""
    if info.safetensors is not None and info.safetensors.parameters:
        return dict(info.safetensors.parameters)
    stored = STORED_BITS.get(str(config.get("dtype", config.get("torch_dtype"))), "F32")
    total = sum(size or 0 for file, size in sizes.items() if file in wanted and file.endswith(".safetensors"))
    return {stored: total // {"F64": 8, "F32": 4}.get(stored, 2)}


def _cached(name: str, revision: str | None, cause: Exception, cache: Path) -> Path:
    """The snapshot in the cache when the Hub does not answer. Raises HubUnreachable."""
    from huggingface_hub import errors, get_cached_repo_tree, snapshot_download

    try:
        try:
            files = [file.path for file in get_cached_repo_tree(name, revision=revision, cache_dir=cache)]
            wanted = wanted_files(files, name)
        except errors.CachedRepoTreeNotFoundError:  # put there by another program
            wanted = None
        return Path(
            snapshot_download(
                name, revision=revision, allow_patterns=wanted, local_files_only=True, cache_dir=cache
            )
        )
    except (errors.LocalEntryNotFoundError, errors.CorruptedCacheException, errors.HFValidationError):
        raise _unreachable(name, cause) from cause


def _unreachable(name: str, cause: Exception) -> HubUnreachable:
    from huggingface_hub import errors

    offline = isinstance(cause, errors.OfflineModeIsEnabled)
    why = "the Hub may not be asked: HF_HUB_OFFLINE is set" if offline else "the Hub cannot be reached"
    return HubUnreachable(
        say("There is no model {shown} on this machine, and {why}.", shown=_shown(name), why=why),
        say("The catalogue works without the Hub; it has: {names}.", names=catalogue.names()),
    )


def _shown(name: str | None) -> str:
    text = ascii(name)
    return text if len(text) <= 80 else text[:77] + "..."
