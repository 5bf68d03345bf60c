"""The Model that users hold: it tokenizes, runs, and hands out captures.

Text goes in; a Capture comes out, with every axis tied to its tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any, overload

from attnviz import checks
from attnviz.capture.capture import Capture, Layer
from attnviz.capture.drawable import check_numbers, check_sizes, roles_of
from attnviz.capture.generating import generated, seeded
from attnviz.capture.media import capture_media, read_media
from attnviz.capture.reading import (
    AS_TEXT,
    Messages,
    Reading,
    Special,
    check_length,
    check_tag,
    read_chat,
    read_text,
    target_languages,
    target_of,
)
from attnviz.capture.sequences import decoder_start, joined, shifted
from attnviz.errors import AttnVizError, TargetUnsupported, UnknownName
from attnviz.language import say
from attnviz.provenance import Provenance, Variable, call
from attnviz.types import Frames, Items, Kind, ModelCard, Patches, Tokens

if TYPE_CHECKING:
    import torch

    from attnviz.capture.recompute.values import Projection
    from attnviz.capture.recording.recorder import Call
    from attnviz.capture.recording.sites import Sites
    from attnviz.capture.writing.writer import Writer
    from attnviz.loading import Access, Loaded

# A greedy translation or summary stops here at the latest, where no target text was given.
TARGET_TOKENS = 128
MOST_NEW_TOKENS = 1_000_000


class Model:
    """A loaded model. Safe to share between threads: nothing about it changes after it was made.

    Attributes:
        loaded: module, tokenizer and what is known about them.
        reading: how it reads texts where a call says nothing else.
    """

    def __init__(self, loaded: Loaded, reading: Reading = AS_TEXT) -> None:
        self.loaded, self.reading = loaded, reading
        self._projections: dict[tuple[str, int], tuple[Projection, torch.Tensor] | None] = {}

    def __repr__(self) -> str:
        card = self.card
        size = f"{card.layers} layers of {card.heads} heads"
        return f"Model({card.name!r}, {card.kind}, {size}, {self.dtype} on {self.device})"

    @property
    def card(self) -> ModelCard:
        """What is known of the model."""
        return self.loaded.card

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        return self.loaded.device

    @property
    def dtype(self) -> torch.dtype:
        """In which precision it runs; recomputed weights are float32 in any case."""
        return self.loaded.dtype

    @property
    def echoes(self) -> bool:
        """Whether it is a classifier whose decoder is fed the text itself, one place later (BART, T5)."""
        name = type(self.loaded.module).__name__
        return self.card.kind == "encoder-decoder" and name.endswith("ForSequenceClassification")

    @property
    def languages(self) -> tuple[str, ...]:
        """The codes that `target_language` can be; none where there is nothing to choose."""
        return target_languages(self.loaded)

    @property
    def source_languages(self) -> tuple[str, ...]:
        """The codes that `source_language` can be: `languages`, but where a tag names the target alone."""
        from attnviz.text import language_ids

        return tuple(language_ids(self.loaded.tokenizer))

    @property
    def has_chat(self) -> bool:
        """Whether its tokenizer has a template for messages."""
        from attnviz.text import has_chat

        return self.loaded.tokenizer is not None and has_chat(self.loaded.tokenizer)

    def special_in(self, text: str) -> tuple[str, ...]:
        """What looks like special tokens of this model in a text ("[MASK]"), each once; they are text by default."""
        from attnviz.text import special_names

        tokenizer = self.loaded.tokenizer
        return () if tokenizer is None else special_names(tokenizer, checks.text("text", text))

    def reads(
        self,
        special: Special = False,
        source_language: str | None = None,
        target_language: str | None = None,
    ) -> Model:
        """This model, reading texts in another way; the arguments as in `capture`. Raises UnknownName."""
        reading = self.reading.changed(
            self.loaded,
            special=special,
            source_language=source_language,
            target_language=target_language,
        )
        if reading == self.reading:
            return self
        other = Model(self.loaded, reading)
        other._projections = self._projections
        return other

    @overload
    def tokenize(self, text: str | Messages, pair: str | None = None, special: Special = False) -> Tokens: ...

    @overload
    def tokenize(self, *, image: Any) -> Patches: ...

    @overload
    def tokenize(self, *, audio: Any, sampling_rate: int | None = None) -> Frames: ...

    def tokenize(
        self,
        text: str | Messages | None = None,
        pair: str | None = None,
        special: Special = False,
        *,
        image: Any = None,
        audio: Any = None,
        sampling_rate: int | None = None,
    ) -> Items:
        """The tokens that the model would be fed, or the patches of a picture, or the frames of a sound.

        Arguments and errors as in `capture`.
        """
        if image is not None or audio is not None:
            return read_media(self.loaded, image, audio, sampling_rate, text, pair)[0]
        return read_text(self.loaded, text, pair, self.reads(special).reading)[0]  # type: ignore[arg-type]  # None is refused there

    def chat(self, messages: Messages, add_generation_prompt: bool = False) -> Tokens:
        """The tokens of messages, ids equal to those that the tokenizer's own chat template gives.

        Args:
            messages: mappings with "role" and "content", both strings.
            add_generation_prompt: end where the assistant's answer begins.

        Raises InputInvalid where there is no template, or it does not accept the messages; InputTooLong.
        """
        return read_chat(self.loaded, messages, add_generation_prompt)[0]

    def capture(
        self,
        text: str | Messages | None = None,
        pair: str | None = None,
        target_text: str | None = None,
        special: Special = False,
        source_language: str | None = None,
        target_language: str | None = None,
        *,
        image: Any = None,
        audio: Any = None,
        sampling_rate: int | None = None,
    ) -> Capture:
        """Run a text, a picture or a sound through the model once, and keep what its attention can be recomputed from.

        Args:
            text: what is encoded, or what a decoder reads; or messages as in `chat`, up to where the answer begins.
            pair: a second text, where the tokenizer joins two.
            target_text: for an encoder-decoder, the text that its decoder is fed (teacher-forced); None lets the
                model generate it greedily. A classifier's decoder is fed the text itself.
            special: names of special tokens in the texts ("[MASK]") are those tokens; else they are text. "only":
                and no others are added, as in the text that `chat` gives.
            source_language, target_language: of a multilingual model, two of `languages`; by default those that its
                tokenizer and its generation settings name. Marian's translators know a target language only (their
                ">>fra<<" before the text); Whisper's is that of the transcript, by default what it hears.
            image: in place of a text, for a vision model: a path, the bytes of a file, a PIL image, or an array of
                (height, width) or (height, width, channels), uint8 or floats from 0 to 1.
            audio: in place of a text, for a speech model: a path, the bytes of a file, or an array of (samples,) or
                (samples, channels) with its `sampling_rate`; its transcript is the `target_text`.

        Raises:
            InputInvalid: no string, a token that the model lacks, no target language where one must be named, or no
                picture or sound that is read.
            InputEmpty: no text. InputTooLong: more tokens than positions, a longer sound than the model hears.
            UnknownName: no such language.
            AttnVizError: a target text for a classifier.
            ModelUnsupported: the model ran, but its attention cannot be tied to the tokens.
            NumbersInvalid: it computed NaN or infinity.
        """
        reader = self.reads(special, source_language, target_language)
        if image is not None or audio is not None:
            items, media = read_media(self.loaded, image, audio, sampling_rate, text, pair)
            given = {"image": Variable("picture")} if image is not None else {"audio": Variable("sound")}
            more = {"target_text": target_text, "target_language": reader.reading.target_language}
            line = call("model.capture", **given, sampling_rate=sampling_rate, **more)
            return self._made(capture_media(reader, items, media, target_text), line)
        line = call("model.capture", text, pair=pair, target_text=target_text, **reader._options())
        return self._made(reader._capture(text, pair, target_text), line)  # type: ignore[arg-type]

    def _options(self) -> dict[str, Any]:
        """How it reads texts, as arguments of `capture`."""
        names = ("special", "source_language", "target_language")
        return {name: getattr(self.reading, name) for name in names}

    def _capture(self, text: str | Messages, pair: str | None, target_text: str | None) -> Capture:
        tokens, inputs = self.encode(text, pair)
        if self.card.kind != "encoder-decoder":
            return self.captured(self.tensors(inputs), tokens)
        if self.echoes:
            if target_text is not None:
                raise AttnVizError(
                    say("{name} is a classifier: its decoder reads the text itself.", name=self.card.name),
                    say("Leave the target text empty."),
                )
            return self.capture_fed(self.tensors(inputs), tokens)
        if target_text is None:
            return self._captured_sequence(
                tokens, inputs, self._generated(inputs, {"max_new_tokens": self._most_new()})
            )
        target, fed = self.forced(target_text)
        return self._captured_decoder(tokens, inputs, fed, target)

    def generate(
        self,
        text: str | Messages,
        max_new_tokens: int = 32,
        temperature: float = 0.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int = 0,
        special: Special = False,
        source_language: str | None = None,
        target_language: str | None = None,
    ) -> Capture:
        """Continue the text (decoder) or answer it (encoder-decoder), and capture the whole.

        The sequence is generated first, then run once more in a single pass: causal attention makes each row what
        it was when its token was produced, up to rounding. `capture.target_tokens` are the new tokens.

        Args:
            text, special, source_language, target_language: as in `capture`.
            temperature: 0 is greedy; else tokens are drawn, from the `top_k` likeliest or the `top_p` nucleus.
            seed: of the drawing; the same seed gives the same text on the same machine.

        Raises:
            TargetUnsupported: an encoder generates nothing.
            InputEmpty: no text. InputTooLong: the text and what may be added exceed the model's positions.
            UnknownName: no token to add, or a temperature below 0.
        """
        if self.card.kind == "encoder":
            raise TargetUnsupported(
                say("{name} is an encoder: it does not generate text.", name=self.card.name), ()
            )
        max_new_tokens = checks.between("number of new tokens", max_new_tokens, 1, MOST_NEW_TOKENS)
        checks.at_least("temperature", temperature, 0)
        reader = self.reads(special, source_language, target_language)
        tokens, inputs = reader.encode(text)
        if self.card.kind == "decoder":
            check_length(self.loaded, len(tokens) + max_new_tokens)
        else:
            check_length(self.loaded, max_new_tokens, target=True)
        options: dict[str, Any] = {"max_new_tokens": max_new_tokens}
        if temperature > 0:
            options.update(do_sample=True, temperature=temperature, top_k=top_k or 0, top_p=top_p or 1.0)
        with seeded(seed, self.device):
            sequence = reader._generated(inputs, options)
        drawn = (
            {"temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}
            if temperature > 0
            else {}
        )
        made = call("model.generate", text, max_new_tokens=max_new_tokens, **drawn, **reader._options())
        if self.card.kind == "encoder-decoder":
            capture = self._captured_sequence(tokens, inputs, sequence)
        else:
            capture = self._captured_continuation(tokens, inputs, sequence[len(tokens) :])
        return self._made(capture, made, seed if temperature > 0 else None)

    def write(
        self,
        text: str | Messages,
        temperature: float = 0.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int = 0,
        special: Special = False,
        source_language: str | None = None,
        target_language: str | None = None,
    ) -> Writer:
        """Continue a text (decoder) or answer it (encoder-decoder), token by token: see `Writer`.

        What `generate` would write with these arguments, `writer.step()` writes one token at a time, and each step can
        be taken back or given another token. Of the model's own generation settings those hold that forbid or force
        single tokens; penalties for repetition do not.

        Args:
            text, special, source_language, target_language: as in `capture`.
            temperature, top_k, top_p, seed: as in `generate`.

        Raises:
            TargetUnsupported: an encoder writes nothing. InputEmpty: no text, or a model without a head to write with.
            InputTooLong: the text exceeds the model's positions. UnknownName: a temperature, top_k or top_p
                out of range.
        """
        from attnviz.capture.writing.choosing import Choosing
        from attnviz.capture.writing.writer import Writer

        if self.card.kind == "encoder":
            raise TargetUnsupported(
                say("{name} is an encoder: it does not write text.", name=self.card.name), ()
            )
        checks.at_least("temperature", temperature, 0)
        if top_k is not None:
            checks.at_least("top_k", top_k, 1)
        if top_p is not None and checks.at_least("top_p", top_p, 0) > 1:
            raise UnknownName(say("top_p"), top_p, ("a number from 0 to 1",))
        reader = self.reads(special, source_language, target_language)
        prompt, inputs = reader.encode(text)
        drawn = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}
        made = call("model.write", text, **(drawn if temperature > 0 else {}), **reader._options())
        return Writer(reader, prompt, inputs, Choosing(temperature, top_k, top_p, seed), made)

    @property
    def provenance(self) -> Provenance:
        """Of what this model computes: its call makes the variable `model`."""
        from attnviz.capture.provenance import of_model

        loaded = self.loaded
        return of_model(loaded.card, loaded.dtype, loaded.device, loaded.digest)

    def _made(self, capture: Capture, line: str, seed: int | None = None) -> Capture:
        """The capture, which knows how it was made. It keeps no module alive by that."""
        from attnviz.capture.provenance import of_model

        loaded = self.loaded
        about = (loaded.card, loaded.dtype, loaded.device, loaded.digest)
        return replace(capture, made=lambda: of_model(*about).then(f"capture = {line}", seed=seed))

    def capture_fed(
        self, inputs: Mapping[str, torch.Tensor], tokens: Tokens, continuation: Tokens | None = None
    ) -> Capture:
        """Capture what the module is fed as it stands: (1, W) tensors for the tokens and, behind them, for the
        continuation; or, for an encoder-decoder, with "decoder_input_ids" that predict the continuation.

        Raises ModelUnsupported as `capture` does.
        """
        if self.echoes:
            ids = inputs["input_ids"][0].tolist()
            plain = {name: each[0].tolist() for name, each in inputs.items()}
            return self._captured_decoder(tokens, plain, shifted(self.loaded.module, ids), tokens)
        return self.captured(dict(inputs), *self._items(inputs, tokens, continuation))

    def _items(
        self, inputs: Mapping[str, torch.Tensor], tokens: Tokens, continuation: Tokens | None
    ) -> tuple[Tokens, Tokens | None, Tokens | None]:
        """What the rows and columns of a pass over these inputs stand for: items, target and fed of a `Capture`."""
        if continuation is None:
            return tokens, None, None
        if "decoder_input_ids" not in inputs:
            return joined(tokens, continuation), None, None
        from attnviz.text import tokens_of_ids

        fed = inputs["decoder_input_ids"][0].tolist()
        return tokens, continuation, tokens_of_ids(self.loaded.tokenizer, fed, special_ids=fed[:1])

    def sites_fed(
        self, inputs: Mapping[str, torch.Tensor], tokens: Tokens, continuation: Tokens | None = None
    ) -> Sites:
        """The attention calls of the pass that `capture_fed` captures, in one pass; raises what it raises.

        Heads that cannot be tied to the tokens are not changed either.
        """
        if self.echoes:
            self.capture_fed(inputs, tokens, continuation)
            return self.sites(inputs)
        sites = self.sites(inputs)
        self.of_calls(sites.calls, *self._items(inputs, tokens, continuation))
        return sites

    def sites(self, inputs: Mapping[str, torch.Tensor]) -> Sites:
        """The attention calls of one pass over these inputs, where outputs can be changed. Raises ModelUnsupported."""
        from attnviz.capture.recording.sites import find_sites

        return find_sites(self.loaded.module, self._uncached(inputs))

    def forced(self, target_text: str) -> tuple[Tokens, list[int]]:
        """The tokens of a target text, special ones included, and the ids that a decoder is fed to predict them.

        As transformers feeds it from labels: shifted right. Raises InputInvalid, InputEmpty, InputTooLong.
        """
        target, labels = read_text(self.loaded, target_text, reading=self.reading, target=True)
        check_length(self.loaded, len(target), target=True)
        return target, shifted(self.loaded.module, labels["input_ids"])

    def fed_for(self, ids: Iterable[int]) -> list[int]:
        """What the decoder is fed to predict these ids: they, behind the token that it starts with."""
        ids = [int(number) for number in ids]
        check_length(self.loaded, len(ids), target=True)
        start = decoder_start(self.loaded.module, self.loaded.tokenizer, target_of(self.loaded, self.reading))
        return [start, *ids[:-1]]

    def encode(self, text: str | Messages, pair: str | None = None) -> tuple[Tokens, dict[str, list[int]]]:
        """The tokens, and the lists that the module is fed (input_ids, attention_mask, ...), of what fits the model.

        Raises:
            InputInvalid: no string, a token that the model lacks, or no target language where one must be named.
            InputEmpty: no text. InputTooLong: more tokens than the model has positions.
        """
        check_tag(self.loaded, text, self.reading)
        tokens, inputs = read_text(self.loaded, text, pair, self.reading)
        check_length(self.loaded, len(tokens))
        return tokens, inputs

    def tensors(self, inputs: dict[str, list[int]]) -> dict[str, torch.Tensor]:
        import torch

        return {name: torch.tensor([values], device=self.device) for name, values in inputs.items()}

    def _captured_continuation(self, tokens: Tokens, inputs: dict[str, list[int]], new: list[int]) -> Capture:
        if not new:
            return self.captured(self.tensors(inputs), tokens)
        from attnviz.text import tokens_of_ids

        target = tokens_of_ids(self.loaded.tokenizer, new)
        longer = {name: values + [values[-1]] * len(new) for name, values in inputs.items()}
        longer["input_ids"] = [*inputs["input_ids"], *new]
        capture = self.captured(self.tensors(longer), joined(tokens, target))
        return replace(capture, target_tokens=target)

    def _most_new(self) -> int:
        from attnviz.loading import position_limits

        config: Any = self.loaded.module.config
        return min(TARGET_TOKENS, position_limits(config, self.card.max_tokens)[1] or TARGET_TOKENS)

    def _generated(self, inputs: dict[str, list[int]], options: dict[str, Any]) -> list[int]:
        """The sequence that the model writes, in the target language where there are several."""
        from attnviz.text import language_ids

        language = target_of(self.loaded, self.reading) if self.card.kind == "encoder-decoder" else None
        if language is not None:
            number = language_ids(self.loaded.tokenizer)[language]
            starts = decoder_start(self.loaded.module, self.loaded.tokenizer, language) == number
            options = {**options, "decoder_start_token_id" if starts else "forced_bos_token_id": number}
        return generated(self.loaded, self.tensors(inputs), options)

    def _captured_sequence(
        self, tokens: Tokens, inputs: dict[str, list[int]], sequence: list[int]
    ) -> Capture:
        from attnviz.text import tokens_of_ids

        target = tokens_of_ids(self.loaded.tokenizer, sequence[1:])
        return self._captured_decoder(tokens, inputs, sequence[:-1], target)

    def _captured_decoder(
        self, tokens: Tokens, inputs: dict[str, list[int]], fed: list[int], target: Tokens
    ) -> Capture:
        from attnviz.text import tokens_of_ids

        check_length(self.loaded, len(fed), target=True)
        tensors = self.tensors({**inputs, "decoder_input_ids": fed})
        # Whatever the first position is fed, it is the start of the sequence and no word of the target.
        read = tokens_of_ids(self.loaded.tokenizer, fed, special_ids=fed[:1])
        return self.captured(tensors, tokens, target, read)

    def captured(
        self, inputs: dict[str, Any], items: Items, target: Tokens | None = None, fed: Tokens | None = None
    ) -> Capture:
        """One pass over tensors for these items; `target` and `fed` as in `Capture`. Raises ModelUnsupported."""
        from attnviz.capture.recording.recorder import record_calls

        calls, _ = record_calls(self.loaded.module, self._uncached(inputs))
        return self.of_calls(calls, items, target, fed)

    def of_calls(
        self, calls: tuple[Call, ...], items: Items, target: Tokens | None = None, fed: Tokens | None = None
    ) -> Capture:
        """The capture of the attention calls of one pass. Raises ModelUnsupported, NumbersInvalid."""
        check_numbers(self.card, calls)
        roles = roles_of(self.card, calls)
        kinds: dict[Kind, tuple[Layer, ...]] = {}
        for role in ("encoder", "decoder", "cross"):
            if role in roles:
                kind: Kind = "self" if len(roles) == 1 else role
                kinds[kind] = tuple(self._layer(call) for call in calls if call.role == role)
        capture = Capture(self.card, items, target, kinds, fed)
        check_sizes(capture)
        return capture

    def _uncached(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        config: Any = self.loaded.module.config
        return {**inputs, "use_cache": False} if hasattr(config, "use_cache") else dict(inputs)

    def _layer(self, call: Call) -> Layer:
        from attnviz.capture.recompute.values import BlockOutput, KeyNorms, gram, output_projection

        key = (call.name, call.shape[1])
        if key not in self._projections:
            found = output_projection(call, self.loaded.module)
            self._projections[key] = None if found is None else (found, gram(found.weight, call.shape[1]))
        known = self._projections[key]
        if known is None or call.v is None or call.out is None:
            return Layer(call.scores, out=call.out)
        projection, grams = known
        return Layer(
            call.scores, KeyNorms(call.v, grams), call.out, BlockOutput(call.v, call.out, projection)
        )


def load_model(
    name: Any,
    device: str = "auto",
    dtype: str = "auto",
    revision: str | None = None,
    *,
    tokenizer: Any = None,
    processor: Any = None,
    access: Access | None = None,
    turn: AbstractContextManager[None] | None = None,
) -> Model:
    """Load a model by its catalogue name, local directory or Hub id; or take one of transformers that is in memory.

    Args:
        name: "minilm", a directory with config.json and safetensors, "organisation/name" of the Hub; or a
            PreTrainedModel, whose device and dtype are kept, and which is never changed.
        device: "auto" (CUDA, then MPS, then CPU), "cpu", "cuda", "cuda:1", "mps".
        dtype: "auto" (bfloat16 on a GPU that has it, else float32), "float32", "bfloat16", "float16".
        revision: a commit, branch or tag of the Hub.
        tokenizer: of a model in memory. processor: of one that takes pictures or sounds, or that carries the tokenizer.
        access: where a name may lead, and what may be fetched for it; everything by default.
        turn: see `attnviz.loading.load`.

    Raises:
        ModelNotFound, HubUnreachable, ModelUnsupported, ModelTooLarge: each says the remedy.
        UnknownName: no such device or dtype.
    """
    from attnviz.loading import Access, load, load_module

    if not isinstance(name, str | PathLike):
        if tokenizer is None:
            tokenizer = getattr(processor, "tokenizer", None)
        return Model(load_module(name, tokenizer, processor))
    access = access or Access()
    return Model(load(name, device=device, dtype=dtype, revision=revision, access=access, turn=turn))
