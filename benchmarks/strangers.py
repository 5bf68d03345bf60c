"""What a file from a stranger becomes: refused with one of the package's errors, opened right, or neither.

Also the untouched ones of each kind: captures, model directories, PEFT adapters, sentence-transformers models.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

OPENED, REFUSED, NOT_NUMBERS, FAULT = "opened", "refused", "opened, maps of no numbers", "another error"
TEXT, OTHER = "The cat sat on the mat.", "A dog ran to the cat."


def looked_at(capture: Any) -> str:
    """OPENED where all that is drawn of a capture are maps of numbers."""
    with np.errstate(all="ignore"):
        for kind in capture.kinds:
            for layer in range(min(capture.shape(kind)[0], 8)):
                maps = [getattr(capture, name)(layer, kind=kind) for name in capture.quantities(kind)]
                rows = maps[0].sum(-1)
                if (
                    not all(np.isfinite(each).all() for each in maps)
                    or rows.max() > 1.01
                    or maps[0].min() < 0
                ):
                    return NOT_NUMBERS
            capture.overview(0, None, kind=kind)
            capture.statistics(kind) if capture.shape(kind)[0] < 100 else None
    return OPENED


def opened_capture(data: bytes) -> str:
    """The verdict on the bytes of a capture, opened as a server would."""
    from attnviz.capture import read_capture
    from attnviz.errors import CaptureInvalid
    from attnviz.runtime import Settings
    from attnviz.runtime.files import limits_of

    try:
        return looked_at(read_capture(data, limits=limits_of(Settings(), 1 << 28)))
    except CaptureInvalid:
        return REFUSED
    except Exception as error:
        return f"{FAULT}: {type(error).__name__}: {str(error)[:80]}"


def loaded_directory(directory: Path) -> str:
    """The verdict on a directory: loaded, and texts run through it."""
    from attnviz.capture import Model
    from attnviz.errors import AttnVizError
    from attnviz.explanation import explain
    from attnviz.loading import load
    from attnviz.loading.access import Access

    try:
        model = Model(load(directory, device="cpu", memory_limit=1 << 30, access=Access(hub=False)))
        verdict = looked_at(model.capture(TEXT))
        if (directory / "modules.json").is_file():  # how vectors are made comes from the directory, too
            found = explain(model, TEXT, target="similarity", pair=OTHER, method="attention")
            verdict = verdict if np.isfinite(found.scores).all() else NOT_NUMBERS
        return verdict
    except AttnVizError:
        return REFUSED
    except Exception as error:
        return f"{FAULT}: {type(error).__name__}: {str(error)[:80]}"


def small_model(directory: Path, seed: int = 0, inner: int = 16) -> Path:
    """A tiny BERT with random weights and MiniLM's tokenizer."""
    import torch
    import transformers

    from attnviz.loading import load

    torch.manual_seed(seed)
    tokenizer = load("minilm", device="cpu").tokenizer
    config = transformers.BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=inner,
        max_position_embeddings=64,
    )  # fmt: skip
    transformers.BertModel(config).save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return directory


def small_adapter(directory: Path, base: Path) -> Path:
    """A LoRA adapter of rank 2 for two linear layers of the base."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    directory.mkdir()
    places = [f"base_model.model.encoder.layer.{n}.attention.self.query" for n in range(2)]
    tensors = {f"{place}.lora_A.weight": torch.randn(2, 16) for place in places}
    tensors |= {f"{place}.lora_B.weight": torch.randn(16, 2) for place in places}
    save_file(tensors, directory / "adapter_model.safetensors")
    config = {
        "peft_type": "LORA",
        "base_model_name_or_path": str(base),
        "r": 2,
        "lora_alpha": 4,
        "bias": "none",
    }
    (directory / "adapter_config.json").write_text(json.dumps(config))
    return directory


def small_sentence_model(directory: Path, base: Path) -> Path:
    """The base with a pooling, a dense layer and a normalization, as sentence-transformers keeps them."""
    import shutil

    import torch
    from safetensors.torch import save_file

    shutil.copytree(base, directory)
    kinds = {"Transformer": "", "Pooling": "1_Pooling", "Dense": "2_Dense", "Normalize": "3_Normalize"}
    modules = [
        {"idx": n, "name": str(n), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for n, (kind, path) in enumerate(kinds.items())
    ]
    (directory / "modules.json").write_text(json.dumps(modules))
    dense = {
        "in_features": 16,
        "out_features": 8,
        "bias": True,
        "activation_function": "torch.nn.modules.activation.Tanh",
    }
    for folder, config in (("1_Pooling", {"pooling_mode_mean_tokens": True}), ("2_Dense", dense)):
        (directory / folder).mkdir()
        (directory / folder / "config.json").write_text(json.dumps(config))
    weights = {"linear.weight": torch.randn(8, 16), "linear.bias": torch.randn(8)}
    save_file(weights, directory / "2_Dense" / "model.safetensors")
    return directory
