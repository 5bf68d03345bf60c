"""AttnViz: exact attention of any Transformer, drawn, compared and put to the test.

    import attnviz
    capture = attnviz.load("minilm").capture("The cat sat on the mat.")
    capture.attention(layer=2, head=5)  # float32 (T, T)

Importing this package is light: torch and transformers come in with the first function that needs them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from attnviz.errors import (
    AttnVizError,
    Cancelled,
    CaptureInvalid,
    DeviceMemoryExhausted,
    FetchFailed,
    HubUnreachable,
    InputEmpty,
    InputInvalid,
    InputTooLong,
    ModelNotFound,
    ModelTooLarge,
    ModelUnsupported,
    NumbersInvalid,
    TargetUnsupported,
    UnknownName,
    UnknownWords,
)
from attnviz.types import VERSION as __version__  # noqa: F401
from attnviz.types import Attribution, HeadTable, ModelCard, Tokens

if TYPE_CHECKING:
    from attnviz.capture import Capture, Model, SelfCheck, check
    from attnviz.capture import load_model as load
    from attnviz.capture import open_capture as open
    from attnviz.explanation import (
        Ablation,
        Faithfulness,
        HeadImportance,
        ablate,
        explain,
        faithfulness,
        head_importance,
        methods,
        targets,
        traces,
        why,
        writes,
    )
    from attnviz.loading import catalog, fetch

# public name -> (module, name there); resolved on first use
_LAZY = {
    "Ablation": ("attnviz.explanation", "Ablation"),
    "Capture": ("attnviz.capture", "Capture"),
    "Faithfulness": ("attnviz.explanation", "Faithfulness"),
    "HeadImportance": ("attnviz.explanation", "HeadImportance"),
    "Model": ("attnviz.capture", "Model"),
    "SelfCheck": ("attnviz.capture", "SelfCheck"),
    "ablate": ("attnviz.explanation", "ablate"),
    "catalog": ("attnviz.loading", "catalog"),
    "check": ("attnviz.capture", "check"),
    "explain": ("attnviz.explanation", "explain"),
    "faithfulness": ("attnviz.explanation", "faithfulness"),
    "fetch": ("attnviz.loading", "fetch"),
    "head_importance": ("attnviz.explanation", "head_importance"),
    "layer_by_layer": ("attnviz.explanation", "layer_by_layer"),
    "load": ("attnviz.capture", "load_model"),
    "methods": ("attnviz.explanation", "methods"),
    "open": ("attnviz.capture", "open_capture"),
    "sanity": ("attnviz.explanation", "sanity"),
    "targets": ("attnviz.explanation", "targets"),
    "traces": ("attnviz.explanation", "traces"),
    "why": ("attnviz.explanation", "why"),
    "without": ("attnviz.explanation", "without"),
    "writes": ("attnviz.explanation", "writes"),
}

__all__ = [
    "Ablation",
    "AttnVizError",
    "Attribution",
    "Cancelled",
    "Capture",
    "CaptureInvalid",
    "DeviceMemoryExhausted",
    "Faithfulness",
    "FetchFailed",
    "HeadImportance",
    "HeadTable",
    "HubUnreachable",
    "InputEmpty",
    "InputInvalid",
    "InputTooLong",
    "Model",
    "ModelCard",
    "ModelNotFound",
    "ModelTooLarge",
    "ModelUnsupported",
    "NumbersInvalid",
    "SelfCheck",
    "TargetUnsupported",
    "Tokens",
    "UnknownName",
    "UnknownWords",
    "ablate",
    "catalog",
    "check",
    "explain",
    "faithfulness",
    "fetch",
    "head_importance",
    "layer_by_layer",
    "load",
    "methods",
    "open",
    "sanity",
    "targets",
    "traces",
    "why",
    "without",
    "writes",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _LAZY[name]
    value = getattr(importlib.import_module(module), attribute)
    if module == "attnviz.capture":
        _show_in_notebooks()
    globals()[name] = value
    return value


def _show_in_notebooks() -> None:
    """Captures draw themselves in a notebook; the figures are imported when the first one does."""
    from attnviz.capture import Capture

    def draw(capture: Capture) -> str:
        return importlib.import_module("attnviz.figures.export").notebook(capture)

    Capture.drawing = draw


def __dir__() -> list[str]:
    return sorted(__all__)
