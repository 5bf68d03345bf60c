"""How good the translators are, and how well each head of them links words: `python benchmarks/alignment.py`.

`translator` on sentences of its own grammar with pairs of words held out of training, against gold with sure and
possible links. `translator-en-pt`, where it is at hand, on twenty pairs whose links were made by hand
(benchmarks/translations.py). Targets are given; the link of a target word is the source word that it was read from
most, and uncertain rows have none. Beside the heads the diagonal, and for the second model the score that finds a head
without gold, and the trained head read one row too late.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from attnviz.analysis.word_alignment import agreement, aligning_head, head_scores, parse_links, word_alignment
from benchmarks.translations import PAIRS

if TYPE_CHECKING:
    from attnviz.explanation.translation.records import HeadErrors

OWN, FETCHED = "translator", "translator-en-pt"


def main() -> None:
    import attnviz

    own_model()
    if next(card for card in attnviz.catalog() if card.name == FETCHED).at_hand:
        fetched_model()
    else:
        print(f"\n{FETCHED} is not at hand: python -m attnviz fetch {FETCHED}")


def own_model() -> None:
    """The figures of its card, measured anew, and every head."""
    import attnviz
    from attnviz.explanation.translation.gold import head_errors
    from models.translator.card import ALIGNED, NAMES
    from models.translator.data import unseen_sentences
    from models.translator.evaluate import evaluate, gold

    model = attnviz.load(OWN, device="cpu", dtype="float32")
    sentences = unseen_sentences()
    print(
        f"{OWN}, {len(sentences)} sentences with held-out pairs of words, {ALIGNED} of them for alignment\n"
    )
    print(f"{'':20}{'BLEU':>8}{'exact':>8}{'alignment error':>18}{'diagonal':>10}")
    for language, each in evaluate(model, sentences, ALIGNED).items():
        print(
            f"{NAMES[language]:20}{each.bleu:8.1f}{each.exact:8.2f}{each.error_rate:18.3f}{each.diagonal:10.2f}"
        )
    for errors in head_errors(model, gold(sentences[:ALIGNED])):
        print(f"\n{NAMES[errors.language]}: alignment error rate of each head, and of the mean of each layer")
        table(errors)


def table(errors: HeadErrors) -> None:
    """A line for each layer."""
    for layer, rates in enumerate(errors.rates.tolist()):
        print(f"layer {layer}  " + "  ".join(f"{rate:.3f}" for rate in rates))


def fetched_model() -> None:
    """Every head, the score without gold, and what the best head is worth one row too late."""
    import attnviz
    from attnviz.explanation.translation.writing import translate

    model = attnviz.load(FETCHED, device="cpu", dtype="float32")
    heads, others, scores, elected = 0, np.zeros((2, 2)), [], []
    for source, target, written in PAIRS:
        pair, gold = translate(model, source, target), parse_links(written)
        maps = [
            [word_alignment(head, pair.target, pair.source) for head in layer] for layer in pair.attention
        ]
        end = len(maps[0][0].targets) - 1  # the full stop, which the gold leaves out

        def right(links, gold=gold, end=end):
            return agreement([link for link in links if link[1] < end], gold)

        heads = heads + np.array([[right(each.links) for each in layer] for layer in maps])
        elected.append(aligning_head(pair.attention, pair.target, pair.source))
        scores.append(head_scores(pair.attention, pair.target, pair.source))
        best = pair.aligning or elected[-1]
        late = word_alignment(np.roll(pair.attention[best], 1, 0), pair.target, pair.source)
        diagonal = [(n, n) for n in range(min(len(late.sources), len(late.targets)) - 1)]
        others += [right(diagonal), right(late.links)]
    rates, mean = 1 - heads[..., 0] / heads[..., 1], np.mean(scores, 0)
    print(f"\n{FETCHED}, {len(PAIRS)} pairs: alignment error rate of each head, and its score without gold\n")
    for layer in range(len(rates)):
        line = zip(rates[layer], mean[layer], strict=True)
        print(f"layer {layer}  " + "  ".join(f"{rate:.3f} ({score:.2f})" for rate, score in line))
    straight, shifted = 1 - others[:, 0] / others[:, 1]
    print(f"\ndiagonal {straight:.3f} · one row too late {shifted:.3f}")
    print(f"found without gold: {', '.join(f'{layer}.{head}' for layer, head in sorted(set(elected)))}")


if __name__ == "__main__":
    main()
