"""Whether what is said of a score is true, on models that we did not make for it: `python benchmarks/why.py`.

Twenty repeated random texts on smollm2: is what its induction head 17.5 looks for written by a previous-token head, and
does the score fall as said when that part is taken away? What it costs beside a forward pass. And a two-layer Llama
that learns to repeat: from which step on is the circuit there? `circuits`, `cost` or `learning` asks one of the three.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

MODEL, LAYER, HEAD = "smollm2", 17, 5
ADJECTIVES = (
    "blue",
    "old",
    "quiet",
    "red",
    "small",
    "bright",
    "cold",
    "heavy",
    "narrow",
    "silver",
    "young",
    "dark",
)
NOUNS = (
    "river",
    "boat",
    "mill",
    "garden",
    "doctor",
    "horse",
    "letter",
    "bridge",
    "train",
    "window",
    "farmer",
    "dog",
)
VERBS = ("took", "found", "painted", "followed", "carried", "watched", "sold", "moved", "washed", "kept")
STEPS, SEEDS = (0, 50, 100, 200, 300, 500), (0, 1, 2)
CIRCUIT = 0.25  # weight of the induction head, and of the previous-token head that writes what it looks for


def texts(count: int = 20) -> list[str]:
    """Random sentences, each twice over."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(count):
        (first, second, third), nouns = rng.choice(ADJECTIVES, 3, False), rng.choice(NOUNS, 3, False)
        verb = rng.choice(VERBS)
        found.append(
            f"The {first} {nouns[0]} {verb} the {second} {nouns[1]} past seven {third} {nouns[2]}s. " * 2
        )
    return found


def circuits() -> None:
    """The strongest part at the key of head 17.5, and what taking it away does."""
    import attnviz

    model = attnviz.load(MODEL, device="cpu", dtype="float32")
    previous, direct, random, size, anew = 0, [], [], [], []
    print(
        "text, query -> key (weight): strongest head at the key, its weight on the token before, said, fell, anew"
    )
    for number, text in enumerate(texts()):
        capture = model.capture(text)
        labels = capture.tokens.labels
        period = len(labels) // 2
        key = (
            int(capture.attention(LAYER, HEAD)[query := period + 5, 1:].argmax()) + 1
        )  # the first token is a sink
        found = attnviz.why(model, text, LAYER, HEAD, query, key, tests=0)
        part, said = next(
            each for each in found.strongest("key", 50) if each[0].kind == "head" and each[1] > 0
        )
        before = float(np.mean(np.diagonal(capture.attention(part.layer, part.head), -1)))
        previous += before > 0.5
        test = _tested(model, text, query, key, part)
        direct.append(test.ratio)
        random.append(float(test.random.mean()) / test.said)
        size.append(test.random_ratio)
        anew.append(test.anew / test.said)
        print(
            f"{number:2}  {labels[query]!r} -> {labels[key]!r} ({found.weight:.2f}): {part.title} {before:.2f}  "
            f"said {said:.2f} fell {test.fell:.2f} anew {test.anew:.2f}"
        )
    print(f"\na previous-token head (above .5): {previous} of {len(direct)}")
    for name, values in (
        ("taken from the key's stream, of what was said", direct),
        ("random parts of the same size, mean of the falls", random),
        ("random parts of the same size, mean size of the falls", size),
        ("taken away where it was written, all after it anew", anew),
    ):
        low, middle, high = np.percentile(values, [10, 50, 90])
        print(f"{name}: median {middle:.0%} ({low:.0%} to {high:.0%})")


def _tested(model: Any, text: str, query: int, key: int, part: Any) -> Any:
    from attnviz.explanation.circuits.streams import read
    from attnviz.explanation.circuits.testing import without_part

    cell = read(model, text).cell("self", LAYER, HEAD, query, key, "mean")
    parts, _, at_key = cell.split()
    said = float(parts.key_side[parts.key_parts.index(part)])
    return without_part(cell, "key", part, said, at_key, anew=True, random=5)


def cost() -> None:
    """CPU time of the parts of one score beside that of a forward pass, at 128 and 512 tokens; medians of three."""
    import torch

    import attnviz
    from attnviz.explanation.circuits.streams import read

    torch.set_num_threads(1)
    model = attnviz.load(MODEL, device="cpu", dtype="float32")
    for tokens in (128, 512):
        text = " ".join(texts())
        ids = model.encode(text)[1]["input_ids"][:tokens]
        text = model.loaded.tokenizer.decode(ids)
        inputs = model.tensors(model.encode(text)[1])

        def forward(inputs: Any = inputs) -> None:
            with torch.no_grad():
                model.loaded.module(**inputs, use_cache=False)

        count = inputs["input_ids"].shape[1]
        last = read(model, text)
        cell = last.cell("self", LAYER, HEAD, count - 1, count // 2, "mean")
        whole = _median(forward)
        parts = _median(lambda text=text, count=count: attnviz.why(
            model, text, LAYER, HEAD, count - 1, count // 2, tests=0
        ))  # fmt: skip
        table = _median(cell.split)
        shape = cell.split()[0].table.shape
        print(
            f"{count} tokens: forward pass {whole:.2f} s, all of attnviz.why {parts:.2f} s ({parts / whole:.2f}); "
            f"of it the table of {shape[0]} x {shape[1]} parts {table:.2f} s"
        )


def _median(work: Any, times: int = 3) -> float:
    work()
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return float(np.median(taken))


def learning() -> None:
    """A two-layer Llama that learns to repeat random permutations of changing length."""
    import torch

    torch.set_num_threads(1)
    print(
        "step: weight of the best induction head; the strongest head at its key, that head's weight on the token before"
    )
    for seed in SEEDS:
        model, steps = _learner(seed)
        said = []
        for step in range(STEPS[-1] + 1):
            if step in STEPS:
                said.append(f"{step}: {_circuit(model)}")
            steps(step)
        print(f"seed {seed}  " + "   ".join(said), flush=True)


def _learner(seed: int) -> tuple[Any, Any]:
    import torch
    import transformers

    torch.manual_seed(seed)
    config = transformers.LlamaConfig(
        vocab_size=48, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=64, rope_theta=100.0, tie_word_embeddings=False, initializer_range=0.1,
        bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    module = transformers.LlamaForCausalLM(config)
    torch.nn.init.normal_(module.model.embed_tokens.weight, std=1.0)
    optimizer = torch.optim.AdamW(module.parameters(), lr=3e-3, weight_decay=0.01, betas=(0.9, 0.98))

    def step(number: int) -> None:
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * min(1, number / 100)
        rows, known = _batch(64)
        logits = module(rows[:, :-1]).logits
        loss = torch.nn.functional.cross_entropy(logits[known[:, 1:]], rows[:, 1:][known[:, 1:]])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimizer.step()

    return module, step


def _batch(count: int, period: int | None = None) -> tuple[Any, Any]:
    """Permutations of a period from 8 to 24, repeated to 48 tokens, and which tokens are determined."""
    import torch

    rows, known = torch.zeros(count, 48, dtype=torch.long), torch.zeros(count, 48, dtype=torch.bool)
    for row in range(count):
        p = period or int(torch.randint(8, 25, (1,)))
        rows[row] = torch.randperm(48)[:p].repeat(48 // p + 1)[:48]
        known[row, p:] = True
    return rows, known


def _circuit(module: Any, period: int = 16) -> str:
    """Over eight rows: the induction head's weight, and whether a previous-token head wrote what it looks for."""
    import torch

    state = torch.get_rng_state()
    torch.manual_seed(99)
    rows, _ = _batch(8, period)
    torch.set_rng_state(state)
    module.eval()
    capture = _streams(module, rows[:1]).found("self", None)
    weights = torch.stack([capture.looks[1].row(h, q)[2] for h in range(4) for q in range(period, 47)]).view(
        4, -1, 48
    )
    at = torch.arange(period, 47)
    looked = weights[:, torch.arange(len(at)), at - period + 1].mean(1)
    head = int(looked.argmax())
    found, before = [], []
    for row in rows:
        cell = _streams(module, row[None]).cell("self", 1, head, 40, 40 - period + 1, "mean")
        parts = cell.split()[0]
        heads = [
            (part, value) for part, value in parts.strongest("key", 20) if part.kind == "head" and value > 0
        ]
        if heads:
            part, value = heads[0]
            found.append(value / parts.score if parts.score > 0 else 0.0)
            before.append(float(cell.found.looks[0].row(part.head, 40 - period + 1)[2][40 - period]))
    module.train()
    there = float(looked[head]) > CIRCUIT and len(before) > 4 and float(np.median(before)) > CIRCUIT
    return f"{float(looked[head]):.2f}, {np.median(before or [0]):.2f} {'CIRCUIT' if there else 'none'}"


def _streams(module: Any, ids: Any) -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    import attnviz
    from attnviz.explanation.circuits.streams import read

    backend = Tokenizer(models.WordLevel({str(number): number for number in range(48)}, unk_token="0"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="0")
    return read(attnviz.load(module, tokenizer=tokenizer), " ".join(str(int(each)) for each in ids[0]))


def main() -> None:
    asked = sys.argv[1:] or ["circuits", "cost", "learning"]
    for name in asked:
        {"circuits": circuits, "cost": cost, "learning": learning}[name]()


if __name__ == "__main__":
    main()
