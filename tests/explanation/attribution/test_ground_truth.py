"""A task whose truth is known: of two sets of cue words, which one has more words in the text.

The label needs every cue, and the sign of each cue's part in it is the set that it belongs to. A method that explains
must tell supporting cues from opposing ones; where the model looks does not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnviz.explanation import explain

pytestmark = pytest.mark.slow  # a model is trained

CUES = {"for": [f"f{n}" for n in range(6)], "against": [f"a{n}" for n in range(6)]}
FILLERS = [f"w{n}" for n in range(20)]
WORDS, STEPS, BATCH = 14, 600, 64


def texts(random: np.random.Generator, count: int) -> tuple[list[list[str]], list[int]]:
    """Texts of 14 words, some of them cues, never equally many of both sets; 1 where "for" has more."""
    found, labels = [], []
    while len(found) < count:
        first, second = random.integers(0, 6, 2)
        if first == second:
            continue
        words = [
            *random.choice(CUES["for"], first), *random.choice(CUES["against"], second),
            *random.choice(FILLERS, WORDS - first - second),
        ]  # fmt: skip
        found.append([str(word) for word in random.permutation(words)])
        labels.append(int(first > second))
    return found, labels


@pytest.fixture(scope="module")
def majority(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A BERT of three layers, 64 wide, that has learned the task."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    from attnviz.capture import load_model

    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *CUES["for"], *CUES["against"], *FILLERS]
    backend = Tokenizer(models.WordLevel({word: n for n, word in enumerate(vocabulary)}, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    backend.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]",
    )  # fmt: skip
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=64, intermediate_size=128, num_hidden_layers=3,
        num_attention_heads=4, max_position_embeddings=32, hidden_dropout_prob=0, attention_probs_dropout_prob=0,
        num_labels=2, id2label={0: "against", 1: "for"},
    )  # fmt: skip
    path = tmp_path_factory.mktemp("majority")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = BertForSequenceClassification(config).train()
        optimizer = torch.optim.AdamW(module.parameters(), 1e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, STEPS)
        random = np.random.default_rng(0)
        for _ in range(STEPS):
            batch, labels = texts(random, BATCH)
            inputs = tokenizer([" ".join(words) for words in batch], return_tensors="pt")
            module(**inputs, labels=torch.tensor(labels)).loss.backward()
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
    module.eval().save_pretrained(path)
    tokenizer.save_pretrained(path)
    return load_model(str(path), device="cpu", dtype="float32")


def auc(scores: np.ndarray, positive: np.ndarray) -> float:
    """How often a supporting cue has a higher score than an opposing one; ties count half."""
    above, below = scores[positive][:, None], scores[~positive][None]
    return float((above > below).mean() + (above == below).mean() / 2)


@pytest.fixture(scope="module")
def aucs(majority) -> dict[str, float]:
    """The mean over texts with cues of both sets, for each method."""
    batch, _ = texts(np.random.default_rng(2), 60)
    found: dict[str, list[float]] = {}
    for words in batch:
        sides = np.array(
            [1 if word in CUES["for"] else -1 if word in CUES["against"] else 0 for word in words]
        )
        if not {1, -1} <= set(sides.tolist()):
            continue
        # Where blanks alone give the same answer, there is no change whose sign a cue could have.
        if abs(explain(majority, " ".join(words), method="integrated-gradients").change) < 1:
            continue
        for method in ("integrated-gradients", "attention", "rollout"):
            result = explain(majority, " ".join(words), method=method)
            predicted = 1 if dict(result.options)["label"] == "for" else -1
            scores = result.scores[~result.tokens.special][sides != 0]
            found.setdefault(method, []).append(auc(scores, sides[sides != 0] == predicted))
    assert len(found["rollout"]) >= 15
    return {method: float(np.mean(values)) for method, values in found.items()}


def test_the_model_has_learned_the_task(majority):
    import torch

    batch, labels = texts(np.random.default_rng(1), 500)
    inputs = majority.loaded.tokenizer([" ".join(words) for words in batch], return_tensors="pt")
    with torch.no_grad():
        predicted = majority.loaded.module(**inputs).logits.argmax(-1).tolist()
    assert np.mean(np.array(predicted) == labels) >= 0.97


def test_integrated_gradients_tell_supporting_words_from_opposing_ones(aucs):
    assert aucs["integrated-gradients"] >= 0.97


def test_where_the_model_looks_does_not(aucs):
    assert aucs["attention"] < 0.85
    assert aucs["rollout"] < 0.85
