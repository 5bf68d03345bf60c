"""The class of each token: first, special, punctuation, function word, content word.

Every token is in exactly one class, so that shares of attention by class add up to 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from attnviz.types import IntArray, Tokens, readonly

ENGLISH_SHARE = 0.2

# Articles, pronouns, prepositions, conjunctions, auxiliaries and particles, with their contractions.
FUNCTION_WORDS = frozenset(
    re.findall(
        r"\S+",
        """a an the this that these those some any no none each every either neither both all such another other same
    i me my mine myself you your yours yourself yourselves he him his himself she her hers herself it its itself we us
    our ours ourselves they them their theirs themselves who whom whose which what whatever whoever
    about above across after against along amid among around as at before behind below beneath beside besides between
    beyond by despite down during except for from in inside into like near of off on onto out outside over past per
    since through throughout till to toward towards under underneath until up upon via with within without
    and but or nor so yet if because although though while whereas whether unless than then when whenever where
    wherever why how once
    be am is are was were been being have has had having do does did doing will would shall should can could may might
    must ought cannot not also just only very too there here
    aren't can't couldn't didn't doesn't don't hadn't hasn't haven't isn't mightn't mustn't needn't shan't shouldn't
    wasn't weren't won't wouldn't i'm i've i'll i'd you're you've you'll you'd he's he'll he'd she's she'll she'd it's
    it'll it'd we're we've we'll we'd they're they've they'll they'd that's that'll there's who's what's let's
    's 're 've 'll 'd 'm n't""",
    )
)

TITLES = {
    "first": "first token",
    "special": "other special tokens",
    "punctuation": "punctuation",
    "function": "function words",
    "content": "content words",
    "word": "words",
}
DEFINITIONS = {
    "first": "The token at position 0, whatever it is. In many models it is a resting place of attention.",
    "special": "Tokens that the tokenizer added, such as [SEP]; the one at position 0 counts as the first token.",
    "punctuation": "Words without a letter or a digit: marks, symbols, white space, emoji.",
    "function": f"Words of a list of {len(FUNCTION_WORDS)} English ones: articles, pronouns, prepositions, "
    "conjunctions, auxiliaries.",
    "content": "All other words, names and numbers included.",
    "word": "All words: fewer than one in five is on the list of English function words, so the text is taken not to "
    "be English, and the list is not used.",
}


@dataclass(frozen=True)
class TokenClasses:
    """`names`: the classes that occur, keys of `TITLES`; `index`: (T,) int64, the class of each token."""

    names: tuple[str, ...]
    index: Annotated[IntArray, "T"]

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", readonly(self.index, np.int64))


def classify(tokens: Tokens) -> TokenClasses:
    """The class of each token; a piece of a word is in the class of its word."""
    texts = _words(tokens)
    words = [_class_of(text) for text in texts]
    lexical = [name for name in words if name in ("function", "content")]
    if lexical.count("function") < ENGLISH_SHARE * len(lexical):
        words = ["word" if name in ("function", "content") else name for name in words]
    named = [
        "first" if t == 0 else "special" if tokens.special[t] else words[tokens.words[t]]
        for t in range(len(tokens))
    ]
    present = tuple(name for name in TITLES if name in named)
    return TokenClasses(present, np.array([present.index(name) for name in named], dtype=np.int64))


def _class_of(word: str) -> str:
    if not any(character.isalnum() for character in word):
        return "punctuation"
    return "function" if word.casefold().replace("’", "'") in FUNCTION_WORDS else "content"


def _words(tokens: Tokens) -> list[str]:
    """The text of each word, by its index."""
    from attnviz.text import groups

    index, labels = groups(tokens, "word")
    texts = [""] * (int(tokens.words.max(initial=-1)) + 1)
    for t in np.flatnonzero(~tokens.special):
        texts[tokens.words[t]] = labels[index[t]]
    return texts
