"""One source text and the decoder that reads it: the next token after any beginnings, and whole targets looked into.

Nothing is cached between steps, so that every family is decoded alike: the encoder runs once, the decoder over each
beginning anew. Axis letters: N beginnings, T target tokens, S source tokens, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch

from attnviz.capture.arrays import to_numpy
from attnviz.checks import index
from attnviz.errors import InputInvalid, TargetUnsupported
from attnviz.explanation.translation.forced_links import ForcedLinks
from attnviz.explanation.translation.records import Head, Link
from attnviz.language import say

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.capture.recording.sites import Sites
    from attnviz.types import FloatArray

TARGET_TOKENS = 128


class Decoder:
    """A source text, encoded once, and the decoder of its model.

    Raises TargetUnsupported where the model is no encoder-decoder that writes text; what `Model.encode` raises.
    """

    def __init__(self, model: Model, text: str) -> None:
        module: Any = model.loaded.module
        writes = getattr(module, "can_generate", lambda: False)()
        if model.card.kind != "encoder-decoder" or model.card.modality != "text" or not writes:
            raise TargetUnsupported(
                say("{name} does not translate: it is no encoder-decoder that writes.", name=model.card.name),
                (),
            )
        self.model, self.module, self.text = model, module, text
        self.tokenizer: Any = model.loaded.tokenizer
        self.tokens, lists = model.encode(text)
        self.inputs = {name: torch.tensor([each], device=model.device) for name, each in lists.items()}
        self.settings: Any = module.generation_config
        self.start, self.forced_first = _beginning(model)
        ends = self.settings.eos_token_id
        self.ends = tuple(ends) if isinstance(ends, list | tuple) else (() if ends is None else (int(ends),))

    @cached_property
    def most(self) -> int:
        """Tokens that a target may have."""
        from attnviz.loading import position_limits

        limit = position_limits(self.module.config, self.model.card.max_tokens)[1]
        return min(TARGET_TOKENS, limit or TARGET_TOKENS)

    @cached_property
    def sites(self) -> Sites:
        """The attention calls of a pass of the decoder over the encoded source."""
        return self.model.sites(self._fed([self.start]))

    @cached_property
    def cross(self) -> tuple[int, ...]:
        """The numbers of the calls of cross-attention, layer by layer."""
        return tuple(number for number, call in enumerate(self.sites.calls) if call.role == "cross")

    @cached_property
    def heads(self) -> tuple[int, ...]:
        """How many heads the cross-attention of each layer has."""
        return tuple(self.sites.calls[number].shape[1] for number in self.cross)

    def checked_heads(self, heads: Iterable[Head] | None) -> tuple[Head, ...]:
        """These heads of the cross-attention, or all. Raises UnknownName."""
        if heads is None:
            return tuple((layer, head) for layer, count in enumerate(self.heads) for head in range(count))
        found = []
        for layer, head in heads:
            layer = index("layer", layer, len(self.heads))
            found.append((layer, index("head", head, self.heads[layer])))
        return tuple(dict.fromkeys(found))

    def forcing(self, links: Sequence[Link], heads: Iterable[Head] | None) -> ForcedLinks:
        """Rows of cross-attention as they are to be. Raises UnknownName, InputInvalid."""
        for link in links:
            if not (
                0 <= link.first < link.end <= self.most and 0 <= link.key < link.key_end <= len(self.tokens)
            ):
                raise InputInvalid(
                    say(
                        "A link from target tokens {first} to {end} to source tokens {key} to {key_end} leads "
                        "out of the text.",
                        first=link.first,
                        end=link.end - 1,
                        key=link.key,
                        key_end=link.key_end - 1,
                    ),
                    say("The source has tokens 0 to {tokens}.", tokens=len(self.tokens) - 1),
                )
        return ForcedLinks(self.cross, tuple(links), self.checked_heads(heads))

    def next_log_probs(
        self, beginnings: Annotated[torch.Tensor, "N t"], forcing: ForcedLinks | None = None
    ) -> Annotated[torch.Tensor, "N V"]:
        """Log-probabilities of the next token, as `generate` searches: with what its settings exclude at -inf."""
        first = torch.full((len(beginnings), 1), self.start, device=beginnings.device)
        fed = torch.cat([first, beginnings], 1)
        if forcing is not None and forcing.reaches(fed.shape[1]):
            with torch.no_grad(), self.sites.attending(forcing) as running:
                logits = running(**self._fed(fed[0].tolist())).logits[:, -1]
        else:
            with torch.no_grad():
                logits = self.module(**self._encoded(len(fed)), decoder_input_ids=fed).logits[:, -1]
        return self._processed(fed, logits.float().log_softmax(-1))

    def look(
        self, ids: Sequence[int], fed: Sequence[int] | None = None, forcing: ForcedLinks | None = None
    ) -> tuple[Annotated[torch.Tensor, "T V"], Annotated[FloatArray, "L H T S"]]:
        """Log-probabilities at every place of a target, nothing excluded, and the rows that predict its tokens."""
        watch = forcing or ForcedLinks(self.cross, (), ())
        watch.seen.clear()
        with torch.no_grad(), self.sites.attending(watch) as running:
            logits = running(**self._fed(list(fed) if fed else [self.start, *ids[:-1]])).logits[0]
        attention = np.stack([to_numpy(watch.seen[number]) for number in self.cross])
        return logits.float().log_softmax(-1), attention

    def _fed(self, fed: list[int]) -> dict[str, Any]:
        ids = torch.tensor([fed], device=self.model.device)
        return {**self._encoded(1), "decoder_input_ids": ids}

    @cached_property
    def _states(self) -> Annotated[torch.Tensor, "1 S d"]:
        with torch.no_grad():
            states: torch.Tensor = self.module.get_encoder()(**self.inputs)[0]
        return states

    def _encoded(self, count: int) -> dict[str, Any]:
        from transformers.modeling_outputs import BaseModelOutput

        found: dict[str, Any] = {"encoder_outputs": BaseModelOutput(self._states.expand(count, -1, -1))}
        if "attention_mask" in self.inputs:
            found["attention_mask"] = self.inputs["attention_mask"].expand(count, -1)
        if hasattr(self.module.config, "use_cache"):
            found["use_cache"] = False
        return found

    def _processed(self, fed: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """What `generate` excludes by its settings, excluded."""
        if fed.shape[1] == 1 and self.forced_first is not None:
            only = torch.full_like(scores, -torch.inf)
            only[:, self.forced_first] = 0
            return only
        for processor in self._processors:
            scores = processor(fed, scores)
        return scores

    @cached_property
    def _processors(self) -> tuple[Any, ...]:
        from transformers.generation import logits_process as rules

        had, device = self.settings, str(self.model.device)
        found: list[Any] = []
        if had.repetition_penalty not in (None, 1.0):
            found.append(rules.RepetitionPenaltyLogitsProcessor(had.repetition_penalty))
        if had.no_repeat_ngram_size:
            found.append(rules.NoRepeatNGramLogitsProcessor(had.no_repeat_ngram_size))
        if had.bad_words_ids:
            found.append(rules.NoBadWordsLogitsProcessor(had.bad_words_ids, list(self.ends)))
        if had.min_length and self.ends:
            found.append(rules.MinLengthLogitsProcessor(had.min_length, list(self.ends), device))
        if had.suppress_tokens:
            found.append(rules.SuppressTokensLogitsProcessor(had.suppress_tokens, device))
        if had.forced_eos_token_id is not None:
            found.append(rules.ForcedEOSTokenLogitsProcessor(self.most + 1, had.forced_eos_token_id, device))
        return tuple(found)


def _beginning(model: Model) -> tuple[int, int | None]:
    """What the decoder is fed first, and the token that it then has to write first, if there is one."""
    from attnviz.capture.reading import target_of
    from attnviz.capture.sequences import decoder_start
    from attnviz.text import language_ids

    module: Any = model.loaded.module
    settings = module.generation_config
    language = target_of(model.loaded, model.reading)
    start = decoder_start(module, model.loaded.tokenizer, language)
    if language is not None:
        number = language_ids(model.loaded.tokenizer)[language]
        return start, None if start == number else number
    own = settings.decoder_start_token_id
    forced: Mapping[str, Any] = {"first": settings.forced_bos_token_id}
    return (int(own) if isinstance(own, int) else start), forced["first"]
