"""Sentences in the reader's language: a template and its parameters, put into words when they are shown.

Templates are looked up by gettext in the catalogs of `attnviz/locale`; English, which the templates are, needs none.

- `say("{n} of {all} heads", n=3, all=72)` is a value. As a string, to be compared, kept or used as a key, it is English
  in every language; `str()`, `format()` and f-strings give it in the reader's language.
- `tr(...)` is `str(say(...))`: for what is shown at once.
- `say_many(one, many, n, ...)` and `tr_many` choose the plural form for `n`.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

DOMAIN = "attnviz"
FOLDER = Path(__file__).with_name("locale")
ENGLISH = "en"
PSEUDO = "en-XA"  # English between marks, by which tests find what was never looked up
OPEN, CLOSE = "⟦", "⟧"

_language: ContextVar[str] = ContextVar("attnviz_language", default=ENGLISH)


class Sentence(str):
    """A template with its parameters. As a str it is the English sentence; `str(sentence)` is the reader's.

    Attributes:
        template: what is looked up. many: its plural, where the form depends on `number`.
        parameters: what is filled in; those that are sentences are put into the reader's language, too.
    """

    template: str
    many: str | None
    number: int
    parameters: dict[str, Any]

    def __new__(
        cls, template: str, many: str | None = None, number: int = 1, /, **parameters: Any
    ) -> Sentence:
        chosen = template if many is None or number == 1 else many
        made = super().__new__(cls, _filled(chosen, {k: _in_english(v) for k, v in parameters.items()}))
        made.template, made.many, made.number, made.parameters = template, many, number, parameters
        return made

    def __str__(self) -> str:
        found = _catalog(_language.get())
        if self.many is None:
            return _filled(found.gettext(self.template), self.parameters)
        return _filled(found.ngettext(self.template, self.many, self.number), self.parameters)

    def __format__(self, form: str) -> str:
        return format(str(self), form)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.template, self.many, self.number, self.parameters)


def say(template: str, /, **parameters: Any) -> Sentence:
    """A sentence to be shown later. Raises KeyError where the template names a parameter that is not given."""
    return Sentence(template, **parameters)


def say_many(one: str, many: str, number: int, /, **parameters: Any) -> Sentence:
    """The same, with the plural form for `number`, which the templates name `n`."""
    return Sentence(one, many, number, n=number, **parameters)


def tr(template: str, /, **parameters: Any) -> str:
    """The sentence in the reader's language, now."""
    return str(Sentence(template, **parameters))


def tr_many(one: str, many: str, number: int, /, **parameters: Any) -> str:
    """The same, with the plural form for `number`, which the templates name `n`."""
    return str(say_many(one, many, number, **parameters))


def language() -> str:
    """The tag of the language that sentences are put into now (BCP 47)."""
    return _language.get()


@contextmanager
def speaking(tag: str) -> Iterator[None]:
    """Put sentences into this language inside; English where there is no catalog for it."""
    token = _language.set(tag)
    try:
        yield
    finally:
        _language.reset(token)


def languages() -> tuple[str, ...]:
    """The languages that there are catalogs for, English first."""
    found = sorted(each.parent.parent.name for each in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))
    return ENGLISH, *(name.replace("_", "-") for name in found)


class _Marked(gettext.NullTranslations):
    """Every sentence between marks."""

    def gettext(self, message: str) -> str:
        return f"{OPEN}{message}{CLOSE}"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"{OPEN}{msgid1 if n == 1 else msgid2}{CLOSE}"


@cache
def _catalog(tag: str) -> gettext.NullTranslations:
    if tag == ENGLISH:
        return gettext.NullTranslations()
    if tag == PSEUDO:
        return _Marked()
    return gettext.translation(DOMAIN, FOLDER, [tag.replace("-", "_")], fallback=True)


def _again(template: str, many: str | None, number: int, parameters: dict[str, Any]) -> Sentence:
    return Sentence(template, many, number, **parameters)


def _filled(template: str, parameters: dict[str, Any]) -> str:
    """The template with its parameters, never with parts of them: a template that reaches into one is an error."""
    if not parameters:
        return template
    for _, name, _, _ in Formatter().parse(template):
        if name is not None and not name.isidentifier():
            raise KeyError(name)
    return template.format_map(parameters)


def _in_english(value: Any) -> Any:
    return str.__str__(value) if isinstance(value, Sentence) else value
