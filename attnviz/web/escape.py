"""User text made safe for the places where Streamlit would read it as Markdown.

Text that a person typed, token labels and model names go to `st.text` wherever they stand alone; where they
must stand inside a Markdown string (an error's message, a widget's help), they pass through here first.
"""

from __future__ import annotations

import re

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$&\"'=^%])")
_JOINER = "\u2060"  # word joiner: no width, keeps what follows from being read as an icon or emoji short code
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
ELLIPSIS = "…"


def clean(text: str) -> str:
    """The text as it can travel: lone surrogates become U+FFFD, line ends become newlines."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)


def plain(text: str, limit: int = 300) -> str:
    """One line of at most `limit` characters without control or direction marks, for `st.text`."""
    line = " ".join(_CONTROL.sub(" ", clean(text)).split())
    return line if len(line) <= limit else line[: limit - 1] + ELLIPSIS


def markdown(text: str, limit: int = 2000) -> str:
    """The text as Markdown that shows exactly its characters: no emphasis, link, formula, icon, colour or HTML.

    Colons and at signs are followed by a joiner without width, since short codes such as `:material/home:`
    are replaced after Markdown's own escapes have been read.
    """
    line = plain(text, limit)
    return _MARKUP.sub(r"\\\1", line).replace(":", ":" + _JOINER).replace("@", "@" + _JOINER)
