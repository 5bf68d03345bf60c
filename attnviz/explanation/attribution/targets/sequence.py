"""How probable the model finds a given continuation of the text: its log-probability, whole or of one token.

A decoder reads the continuation behind the text, an encoder-decoder's decoder is fed with it; each token is
predicted from the text and the tokens before it. The text is explained; the continuation stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from attnviz.errors import InputEmpty, InputTooLong, UnknownName
from attnviz.explanation.records import TargetInfo

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
        options=("continuation", "position"),
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
        position: int | None = None,
        **options: Any,
    ) -> tuple[Problem, ...]:
        """`continuation`: as it is (a leading space counts). `position`: of the one token of it that is explained."""
        import torch

        from attnviz.explanation.problem import Problem, Run

        given = _continuation(model, text, continuation)
        asked = _forced(model, text, given) if _has_source(model) else _appended(model, text, given)
        chosen = _chosen(asked.target, position)
        with torch.no_grad():
            run = Run(asked.module, asked.inputs)
            values = asked.log_probabilities(run, asked.inputs["attention_mask"])[0, chosen]
        which = "" if position is None else f"token {position} ({asked.target.labels[position]!r}) of "
        return (
            Problem(
                model=model,
                module=asked.module,
                tokens=asked.tokens,
                inputs=asked.inputs,
                read=lambda run, mask: asked.log_probabilities(run, mask)[:, chosen].sum(1),
                query_weights=asked.query_weights(chosen),
                value=float(values.sum()),
                note=f"Explained: the log-probability of {which}the continuation {given!r}.",
                options={"continuation": given, "position": position},
                predict=asked.predict,
                outcome_unit="log-probability",
                continuation=asked.target,
            ),
        )


class _Asked:
    """A text and its continuation: what the module is fed, and where it says how probable each token is."""

    def __init__(
        self, module: torch.nn.Module, tokens: Tokens, inputs: dict[str, torch.Tensor], target: Tokens
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
        from attnviz.explanation.attribution.targets.reading import logits_at

        logs = logits_at(self.module, run, self.columns(mask)).log_softmax(-1)
        return logs.gather(-1, self.ids[None, :, None].expand(len(logs), -1, 1))[..., 0]

    def predict(self, run: Run, mask: torch.Tensor) -> Outcomes:
        values = self.log_probabilities(run, mask)[0].tolist()
        return tuple(zip(self.target.labels, values, strict=True))


class _Appended(_Asked):
    """A decoder: the continuation stands behind the text, in the same row."""

    def columns(self, mask: torch.Tensor) -> Annotated[torch.Tensor, "N m"]:
        import torch

        from attnviz.explanation.pooling import last_position

        count, places = len(self.target), torch.arange(mask.shape[1], device=mask.device)
        first = last_position(mask) - count + 1  # column of the first token of the continuation
        before = last_position(
            mask * (places < first[:, None])
        )  # of the text's last token that is not masked
        return torch.cat([before[:, None], first[:, None] + places[: count - 1]], 1)

    def query_weights(self, chosen: list[int]) -> np.ndarray[Any, np.dtype[np.float32]]:
        weights = np.zeros(len(self.tokens) + len(self.target), np.float32)
        weights[len(self.tokens) - 1 + np.array(chosen)] = 1 / len(chosen)
        return weights


class _Forced(_Asked):
    """An encoder-decoder: the decoder is fed the continuation; row i predicts its token i."""

    def columns(self, mask: torch.Tensor) -> Annotated[torch.Tensor, "N m"]:
        import torch

        return torch.arange(len(self.target), device=mask.device).expand(len(mask), -1)

    def query_weights(self, chosen: list[int]) -> np.ndarray[Any, np.dtype[np.float32]]:
        weights = np.zeros(len(self.target), np.float32)
        weights[chosen] = 1 / len(chosen)
        return weights


def _has_source(model: Model) -> bool:
    return model.card.kind == "encoder-decoder"


def _continuation(model: Model, text: str, given: str | None) -> str:
    """The continuation that is given, or the one that the model writes, greedily."""
    if given is not None:
        if not given.strip():
            raise InputEmpty("The continuation is empty.", "Type what the text should be continued with.")
        return given
    target = model.generate(text, max_new_tokens=NEW_TOKENS).target_tokens
    written = "" if target is None else model.loaded.tokenizer.decode(target.ids, skip_special_tokens=True)
    if not written.strip():
        raise InputEmpty(
            "The model itself adds nothing to this text.", "Type what the text should be continued with."
        )
    return written


def _appended(model: Model, text: str, given: str) -> _Asked:
    import torch

    from attnviz.explanation.problem import encode
    from attnviz.text import tokenize

    module = model.loaded.module
    tokens, inputs = encode(model, module, text)
    target = tokenize(model.loaded.tokenizer, given, add_special_tokens=False)
    limit, count = model.card.max_tokens, len(tokens) + len(target)
    if limit and count > limit:
        raise InputTooLong(
            f"Text and continuation have {count:,} tokens; {model.card.name} reads at most {limit:,}.",
            f"Shorten them by about {count - limit:,} tokens.",
            tokens=count,
            limit=limit,
        )
    more = len(target)
    longer = {name: torch.cat([each, each[:, -1:].expand(-1, more)], 1) for name, each in inputs.items()}
    longer["input_ids"][0, len(tokens) :] = torch.as_tensor(np.array(target.ids))
    return _Appended(module, tokens, longer, target)


def _forced(model: Model, text: str, given: str) -> _Asked:
    import torch

    from attnviz.explanation.problem import encode

    module = model.loaded.module
    tokens, inputs = encode(model, module, text)
    target, fed = model.forced(given)
    inputs["decoder_input_ids"] = torch.tensor([fed], device=model.loaded.device)
    return _Forced(module, tokens, inputs, target)


def _chosen(target: Tokens, position: int | None) -> list[int]:
    """The places of the tokens whose log-probabilities are summed: the one asked for, or all but special ones."""
    if position is None:
        return np.flatnonzero(~target.special).tolist() or list(range(len(target)))
    if isinstance(position, bool) or not isinstance(position, int) or not 0 <= position < len(target):
        raise UnknownName("position in the continuation", position, (f"0 to {len(target) - 1}",))
    return [position]
