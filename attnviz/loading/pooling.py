"""How a sentence-transformers model turns token vectors into one, from its modules.json.

In flows a directory; out flows a pooling name, whether the vector is normalized, and a note on what is not done here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from attnviz.errors import ModelUnsupported
from attnviz.loading.weights import damaged, read_json

PoolingName = Literal["mean", "cls", "max", "lasttoken"]
# Mean over the square root of the length points the same way as the mean: the cosine is the same.
MODES: dict[str, PoolingName] = {
    "mean": "mean", "mean_tokens": "mean", "mean_sqrt_len": "mean", "mean_sqrt_len_tokens": "mean",
    "cls": "cls", "cls_token": "cls", "max": "max", "max_tokens": "max", "lasttoken": "lasttoken",
}  # fmt: skip


@dataclass(frozen=True)
class Pooling:
    name: PoolingName = "mean"
    normalize: bool = False
    note: str = ""


def read_pooling(directory: Path, model: str) -> Pooling:
    """The model's own pooling; the mean where there is no modules.json. Raises ModelUnsupported ("damaged")."""
    if not (directory / "modules.json").is_file():
        return Pooling()
    steps = [
        (str(step.get("type", "")).rsplit(".", 1)[-1], str(step.get("path", "")))
        for step in _modules(directory, model)
    ]
    found: PoolingName | None = "mean"
    for kind, path in steps:
        if kind == "Pooling":
            found = _mode(directory, path, model)
    extra = [kind for kind, _ in steps if kind not in ("Transformer", "Pooling", "Normalize")]
    note = f"Its sentence-transformers layers {', '.join(extra)} are not applied here." if extra else ""
    if found is None:
        note = f"Its own pooling is not supported: the mean stands in for it. {note}".strip()
    return Pooling(found or "mean", any(kind == "Normalize" for kind, _ in steps), note)


def _modules(directory: Path, model: str) -> list[dict[str, Any]]:
    import json

    try:
        modules = json.loads((directory / "modules.json").read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(model, "modules.json is not valid JSON") from error
    if not isinstance(modules, list) or not all(isinstance(step, dict) for step in modules):
        raise damaged(model, "modules.json is not a list of objects")
    return modules


def _mode(directory: Path, path: str, model: str) -> PoolingName | None:
    relative = PurePosixPath(path)
    if relative.is_absolute() or ".." in relative.parts:
        raise damaged(model, "modules.json points outside the model's directory")
    try:
        config = read_json(directory / relative / "config.json", model)
    except ModelUnsupported as error:
        raise damaged(model, f"the pooling config {path}/config.json cannot be read") from error
    named = config.get("pooling_mode")
    modes = [named] if isinstance(named, str) else named
    if not isinstance(modes, list):
        modes = [
            key.removeprefix("pooling_mode_")
            for key, on in config.items()
            if key.startswith("pooling_mode_") and on is True
        ]
    return MODES.get(str(modes[0])) if len(modes) == 1 else None
