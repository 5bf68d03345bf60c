"""Texts that somebody will type, paste or send in a link; every page must take each of them calmly."""

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "script end": "</script><script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)>",
    "formula": "$x^2$ and $$\\frac{a}{b}$$",
    "bold": "<b>bold</b> **bold** __bold__",
    "directive": ":red[x] :material/home: :smile: @mention https://example.org [a](https://example.org)",
    "long word": "x" * 10_000,
    "lone surrogate": "a \ud800 b \udfff",
    "nul": "a\x00b",
    "right to left marks": "\u202eevil\u202c \u200fabc\u200e \u2066x\u2069",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽",
    "arabic": "القطة جلست على السجادة",
    "chinese": "我喜欢在下雨的晚上读书。",
    "markup end": "]]> --> */ ' \" ` \\",
}

# In one text of few tokens what can be anything but text; for pages, each of which is drawn once with it.
ALL_HOSTILE = "</script><script>x <img src=x> <b>b</b> $x^2$ **c** :red[d] :material/home: \u202e👩‍👩‍👧"
MARKS = ("<script", "<img", "<b>", "$x^2$", ":material/home:")


def marks_in(shown: str) -> list[str]:
    """What of a hostile text stands unescaped in Markdown or HTML."""
    return [mark for mark in MARKS if mark in shown.replace("\\<", "&lt;")]
