"""What the modules.json of a sentence-transformers model says: where its Transformer is, and how texts become vectors.

Every kind of module is honoured or refused with its name; a refused one leaves attention to be looked at.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, cast

from attnviz.errors import ModelUnsupported
from attnviz.loading.pooling import MODES, Dense, Mode, Pooling
from attnviz.loading.weights import MAX_JSON, SINGLE, damaged, read_json, read_weights

MODULES = "modules.json"
# The file beside the Transformer has the name of the family that it was written for first.
LENGTH_FILES = tuple(
    f"sentence_{family}_config.json"
    for family in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
)
MOST = 50  # modules; those of people have five
OLD_NAMES = {
    "cls_token": "cls", "max_tokens": "max", "mean_tokens": "mean", "mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "weightedmean_tokens": "weightedmean", "lasttoken": "lasttoken",
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One module: the last part of its class's name, and its folder."""

    kind: str
    folder: str


def transformer_folder(directory: Path, model: str) -> Path:
    """The directory of the Transformer itself: that of the model, or the folder that modules.json names."""
    if (directory / "config.json").is_file() or not (directory / MODULES).is_file():
        return directory
    first = _steps(directory, model)[0]
    return directory / first.folder if first.kind == "Transformer" else directory


def read_pooling(directory: Path, model: str) -> Pooling:
    """How the model makes vectors; the mean where there is no modules.json. Raises ModelUnsupported ("damaged")."""
    if not (directory / MODULES).is_file():
        return Pooling()
    pooling = Pooling()
    for number, step in enumerate(_steps(directory, model)):
        if step.kind == "Transformer" and number == 0:
            pooling = _with_length(pooling, directory / step.folder, model)
        elif step.kind == "Pooling":
            pooling = _with_modes(pooling, read_json(directory / step.folder / "config.json", model), model)
        elif step.kind == "Normalize":
            pooling = replace(pooling, steps=(*pooling.steps, "normalize"))
        elif step.kind == "Dense":
            pooling = _with_dense(pooling, directory / step.folder, model)
        elif step.kind != "Dropout":  # which does nothing once a model is trained
            pooling = _refused(
                pooling, f"its sentence-transformers module {step.kind[:40]!r} is not known here"
            )
    return _with_prompts(pooling, directory, model)


def lowercases(directory: Path, model: str) -> bool:
    """Whether sentence-transformers lowers the case of texts beside what the tokenizer does."""
    if not (directory / MODULES).is_file():
        return False
    return _beside(transformer_folder(directory, model), model).get("do_lower_case") is True


def with_tokenizer(pooling: Pooling, directory: Path, tokenizer: Any, limit: int) -> Pooling:
    """The same, with the length that newer versions of sentence-transformers keep as the tokenizer's.

    Args:
        limit: tokens that the model itself reads, 0 for any number.
    """
    if pooling.max_seq_length or tokenizer is None or not (directory / MODULES).is_file():
        return pooling
    length = int(min(tokenizer.model_max_length, 10**18))
    return replace(pooling, max_seq_length=length) if length < (limit or 10**7) else pooling


def fitting(pooling: Pooling, width: int) -> Pooling:
    """The same, or a refusal where a dense layer does not take what comes before it.

    Args:
        width: numbers in the vector of one token.
    """
    size = width * len(pooling.modes)
    for step in pooling.steps:
        if not isinstance(step, Dense):
            continue
        out, taken = step.weight.shape
        fits = taken == size and (step.bias is None or step.bias.shape == (out,))
        if step.is_residual:
            fits &= out == size if step.residual is None else step.residual.shape == (out, size)
        if not fits:
            return _refused(pooling, "its dense layers do not take what the modules before them make")
        size = out
    return pooling


def notes(pooling: Pooling) -> str:
    """What a reader must know of how the vectors are made, for the model's card."""
    said = []
    if pooling.refusal:
        said.append(f"{pooling.refusal} Attention is shown as it is.")
    if pooling.max_seq_length:
        said.append(
            f"sentence-transformers reads the first {pooling.max_seq_length} tokens of a text; here the whole is read."
        )
    if pooling.prompt:
        said.append(
            f"sentence-transformers puts {pooling.prompt!r} before each text; here it is left to be typed."
        )
    return " ".join(said)


def _steps(directory: Path, model: str) -> list[Step]:
    path = directory / MODULES
    try:
        if path.stat().st_size > MAX_JSON:
            raise ValueError("too large")
        modules = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(model, "modules.json is not valid JSON") from error
    if not isinstance(modules, list) or not modules or not all(isinstance(step, dict) for step in modules):
        raise damaged(model, "modules.json is not a list of objects")
    if len(modules) > MOST:
        raise damaged(model, f"modules.json names {len(modules):,} modules, more than {MOST}")
    steps = [
        Step(str(step.get("type", "")).rsplit(".", 1)[-1], str(step.get("path", ""))) for step in modules
    ]
    for step in steps:
        relative = PurePosixPath(step.folder)
        if relative.is_absolute() or ".." in relative.parts or "\0" in step.folder or "\\" in step.folder:
            raise damaged(model, "modules.json points outside the model's directory")
    return steps


def _beside(folder: Path, model: str) -> dict[str, Any]:
    found = next((folder / name for name in LENGTH_FILES if (folder / name).is_file()), None)
    return {} if found is None else read_json(found, model)


def _with_length(pooling: Pooling, folder: Path, model: str) -> Pooling:
    length = _beside(folder, model).get("max_seq_length")
    return replace(pooling, max_seq_length=length) if type(length) is int and length > 0 else pooling


def _with_modes(pooling: Pooling, config: dict[str, Any], model: str) -> Pooling:
    given = config.get("pooling_mode")
    named = [given] if isinstance(given, str) else given
    if not isinstance(named, list):
        named = [mode for key, mode in OLD_NAMES.items() if config.get(f"pooling_mode_{key}") is True] or [
            "mean"
        ]
    if len(named) > len(MODES):
        return _refused(pooling, "it joins more poolings than there are")
    wrong = next((mode for mode in named if mode not in MODES), None)
    if wrong is not None or not named:
        return _refused(pooling, f"its pooling {str(wrong)[:40]!r} is not known here")
    return replace(pooling, modes=cast("tuple[Mode, ...]", tuple(named)))


def _with_dense(pooling: Pooling, folder: Path, model: str) -> Pooling:
    config = read_json(folder / "config.json", model)
    names = (config.get("module_input_name", "sentence_embedding"), config.get("module_output_name"))
    if names[0] != "sentence_embedding" or names[1] not in (None, "sentence_embedding"):
        return _refused(pooling, "its dense layer reads something other than the text's vector")
    try:
        activation = _activation(config.get("activation_function", "torch.nn.modules.activation.Tanh"))
        read_weights(folder, model)  # checks the header
        return replace(pooling, steps=(*pooling.steps, _dense(folder, config, activation)))
    except (ValueError, ModelUnsupported) as error:
        return _refused(pooling, f"its dense layer cannot be used: {str(error)[:200]}")


def _dense(folder: Path, config: dict[str, Any], activation: Any) -> Dense:
    from safetensors.torch import load_file

    tensors = {name: tensor.float() for name, tensor in load_file(folder / SINGLE).items()}
    weight, bias = tensors.pop("linear.weight", None), tensors.pop("linear.bias", None)
    residual = tensors.pop("residual.weight", None)
    shape = (config.get("out_features"), config.get("in_features"))
    if (
        weight is None
        or tuple(weight.shape) != shape
        or (bias is None) is bool(config.get("bias", True))
        or tensors
    ):
        raise ValueError("its weights are not those of its config.json.")
    return Dense(weight, bias, activation, bool(config.get("use_residual")), residual)


def _activation(path: Any) -> Any:
    """An activation of torch by its dotted name, None for the identity; no other name is looked up. ValueError."""
    import torch

    name = str(path).rsplit(".", 1)[-1]
    found = getattr(torch.nn.modules.activation, name, None)
    if name == "Identity" and str(path).startswith("torch.nn."):
        return None
    if not str(path).startswith("torch.nn.") or not (
        isinstance(found, type) and issubclass(found, torch.nn.Module)
    ):
        raise ValueError(f"the activation {str(path)[:60]!r} is none of torch's.")
    try:
        made = found()
    except TypeError as error:
        raise ValueError(f"the activation {name!r} needs more than its name.") from error
    if list(made.parameters()):
        raise ValueError(f"the activation {name!r} has weights of its own.")
    return made


def _with_prompts(pooling: Pooling, directory: Path, model: str) -> Pooling:
    path = directory / "config_sentence_transformers.json"
    config = read_json(path, model) if path.is_file() else {}
    given = config.get("prompts")
    prompts = given.items() if isinstance(given, dict) else ()
    known = {str(name): text for name, text in prompts if isinstance(text, str)}
    default = config.get("default_prompt_name")
    return replace(pooling, prompts=known, prompt=known.get(default, "") if isinstance(default, str) else "")


def _refused(pooling: Pooling, why: str) -> Pooling:
    return replace(
        pooling, refusal=pooling.refusal or f"The model makes no vector of a text here: {why.rstrip('.')}."
    )
