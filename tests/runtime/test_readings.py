"""How a question wants its text read: special tokens and chat messages, in every answer of the runtime."""

from __future__ import annotations

import numpy as np
import pytest

import attnviz
from attnviz.runtime import Query, Runtime, Settings

TEMPLATE = (
    "{% for message in messages %}<s>{{ message.role }}\n{{ message.content }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant\n{% endif %}"
)
MESSAGE = [{"role": "user", "content": "The cat </s> sat on a mat"}]


@pytest.fixture(scope="module")
def chatter(tmp_path_factory) -> str:
    """A tiny random GPT-2 whose tokenizer has a chat template and puts "<s>" before every other text."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: n for n, letter in enumerate(["<s>", "</s>", *letters])}
    backend = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>", eos_token="</s>")
    tokenizer.chat_template = TEMPLATE
    path = tmp_path_factory.mktemp("chatter")
    torch.manual_seed(0)
    GPT2LMHeadModel(
        GPT2Config(vocab_size=len(tokenizer), n_positions=96, n_embd=16, n_layer=2, n_head=2)
    ).save_pretrained(path)
    tokenizer.save_pretrained(path)
    return str(path)


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    return Runtime(Settings(device="cpu", dtype="float32"))


def test_special_tokens_are_read_where_they_are_asked_for(runtime):
    text = "The [MASK] sat."
    plain, special = (runtime.capture(Query("minilm", text, reading=how)) for how in ("", "special"))
    truth = attnviz.load("minilm", device="cpu", dtype="float32").capture(text, special=True)
    assert special.tokens.ids.tolist() == truth.tokens.ids.tolist()
    np.testing.assert_allclose(special.attention(2, 5), truth.attention(2, 5), atol=1e-6)
    assert len(plain.tokens) > len(special.tokens)
    assert special.tokens.special.tolist()[2]


def test_a_chat_message_is_what_the_template_makes_of_it(runtime, chatter):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(chatter)
    truth = tokenizer.apply_chat_template(
        MESSAGE, add_generation_prompt=True, return_dict=False, tokenize=True
    )
    query = Query(chatter, MESSAGE[0]["content"], "no part", reading="chat")
    assert runtime.capture(query).tokens.ids.tolist() == truth
    assert truth.count(tokenizer.bos_token_id) == 2  # not one more before the template's own


@pytest.mark.parametrize("how", ["special", "chat"])
def test_every_answer_reads_the_text_in_the_same_way(runtime, chatter, how):
    """Explanation, test, other methods, a shuffled model, changed heads and words, and the layers: the same ids."""
    query = Query(chatter, MESSAGE[0]["content"], reading=how)
    ids = runtime.capture(query).tokens.ids.tolist()
    explained = runtime.explain(query, "next-token", "leave-one-out")
    assert explained.tokens.ids.tolist() == ids
    assert runtime.answer(query, "next-token").value == explained.value
    assert runtime.faithfulness(query, "next-token", "leave-one-out", seeds=2).value == explained.value
    assert runtime.sanity(query, "next-token", "leave-one-out").after.tokens.ids.tolist() == ids
    assert runtime.agreement(query, "next-token", "leave-one-out") is not None
    assert runtime.without(query, {}, "next-token").before == explained.value
    assert runtime.attended(query, target="next-token").weights.shape == (len(ids), len(ids))
    frozen = runtime.ablate(query, ((0, 1),), "next-token", reference=query.text)
    assert frozen.before == explained.value
    assert runtime.layer_by_layer(query, "next-token").values[-1] == pytest.approx(explained.value, abs=1e-5)
    written = runtime.explain(query, "sequence", "attention")
    assert written.tokens.ids.tolist() == ids


def test_a_text_made_of_the_tokens_of_a_message_is_not_put_into_the_template_again(runtime, chatter):
    query = Query(chatter, MESSAGE[0]["content"], reading="chat")
    tokens = runtime.capture(query).tokens
    again = query.rewritten(tokens.text, tokens.pair)
    assert again.reading == "template"
    assert runtime.capture(again).tokens.ids.tolist() == tokens.ids.tolist()
    assert again.rewritten(tokens.text, None) == again


def test_readings_are_kept_apart_and_refused_where_there_is_no_template(runtime):
    assert runtime.readable(Query("minilm", "a [MASK] [SEP] [MASK]")).names == ("[MASK]", "[SEP]")
    assert not runtime.readable(Query("minilm", "a")).chat
    assert Runtime(Settings(device="cpu", warm=False)).readable(Query("minilm", "[MASK]")).names == ()
    with pytest.raises(attnviz.errors.InputInvalid, match="no chat template"):
        runtime.capture(Query("minilm", "Hello", reading="chat"))
