"""Loads a model: its own class with its own head, in evaluation mode, on the chosen device.

In flows a name; out flows a `Loaded` record, or a typed refusal. Nothing with random weights gets through.
"""

from __future__ import annotations

import os
import threading
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from attnviz.errors import AttnVizError, ModelNotFound, ModelUnsupported
from attnviz.language import say
from attnviz.loading import adapter, catalogue, families, hub_cache, memory
from attnviz.loading import device as devices
from attnviz.loading.access import EVERYTHING, Access
from attnviz.loading.adapter import merge, unmerged
from attnviz.loading.bounds import check_module
from attnviz.loading.cards import card_of, kind_of
from attnviz.loading.digest import Digest
from attnviz.loading.gold import read_gold
from attnviz.loading.isolation import isolated
from attnviz.loading.locate import Located, locate
from attnviz.loading.pooling import Pooling
from attnviz.loading.processor import load_processor
from attnviz.loading.sentence_modules import fitting, lowercases, notes, read_pooling, with_tokenizer
from attnviz.loading.tokenizer import load_tokenizer, lower_case
from attnviz.loading.weights import damaged, nbytes
from attnviz.types import GoldAlignment, ModelCard

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedConfig, PreTrainedModel

# transformers patches its own classes while it loads: two loads would meet there.
_LOADING = threading.Lock()


# What older checkpoints hold and modules make for themselves.
TABLES = (
    "position_ids",
    "inv_freq",
    "masked_bias",
    "attn.bias",
    "attention.bias",
    "rotary_emb.cos",
    "rotary_emb.sin",
)


@dataclass(frozen=True, eq=False)
class Loaded:
    """A model ready to run: `module` is in eval mode, and none of its parameters wants a gradient.

    `tokenizer` is None for a model that takes no text; `processor` prepares pictures or sounds, None where the model
    takes none or came without it. `pooling` says how the model makes one vector of a text's
    token vectors, and what sentence-transformers would do with the text before. `digest`: of the weights' files.
    `gold`: sentences whose word alignment is known, where such a file lies beside a translator.
    """

    card: ModelCard
    device: torch.device
    dtype: torch.dtype
    module: nn.Module = field(repr=False)
    tokenizer: Any = field(repr=False)
    pooling: Pooling = field(default_factory=Pooling)
    processor: Any = field(default=None, repr=False)
    digest: Digest = field(default_factory=Digest)
    gold: tuple[GoldAlignment, ...] = field(default=(), repr=False)


def _digest(located: Located) -> Digest:
    """Of the weights, and of what an adapter adds to them."""
    files = [*located.weights.files]
    if located.adapter is not None:
        return Digest([*files, located.adapter.directory / adapter.WEIGHTS])
    known = located.sha256.get(files[0].name, "") if len(files) == 1 else ""
    return Digest(files, known)


def load(
    name: str | os.PathLike[str],
    device: str = "auto",
    dtype: str = "auto",
    revision: str | None = None,
    *,
    memory_limit: int | None = None,
    access: Access = EVERYTHING,
    turn: AbstractContextManager[None] | None = None,
) -> Loaded:
    """Loads a model from the catalogue, a local directory or the Hub. Safetensors only, never a model's own code.

    Args:
        name: a catalogue name, else a directory with a config.json, else a Hub id.
        device: "auto" (CUDA, then MPS, then CPU), "cpu", "cuda", "cuda:1", "mps".
        dtype: "auto" (bfloat16 on a GPU that has it, else float32) or one of float32, bfloat16, float16, float64.
        revision: a branch, tag or commit, for Hub models.
        memory_limit: bytes that the weights may take, in place of what is measured to be free.
        access: where the name may lead, and what may be fetched for it: what a server allows its visitors.
        turn: entered while the module is built, after all files are here: who serves others lets them wait meanwhile.

    Raises: ModelNotFound, HubUnreachable, ModelUnsupported, ModelTooLarge, UnknownName (device, dtype), and
        AttnVizError where this machine lacks the device.
    """
    if not isinstance(name, str | os.PathLike) or not isinstance(os.fspath(name), str):
        raise ModelNotFound(
            say("A model is named by a text, not by {kind}.", kind=type(name).__name__),
            say("The catalogue has: {names}; a directory or a Hub id does as well.", names=catalogue.names()),
        )
    name, device, dtype = os.fspath(name), str(device), str(dtype).removeprefix("torch.")
    devices.check_names(device, dtype)

    def fits(elements: dict[str, int]) -> None:
        chosen, form = devices.choose(device, dtype)
        memory.require(nbytes(elements, form.itemsize), name, chosen, memory_limit)

    located = locate(name, revision, fits, access)
    chosen, form = devices.choose(device, dtype)
    if located.fetched:
        hub_cache.hold(located.root, located)
    with turn or nullcontext(), _LOADING, isolated():
        loaded = _load(located, chosen, form)
    if located.fetched:
        hub_cache.hold(located.root, loaded)
    return loaded


def _load(located: Located, device: torch.device, dtype: torch.dtype) -> Loaded:
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    families.register()
    pooling = read_pooling(located.root, located.name)
    config = _config(located)
    module, note = _module(located, config, dtype)
    if located.adapter is not None:
        merge(module, located.adapter, located.name)
        note = f"{note} The adapter is merged into the weights of {located.adapter.base}.".strip()
    _check_numbers(module, located.name)
    torch.nn.Module.to(module, device).eval().requires_grad_(False)
    card = located.card or _card(located, module, "")
    tokenizer = load_tokenizer(located.path, located.name, required=card.modality in ("text", "text+image"))
    if tokenizer is not None and lowercases(located.root, located.name):
        lower_case(tokenizer)
    pooling = with_tokenizer(fitting(pooling, card.width), located.root, tokenizer, card.max_tokens)
    if located.card is None:
        limit = 0 if tokenizer is None else int(min(tokenizer.model_max_length, 10**18))
        card = _card(located, module, " ".join(filter(None, (note, notes(pooling)))), limit)
    processor = load_processor(located.path, located.name, card.modality)
    gold = read_gold(located.path, located.name)
    return Loaded(card, device, dtype, module, tokenizer, pooling, processor, _digest(located), gold)


def _card(located: Located, module: PreTrainedModel, notes: str, tokenizer_limit: int = 0) -> ModelCard:
    return card_of(
        module.config,
        located.name,
        architecture=type(module).__name__,
        source=located.source,
        revision=located.revision,
        parameters=sum(parameter.numel() for parameter in module.parameters()),
        license=located.license,
        notes=notes,
        tokenizer_limit=tokenizer_limit,
    )


def _config(located: Located) -> PreTrainedConfig:
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(located.path, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # whatever a hostile or newer config makes the family's code raise
        raise damaged(located.name, f"config.json is not accepted: {_first_line(error)}") from error


def _module(located: Located, config: PreTrainedConfig, dtype: torch.dtype) -> tuple[PreTrainedModel, str]:
    """The module, and a note where the checkpoint lacks the head of its class, or has weights for no place in it."""
    from transformers import AutoModel

    named = _named_class(config)
    first = named or _class_of_kind(config)
    module, missing, beside = _from_pretrained(first, located, config, dtype)
    if named is None and beside:
        return _with_its_head(located, config, dtype, min(beside)), ""
    note = f"Weights that {first.__name__} has no place for are left out: {_few(beside)}." if beside else ""
    if not missing:
        return module, note
    if _is_head(module, missing):
        note = f"The checkpoint has no weights for the head of {first.__name__}: it is left out."
        module, missing, _ = _from_pretrained(AutoModel, located, config, dtype)
    if missing and all(".pooler." in f".{key}" for key in missing):
        module.pooler = None  # type: ignore[assignment]  # families with a pooler run without one
        missing = set()
        note = f"{note} The checkpoint has no weights for the pooler: it is left out.".strip()
    if missing:
        raise damaged(located.name, f"its checkpoint lacks {len(missing)} weights, such as {min(missing)}")
    return module, note


def _with_its_head(
    located: Located, config: PreTrainedConfig, dtype: torch.dtype, key: str
) -> PreTrainedModel:
    """The class whose weights are exactly the checkpoint's, where config.json names none that transformers has."""
    for table in _heads():
        if type(config) in table:
            module, missing, beside = _from_pretrained(table[type(config)], located, config, dtype)
            if not missing and not beside:
                return module
    raise ModelUnsupported(
        say(
            "The model {name!r} has weights for which transformers has no class: {key} is one of them.",
            name=located.name,
            key=key,
        ),
        say("Save it with a class of transformers, which then stands in config.json under 'architectures'."),
        reason="unknown-architecture",
    )


def _heads() -> tuple[Any, ...]:
    """transformers' tables of classes with a head, by family."""
    import transformers as library

    tasks = (
        "MASKED_LM",
        "SEQUENCE_CLASSIFICATION",
        "TOKEN_CLASSIFICATION",
        "QUESTION_ANSWERING",
        "CAUSAL_LM",
    )
    return tuple(getattr(library, f"MODEL_FOR_{task}_MAPPING") for task in (*tasks, "SEQ_TO_SEQ_CAUSAL_LM"))


def _few(keys: set[str]) -> str:
    """The modules that the weights belong to, three of them by name."""
    places = sorted({key.rpartition(".")[0] or key for key in keys})
    return ", ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")


def _from_pretrained(
    model_class: Any, located: Located, config: PreTrainedConfig, dtype: torch.dtype
) -> tuple[PreTrainedModel, set[str], set[str]]:
    """The module, the weights that the checkpoint lacks (random in the module), and those with no place in it."""
    try:
        if not located.sha256:  # the catalogue's files are known
            check_module(model_class, config, located.weights, located.name)
        module, info = model_class.from_pretrained(
            located.path,
            config=config,
            dtype=dtype,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except AttnVizError:
        raise
    except ImportError as error:
        raise ModelUnsupported(
            say(
                "The model {name!r} needs a package that is not installed: {first_line}",
                name=located.name,
                first_line=_first_line(error),
            ),
            say("Choose another model, or install that package."),
            reason="unknown-architecture",
        ) from error
    except Exception as error:  # sizes that disagree, broken tensors: the family's code raises anything
        raise damaged(located.name, f"its weights do not load: {_first_line(error)}") from error
    beside = {key for key in info["unexpected_keys"] if not key.endswith(TABLES)}
    if lora := [key for key in beside if ".lora_" in key]:
        raise unmerged(located.name, f"its checkpoint holds an adapter beside the weights ({lora[0]})")
    return module, set(info["missing_keys"]), beside


def _check_numbers(module: nn.Module, name: str) -> None:
    """A weight that is no number makes every picture one of nothing. A sum finds it in one pass, without a copy."""
    import torch

    for key, parameter in module.named_parameters():
        exact = torch.float64 if parameter.dtype == torch.float64 else torch.float32
        if not bool(torch.isfinite(parameter.detach().sum(dtype=exact))):
            raise damaged(name, f"the weight {key} holds values that are no numbers")


def _named_class(config: PreTrainedConfig) -> Any:
    """The class that the checkpoint was saved from, where transformers has it for this config; else None."""
    import transformers

    named = getattr(config, "architectures", None)
    for name in named if isinstance(named, list) else ():
        found = getattr(transformers, str(name), None)
        if (
            isinstance(found, type)
            and issubclass(found, transformers.PreTrainedModel)
            and isinstance(found.config_class, type)
            and isinstance(config, found.config_class)
        ):
            return _masked_lm(config) or found if found.__name__.endswith("ForPreTraining") else found
    return None


def _masked_lm(config: PreTrainedConfig) -> Any:
    """The class with a pretraining model's masked-language head alone, which targets know; None where there is none."""
    from transformers import MODEL_FOR_MASKED_LM_MAPPING

    return MODEL_FOR_MASKED_LM_MAPPING.get(type(config), None)


def _class_of_kind(config: PreTrainedConfig) -> Any:
    from transformers import MODEL_FOR_CAUSAL_LM_MAPPING, MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING, AutoModel

    tables = {
        "encoder-decoder": MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING,
        "decoder": MODEL_FOR_CAUSAL_LM_MAPPING,
    }
    table = tables.get(kind_of(config, ""))
    return table[type(config)] if table is not None and type(config) in table else AutoModel


def _is_head(module: nn.Module, missing: set[str]) -> bool:
    """Whether all missing weights lie outside the base model of a class with a head."""
    prefix = getattr(module, "base_model_prefix", "")
    return (
        bool(prefix)
        and getattr(module, prefix, None) is not None
        and not any(key.startswith(f"{prefix}.") and ".pooler." not in key for key in missing)
    )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:200].rstrip(".")
