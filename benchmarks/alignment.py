"""How well each head of a translator links words, against links made by hand: `python benchmarks/alignment.py`.

Twenty pairs of sentences (benchmarks/translations.py), teacher-forced. The link of a target word is the source word
that it was read from most; uncertain rows have none. Beside the heads two baselines: the diagonal, and the best head
read one row too late.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from attnviz.analysis.word_alignment import (
    Links,
    WordAlignment,
    aligning_head,
    head_scores,
    parse_links,
    word_alignment,
)
from benchmarks.translations import PAIRS

MODEL = "translator-en-pt"


def error_rate(counts: np.ndarray, gold: int) -> np.ndarray:
    """Micro-averaged alignment error rate of (..., 2) right and found links."""
    return np.asarray(1 - 2 * counts[..., 0] / (counts[..., 1] + gold))


def main() -> None:
    import attnviz
    from attnviz.explanation.translation.writing import translate

    model = attnviz.load(MODEL, device="cpu", dtype="float32")
    heads, others, total, scores, elected = 0, np.zeros((2, 2)), 0, [], []
    for source, target, written in PAIRS:
        pair, gold = translate(model, source, target), parse_links(written)
        total += len(gold)
        maps = [
            [word_alignment(head, pair.target, pair.source) for head in layer] for layer in pair.attention
        ]
        heads = heads + np.array([[_right(each, gold) for each in layer] for layer in maps])
        elected.append(aligning_head(pair.attention, pair.target, pair.source))
        scores.append(head_scores(pair.attention, pair.target, pair.source))
        best = pair.aligning or elected[-1]
        late = word_alignment(np.roll(pair.attention[best], 1, 0), pair.target, pair.source)
        diagonal = frozenset((n, n) for n in range(min(len(late.sources), len(late.targets)) - 1))
        others += [[len(diagonal & gold), len(diagonal)], _right(late, gold)]
    rates, mean = error_rate(np.asarray(heads), total), np.mean(scores, 0)
    print(f"{MODEL}, {len(PAIRS)} pairs: alignment error rate of each head, and its score without gold\n")
    for layer in range(len(rates)):
        print(
            f"layer {layer}  "
            + "  ".join(
                f"{rate:.3f} ({score:.2f})" for rate, score in zip(rates[layer], mean[layer], strict=True)
            )
        )
    print(
        f"\ndiagonal {error_rate(others, total)[0]:.3f} · one row too late {error_rate(others, total)[1]:.3f}"
    )
    print(f"found without gold: {', '.join(f'{layer}.{head}' for layer, head in sorted(set(elected)))}")


def _right(found: WordAlignment, gold: Links) -> tuple[int, int]:
    """Right links and links, the last target word (the full stop) left out as in the gold."""
    links = {(source, target) for source, target in found.links if target < len(found.targets) - 1}
    return len(links & gold), len(links)


if __name__ == "__main__":
    main()
