"""Trains the translator on one CPU thread, with a fixed seed: `python -m models.translator.train`.

It writes weights, tokenizer, gold examples and card into its own folder, or into the one that is named.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.translator.data import training_sentences, unseen_sentences
from models.translator.tokenizer import END, LONGEST, PAD, TAGS, tokenizer

if TYPE_CHECKING:
    import torch

    from models.translator.words import Sentence

SEED = 0
STEPS, BATCH = 5_000, 64
RATE, WARM, LAST_SHARE = (
    1.5e-3,
    200,
    0.02,
)  # of AdamW: the highest, steps until then, and what is left at the end
SMOOTHING, CLIP = 0.02, 1.0
SHAPE = {
    "d_model": 128, "encoder_layers": 3, "decoder_layers": 3, "encoder_attention_heads": 4,
    "decoder_attention_heads": 4, "encoder_ffn_dim": 512, "decoder_ffn_dim": 512, "max_position_embeddings": LONGEST,
    "activation_function": "relu", "scale_embedding": True, "share_encoder_decoder_embeddings": True,
    "tie_word_embeddings": True, "init_std": 0.08,  # with the usual 0.02 it hardly learns
    "dropout": 0.0, "attention_dropout": 0.0, "activation_dropout": 0.0,
}  # fmt: skip
HERE = Path(__file__).resolve().parent

Example = tuple[list[int], list[int]]  # ids that are read, ids that are written


def examples(sentences: Sequence[Sentence], known: dict[str, int]) -> list[Example]:
    """Each sentence in both directions: the tag of the target language, the words, the end."""
    found = []
    for each in sentences:
        english, french = ([known[word] for word in words] for words in (each.english, each.french))
        for tag, read, written in ((TAGS["fr"], english, french), (TAGS["en"], french, english)):
            found.append(([known[tag], *read, known[END]], [*written, known[END]]))
    return found


def batches(given: Sequence[Example], numbers: random.Random) -> Iterator[list[Example]]:
    """Without end: batches of about equal lengths, in another order each time."""
    order = sorted(given, key=lambda each: (len(each[0]) + len(each[1])) // 2 + numbers.random())
    together = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    while True:
        numbers.shuffle(together)
        yield from together


def padded(rows: Sequence[list[int]], fill: int) -> torch.Tensor:
    """(N, longest) int64."""
    import torch

    width = max(map(len, rows))
    return torch.tensor([row + [fill] * (width - len(row)) for row in rows])


def loss_of(model: Any, batch: Sequence[Example], pad: int) -> torch.Tensor:
    """Mean cross-entropy of the target tokens, teacher-forced; the decoder begins with the padding token."""
    import torch
    from torch.nn.functional import cross_entropy

    source, target = padded([each[0] for each in batch], pad), padded([each[1] for each in batch], -100)
    start = torch.full((len(batch), 1), pad)
    fed = torch.cat([start, target[:, :-1].clamp(min=pad)], 1)
    logits = model(
        input_ids=source, attention_mask=(source != pad).long(), decoder_input_ids=fed, use_cache=False
    ).logits
    return cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=-100, label_smoothing=SMOOTHING)


def rate_at(step: int, steps: int) -> float:
    """Up in a line, down along a cosine."""
    cosine = 0.5 * (1 + math.cos(math.pi * step / steps))
    return RATE * min(1.0, (step + 1) / WARM) * max(LAST_SHARE, cosine)


def learn(model: Any, given: Sequence[Example], pad: int, steps: int) -> None:
    """Train in place, and say every 200 steps how far it is."""
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.98), weight_decay=0.01)
    source, total, start = batches(given, random.Random(SEED)), 0.0, time.process_time()
    model.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate_at(step, steps)
        loss = loss_of(model, next(source), pad)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        total += loss.item()
        if (step + 1) % 200 == 0:
            print(
                f"{step + 1} steps  {time.process_time() - start:.0f} s  loss {total / 200:.4f}", flush=True
            )
            total = 0.0
    model.eval()


def main() -> None:
    import torch
    from transformers import GenerationConfig, MarianConfig, MarianMTModel

    from models.translator.card import write_beside

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE, help="the folder to write to")
    parser.add_argument("--steps", type=int, default=STEPS)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    sentences = training_sentences()
    words = tokenizer(word for each in sentences for word in each.english + each.french)
    known = words.get_vocab()
    if unknown := {word for each in unseen_sentences() for word in each.english + each.french} - set(known):
        raise SystemExit(f"the tests hold words that training does not: {sorted(unknown)}")
    ends = {"pad_token_id": known[PAD], "eos_token_id": known[END], "decoder_start_token_id": known[PAD]}
    model = MarianMTModel(
        MarianConfig(vocab_size=len(words), forced_eos_token_id=None, bos_token_id=None, **ends, **SHAPE)
    )
    learn(model, examples(sentences, known), known[PAD], asked.steps)
    model.generation_config = GenerationConfig(max_length=LONGEST, **ends)
    model.half().save_pretrained(asked.out)
    words.save_pretrained(asked.out)
    write_beside(asked.out)


if __name__ == "__main__":
    main()
