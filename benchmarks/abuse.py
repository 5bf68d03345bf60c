"""Files from strangers and many visitors at once: what became of each, and what memory it took.

    python benchmarks/abuse.py [--count 1000] [--seed 0] [--only captures|models|adapters|sentence|pressure]

Mutated and greedy files of each kind that is accepted must be refused with one of the package's errors, or give a
capture whose maps are maps: finite, rows that sum to at most 1. The table counts both, and what is neither (which fails
the run); memory is the growth of the process's peak over all files of a kind, beside the size of an untouched one.
Then a runtime under pressure: 50 threads, loads beside explanations, ten loads and evictions, visitors with files. Each
part runs in a process of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import damage, pressure, strangers  # noqa: E402
from benchmarks.strangers import OPENED, REFUSED  # noqa: E402

KINDS = ("captures", "models", "adapters", "sentence")
PRESSURE = "pressure"
MB = 1 << 20


def judged(kind: str, count: int, seed: int) -> dict[str, Any]:
    """Verdicts, the longest time and the growth of peak memory over `count` files of a kind."""
    with tempfile.TemporaryDirectory() as folder:
        verdict: Callable[[Any], str]
        if kind == "captures":
            bases = _captures()
            size, verdict = max(map(len, bases)), strangers.opened_capture
            files: Iterator[Any] = damage.mutated_captures(bases, count, seed)
            whole = {verdict(base) for base in bases}
        else:
            base = _directory(kind, Path(folder))
            size, verdict = _size(base), strangers.loaded_directory
            files, whole = damage.directories(base, count, seed), {verdict(base)}
        assert whole == {OPENED}, f"the untouched ones must open: {whole}"
        before, slowest, verdicts = _peak(anew=True), 0.0, Counter[str]()
        for file in files:
            begun = time.process_time()
            verdicts[verdict(file)] += 1
            slowest = max(slowest, time.process_time() - begun)
        return {"verdicts": verdicts, "size": size, "growth": _peak() - before, "slowest": slowest}


def _captures() -> list[bytes]:
    import attnviz

    text = "The animal didn't cross the street because it was too tired."
    stored = sorted((ROOT / "tests" / "data").glob("*.attnviz"))
    return [
        attnviz.load("minilm", device="cpu").capture(text).to_bytes(),
        *(each.read_bytes() for each in stored),
    ]


def _directory(kind: str, folder: Path) -> Path:
    base = strangers.small_model(folder / "base")
    if kind == "adapters":
        return strangers.small_adapter(folder / "adapter", base)
    return strangers.small_sentence_model(folder / "sentence", base) if kind == "sentence" else base


def _size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def pressed() -> list[tuple[str, str]]:
    """(what was done, what it came to) of a runtime under pressure. Raises AssertionError where an answer is wrong."""
    from attnviz.runtime import LocalRuntime, Query, Settings

    told = []
    with tempfile.TemporaryDirectory() as folder:
        small = [str(strangers.small_model(Path(folder) / f"small {seed}", seed)) for seed in range(3)]
        large = [
            str(strangers.small_model(Path(folder) / f"large {seed}", seed, 64 << 10)) for seed in range(2)
        ]

        runtime = LocalRuntime(Settings(device="cpu", dtype="float32", max_models=2, max_waiting_each=50))
        found = pressure.mixed_questions(runtime, small[:2], threads=50, each=10)
        told.append(("50 threads, mixed questions", _said(found)))

        coming = LocalRuntime(Settings(device="cpu", dtype="bfloat16", max_models=1))
        found = pressure.loads_beside_explanations(runtime, coming, small[0], small[1:], loads=10)
        told.append(("bfloat16 loads beside explanations", _said(found)))

        runtime = LocalRuntime(Settings(device="cpu", dtype="float32", max_models=1))
        found = pressure.loads_and_evictions(runtime, large, rounds=10)
        told.append(("loads and evictions, two models", _said(found)))

        runtime = LocalRuntime(Settings(device="cpu", warm=False, held_mb=16))
        files = [runtime.save(Query(small[0], f"File number {number}.")) for number in range(10)]
        found = pressure.visitors_with_files(runtime, files, visitors=50)
        told.append(("visitors with ten files each", _said(found)))
    return told


def _said(figures: dict[str, float]) -> str:
    names = {"bytes": "in use", "growth": "growth", "most": "held at most", "bound": "bound"}
    parts = [
        f"{names[name]} {value / MB:.1f} MB" if name in names else f"{name} {value:,.4g}"
        for name, value in figures.items()
    ]
    return ", ".join(parts)


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


def _part(name: str, chosen: argparse.Namespace) -> Any:
    """What a process of its own found; None, and its last words printed, where it failed."""
    command = [sys.executable, __file__, "--json", "--only", name]
    command += ["--count", str(chosen.count), "--seed", str(chosen.seed)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(f"{name}: the process ended with {done.returncode}\n{done.stderr[-2000:]}")
        return None
    return json.loads(done.stdout.splitlines()[-1])


def main() -> int:
    """Print the tables; 1 where a file was neither refused nor opened right, or an answer was wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=(*KINDS, PRESSURE))
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.json:
        found = pressed() if chosen.only == PRESSURE else judged(chosen.only, chosen.count, chosen.seed)
        print(json.dumps(found))
        return 0
    kinds = [kind for kind in KINDS if chosen.only in (None, kind)]
    bad = not _files(kinds, chosen) if kinds else False
    if chosen.only in (None, PRESSURE):
        rows = _part(PRESSURE, chosen)
        bad |= rows is None
        for what, figures in rows or ():
            print(f"{what:36}{figures}", flush=True)
    return 1 if bad else 0


def _files(kinds: list[str], chosen: argparse.Namespace) -> bool:
    """Print the table of files; whether each was refused or opened right."""
    print(
        f"{'kind':12}{'files':>7}{'refused':>9}{'opened':>8}{'wrong':>7}"
        f"{'one file':>11}{'peak growth':>14}{'slowest':>9}"
    )
    faults: dict[str, int] = {}
    for kind in kinds:
        found = _part(kind, chosen)
        if found is None:
            return False
        verdicts = found["verdicts"]
        wrong = {name: number for name, number in verdicts.items() if name not in (OPENED, REFUSED)}
        faults |= wrong
        print(
            f"{kind:12}{chosen.count:7}{verdicts.get(REFUSED, 0):9}{verdicts.get(OPENED, 0):8}{sum(wrong.values()):7}"
            f"{found['size'] / 1e6:8.2f} MB{found['growth'] / 1e6:11.1f} MB{found['slowest']:7.2f} s",
            flush=True,
        )
    for name, number in sorted(faults.items(), key=lambda pair: -pair[1]):
        print(f"{number:5}  {name}")
    return not faults


if __name__ == "__main__":
    sys.exit(main())
