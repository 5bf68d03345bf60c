"""Loading beside running: the default dtype is never touched, and what is loaded is what transformers loads."""

import threading

import pytest
import torch
import transformers

from attnviz.loading import load

from . import tiny

FAMILIES = {
    "BertModel": ("BertConfig", tiny.BERT),
    "GPT2LMHeadModel": ("GPT2Config", tiny.GPT2),
    "LlamaForCausalLM": ("LlamaConfig", tiny.LLAMA),
    "T5ForConditionalGeneration": ("T5Config", tiny.T5),  # keeps layers in float32 where float16 is asked for
    "BartForConditionalGeneration": ("BartConfig", tiny.TWO_SIDED),
    "BloomForCausalLM": ("BloomConfig", tiny.BLOOM),
    "DistilBertModel": ("DistilBertConfig", tiny.DISTILBERT),
}


def contents(module):
    """Every parameter and buffer, those that are not saved among them."""
    return dict(module.named_parameters()) | dict(module.named_buffers())


def check_equal(directory, dtype):
    loaded = load(directory, device="cpu", dtype=dtype)
    plain = type(loaded.module).from_pretrained(directory, dtype=getattr(torch, dtype))
    ours, theirs = contents(loaded.module), contents(plain)
    assert ours.keys() == theirs.keys()
    for name, expected in theirs.items():
        assert ours[name].dtype == expected.dtype, name
        assert torch.equal(ours[name], expected), name


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64"])
@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_loaded_is_what_transformers_loads(tmp_path, family, dtype):
    config, values = FAMILIES[family]
    check_equal(tiny.save(tiny.build(family, config, **values), tmp_path), dtype)


def test_two_models_in_one(tmp_path):
    """Parts that are built by a class of their own ask for their dtype by themselves."""
    part = transformers.BertConfig(**tiny.BERT).to_dict()
    config = transformers.EncoderDecoderConfig(
        encoder=part,
        decoder=part | {"is_decoder": True, "add_cross_attention": True},
        decoder_start_token_id=0,
    )
    torch.manual_seed(0)
    module = transformers.EncoderDecoderModel(config)
    check_equal(tiny.save(module, tmp_path), "bfloat16")


def test_loading_beside_running_changes_nothing(saved_bert):
    running = load(saved_bert, device="cpu")
    inputs = running.tokenizer("The cat sat on the mat.", return_tensors="pt")

    def run():
        with torch.no_grad():
            # Made where the default dtype rules, as attribution methods make theirs.
            weights = torch.linspace(0, 1, 16)
            return running.module(**inputs).last_hidden_state @ weights

    expected, wrong, loads, done = run(), [], [], threading.Event()

    def load_again():
        try:
            loads.extend(load(saved_bert, device="cpu", dtype="bfloat16").dtype for _ in range(12))
        finally:
            done.set()

    def run_again():
        while not done.is_set():
            if torch.get_default_dtype() != torch.float32 or not torch.equal(run(), expected):
                wrong.append(torch.get_default_dtype())

    threads = [threading.Thread(target=each) for each in (load_again, run_again, run_again)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == [torch.bfloat16] * 12
    assert wrong == []
