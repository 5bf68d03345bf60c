"""Files from strangers: mutated and greedy ones of each kind that is accepted, and what became of each.

    python benchmarks/abuse.py [--count 1000] [--seed 0] [--kind captures|directories]

A file must be refused with one of the package's errors, or give a capture whose maps are maps: finite, rows that sum
to at most 1. The table counts both, and what is neither (which fails the run); memory is the growth of the process's
peak over all files of a kind, beside the size of an untouched one. Each kind runs in a process of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

HOSTILE: tuple[Any, ...] = (
    None, True, -1, 0, 1, 7, 2**31, 2**70, 1e308, float("nan"), float("inf"), "", "x" * 1000, "../../etc", "\ud800",
    "float64", [], {}, [[]], [None] * 50,
)  # fmt: skip
KINDS = ("captures", "directories")
OPENED, REFUSED, NOT_NUMBERS, FAULT = "opened", "refused", "opened, maps of no numbers", "another error"


# What is done to files. Each takes the bytes and a source of chance, and gives other bytes.


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


def mutate_directory(directory: Path, number: int, chance: random.Random) -> None:
    """Damage one file of a model's directory, or make its config ask for more than there is."""
    files = sorted(path for path in directory.iterdir() if path.is_file())
    config, weights = directory / "config.json", directory / "model.safetensors"
    how = number % 5
    if how == 0:
        config.write_text(json.dumps(edited(json.loads(config.read_text()), chance)))
    elif how == 1:
        config.write_text(json.dumps(json.loads(config.read_text()) | chance.choice(GREEDY_CONFIGS)))
    elif how == 2:
        weights.write_bytes(header_edited(weights.read_bytes(), chance))
    elif how == 3:
        path = chance.choice(files)
        path.write_bytes(chance.choice((flipped, cut, doubled))(path.read_bytes(), chance))
    else:
        path = chance.choice([each for each in files if each.suffix == ".json"])
        path.write_text(json.dumps(edited(json.loads(path.read_text()), chance)))


# What becomes of them.


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
    from attnviz.capture import Limits, read_capture
    from attnviz.errors import CaptureInvalid

    limits = Limits(tokens=4096, heads=20_000, cells=1 << 32, nbytes=1 << 28, header=8 << 20)
    try:
        return looked_at(read_capture(data, limits=limits))
    except CaptureInvalid:
        return REFUSED
    except Exception as error:
        return f"{FAULT}: {type(error).__name__}: {str(error)[:80]}"


def loaded_directory(directory: Path) -> str:
    """The verdict on a model's directory: loaded, and a text run through it."""
    from attnviz.capture import Model
    from attnviz.errors import AttnVizError
    from attnviz.loading import load

    try:
        return looked_at(
            Model(load(directory, device="cpu", memory_limit=1 << 30)).capture("The cat sat on the mat.")
        )
    except AttnVizError:
        return REFUSED
    except Exception as error:
        return f"{FAULT}: {type(error).__name__}: {str(error)[:80]}"


def directories(base: Path, count: int, seed: int) -> Iterator[Path]:
    """`count` damaged copies of a model's directory, each removed when the next is asked for."""
    chance = random.Random(seed)
    for number in range(count):
        with tempfile.TemporaryDirectory() as place:
            copied = Path(shutil.copytree(base, Path(place) / "model"))
            mutate_directory(copied, number, chance)
            yield copied


def small_model(directory: Path) -> Path:
    """A tiny BERT with random weights and MiniLM's tokenizer."""
    import torch
    import transformers

    from attnviz.loading import load

    torch.manual_seed(0)
    tokenizer = load("minilm", device="cpu").tokenizer
    config = transformers.BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=16,
        max_position_embeddings=64,
    )  # fmt: skip
    transformers.BertModel(config).save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return directory


def judged(kind: str, count: int, seed: int) -> dict[str, Any]:
    """Verdicts, the longest time and the growth of peak memory over `count` files of a kind."""
    with tempfile.TemporaryDirectory() as place:
        if kind == "captures":
            import attnviz

            text = "The animal didn't cross the street because it was too tired."
            bases = [attnviz.load("minilm", device="cpu").capture(text).to_bytes()]
            bases += [path.read_bytes() for path in sorted((ROOT / "tests" / "data").glob("*.attnviz"))]
            size, verdict = max(map(len, bases)), opened_capture
            files: Iterator[Any] = mutated_captures(bases, count, seed)
            whole = {opened_capture(base) for base in bases}
        else:
            base = small_model(Path(place) / "base")
            size, verdict = sum(path.stat().st_size for path in base.iterdir()), loaded_directory
            files, whole = directories(base, count, seed), {loaded_directory(base)}
        assert whole == {OPENED}, f"the untouched ones must open: {whole}"
        before, slowest, verdicts = _peak(anew=True), 0.0, Counter[str]()
        for file in files:
            begun = time.process_time()
            verdicts[verdict(file)] += 1
            slowest = max(slowest, time.process_time() - begun)
        return {"verdicts": verdicts, "size": size, "growth": _peak() - before, "slowest": slowest}


def _peak(anew: bool = False) -> int:
    """The largest resident memory of this process so far, in bytes; counted `anew` from now on where Linux lets us."""
    if anew:
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> int:
    """Print the table; 1 where a file was neither refused nor opened right."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.json:
        print(json.dumps(judged(chosen.kind, chosen.count, chosen.seed)))
        return 0
    faults: dict[str, int] = {}
    print(
        f"{'kind':12}{'files':>7}{'refused':>9}{'opened':>8}{'wrong':>7}"
        f"{'one file':>10}{'peak growth':>13}{'slowest':>9}"
    )
    for kind in [chosen.kind] if chosen.kind else KINDS:
        command = [sys.executable, __file__, "--json", "--kind", kind]
        command += ["--count", str(chosen.count), "--seed", str(chosen.seed)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            print(f"{kind}: the process ended with {done.returncode}\n{done.stderr[-2000:]}")
            return 1
        found = json.loads(done.stdout.splitlines()[-1])
        verdicts = found["verdicts"]
        wrong = {name: number for name, number in verdicts.items() if name not in (OPENED, REFUSED)}
        faults |= wrong
        print(
            f"{kind:12}{chosen.count:7}{verdicts.get(REFUSED, 0):9}{verdicts.get(OPENED, 0):8}{sum(wrong.values()):7}"
            f"{found['size'] / 1e6:7.2f} MB{found['growth'] / 1e6:10.1f} MB{found['slowest']:7.2f} s"
        )
    for name, number in sorted(faults.items(), key=lambda pair: -pair[1]):
        print(f"{number:5}  {name}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
