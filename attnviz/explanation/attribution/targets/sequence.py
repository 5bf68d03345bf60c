"""How probable the model finds a given continuation of the text: its log-probability, whole or of one token.

A decoder reads the continuation behind the text, an encoder-decoder's decoder is fed with it; each token is
predicted from the text and the tokens before it. The text is explained; the continuation stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from attnviz.checks import index, whole
from attnviz.checks import text as text_of
from attnviz.errors import InputEmpty, InputTooLong, UnknownName
from attnviz.explanation.declarations import TargetInfo
from attnviz.language import say

if TYPE_CHECKING:
    import torch

    from attnviz.capture import Model
    from attnviz.explanation.problem import Outcomes, Problem, Run
    from attnviz.types import Tokens

NEW_TOKENS = 12  # of the continuation that the model writes itself, where none is given


class Sequence:
    info = TargetInfo(
        name="sequence",
        title="A continuation",
        kinds=("decoder", "encoder-decoder"),
        needs_pair=False,
        unit="log-probability",
        description="How probable the model finds a continuation (or translation, or answer) of the text: the sum "
        "of the logarithms of its tokens' probabilities. By default that of the continuation that the model "
        "itself would write; also of one of its tokens alone.",
        positive="The word makes the continuation more probable.",
        negative="The word makes the continuation less probable.",
        caveat="Each token is predicted from the text and from the continuation before it; only the text is explained.",
        options=("continuation", "continuation_ids", "position"),
    )

    def supports(self, model: Model) -> bool:
        from attnviz.explanation.attribution.targets.next_token import generates

        return generates(model)

    def problems(
        self,
        model: Model,
        text: str,
        pair: str | None,
        continuation: str | None = None,
        continuation_ids: Iterable[int] | None = None,
        position: int | None = None,
        **options: Any,
    ) -> tuple[Problem, ...]:
        """`continuation`: as it is (a leading space counts). `continuation_ids`: the same as tokens, which come first.

        `position`: of the one token of the continuation that is explained.
        """
        import torch

        from attnviz.explanation.problem import Problem, Run

        found = _scored(model, text, continuation, continuation_ids)
        chosen = _chosen(found.target, position)
        with torch.no_grad():
            run = Run(found.module, found.inputs)
            values = found.log_probabilities(run, found.inputs["attention_mask"])[0, chosen]
        which = "" if position is None else f"token {position} ({found.target.labels[position]!r}) of "
        given = found.target.text
        return (
            Problem(
                model=model,
                module=found.module,
                tokens=found.tokens,
                inputs=found.inputs,
                read=lambda run, mask: found.log_probabilities(run, mask)[:, chosen].sum(1),
                query_weights=found.query_weights(chosen),
                value=float(values.sum()),
                note=f"Explained: the log-probability of {which}the continuation {given!r}.",
                options={
                    "continuation": given if continuation is None else continuation,
                    "continuation_ids": tuple(map(int, found.target.ids)),
                    "position": position,
                },
                predict=found.predict,
                outcome_unit="log-probability",
                continuation=found.target,
            ),
        )


class _Scored:
    """A text and its continuation: what the module is fed, and where it says how probable each token is."""

    def __init__(
        self,
        module: torch.nn.Module,
        tokens: Tokens,
        inputs: dict[str, torch.Tensor],
        target: Tokens,
    ) -> None:
        import torch

        self.module, self.tokens, self.inputs, self.target = module, tokens, inputs, target
        self.ids = torch.as_tensor(np.array(target.ids), device=inputs["input_ids"].device)

    def columns(self, mask: torch.Tensor) -> Annotated[torch.Tensor, "N m"]:
        """From which column each token of the continuation is predicted."""
        raise NotImplementedError

    def query_weights(self, chosen: list[int]) -> np.ndarray[Any, np.dtype[np.float32]]:
        """How much each query row of the attention that reads the text counts."""
        raise NotImplementedError

    def log_probabilities(self, run: Run, mask: torch.Tensor) -> Annotated[torch.Tensor, "N m"]:
        """Of every token of the continuation, in float32."""
        from attnviz.explanation.attribution.targets.logits import logits_at

        logs = logits_at(self.module, run, self.columns(mask)).log_softmax(-1)
        return logs.gather(-1, self.ids[None, :, None].expand(len(logs), -1, 1))[..., 0]

    def predict(self, run: Run, mask: torch.Tensor) -> Outcomes:
        values = self.log_probabilities(run, mask)[0].tolist()
        return tuple(zip(self.target.labels, values, strict=True))


class _Appended(_Scored):
    """A decoder: the continuation stands behind the text, in the same row."""

    def columns(self, mask: torch.Tensor) -> Annotated[torch.Tensor, "N m"]:
        import torch

        from attnviz.explanation.pooling import last_position

        count, places = len(self.target), torch.arange(mask.shape[1], device=mask.device)
        first = last_position(mask) - count + 1  # column of the first token of the continuation
        before = last_position(
            mask * (places < first[:, None])
        )  # of the text's last token that is not mscored
        return torch.cat([before[:, None], first[:, None] + places[: count - 1]], 1)

    def query_weights(self, chosen: list[int]) -> np.ndarray[Any, np.dtype[np.float32]]:
        weights = np.zeros(len(self.tokens) + len(self.target), np.float32)
        weights[len(self.tokens) - 1 + np.array(chosen)] = 1 / len(chosen)
        return weights


class _Forced(_Scored):
    """An encoder-decoder: the decoder is fed the continuation; row i predicts its token i."""

    def columns(self, mask: torch.Tensor) -> Annotated[torch.Tensor, "N m"]:
        import torch

        return torch.arange(len(self.target), device=mask.device).expand(len(mask), -1)

    def query_weights(self, chosen: list[int]) -> np.ndarray[Any, np.dtype[np.float32]]:
        weights = np.zeros(len(self.target), np.float32)
        weights[chosen] = 1 / len(chosen)
        return weights


def _scored(model: Model, text: str, given: str | None, ids: Iterable[int] | None) -> _Scored:
    """The text and its continuation: of these ids, else as given, else the one that the model writes, greedily."""
    from attnviz.capture.reading import embedding_rows, read_continuation
    from attnviz.explanation.problem import embedding_weight, encode
    from attnviz.text import tokens_of_ids

    module, tokenizer = model.loaded.module, model.loaded.tokenizer
    tokens, inputs = encode(model, module, text)
    reads_source = model.card.kind == "encoder-decoder"
    if ids is not None:
        target = tokens_of_ids(
            tokenizer,
            _checked(ids, embedding_rows(module, target=reads_source) or len(embedding_weight(module))),
        )
    elif given is None:
        target = _written(model, text)
    elif not text_of("continuation", given).strip():
        raise InputEmpty(
            say("The continuation is empty."), say("Type what the text should be continued with.")
        )
    elif reads_source:
        target = model.forced(given)[0]
    else:
        target = tokens_of_ids(
            tokenizer,
            read_continuation(model.loaded, tokens.text, given, special=bool(model.reading.special)),
        )
    if not reads_source:
        return _Appended(module, tokens, _appended(model, tokens, inputs, target), target)
    fed = _row(model, model.fed_for(target.ids))
    return _Forced(module, tokens, {**inputs, "decoder_input_ids": fed}, target)


def _checked(ids: Iterable[int], vocabulary: int) -> list[int]:
    numbers = [whole(each) for each in ids]
    for number in numbers:
        if number is None or not 0 <= number < vocabulary:
            raise UnknownName(say("token id"), number, (f"0 to {vocabulary - 1}",))
    if not numbers:
        raise InputEmpty(say("The continuation has no token."), say("Give at least one id."))
    return [number for number in numbers if number is not None]


def _written(model: Model, text: str) -> Tokens:
    """What the model writes itself, as the ids that it produced."""
    target = model.generate(text, max_new_tokens=NEW_TOKENS).target_tokens
    if target is None or bool(target.special.all()):
        raise InputEmpty(
            say("The model itself adds nothing to this text."),
            say("Type what the text should be continued with."),
        )
    return target


def _appended(
    model: Model, tokens: Tokens, inputs: dict[str, torch.Tensor], target: Tokens
) -> dict[str, torch.Tensor]:
    """What a decoder is fed: the text, and behind it the continuation. Raises InputTooLong."""
    import torch

    limit, count = model.card.max_tokens, len(tokens) + len(target)
    if limit and count > limit:
        raise InputTooLong(
            say(
                "Text and continuation have {count:,} tokens; {name} reads at most {limit:,}.",
                count=count,
                name=model.card.name,
                limit=limit,
            ),
            say("Shorten them by about {count:,} tokens.", count=count - limit),
            tokens=count,
            limit=limit,
        )
    more = len(target)
    longer = {name: torch.cat([each, each[:, -1:].expand(-1, more)], 1) for name, each in inputs.items()}
    longer["input_ids"][0, len(tokens) :] = torch.as_tensor(np.array(target.ids))
    return longer


def _row(model: Model, ids: list[int]) -> Annotated[torch.Tensor, "1 m"]:
    import torch

    return torch.tensor([ids], device=model.loaded.device)


def _chosen(target: Tokens, position: int | None) -> list[int]:
    """The places of the tokens whose log-probabilities are summed: the one asked for, or all but special ones."""
    if position is None:
        return np.flatnonzero(~target.special).tolist() or list(range(len(target)))
    return [index("position in the continuation", position, len(target))]
