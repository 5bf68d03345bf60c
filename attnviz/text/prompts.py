"""Prompts for what a model that writes can be asked to do with a text: answer it, sum it up, answer a question from it.

A model with a chat template is asked in words; T5 with the prefixes that it was trained with (Raffel et al. 2020); a
plain decoder is led to go on with the answer ("TL;DR:" as in Radford et al. 2019); others read the text alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mode = Literal["chat", "summary", "question"]
MODES: tuple[Mode, ...] = ("chat", "summary", "question")

# By mode and kind of model, around the passage and the question.
_TEMPLATES = {
    ("summary", "chat"): "Sum up this text in one or two sentences.\n\n{passage}",
    ("summary", "t5"): "summarize: {passage}",
    ("summary", "decoder"): "{passage}\n\nTL;DR:",
    ("question", "chat"): "Answer briefly, in the words of the text.\n\nText: {passage}\n\nQuestion: {question}",
    ("question", "t5"): "question: {question} context: {passage}",
    ("question", "decoder"): "{passage}\n\nQuestion: {question}\nAnswer:",
    ("question", "other"): "{question}\n\n{passage}",
}  # fmt: skip


@dataclass(frozen=True)
class Prompt:
    """What the model is given. chat: as a message. passage: the text that it is about, as it stands in there."""

    text: str
    chat: bool
    passage: str = ""


def prompt_for(mode: Mode, text: str, question: str, *, kind: str, family: str, chat: bool) -> Prompt:
    """The prompt of a mode.

    Args:
        text: the message of a chat, else the passage. question: of the mode "question".
        kind, family: of the model. chat: whether its tokenizer has a template for messages.
    """
    text = text.strip()
    if mode == "chat":
        return Prompt(text, chat)
    who = "chat" if chat else family if family == "t5" else "decoder" if kind == "decoder" else "other"
    template = _TEMPLATES.get((mode, who), "{passage}")
    return Prompt(template.format(passage=text, question=question.strip()), chat, text)
