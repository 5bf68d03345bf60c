"""The token that follows the text: its logit, for the most likely token or for one that is asked for.

The logit is explained, not the probability: a probability saturates, and its gradient vanishes with it.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from attnviz.errors import UnknownName
from attnviz.explain.records import TargetInfo

if TYPE_CHECKING:
    import torch

    from attnviz.capture import Model
    from attnviz.explain.problem import Problem, Read, Run


class NextToken:
    info = TargetInfo(
        name="next-token",
        title="Next token",
        kinds=("decoder",),
        needs_pair=False,
        unit="logit",
        description="The model gives every token of its vocabulary a score (a logit) for coming next. The score "
        "of the most likely one, or of a token of your choice, is explained.",
        positive="The word makes the token more likely to come next.",
        negative="The word makes the token less likely to come next.",
        caveat="The score of one token is explained on its own: what raises it may raise its rivals too.",
        options=("token",),
    )

    def supports(self, model: Model) -> bool:
        head = getattr(model.loaded.module, "get_output_embeddings", None)
        return head is not None and head() is not None

    def problems(
        self, model: Model, text: str, pair: str | None, token: str | int | None = None, **options: Any
    ) -> tuple[Problem, ...]:
        """`token`: an id, or a string that is exactly one token (a leading space counts)."""
        import torch

        from attnviz.explain.problem import Problem, encode

        module, tokenizer = model.loaded.module, model.loaded.tokenizer
        tokens, inputs = encode(model, module, text)
        with torch.no_grad():
            logits = _logits_after(
                module, lambda **extra: module(**inputs, **extra), inputs["attention_mask"]
            )[0]
        chosen = int(logits.argmax()) if token is None else _token_id(tokenizer, token, len(logits))
        probability = float(torch.softmax(logits, -1)[chosen])
        which = "the most likely next token" if token is None else "as asked for"
        problem = Problem(
            model=model,
            module=module,
            tokens=tokens,
            inputs=inputs,
            read=_logit_of(module, chosen),
            query_weights=np.eye(len(tokens), dtype=np.float32)[-1],
            value=float(logits[chosen]),
            note=f"Explained: the logit of {tokenizer.decode([chosen])!r} (token {chosen}), {which}; "
            f"its probability is {probability:.3g}.",
        )
        return (problem,)


def _logit_of(module: torch.nn.Module, token: int) -> Read:
    return lambda run, mask: _logits_after(module, run, mask)[:, token]


def _logits_after(
    module: torch.nn.Module, run: Run, mask: Annotated[torch.Tensor, "N T"]
) -> Annotated[torch.Tensor, "N V"]:
    """The logits after the last token that is not masked, in float32.

    Only the positions that some row ends at go through the head: with a large vocabulary the logits of all
    positions would be most of the memory.
    """
    import torch

    from attnviz.explain.pooling import last_position

    ends = last_position(mask)
    accepted = inspect.signature(module.forward).parameters
    extra: dict[str, Any] = {"use_cache": False} if "use_cache" in accepted else {}
    if "logits_to_keep" in accepted:
        extra["logits_to_keep"], ends = torch.unique(ends, return_inverse=True)
    logits = run(**extra).logits
    return logits[torch.arange(len(logits), device=logits.device), ends].float()


def _token_id(tokenizer: Any, token: str | int, vocabulary: int) -> int:
    """The id of a token given as an id, as a text that is one token, or as the tokenizer spells it."""
    if isinstance(token, int):
        if not 0 <= token < vocabulary:
            raise UnknownName("token id", token, (f"0 to {vocabulary - 1}",))
        return token
    ids = tokenizer.encode(token, add_special_tokens=False)
    if len(ids) == 1:
        return int(ids[0])
    spelled = tokenizer.get_vocab().get(token)
    if spelled is None:
        raise UnknownName("single token", token, [tokenizer.decode([part]) for part in ids])
    return int(spelled)
