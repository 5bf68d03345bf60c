"""The seam between pages and engine: what pages may ask, in plain values and frozen records that can be pickled.

`LocalRuntime` answers in this process, `ProcessRuntime` in another one; each method is explained where it is answered.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import numpy as np
import numpy.typing as npt

from attnviz.explanation.evaluation.curves import SEEDS
from attnviz.provenance import Pairs, Provenance
from attnviz.runtime.breakdowns import Breakdown
from attnviz.runtime.fetching import Fetch
from attnviz.runtime.gallery import Example
from attnviz.runtime.media import Medium
from attnviz.runtime.progress import Progress
from attnviz.runtime.query import CaptureInfo, DeviceFacts, Query
from attnviz.runtime.readings import Counted, Embedded, ReadingFacts
from attnviz.runtime.settings import Settings
from attnviz.runtime.writing import Draft, Parting, Quoted, Written
from attnviz.types import (
    Against,
    Attribution,
    CatalogCard,
    Estimate,
    FloatArray,
    GoldAlignment,
    HeadTable,
    Kind,
    ModelCard,
    Overviews,
    QueryKey,
    ScoreParts,
    Trace,
    Writes,
)

if TYPE_CHECKING:
    from attnviz.analysis.alignment import Matching
    from attnviz.analysis.allocation import Allocation
    from attnviz.capture import SelfCheck
    from attnviz.explanation import (
        Ablation,
        Agreement,
        Answer,
        Attended,
        Faithfulness,
        HeadImportance,
        LayerByLayer,
        MethodInfo,
        Operator,
        Removal,
        Sanity,
        TargetInfo,
    )
    from attnviz.explanation.pictures import PictureAttribution, PictureRemoval
    from attnviz.explanation.translation.documents import TranslatedDocument
    from attnviz.explanation.translation.records import BeamTree, HeadErrors, Translation
    from attnviz.figures import Pool
    from attnviz.figures.bertviz import View
    from attnviz.runtime.likeness import Likeness


class Held(Protocol):
    """What visitors hold at the engine: see `attnviz.runtime.engine.store.Store`."""

    @property
    def share(self) -> int:
        """Bytes that one visitor may hold."""

    def give_way(self, elsewhere: int) -> None:
        """Mind the bytes that are held elsewhere, and make room for them."""

    def put(self, key: str, value: Any, nbytes: int | None = None) -> None:
        """Keep a value for the current visitor."""

    def get(self, key: str) -> Any:
        """The value, or None."""

    def drop(self, key: str) -> None:
        """Forget a value."""

    def clear(self, kind: str) -> None:
        """Forget all values of a kind."""


class Runtime(Protocol):
    """What pages ask. All may be called from any thread, for whom `set_visitor` said.

    `progress` is called in the thread of the caller; what it raises cancels the request. Besides the errors
    listed at each method, all that compute raise DeviceMemoryExhausted, and AttnVizError where too many wait.

    Attributes:
        settings: what this server allows.
    """

    settings: Settings

    @property
    def held(self) -> Held:
        """What visitors hold, for pages to put their uploads and books into; bounded for all together."""

    @property
    def default_model(self) -> str:
        """The name of the model that this server offers first: never a path."""

    @property
    def default_query(self) -> Query:
        """The question of the first picture, answered from a file."""

    @property
    def default_pair_query(self) -> Query:
        """The first question with two texts (for similarity), answered from a file."""

    @property
    def default_change_query(self) -> Query:
        """A text, and the same text with one word changed, each alone answered from a file."""

    @property
    def directories(self) -> bool:
        """Whether the current visitor may name directories of this machine."""

    @property
    def waiting(self) -> int:
        """How many requests wait for the device."""

    def examples(self) -> tuple[Example, ...]:
        """Texts to start from."""

    def catalog(self) -> tuple[CatalogCard, ...]:
        """The cards of the models offered by name, and which are at hand. Does not import torch."""

    def card(self, name: str) -> ModelCard | None:
        """What is known of a model, or of the model of an opened file: complete where it is at hand, else None."""

    def ready(self, query: Query) -> bool:
        """Whether `find` would answer at once."""

    def estimate(self, name: str, ask: bool = False) -> Estimate | None:
        """How large a directory or Hub model is before it is loaded; None where the name leads to nothing.

        With `ask` the Hub is asked over the network, and what it refuses is raised.
        """

    def fetch(self, name: str, progress: Progress | None = None) -> None:
        """Fetch a model of the catalogue, once. What `progress` raises ends the waiting; the fetch goes on."""

    def fetching(self) -> tuple[Fetch, ...]:
        """The models that are being fetched, and those whose last fetch failed."""

    def stop_fetching(self, name: str) -> None:
        """End a fetch that is under way; nothing of it is kept. Raises FetchFailed where this is not allowed."""

    def may_fetch(self) -> bool:
        """Whether this server lets the current visitor fetch models, and evict loaded ones."""

    def evict(self, name: str) -> None:
        """Give up a loaded model, to make room. Raises FetchFailed where this server does not allow it."""

    def open(self, data: bytes, name: str = "the file", progress: Progress | None = None) -> Query:
        """Keep the capture in the bytes of a saved file; returns the question that it answers."""

    def opened(self, name: str) -> Query | None:
        """The question that an opened file answers; None where the name is no file's, or it is kept no longer."""

    def save(self, query: Query, progress: Progress | None = None) -> bytes:
        """The capture as the content of a file, which `open` reads. Raises what `capture` raises."""

    def provenance(
        self,
        query: Query,
        lines: tuple[str, ...] = (),
        of_model: bool = False,
        seed: int | None = None,
        settings: Pairs = (),
        progress: Progress | None = None,
    ) -> Provenance:
        """How a result of this question came about; `lines` of Python make it."""

    def archive(
        self,
        query: Query,
        layer: int,
        head: int,
        kind: Kind | None = None,
        quantity: str = "attention",
        pool: Pool | None = None,
        progress: Progress | None = None,
    ) -> bytes:
        """Maps as NPZ; see `attnviz.figures.export.archive`, also for its errors."""

    def head_maps(
        self,
        query: Query,
        heads: Sequence[tuple[int, int]],
        kind: Kind | None = None,
        unit: str | None = None,
        progress: Progress | None = None,
    ) -> Annotated[FloatArray, "N Q K"]:
        """The attention of many heads at once, in turn, for a page that holds them; `unit` as for `map`."""

    def heatmap_message(
        self,
        query: Query,
        layer: int,
        head: int,
        kind: Kind | None = None,
        granularity: str = "token",
        quantity: str = "attention",
        form: str = "heatmap",
        hide: Sequence[str] = (),
        keep: int | None = None,
        held: Sequence[tuple[int, int]] = (),
        pool: Pool | None = None,
        most: int | None = None,
        progress: Progress | None = None,
    ) -> bytes:
        """The message of a heatmap that stands alone; see `attnviz.figures.export.heatmap_message`."""

    def bertviz_document(
        self, query: Query, view: View, layer: int, head: int, kind: Kind | None = None
    ) -> str:
        """BertViz's own view as one HTML document; see `attnviz.figures.bertviz.document`. Not in turn: a few heads."""

    def hold(self, medium: Medium, data: bytes, progress: Progress | None = None) -> str:
        """Keep the bytes of a picture or sound; the digest by which a `Query` names it."""

    def sample(self, medium: Medium, name: str, progress: Progress | None = None) -> str:
        """Keep a picture or sound that comes along, one of the `examples` of a catalogue card; its digest."""

    def holds(self, query: Query) -> bool:
        """Whether the picture or sound of a question is still here; true of a question about a text."""

    def thumbnail(self, query: Query) -> npt.NDArray[np.uint8] | None:
        """A small copy of the picture of a question; None where it has none, or it is kept no longer."""

    def embedded(self, query: Query, progress: Progress | None = None) -> Embedded | None:
        """How the texts, each embedded alone, exceed the model's own limit for that; None where they do not."""

    def counted(self, query: Query, progress: Progress | None = None) -> Counted | None:
        """How many tokens the texts have, and the beginning of one that is too long; None of a model not loaded."""

    def reading(self, name: str, progress: Progress | None = None) -> ReadingFacts:
        """What can be chosen beside a text; nothing of an opened file, or of a model that is not loaded."""

    def special_in(self, query: Query, progress: Progress | None = None) -> tuple[str, ...]:
        """What looks like special tokens of the model in the texts, each once; text, unless `Query.special` is set."""

    def check(self, name: str, progress: Progress | None = None) -> SelfCheck | None:
        """Whether the capture of a model is right: see `attnviz.check`. Once for each model; None of an opened file."""

    def info(self, query: Query, progress: Progress | None = None) -> CaptureInfo:
        """What pages get of the capture, which is made where it is not kept. Raises what `capture` raises."""

    def attention(
        self,
        query: Query,
        layer: int,
        head: int | None = None,
        kind: Kind | None = None,
        progress: Progress | None = None,
        unit: str | None = None,
    ) -> Annotated[FloatArray, "Q K"]:
        """The attention of one head, or of all heads of a layer: `map` of "attention". Raises UnknownName."""

    def map(
        self,
        query: Query,
        quantity: str,
        layer: int,
        head: int | None = None,
        kind: Kind | None = None,
        progress: Progress | None = None,
        unit: str | None = None,
    ) -> Annotated[FloatArray, "Q K"]:
        """One of `MAPS` of one head (Q, K), or of all heads of a layer (H, Q, K)."""

    def strongest(self, query: Query, layer: int, head: int, kind: Kind | None = None) -> tuple[int, int]:
        """The query and the key of a head's strongest link between two words; (0, 0) where it has none."""

    def query_key(
        self,
        query: Query,
        layer: int,
        head: int,
        row: int,
        kind: Kind | None = None,
        progress: Progress | None = None,
    ) -> QueryKey:
        """How the weights of one query token come about. Raises UnknownName, ModelUnsupported."""

    def overviews(
        self, query: Query, size: int = 64, kind: Kind | None = None, progress: Progress | None = None
    ) -> Overviews:
        """Small pictures of all heads, in bytes: the maximum in each of at most size x size cells. Layer by layer."""

    def statistics(
        self, query: Query, kind: Kind | None = None, progress: Progress | None = None
    ) -> HeadTable:
        """Entropy, distance and typical shares of every head."""

    def breakdowns(
        self, query: Query, kind: Kind | None = None, progress: Progress | None = None
    ) -> tuple[Breakdown, ...]:
        """By what the attention of this text can be broken down: segments need a pair, distances one axis."""

    def allocation(
        self,
        query: Query,
        by: Breakdown = "class",
        kind: Kind | None = None,
        progress: Progress | None = None,
    ) -> Allocation:
        """The shares of attention by class, segment or distance of the key token, of every head. Raises UnknownName."""

    def pooled(
        self,
        query: Query,
        heads: tuple[tuple[int, int], ...],
        unit: str = "sentence",
        kind: Kind | None = None,
        progress: Progress | None = None,
    ) -> Annotated[FloatArray, "G C"]:
        """The mean map of some heads over words, sentences or paragraphs: see `attnviz.figures.messages.axes`."""

    def combined(
        self,
        query: Query,
        heads: tuple[tuple[int, int], ...],
        how: str = "mean",
        quantity: str = "attention",
        kind: Kind | None = None,
        progress: Progress | None = None,
        unit: str | None = None,
    ) -> Annotated[FloatArray, "Q K"]:
        """Many heads, (layer, head) each, as one map: see `attnviz.analysis.combine`."""

    def likeness(self, query: Query, kind: Kind | None = None, progress: Progress | None = None) -> Likeness:
        """How alike all heads are on this text, and what each of them does."""

    def links(
        self,
        query: Query,
        rows: tuple[int, ...],
        keys: tuple[int, ...],
        kind: Kind | None = None,
        progress: Progress | None = None,
    ) -> Annotated[FloatArray, "L H"]:
        """What the tokens `rows` pay to the tokens `keys`, in every head: summed over keys, mean over rows."""

    def output_shares(
        self, query: Query, kind: Kind | None = None, progress: Progress | None = None
    ) -> Annotated[FloatArray, "L H"]:
        """What each head contributes to its block's output: see `Capture.output_shares`. Raises ModelUnsupported."""

    def matchings(
        self,
        first: Query,
        second: Query,
        unit: str = "token",
        kinds: tuple[Kind | None, Kind | None] = (None, None),
    ) -> tuple[Matching, Matching]:
        """Which queries, and which keys, of two captures stand for each other. Raises UnknownName."""

    def changes(
        self,
        first: Query,
        second: Query,
        unit: str = "token",
        kinds: tuple[Kind | None, Kind | None] = (None, None),
        progress: Progress | None = None,
    ) -> Annotated[FloatArray, "L H"]:
        """How much each head changed between two captures of the same number of heads, 0 to 1."""

    def methods(self, target: str | None = None) -> tuple[MethodInfo, ...]:
        """The attribution methods, of all targets or of one, the default first. Does not import torch."""

    def targets(self, name: str) -> tuple[TargetInfo, ...]:
        """What can be explained of a model, its default first. Before it is loaded: what its kind has."""

    def operators(self, name: str, progress: Progress | None = None) -> tuple[Operator, ...]:
        """The ways to take words away, the default first; of a model that is not loaded, those that all have."""

    def explain(
        self,
        query: Query,
        target: str | None = None,
        method: str | None = None,
        progress: Progress | None = None,
        **options: Hashable,
    ) -> Attribution:
        """How much each token contributed to the target, by default with the method for its kind of model."""

    def answer(
        self, query: Query, target: str | None = None, progress: Progress | None = None, **options: Hashable
    ) -> Answer:
        """The target itself, and what the model says. Raises what `explain` raises."""

    def layer_by_layer(
        self, query: Query, target: str | None = None, progress: Progress | None = None, **options: Hashable
    ) -> LayerByLayer:
        """The target and the predictions after each layer; see `attnviz.layer_by_layer`."""

    def without(
        self,
        query: Query,
        words: Mapping[int, str],
        target: str | None = None,
        side: int = 0,
        progress: Progress | None = None,
        **options: Hashable,
    ) -> Removal:
        """The target without words, each given by the position of a token and taken away in a way of its own."""

    def ablate(
        self,
        query: Query,
        heads: tuple[tuple[int, int], ...] = (),
        target: str | None = None,
        layers: tuple[int, ...] = (),
        scale: float = 0.0,
        reference: str | None = None,
        kind: Kind | None = None,
        progress: Progress | None = None,
        force: str | None = None,
        queries: tuple[int, ...] | None = None,
        keys: tuple[int, ...] | None = None,
        **options: Hashable,
    ) -> Ablation:
        """The target and the predictions with some heads changed; see `attnviz.ablate`, also for its errors."""

    def translate(
        self,
        query: Query,
        prefix: tuple[int, ...] = (),
        links: tuple[tuple[int, int, int, int], ...] = (),
        heads: tuple[tuple[int, int], ...] | None = None,
        progress: Progress | None = None,
    ) -> Translation:
        """The translation of the text, behind a beginning, with rows of cross-attention forced; or the target text."""

    def translate_document(self, query: Query, progress: Progress | None = None) -> TranslatedDocument:
        """Each sentence of the text translated by itself, with how sure and how complete its attention is."""

    def beams(
        self,
        query: Query,
        num_beams: int = 4,
        prefix: tuple[int, ...] = (),
        progress: Progress | None = None,
    ) -> BeamTree:
        """All that a beam search for the translation weighs, with what it prunes."""

    def gold(self, name: str) -> tuple[GoldAlignment, ...]:
        """The sentences whose word alignment comes with a model; none of a file, or of a model that is not loaded."""

    def head_errors(self, name: str, progress: Progress | None = None) -> tuple[HeadErrors, ...]:
        """How far each head is from that gold, for each language of translations; once for each model."""

    def attended(
        self,
        query: Query,
        heads: tuple[tuple[int, int], ...] = (),
        target: str | None = None,
        kind: Kind | None = None,
        progress: Progress | None = None,
        **options: Hashable,
    ) -> Attended:
        """Where heads, by default all, look in the pass that a target reads; see `attnviz.explanation.attended`."""

    def head_importance(
        self,
        query: Query,
        target: str | None = None,
        exact: bool = False,
        kind: Kind | None = None,
        progress: Progress | None = None,
        **options: Hashable,
    ) -> HeadImportance:
        """How far the target falls without each head, estimated at once or exactly; see `attnviz.head_importance`."""

    def why(
        self,
        query: Query,
        layer: int,
        head: int,
        row: int,
        key: int,
        kind: Kind | None = None,
        against: Against = "mean",
        tests: int = 1,
        anew: bool = False,
        progress: Progress | None = None,
    ) -> ScoreParts:
        """One score in its parts, the strongest of each side tested; see `attnviz.why`, also for its errors."""

    def traces(
        self,
        query: Query,
        layer: int,
        head: int,
        row: int,
        key: int,
        kind: Kind | None = None,
        depth: int = 3,
        links: int = 12,
        progress: Progress | None = None,
    ) -> Trace:
        """A look followed back to what made it; see `attnviz.traces`, also for its errors."""

    def writes(
        self,
        query: Query,
        layer: int,
        head: int,
        row: int | None = None,
        target: str | None = None,
        kind: Kind | None = None,
        words: int = 10,
        token: int | None = None,
        progress: Progress | None = None,
    ) -> Writes:
        """What a head writes at a token, or at all, and what becomes of it; see `attnviz.writes`."""

    def faithfulness(
        self,
        query: Query,
        target: str | None = None,
        method: str | None = None,
        operator: str = "attention-mask",
        seeds: int = SEEDS,
        side: int = 0,
        progress: Progress | None = None,
        keep_first: bool | None = None,
        **options: Hashable,
    ) -> Faithfulness:
        """What taking away the words that an explanation puts first does, beside random words."""

    def sanity(
        self,
        query: Query,
        target: str | None = None,
        method: str | None = None,
        fraction: float = 0.5,
        seed: int = 0,
        progress: Progress | None = None,
        **options: Hashable,
    ) -> Sanity:
        """The explanation once more, with the upper layers shuffled; see `attnviz.sanity`."""

    def agreement(
        self,
        query: Query,
        target: str | None = None,
        method: str | None = None,
        side: int = 0,
        baseline: bool = True,
        progress: Progress | None = None,
        keep_first: bool | None = None,
        **options: Hashable,
    ) -> Agreement | None:
        """How alike an explanation is to those of cheap other methods, and to its own from another baseline."""

    def patch_rows(
        self, query: Query, item: int, view: str = "attention", progress: Progress | None = None
    ) -> Annotated[FloatArray, "L H K"]:
        """What one item of a picture pays to all others, in every layer and head: one of `PATCH_VIEWS`."""

    def labels_of(self, name: str) -> tuple[str, ...]:
        """The labels that a model gives pictures; none where it gives none, or is not loaded."""

    def explain_picture(
        self,
        query: Query,
        label: str | None = None,
        method: str = "integrated-gradients",
        baseline: str | None = None,
        progress: Progress | None = None,
    ) -> PictureAttribution:
        """How much each patch of a picture made a label."""

    def picture_faithfulness(
        self,
        query: Query,
        label: str | None = None,
        method: str = "integrated-gradients",
        baseline: str | None = None,
        progress: Progress | None = None,
    ) -> Faithfulness:
        """What covering the patches that an explanation puts first does, beside random patches."""

    def without_patches(
        self,
        query: Query,
        cells: tuple[int, ...],
        label: str | None = None,
        baseline: str | None = None,
        progress: Progress | None = None,
    ) -> PictureRemoval:
        """A label with some patches of the picture covered."""

    def write(
        self, draft: Draft, count: int = 0, since: int | None = None, progress: Progress | None = None
    ) -> Written:
        """The text of a draft, and up to `count` more tokens that the model chooses, one turn at the device each."""

    def partings(
        self,
        draft: Draft,
        branches: tuple[tuple[tuple[int, ...], int], ...],
        progress: Progress | None = None,
    ) -> tuple[Parting, ...]:
        """Of branches (all tokens, and the place where they part) the texts from there on and the first steps."""

    def step_rows(
        self, draft: Draft, place: int, kind: Kind | None = None, progress: Progress | None = None
    ) -> Annotated[FloatArray, "L H K"]:
        """Of every head the row of attention that led to the token number `place`; see `Writer.rows`."""

    def quotations(
        self,
        draft: Draft,
        passage: str,
        head: tuple[int, int] | None = None,
        copying: bool = True,
        progress: Progress | None = None,
    ) -> Quoted | None:
        """From which tokens of a passage in the prompt an answer was read; None where there is nothing to say."""

    def step_question(self, draft: Draft, place: int, progress: Progress | None = None) -> Query:
        """The text before the token number `place`, as a question to explain what comes next. Raises InputInvalid."""

    def facts(self) -> DeviceFacts:
        """The device, and the bytes that the runtime holds. Does not import torch."""

    def warm(self, name: str | None = None) -> None:
        """Load a model in a background thread, once, where the settings allow it; errors go to the log."""
