"""An explanation in one sentence: the result, the words that carry it, and what it is without them.

Unlike the sentences of the verdict it names words of the text: whoever shows it escapes it.
"""

from __future__ import annotations

from attnviz.explanation.results import Faithfulness
from attnviz.text import decimals
from attnviz.types import Attribution

COUNTED = ("no", "one", "two", "three")


def lead(attribution: Attribution, name: str, unit: str) -> str:
    """What the result is: "0.58 similar.", "“ Mary”: logit 12.30."; `name`: of the result, `unit`: of the target."""
    value = decimals(attribution.value, 2)
    if attribution.target == "similarity":
        return f"{value} similar."
    return f"{_quoted(name)}: {unit} {value}."


def sentence(attribution: Attribution, test: Faithfulness | None, name: str, unit: str) -> str:
    """The whole: "0.58 similar. refund and parcel carry it: without them 0.27, without two random words 0.48."

    Words whose order is no better than chance do not "carry" the result: they come first, and no more is said of them.
    """
    begin = lead(attribution, name, unit)
    if test is None or not test.words:
        return begin
    random = float(test.without_random_words.mean())
    carries = test.beats_random is not False and test.without_words < min(random, test.value)
    one = len(test.words) == 1
    verb = ("carries" if one else "carry") if carries else ("comes" if one else "come")
    what = "it" if carries else "first"
    some = f"{COUNTED[len(test.words)]} random word{'' if one else 's'}"
    return (
        f"{begin} {_listed(test.words)} {verb} {what}: without {'it' if one else 'them'} "
        f"{decimals(test.without_words, 2)}, without {some} {decimals(random, 2)}."
    )


def _listed(words: tuple[str, ...]) -> str:
    """“a”, “b” and “c”."""
    quoted = [_quoted(word) for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _quoted(text: str) -> str:
    return f"“{text if len(text) <= 40 else text[:39] + '…'}”"
