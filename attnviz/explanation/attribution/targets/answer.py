"""Where a question-answering model finds the answer in a context: the logit of its first or of its last token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from attnviz.checks import whole
from attnviz.errors import InputEmpty, UnknownName
from attnviz.explanation.declarations import TargetInfo
from attnviz.language import say

if TYPE_CHECKING:
    import torch

    from attnviz.capture import Model
    from attnviz.explanation.problem import Outcomes, Problem, Run
    from attnviz.types import Tokens

LONGEST = 30  # tokens of an answer, where the model chooses it
SHOWN = 10  # outcomes

End = Literal["start", "end"]


class Answer:
    """One of the two targets: where the answer starts, or where it ends."""

    def __init__(self, end: End) -> None:
        self.end: End = end
        which = "first" if end == "start" else "last"
        self.info = TargetInfo(
            name=f"answer-{end}",
            title=f"{'Start' if end == 'start' else 'End'} of an answer",
            kinds=("encoder",),
            needs_pair=True,
            takes_pair=True,
            needs="a head that finds answers",
            unit="logit",
            description="The text is a question, the second text the context that holds the answer. The model gives "
            f"every token a score (logit) for being the {which} of the answer; that of its own choice, or of a token "
            "that you name, is explained.",
            positive=f"The word speaks for this {which} token.",
            negative=f"The word speaks against this {which} token.",
            caveat="The score of one token is explained on its own: what raises it may raise its rivals too.",
            options=("position",),
        )

    def supports(self, model: Model) -> bool:
        return type(model.loaded.module).__name__.endswith("ForQuestionAnswering")

    def problems(
        self, model: Model, text: str, pair: str | None, position: int | None = None, **options: Any
    ) -> tuple[Problem, ...]:
        """`position`: of a token of the context; by default where the likeliest answer starts or ends."""
        import torch

        from attnviz.explanation.problem import Problem, Run, encode

        module, end = model.loaded.module, f"{self.end}_logits"
        tokens, inputs = encode(model, module, text, pair)
        context = np.flatnonzero((tokens.segments == 1) & ~tokens.special)
        if not len(context):
            raise InputEmpty(
                say("There is no context to find an answer in."), say("Give it as the second text.")
            )
        with torch.no_grad():
            output = Run(module, inputs)()
        first, last = _span(output.start_logits[0].float(), output.end_logits[0].float(), context)
        chosen = (first if self.end == "start" else last) if position is None else _checked(position, context)
        shares = [logits[0].float().softmax(-1) for logits in (output.start_logits, output.end_logits)]
        answer = "".join(tokens.labels[first : last + 1]).strip()

        def read(run: Run, mask: torch.Tensor) -> torch.Tensor:
            rows = getattr(run(), end).float()
            return rows[torch.arange(len(rows), device=rows.device), run.columns(chosen)]

        def predict(run: Run, mask: torch.Tensor) -> Outcomes:
            logits = getattr(run(), end)[0].float()
            return _likeliest(logits, run, tokens, context)

        which = "as asked for" if position is not None else f"where the answer {answer!r} {self.end}s"
        return (
            Problem(
                model=model,
                module=module,
                tokens=tokens,
                inputs=inputs,
                read=read,
                query_weights=np.eye(len(tokens), dtype=np.float32)[chosen],
                value=float(getattr(output, end)[0, chosen]),
                note=f"Explained: the logit of {tokens.labels[chosen].strip()!r} (position {chosen}) as the {self.end} "
                f"of the answer, {which}; its probability is {float(shares[self.end == 'end'][chosen]):.3g}. The token "
                "itself is never taken away.",
                options={"position": chosen},
                read_at=(chosen,),
                predict=predict,
                outcome_unit="probability",
                marks=((first, last + 1, "answer", float(shares[0][first] * shares[1][last])),),
            ),
        )


def _span(start: torch.Tensor, end: torch.Tensor, context: np.ndarray[Any, Any]) -> tuple[int, int]:
    """The first and the last token of the likeliest answer: the largest sum of both logits, in order, not too long."""
    first, last = start.cpu().numpy()[context], end.cpu().numpy()[context]
    length = np.arange(len(context))[None] - np.arange(len(context))[:, None]
    sums = np.where((length >= 0) & (length < LONGEST), first[:, None] + last[None], -np.inf)
    row, column = np.unravel_index(sums.argmax(), sums.shape)
    return int(context[row]), int(context[column])


def _likeliest(logits: torch.Tensor, run: Run, tokens: Tokens, context: np.ndarray[Any, Any]) -> Outcomes:
    """The likeliest tokens of the context with their probabilities, named by word and position."""
    columns = {place: int(run.columns(place)[0]) for place in context.tolist()}
    shares = logits.softmax(-1).tolist()
    found = [
        (f"{tokens.labels[place].strip()} ({place})", shares[column])
        for place, column in columns.items()
        if column < len(shares)
    ]
    return tuple(sorted(found, key=lambda pair: -pair[1])[:SHOWN])


def _checked(position: int, context: np.ndarray[Any, Any]) -> int:
    number = whole(position)
    if number is None or number not in context:
        raise UnknownName(
            say("position in the context"), position, [str(place) for place in context.tolist()]
        )
    return number
