"""How a result came about: the record that goes into every file that leaves, so that anybody can make it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

Pairs = tuple[tuple[str, str], ...]
MOST = 1 << 20  # letters of one field that is read from a file


@dataclass(frozen=True)
class Provenance:
    """What made a result.

    Attributes:
        model, source, revision: as of its card. digest: SHA-256 of its weights; "" where it is not known.
        dtype, device: of the weights, "float32" and "cpu" for instance.
        versions: (package, version) of what computed.
        seed: of what was drawn by chance, None where nothing was.
        settings: (name, value), what else was chosen.
        call: Python that makes it again, line by line; its last line is the result.
    """

    model: str
    source: str = ""
    revision: str = ""
    digest: str = ""
    dtype: str = ""
    device: str = ""
    versions: Pairs = ()
    seed: int | None = None
    settings: Pairs = ()
    call: str = ""

    def then(self, *lines: str, seed: int | None = None, settings: Pairs = ()) -> Provenance:
        """Of what is made from this result by more lines."""
        call = "\n".join(filter(None, (self.call, *lines)))
        return replace(
            self, call=call, seed=self.seed if seed is None else seed, settings=self.settings + settings
        )

    def rows(self) -> Pairs:
        """(name, value) for people; what is not known is left out."""
        rows = (
            ("Model", self.model),
            ("Source", self.source),
            ("Revision", self.revision),
            ("SHA-256 of the weights", self.digest),
            ("Precision", self.dtype),
            ("Device", self.device),
            ("Made with", ", ".join(f"{name} {version}" for name, version in self.versions)),
            ("Seed", "" if self.seed is None else str(self.seed)),
            *self.settings,
        )
        return tuple((name, value) for name, value in rows if value)

    def lines(self) -> tuple[str, ...]:
        """The whole as lines of text: what it was, then the call."""
        return (*(f"{name}: {value}" for name, value in self.rows()), "", *self.call.splitlines())

    def document(self) -> dict[str, Any]:
        """As values of JSON."""
        return asdict(self)


def read_provenance(document: Mapping[str, Any]) -> Provenance:
    """The inverse of `document`. Raises ValueError, TypeError or KeyError for anything else: it may be a stranger's."""
    seed = document["seed"]
    if seed is not None and type(seed) is not int:
        raise ValueError("a seed that is none")
    texts = {
        each.name: _text(document[each.name])
        for each in fields(Provenance)
        if each.name not in ("seed", "versions", "settings")
    }
    return Provenance(
        **texts, seed=seed, versions=_pairs(document["versions"]), settings=_pairs(document["settings"])
    )


def _pairs(value: Any) -> Pairs:
    if not isinstance(value, list) or len(value) > 1000:
        raise ValueError("settings that are none")
    return tuple((_text(name), _text(text)) for name, text in value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MOST:
        raise ValueError("a text that is none")
    value.encode()  # half a surrogate pair cannot be sent to a browser: a ValueError
    return value


class Variable(str):
    """The name of a variable, as an argument of `call`."""

    def __repr__(self) -> str:
        return str(self)


def call(function: str, *arguments: object, **named: object) -> str:
    """A call as Python: arguments by their `repr`, those that are None or False left out."""
    parts = [repr(each) for each in arguments]
    parts += [
        f"{name}={value!r}" for name, value in named.items() if value is not None and value is not False
    ]
    return f"{function}({', '.join(parts)})"
