"""What is refused: each with its type, its reason and the sentence that a person reads."""

import json
import subprocess
import sys

import pytest
import torch

from attnviz.capture import Model
from attnviz.errors import (
    AttnVizError,
    InputInvalid,
    ModelNotFound,
    ModelTooLarge,
    ModelUnsupported,
    UnknownName,
)
from attnviz.loading import load

from . import tiny
from .tiny import edit

AGAIN = "Download, copy or install the model's files again."


def refused(directory, reason, message, remedy=None) -> ModelUnsupported:
    with pytest.raises(ModelUnsupported) as caught:
        load(directory, device="cpu")
    assert caught.value.reason == reason
    assert message in caught.value.message
    if remedy is not None:
        assert remedy in caught.value.remedy
    return caught.value


def config_only(directory, **config):
    directory.mkdir(exist_ok=True)
    (directory / "config.json").write_text(json.dumps(config))
    return directory


@pytest.mark.parametrize("family", ["mamba", "rwkv", "falcon_mamba", "fnet"])
def test_no_attention(tmp_path, family):
    refused(
        config_only(tmp_path / "m", model_type=family),
        "no-attention",
        f"is of the family '{family}', which has no attention to show.",
        "Choose a Transformer, for example one of the catalogue.",
    )


def test_hybrids_count_as_attention_only_where_a_layer_has_it(tmp_path):
    mixed = config_only(
        tmp_path / "m", model_type="qwen3_next", layer_types=["linear_attention", "full_attention"]
    )
    refused(mixed, "damaged", "it holds no weights")
    refused(
        config_only(tmp_path / "n", model_type="granitemoehybrid", layer_types=["mamba"] * 2),
        "no-attention",
        "",
    )
    linear = config_only(tmp_path / "l", model_type="qwen3_next", layer_types=["linear_attention"] * 2)
    refused(linear, "no-attention", "has no attention to show")


def test_a_real_mamba_is_refused_before_torch(tmp_path):
    mamba = tiny.build(
        "MambaForCausalLM", "MambaConfig", hidden_size=16, num_hidden_layers=1, state_size=4, **tiny.IDS
    )
    tiny.save(mamba, tmp_path)
    code = (
        "import sys\nfrom attnviz.loading import load\nfrom attnviz.errors import ModelUnsupported\n"
        f"try: load({str(tmp_path)!r})\n"
        "except ModelUnsupported as error: print(error.reason, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "no-attention False\n"


def test_unknown_architecture(tmp_path):
    refused(
        config_only(tmp_path / "m", model_type="telepathy"),
        "unknown-architecture",
        "is of the family 'telepathy', which the installed transformers does not know.",
        "Choose another model, or install a transformers that has this family.",
    )
    refused(config_only(tmp_path / "n"), "unknown-architecture", "is of the family None")
    refused(config_only(tmp_path / "o", model_type=["bert"]), "unknown-architecture", "['bert']")


def test_quantized(bert):
    edit(bert, quantization_config={"quant_method": "gptq"})
    refused(bert, "unknown-architecture", "are quantized, which is not supported.", "unquantized version")


def test_remote_code_is_never_run(tmp_path, bert):
    code = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    for changes in (
        {"model_type": "own", "auto_map": {"AutoConfig": "own.C", "AutoModel": "own.M"}},
        {"architectures": ["OwnBertModel"], "auto_map": {"AutoModel": "own.M"}},  # borrows the family's name
    ):
        edit(bert, **changes)
        (bert / "own.py").write_text(code)
        refused(
            bert,
            "needs-remote-code",
            "can only run with Python code of its own ('auto_map' in its config.json); "
            "code that comes with a model is never run here.",
            "Choose a model of a family that transformers knows.",
        )
    assert not (tmp_path / "ran").exists()


def test_native_class_is_used_beside_remote_code(bert, tmp_path):
    edit(bert, auto_map={"AutoConfig": "own.C", "AutoModel": "own.M"})
    (bert / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    assert type(load(bert, device="cpu").module).__module__ == "transformers.models.bert.modeling_bert"
    assert not (tmp_path / "ran").exists()


def test_tokenizer_with_remote_code(bert, tmp_path):
    for file in ("tokenizer.json", "tokenizer_config.json"):
        (bert / file).unlink(missing_ok=True)
    (bert / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    (bert / "tokenizer_config.json").write_text(
        json.dumps({"auto_map": {"AutoTokenizer": ["own.T", None]}, "tokenizer_class": "OwnTokenizer"})
    )
    refused(bert, "damaged", "its directory holds no tokenizer that can be read")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("pickle", ["pytorch_model.bin", "model.pt", "pytorch_model-00001-of-00002.bin"])
def test_pickle_only(bert, pickle):
    (bert / "model.safetensors").rename(bert / pickle)
    refused(
        bert,
        "pickle-weights",
        f"has its weights only as pickle files ({pickle}), which can run any code when they are opened.",
        "Convert them to safetensors where you trust them",
    )


def test_no_weights(bert):
    (bert / "model.safetensors").unlink()
    refused(
        bert,
        "damaged",
        "it holds no weights: neither model.safetensors nor model.safetensors.index.json",
        AGAIN,
    )


@pytest.mark.parametrize("keep", [0, 5, 8, 100, -1])
def test_truncated_weights(bert, keep):
    path = bert / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    refused(bert, "damaged", "cannot be used: model.safetensors", AGAIN)


def header(path):
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def with_header(path, head, body):
    text = json.dumps(head).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)


@pytest.mark.parametrize(
    "wrong",
    [
        {"dtype": "F33"},
        {"shape": [2, "x"]},
        {"shape": 3},
        {"shape": [10**9, 10**9]},
        {"data_offsets": [0]},
        {"data_offsets": [0, 10**12]},
        {"data_offsets": None},
        {"shape": [-4]},
    ],
)
def test_header_that_lies(bert, wrong):
    path = bert / "model.safetensors"
    head, body = header(path)
    key = next(key for key in head if key != "__metadata__")
    head[key] |= wrong
    with_header(path, head, body)
    refused(bert, "damaged", "model.safetensors cannot be read: the header ")


def test_overlapping_tensors(bert):
    path = bert / "model.safetensors"
    head, body = header(path)
    keys = [key for key in head if key != "__metadata__"]
    twin = next(b for b in keys[1:] if head[b]["shape"] == head[keys[0]]["shape"])
    head[keys[0]]["data_offsets"] = head[twin]["data_offsets"]
    with_header(path, head, body)
    refused(bert, "damaged", "its tensors overlap or leave a gap")


def test_sharded(bert, saved_bert, tmp_path):
    whole = load(saved_bert, device="cpu")
    whole.module.save_pretrained(tmp_path / "shards", max_shard_size="10KB")
    tiny.tokenizer().save_pretrained(tmp_path / "shards")
    shards = sorted(path.name for path in (tmp_path / "shards").glob("model-*.safetensors"))
    assert len(shards) > 1
    again = load(tmp_path / "shards", device="cpu")
    assert all(
        torch.equal(a, b) for a, b in zip(again.module.parameters(), whole.module.parameters(), strict=True)
    )
    (tmp_path / "shards" / shards[1]).unlink()
    refused(
        tmp_path / "shards",
        "damaged",
        f"the file {shards[1]}, listed in model.safetensors.index.json, is missing",
    )
    edit(tmp_path / "shards", "model.safetensors.index.json", weight_map={"a": "../bert/model.safetensors"})
    refused(tmp_path / "shards", "damaged", "model.safetensors.index.json does not list its files")
    edit(tmp_path / "shards", "model.safetensors.index.json", weight_map={"a": {"b": 1}})
    refused(tmp_path / "shards", "damaged", "does not list its files")


@pytest.mark.parametrize("content", ["", "{", "[]", "\x00\xff", "[" * 100_000, '"bert"'])
def test_config_that_is_not_json(bert, content):
    (bert / "config.json").write_text(content, encoding="latin-1")
    refused(bert, "damaged", "config.json is not", AGAIN)


@pytest.mark.parametrize(
    "changes",
    [{"hidden_size": -1}, {"num_attention_heads": 0}, {"num_hidden_layers": "many"}, {"vocab_size": True}],
)
def test_config_with_impossible_sizes(bert, changes):
    edit(bert, **changes)
    refused(bert, "damaged", f"config.json gives {next(iter(changes))} as", AGAIN)


def test_weights_that_do_not_fit_the_config(bert):
    edit(bert, hidden_size=24)
    refused(bert, "damaged", "its weights do not load: ")


def test_weights_missing_from_the_body(bert):
    edit(bert, num_hidden_layers=3)
    error = refused(bert, "damaged", "its checkpoint lacks 16 weights, such as ")
    assert "encoder.layer.2." in error.message


def test_no_tokenizer(bert):
    for path in bert.glob("tokenizer*"):
        path.unlink()
    refused(
        bert,
        "damaged",
        "its directory holds no tokenizer that can be read.",
        "Save the tokenizer beside the weights: tokenizer.save_pretrained(directory).",
    )


def test_broken_tokenizer(bert):
    (bert / "tokenizer.json").write_text("{}")
    refused(bert, "damaged", "no tokenizer that can be read")


def test_tokenizer_of_another_model(bert):
    """Ids past the vocabulary would be an IndexError deep inside the model."""
    small = tiny.build("BertModel", "BertConfig", **{**tiny.BERT, "vocab_size": 100})
    small.save_pretrained(bert)
    loaded = load(bert, device="cpu")
    with pytest.raises(InputInvalid, match=r"the id \d+, but the model's vocabulary ends at 99"):
        Model(loaded).tokenize("猫 the cat sat on the mat")


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "../../etc",
        "/etc",
        "<script>alert(1)</script>",
        "a/b/c",
        "x" * 5000,
        "nul\x00byte",
        "line\nbreak",
        "\u202eright-to-left",
        "lone\ud800surrogate",
        "~nobody-here/model",
        "-rf",
        "a--b",
        "http://127.0.0.1/model",
        "minilm ",
        "MINILM/",
        "..",
        ".",
    ],
)
def test_hostile_names_are_not_found_and_never_asked_for(name, no_network):
    with pytest.raises(ModelNotFound) as caught:
        load(name)
    message = str(caught.value)
    assert message.startswith("There is no model '")
    assert "on the Hub. The catalogue has: minilm, " in message
    assert message.isprintable()
    assert len(message) < 300


def test_a_directory_without_a_config_is_like_none(tmp_path, no_network):
    """Who may type names into a server must not learn which directories it has."""
    with pytest.raises(ModelNotFound) as there:
        load(tmp_path)
    with pytest.raises(ModelNotFound) as gone:
        load(tmp_path / "gone")
    assert str(there.value).replace(str(tmp_path), "") == str(gone.value).replace(str(tmp_path / "gone"), "")


def test_loading_from_disk_asks_no_network(saved_bert, no_network):
    load(saved_bert, device="cpu")
    load("minilm", device="cpu")


def test_device_and_dtype_names():
    with pytest.raises(
        UnknownName,
        match=r"There is no device 'gpu'\. Choose one of: auto, cuda, mps\.",
    ):
        load("minilm", device="gpu")
    with pytest.raises(UnknownName, match=r"There is no dtype 'flot32'\. Did you mean 'float32'\?"):
        load("minilm", dtype="flot32")
    with pytest.raises(UnknownName, match="There is no device 'cuda:x'"):
        load("minilm", device="cuda:x")


@pytest.mark.skipif(torch.cuda.is_available(), reason="the machine has CUDA")
@pytest.mark.parametrize("device", ["cuda", "cuda:3", "mps"])
def test_device_that_is_not_there(device):
    if device == "mps" and torch.backends.mps.is_available():
        pytest.skip("the machine has MPS")
    with pytest.raises(
        AttnVizError,
        match=f"The device '{device}' was asked for, but this machine does not have it. It has: cpu",
    ):
        load("minilm", device=device)


def test_too_large_is_said_before_anything_is_loaded(saved_bert, monkeypatch):
    size = (saved_bert / "model.safetensors").stat().st_size
    parameters = load(saved_bert, device="cpu").card.parameters
    assert size > 4 * parameters
    monkeypatch.setattr("attnviz.loading.loader._load", lambda *_: pytest.fail("loaded"))
    with pytest.raises(ModelTooLarge) as caught:
        load(saved_bert, device="cpu", memory_limit=4 * parameters - 1)
    assert (caught.value.needed, caught.value.available) == (4 * parameters, 4 * parameters - 1)
    assert "for its weights; " in caught.value.message
    assert caught.value.remedy == (
        "Choose a smaller model, a smaller dtype such as 'bfloat16', or a machine with more memory."
    )
    monkeypatch.undo()
    load(saved_bert, device="cpu", memory_limit=4 * parameters)
    load(saved_bert, device="cpu", dtype="bfloat16", memory_limit=2 * parameters)
    with pytest.raises(ModelTooLarge):
        load(saved_bert, device="cpu", dtype="float64", memory_limit=4 * parameters)


def test_too_large_from_a_header_that_promises_more_than_the_machine_has(bert):
    """A sparse file of a true size: nothing is read but its header."""
    path = bert / "model.safetensors"
    head = {"w": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}
    with_header(path, head, b"")
    try:
        with path.open("r+b") as stream:
            stream.truncate(path.stat().st_size + 2**42)
    except OSError:
        pytest.skip("no sparse files of 4 TB here")
    with pytest.raises(ModelTooLarge, match=r"needs 4398\.0 GB for its weights"):
        load(bert, device="cpu")
