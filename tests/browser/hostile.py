"""Texts that would break out of a careless page, and what of each a reader must see."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Hostile:
    """A text, and what of it a reader must see, letter for letter."""

    name: str
    text: str
    seen: str


HOSTILE = (
    Hostile("closing script", "a </script><script data-injected>injected=1</script>", "</script><script data-inj"),
    Hostile("image", "a <img data-injected src=x onerror=injected=1> b", "<img data-injected src=x onerror="),
    Hostile("attribute", "\"'><svg data-injected onload=injected=1>", "\"'><svg data-injected onload=injected=1>"),
    Hostile("comment", "<!--<script>injected=1", "<!--<script>injected=1"),
    Hostile("bold", "one <b data-injected>two</b> three", "one <b data-injected>two</b> three"),
    Hostile("link", "[press](javascript:injected=1) <a data-injected href=x>", "[press](javascript:injected=1)"),
    Hostile("formula", "costs $x^2$ or $$y$$ dollars", "costs $x^2$ or $$y$$ dollars"),
    Hostile("markdown", "# *a* **b** `c` :red[d] :material/home: ~e~ | f |", "# *a* **b** `c` :red[d] :material/home:"),
    Hostile("format", "%s {0} {{7*7}} ${HOME} \\n \\u0041", "%s {0} {{7*7}} ${HOME} \\n \\u0041"),
    Hostile("special names", "[CLS] [SEP] [PAD] [MASK] __proto__ constructor", "[CLS] [SEP] [PAD] [MASK] __proto__"),
    Hostile("no space", "x" * 10_000, "x" * 200),
    Hostile("lone surrogate", "before \ud83d after", "before \ufffd after"),
    Hostile("NUL", "before \0 after", "before"),
    Hostile("right to left", "abc \u202egnp.exe\u202c \u200f\u05d0\u05d1 def", "def"),
    Hostile("separators", "a\u2028b\u2029c\x85d", "a"),
    Hostile("no width", "a\u200bb\u200d\ufeffc\u00ad", "a"),
    Hostile("stacked marks", "Z" + "\u0323\u0301" * 40 + " text", "text"),
    Hostile("scripts", "我喜欢👩\u200d👩\u200d👧\u200d👦🏳️\u200d🌈 العربية हिन्दी", "我喜欢"),
)  # fmt: skip
