"""All limits and choices of a running server in one frozen record, from environment variables ATTNVIZ_*.

Text comes in from the environment; a checked `Settings` goes out, or an error that names the variable,
what was given and what is allowed. `settings_table` lists them all for docs/settings.md and the command line.
"""

from __future__ import annotations

import difflib
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from attnviz.errors import AttnVizError
from attnviz.language import say

PREFIX = "ATTNVIZ_"
MB = 1 << 20
TRUE, FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
DTYPES = ("auto", "float32", "bfloat16", "float16")
RUNTIMES = ("local", "process")
LOCAL = ("auto", "1", "0")
YES_NO_AUTO = ("local", "hub_token", "fetch")
DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


def _number(default: int, low: int, high: int, unit: str, description: str) -> Any:
    about = {"low": low, "high": high, "unit": unit, "description": description}
    return field(default=default, metadata=about)


def _choice(default: Any, allowed: str, description: str) -> Any:
    return field(default=default, metadata={"allowed": allowed, "unit": "", "description": description})


@dataclass(frozen=True)
class Settings:
    """What this server allows and how much it keeps. Raises AttnVizError on a value that makes no sense.

    Each field `name` is overridden by the environment variable ATTNVIZ_NAME.
    """

    host: str = _choice(
        "localhost",
        "an address of this machine, such as 0.0.0.0",
        "where the app listens; localhost: for browsers on this machine only",
    )
    model: str = _choice(
        "minilm", "a model name", "model of the first picture, and the one that is warmed up"
    )
    runtime: str = _choice(
        "local", " or ".join(RUNTIMES), "where the engine runs: in the app's own process, or in one beside it"
    )
    device: str = _choice("auto", "auto, cpu, mps, cuda or cuda:N", "where models run")
    dtype: str = _choice("auto", ", ".join(DTYPES), "precision of the weights; auto: as fits the device")
    threads: int = _number(0, 0, 1024, "threads", "CPU threads of one forward pass; 0: torch decides")
    hub: bool = _choice(True, "1 or 0", "whether visitors may name models on the Hugging Face Hub")
    hub_token: str = _choice(
        "auto",
        "auto, 1 or 0",
        "whether the machine's Hub token serves visitors; auto: those whose browser runs on it",
    )
    fetch: str = _choice(
        "auto",
        "auto, 1 or 0",
        "whether visitors may fetch catalogue models and evict loaded ones; auto: whose browser runs on it",
    )
    model_cache: str = _choice(
        "auto", "auto or a directory", "where fetched catalogue models lie; auto: in the user's own cache"
    )
    fetch_mb: int = _number(16_384, 1, 1 << 24, "MB", "largest model that is fetched for a visitor")
    hub_cache_mb: int = _number(65_536, 1, 1 << 24, "MB", "models fetched for visitors that stay on the disk")
    local: str = _choice(
        "auto",
        "auto, 1 or 0",
        "whether visitors may name directories of this machine; auto: those whose browser runs on it",
    )
    warm: bool = _choice(True, "1 or 0", "whether the model is loaded in the background after the start")
    max_tokens: int = _number(4096, 1, 1 << 20, "tokens", "longest text, of whatever a model itself allows")
    max_characters: int = _number(200_000, 1, 1 << 30, "characters", "longest text that is tokenized at all")
    max_models: int = _number(2, 1, 1000, "models", "models kept in memory")
    models_mb: int = _number(8192, 1, 1 << 24, "MB", "weights kept in memory; a larger model is kept alone")
    cache_mb: int = _number(1024, 1, 1 << 24, "MB", "results kept: three quarters captures, one quarter maps")
    held_mb: int = _number(
        512, 1, 1 << 24, "MB", "opened files, uploads and reports of all visitors; one may hold a quarter"
    )
    max_waiting: int = _number(100, 0, 100_000, "requests", "requests that may wait for the device")
    max_waiting_each: int = _number(8, 1, 100_000, "requests", "of those, how many may be one visitor's")

    def __post_init__(self) -> None:
        for each in fields(self):
            problem = _problem(each.name, getattr(self, each.name))
            if problem:
                raise AttnVizError(
                    problem,
                    say(
                        "Allowed: {allowed}. Default: {default}.",
                        allowed=_allowed(each.name),
                        default=each.default,
                    ),
                )

    @property
    def models_bytes(self) -> int:
        return self.models_mb * MB

    @property
    def captures_bytes(self) -> int:
        return self.cache_mb * MB * 3 // 4

    @property
    def results_bytes(self) -> int:
        return self.cache_mb * MB // 4

    @property
    def held_bytes(self) -> int:
        return self.held_mb * MB

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Settings from ATTNVIZ_* variables; an empty variable counts as not set. Raises AttnVizError."""
        environ = os.environ if environ is None else environ
        names = {PREFIX + each.name.upper(): each.name for each in fields(cls)}
        _warn_of_unknown(environ, list(names))
        given = {
            name: _parse(name, environ[variable])
            for variable, name in names.items()
            if environ.get(variable, "").strip()
        }
        return cls(**given)


@dataclass(frozen=True)
class SettingInfo:
    """One setting, for people: its variable, default (as text), unit, allowed values and meaning."""

    variable: str
    default: str
    unit: str
    allowed: str
    description: str


def settings_list() -> tuple[SettingInfo, ...]:
    """All settings, in the order of the record."""
    return tuple(
        SettingInfo(
            variable=PREFIX + each.name.upper(),
            default=_text(each.default),
            unit=each.metadata["unit"],
            allowed=_allowed(each.name),
            description=each.metadata["description"],
        )
        for each in fields(Settings)
    )


def settings_table() -> str:
    """The settings as a Markdown table, for docs/settings.md and `python -m attnviz.runtime`."""
    lines = ["| variable | default | allowed | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{info.variable}` | {info.default}{' ' * bool(info.unit)}{info.unit} "
        f"| {info.allowed} | {info.description} |"
        for info in settings_list()
    ]
    return "\n".join(lines)


def _about(name: str) -> Any:
    return next(each for each in fields(Settings) if each.name == name)


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _allowed(name: str) -> str:
    about = _about(name).metadata
    return (
        about["allowed"] if "allowed" in about else f"a whole number from {about['low']} to {about['high']}"
    )


def _parse(name: str, text: str) -> Any:
    """The value that the text stands for, or the text itself: `Settings` then refuses it and says why."""
    text, default = text.strip(), _about(name).default
    if isinstance(default, bool):
        return text.lower() in TRUE if text.lower() in TRUE + FALSE else text
    if isinstance(default, int):
        return int(text) if re.fullmatch(r"[+-]?[0-9]{1,15}", text) else text
    if name in YES_NO_AUTO:
        return "1" if text.lower() in TRUE else "0" if text.lower() in FALSE else text
    return text


def _problem(name: str, value: object) -> str:
    """What is wrong with a value, or an empty string."""
    each = _about(name)
    kind = type(each.default)
    right = type(value) is kind
    if right and "low" in each.metadata:
        right = each.metadata["low"] <= value <= each.metadata["high"]
    elif right and name == "dtype":
        right = value in DTYPES
    elif right and name == "device":
        right = DEVICE.fullmatch(str(value)) is not None
    elif right and name in YES_NO_AUTO:
        right = value in LOCAL
    elif right and name == "host":
        right = re.fullmatch(r"[\w.:-]+", str(value)) is not None
    elif right and name in ("model", "model_cache"):
        right = bool(str(value).strip())
    return "" if right else f"{PREFIX}{name.upper()} is {value!r}."


def _warn_of_unknown(environ: Mapping[str, str], known: list[str]) -> None:
    for variable in environ:
        if variable.startswith(PREFIX) and variable not in known:
            near = difflib.get_close_matches(variable, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            logging.getLogger("attnviz").warning("%s is not a setting of AttnViz%s", variable, hint)
