"""Real MiniLM behind one runtime for the whole session, tiny random models on disk, and an eye on the forwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from attnviz.runtime import LocalRuntime, Settings


class Forwards:
    """Observes every forward pass of whole models of this process, through torch's own global hooks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 0
        self.total = 0
        self.most = 0
        self.pause = 0.0  # seconds added to each, so that overlaps would be seen

    def before(self, module, args) -> None:
        if hasattr(module, "config") and hasattr(module, "get_input_embeddings"):
            if not hasattr(module, "embeddings"):
                return
            with self._lock:
                self._now += 1
                self.total += 1
                self.most = max(self.most, self._now)
            time.sleep(self.pause)

    def after(self, module, args, output) -> None:
        if hasattr(module, "config") and hasattr(module, "embeddings"):
            with self._lock:
                self._now -= 1


@pytest.fixture
def forwards() -> Iterator[Forwards]:
    """Forward passes of BERT-like models since the beginning of the test."""
    from torch.nn.modules import module as hooks

    seen = Forwards()
    handles = [
        hooks.register_module_forward_pre_hook(seen.before),
        hooks.register_module_forward_hook(seen.after, always_call=True),
    ]
    yield seen
    for handle in handles:
        handle.remove()


@pytest.fixture(scope="session")
def runtime() -> LocalRuntime:
    """A runtime of its own for the tests, on the processor; MiniLM is loaded once."""
    return LocalRuntime(Settings(device="cpu", dtype="float32"))


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory) -> Callable[..., str]:
    """Saves a tiny random BERT with a tokenizer of letters, and returns the path of its directory."""

    def save(name: str = "tiny", positions: int = 64, heads: int = 2, inner: int = 16, seed: int = 0) -> str:
        import torch
        from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
        from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

        special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        letters = list("abcdefghijklmnopqrstuvwxyz .")
        vocabulary = {piece: place for place, piece in enumerate(special + letters)}
        tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
        tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
        fast = PreTrainedTokenizerFast(
            tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
            sep_token="[SEP]", mask_token="[MASK]",
        )  # fmt: skip
        path: Path = tmp_path_factory.mktemp("models") / name
        torch.manual_seed(seed)
        model = BertModel(
            BertConfig(
                vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=2, num_attention_heads=heads,
                intermediate_size=inner, max_position_embeddings=positions,
            )
        )  # fmt: skip
        model.save_pretrained(path)
        fast.save_pretrained(path)
        return str(path)

    return save
