"""What the badges of agreement and the shuffling of layers say of each method: the pairs of faithfulness.py, MiniLM.

Prints one row per method: on what share of the forty texts it agrees with cheap methods of other kinds and survives a
change of baseline (Kendall's tau of `evaluation.verdict.ALIKE` or more), and, of the first ten pairs, the mean rank
correlation with the same explanation by the model with its upper layers shuffled. The last row has scores drawn
at random.

    python benchmarks/agreement.py [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

METHODS = (
    "integrated-gradients", "leave-one-out", "token-pairs", "attention-relevance", "gradient-norm",
    "gradient-times-input", "attention", "value-weighted", "rollout",
)  # fmt: skip
RANDOM = "random scores"
SHUFFLED = 10  # pairs; making a shuffled model costs more than all else


def measure() -> list[dict[str, Any]]:
    """One record per method, and one for random scores."""
    import numpy as np
    from faithfulness import PAIRS

    from attnviz.capture import load_model
    from attnviz.explanation import explain, sanity
    from attnviz.explanation.evaluation import agreement as checks
    from attnviz.explanation.evaluation import verdict

    model = load_model("minilm", device="cpu", dtype="float32")
    draw = np.random.default_rng(0)
    found: dict[str, dict[str, list[float]]] = {name: {} for name in (*METHODS, RANDOM)}

    def note(row: str, name: str, value: float) -> None:
        if not np.isnan(value):
            found[row].setdefault(name, []).append(value)

    for number, (text, other) in enumerate(PAIRS):
        own = {name: explain(model, text, pair=other, method=name) for name in METHODS}
        noise = replace(
            own["rollout"],
            scores=draw.random(len(own["rollout"].tokens)),
            pair_scores=draw.random(len(own["rollout"].pair_tokens or ())),
        )
        for row, attribution in {**own, RANDOM: noise}.items():
            others = [own[name] for name in checks.compared_with(attribution.method, "similarity")]
            second = None if row == RANDOM else checks.from_another_baseline(model, attribution)
            for side in (0, 1):
                alike = checks.agreement(attribution, others, second, side)
                if alike is not None:
                    note(row, "agrees", alike.tau >= verdict.ALIKE)
                    tau = alike.baseline_tau
                    note(row, "survives", tau if np.isnan(tau) else float(tau >= verdict.ALIKE))
            if row != RANDOM and number < SHUFFLED:
                checked = sanity(model, attribution)
                note(row, "shuffled", checked.correlation)
                note(row, "shuffled", checked.pair_correlation or float("nan"))
    return [
        {"method": row, **{name: float(np.mean(each)) for name, each in columns.items()}}
        for row, columns in found.items()
    ]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    rows = measure()
    if arguments.json:
        print(json.dumps(rows, indent=1))
        return 0
    print(f"{'method':24}{'agrees':>10}{'survives':>10}{'shuffled':>10}")
    for row in rows:
        columns = (("agrees", ".0%"), ("survives", ".0%"), ("shuffled", ".2f"))
        cells = (format(row[name], how) if name in row else "" for name, how in columns)
        print(f"{row['method']:24}" + "".join(f"{cell:>10}" for cell in cells))
    return 0


if __name__ == "__main__":
    sys.exit(main())
