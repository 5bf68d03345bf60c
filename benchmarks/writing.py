"""Writing token by token beside plain `generate`, in one run: tokens a second, the first candidates, memory.

    python benchmarks/writing.py [MODEL] [--tokens 64] [--rounds 3] [--clicks]

Each step of the writer keeps queries, keys, values and outputs of all heads, the twenty likeliest candidates and the
entropy. CPU times, since a machine may be busy; the goal is 0.85 of `generate`. With --clicks, in a browser: from a
click on the page to the screen.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

PROMPT = "The old lighthouse keeper climbed the stairs every evening, because the ships out at sea"
GOAL = 0.85


def plain(model: Any, prompt: str, count: int) -> None:
    """What transformers' own `generate` does, with its cache."""
    _, inputs = model.encode(prompt)
    options = {"max_new_tokens": count, "min_new_tokens": count, "do_sample": False}
    model.loaded.module.generate(**model.tensors(inputs), **options)


def written(model: Any, prompt: str, count: int) -> Any:
    """The same number of tokens by a writer, each with its candidates."""
    writer = model.write(prompt)
    for _ in range(count):
        token = writer.candidates[0].id
        writer.step(token)
    return writer


def seconds(work: Any) -> float:
    """CPU seconds of all threads of this process."""
    start = time.process_time()
    work()
    return time.process_time() - start


def first_candidates(model: Any, prompt: str) -> float:
    """Wall seconds from the click to the candidates behind a prompt that nobody has read yet."""
    start = time.perf_counter()
    assert model.write(prompt).candidates
    return time.perf_counter() - start


def memory(model: Any, count: int = 256) -> tuple[int, int]:
    """Bytes that a writer holds after 256 + 256 tokens, and those of the final Q, K, V and outputs."""
    from attnviz.capture.recompute.scores import QueryKeyScores

    text = " ".join(["and then the old man went to the sea"] * count)
    ids = model.tokenize(text).ids[:count].tolist()
    writer = model.write(model.loaded.tokenizer.decode(ids, skip_special_tokens=True))
    for _ in range(count):
        writer.step(writer.candidates[0].id)
    final = 0
    for layers in writer.capture().layers.values():
        for layer in layers:
            if isinstance(layer.scores, QueryKeyScores):
                tensors = (layer.scores.q, layer.scores.k, layer.norms.v, layer.out)
                final += sum(each.numel() * each.element_size() for each in tensors)
    return writer.nbytes, final


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", nargs="?", default="smollm2")
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clicks", action="store_true", help="also measure the page in a browser")
    given = parser.parse_args()
    import attnviz

    model = attnviz.load(given.model, device="cpu", dtype="float32")
    plain(model, PROMPT, 4)
    written(model, PROMPT, 4)
    ratios, own, other = [], [], []
    for _ in range(given.rounds):
        other.append(given.tokens / seconds(lambda: plain(model, PROMPT, given.tokens)))
        own.append(given.tokens / seconds(lambda: written(model, PROMPT, given.tokens)))
        ratios.append(own[-1] / other[-1])
    click = statistics.median(first_candidates(model, f"{PROMPT} {n}") for n in range(5))
    held, final = memory(model)
    print(f"{model.card.name}, {given.tokens} tokens, median of {given.rounds} rounds")
    print(f"generate                    {statistics.median(other):7.1f} tokens per CPU second")
    print(f"writer, every step captured {statistics.median(own):7.1f} tokens per CPU second")
    print(f"ratio                       {statistics.median(ratios):7.2f} (goal {GOAL})")
    print(
        f"first candidates            {1000 * click:7.0f} ms after the prompt (goal 300 on two quiet cores)"
    )
    print(
        f"held after 256 + 256 tokens {held / 2**20:7.1f} MB, {held / final:.2f} of Q, K, V and outputs (goal 2)"
    )
    if given.clicks:
        from benchmarks.writing_clicks import table

        print(table(given.model))


if __name__ == "__main__":
    main()
