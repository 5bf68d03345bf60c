"""Ways to damage a file, or to make it ask for more than there is: what a stranger might send.

Each takes bytes and a source of chance, and gives other bytes; `directories` does it to one file of a directory.
"""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HOSTILE: tuple[Any, ...] = (
    None, True, -1, 0, 1, 7, 2**31, 2**70, 1e308, float("nan"), float("inf"), "", "x" * 1000, "../../etc", "\ud800",
    "float64", [], {}, [[]], [None] * 50,
)  # fmt: skip


def flipped(data: bytes, chance: random.Random) -> bytes:
    """Some bits of it, anywhere, or in the header, where they matter most."""
    changed = bytearray(data)
    end = chance.choice((len(data), min(len(data), 64), min(len(data), 4096)))
    for _ in range(chance.choice((1, 3, 30))):
        changed[chance.randrange(end)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def cut(data: bytes, chance: random.Random) -> bytes:
    """Without its end, or without a piece of its middle."""
    at = chance.randrange(len(data))
    return data[:at] if chance.random() < 0.5 else data[:at] + data[at + chance.randrange(1, 99) :]


def doubled(data: bytes, chance: random.Random) -> bytes:
    """With a piece of it once more."""
    start, at = chance.randrange(len(data)), chance.randrange(len(data))
    return data[:at] + data[start : start + chance.randrange(1, 4096)] + data[at:]


def edited(document: Any, chance: random.Random) -> Any:
    """JSON with one value somewhere in it replaced, removed or repeated."""
    places: list[tuple[Any, Any]] = []

    def visit(value: Any) -> None:
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            places.append((value, key))
            if isinstance(part, dict | list):
                visit(part)

    visit(document)
    if places:
        holder, key = chance.choice(places)
        how = chance.randrange(4)
        if how == 0:
            del holder[key]
        elif how == 1 and isinstance(holder, list):
            holder.extend([holder[key]] * chance.choice((1, 10, 1000)))
        else:
            holder[key] = chance.choice(HOSTILE)
    return document


def with_header(data: bytes, change: Callable[[dict[str, Any]], Any]) -> bytes:
    """A safetensors file with its header changed, and the rest in its place."""
    length = int.from_bytes(data[:8], "little")
    text = json.dumps(change(json.loads(data[8 : 8 + length]))).encode()
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


def header_edited(data: bytes, chance: random.Random) -> bytes:
    """A safetensors file with another shape, dtype or place for one of its tensors."""
    return with_header(data, lambda header: edited(header, chance))


def document_edited(data: bytes, chance: random.Random) -> bytes:
    """A capture with something else in its JSON."""

    def change(header: dict[str, Any]) -> dict[str, Any]:
        document = json.loads(header["__metadata__"]["attnviz-capture"])
        for _ in range(chance.choice((1, 1, 3))):
            document = edited(document, chance)
        header["__metadata__"]["attnviz-capture"] = json.dumps(document)
        return header

    return with_header(data, change)


def greedy_capture(data: bytes, chance: random.Random) -> bytes:
    """A capture of a few bytes that asks for many: layers, a header of brackets, sizes without end."""
    how = chance.randrange(4)
    if how == 0:  # the same layers again and again

        def change(header: dict[str, Any]) -> dict[str, Any]:
            document = json.loads(header["__metadata__"]["attnviz-capture"])
            for kind in document["kinds"]:
                document["kinds"][kind] = document["kinds"][kind] * chance.choice((10, 300, 3000))
            header["__metadata__"]["attnviz-capture"] = json.dumps(document)
            return header

        return with_header(data, change)
    if how == 1:
        flood = b"[" + b"[]," * chance.choice((10**4, 10**6)) + b"[]]"
        text = json.dumps({"__metadata__": {"attnviz-capture": flood.decode()}}).encode()
        return len(text).to_bytes(8, "little") + text
    if how == 2:
        return chance.choice((2**62, 2**31, len(data))).to_bytes(8, "little") + data[8:]
    text = b'{"a":' + b"[" * chance.choice((10**3, 10**6))
    return len(text).to_bytes(8, "little") + text


CAPTURE_CHANGES = (flipped, cut, doubled, header_edited, document_edited, document_edited, greedy_capture)


def mutated_captures(bases: list[bytes], count: int, seed: int) -> Iterator[bytes]:
    """`count` damaged or greedy captures, made of the given ones."""
    chance = random.Random(seed)
    for number in range(count):
        yield CAPTURE_CHANGES[number % len(CAPTURE_CHANGES)](chance.choice(bases), chance)


GREEDY_CONFIGS: tuple[dict[str, Any], ...] = (
    {"num_hidden_layers": 10**6}, {"num_hidden_layers": 10**12}, {"vocab_size": 10**9}, {"hidden_size": 10**6},
    {"max_position_embeddings": 10**9}, {"intermediate_size": 10**8}, {"num_attention_heads": 10**6},
    {"model_type": "gpt_neo", "max_position_embeddings": 10**5, "num_layers": 2, "attention_types": [[["global"], 2]]},
    {"model_type": "llama", "num_hidden_layers": 99, "hidden_size": 4096, "intermediate_size": 11008},
    {"architectures": ["DistilBertModel"], "model_type": "distilbert", "sinusoidal_pos_embds": True,
     "max_position_embeddings": 10**8, "dim": 768},
    {"id2label": {str(n): "x" for n in range(10**4)}}, {"architectures": ["BertModel"] * 10**5},
)  # fmt: skip
GREEDY_ADAPTERS: tuple[dict[str, Any], ...] = (
    {"r": 10**9}, {"r": 10**400}, {"lora_alpha": 1e308}, {"lora_alpha": float("nan")}, {"base_model_name_or_path": "."},
    {"target_modules": ["x"] * 10**5}, {"use_rslora": True, "r": 1},
)  # fmt: skip
GREEDY_MODULES: tuple[Any, ...] = (
    [{"type": "x.Transformer", "path": ""}] * 1000, [{"type": "x.Normalize", "path": ""}] * 10**5,
    [{"type": "x.Transformer", "path": "../.."}], [{"type": "x.Dense", "path": "2_Dense"}] * 1000, [[]] * 10**6,
)  # fmt: skip
GREEDY: dict[str, tuple[Any, ...]] = {
    "config.json": GREEDY_CONFIGS, "adapter_config.json": GREEDY_ADAPTERS, "modules.json": GREEDY_MODULES,
}  # fmt: skip


def mutate_directory(directory: Path, number: int, chance: random.Random) -> None:
    """Damage one file of a directory, or make one ask for more than there is."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    documents = [path for path in files if path.suffix == ".json"]
    weights = [path for path in files if path.suffix == ".safetensors"]
    how = number % 5
    if how == 0:
        path = chance.choice([each for each in documents if each.name in GREEDY])
        path.write_text(json.dumps(edited(json.loads(path.read_text()), chance)))
    elif how == 1:
        path = chance.choice([each for each in documents if each.name in GREEDY])
        was, more = json.loads(path.read_text()), chance.choice(GREEDY[path.name])
        path.write_text(json.dumps(was | more if isinstance(more, dict) else more))
    elif how == 2:
        path = chance.choice(weights)
        path.write_bytes(header_edited(path.read_bytes(), chance))
    elif how == 3:
        path = chance.choice(files)
        path.write_bytes(chance.choice((flipped, cut, doubled))(path.read_bytes(), chance))
    else:
        path = chance.choice(documents)
        path.write_text(json.dumps(edited(json.loads(path.read_text()), chance)))


def directories(base: Path, count: int, seed: int) -> Iterator[Path]:
    """`count` damaged copies of a directory, each removed when the next is asked for."""
    chance = random.Random(seed)
    for number in range(count):
        with tempfile.TemporaryDirectory() as place:
            copied = Path(shutil.copytree(base, Path(place) / "model"))
            mutate_directory(copied, number, chance)
            yield copied
