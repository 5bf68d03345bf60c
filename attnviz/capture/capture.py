"""The Capture: what one forward pass left behind, from which every picture of its attention is recomputed.

It is made by `Model.capture`, or read from a file without a model. All results are read-only float32 numpy arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from attnviz.capture.arrays import Array, to_numpy
from attnviz.capture.recompute import blocks, stream
from attnviz.capture.recompute.normalization import kept_bytes
from attnviz.capture.recompute.scores import QueryKeyScores, Scores
from attnviz.capture.steps import query_key
from attnviz.errors import ModelUnsupported, UnknownName
from attnviz.language import say
from attnviz.provenance import Provenance, Variable, call
from attnviz.types import (
    FloatArray,
    Frames,
    HeadTable,
    IntArray,
    Items,
    Kind,
    ModelCard,
    Patches,
    QueryKey,
    Tokens,
    default_kind,
    readonly,
)

if TYPE_CHECKING:
    from attnviz.capture.recompute.contribution import OutputParts
    from attnviz.capture.recompute.values import BlockOutput, KeyNorms

Rows = slice | int | npt.ArrayLike


@dataclass(frozen=True)
class Layer:
    """One attention layer of a capture.

    `norms` gives ||W_O v_j|| per head and key (H, K), None where the family does not show its values; `out` is
    kept for what is derived from the layer's output (B, Q, H, dv), and is not saved; `output` holds what contributions
    are made of, None as for `norms`.
    """

    scores: Scores
    norms: KeyNorms | FloatArray | None = None
    out: Array | None = None
    output: BlockOutput | OutputParts | None = None

    def parts(self) -> OutputParts | None:
        """What contributions are made of, computed now where the layer was just captured."""
        from attnviz.capture.recompute.contribution import OutputParts

        return (
            self.output
            if self.output is None or isinstance(self.output, OutputParts)
            else self.output.parts()
        )


@dataclass(frozen=True, eq=False, repr=False)
class Capture:
    """Exact attention of one text, picture or sound through one model, in O(L H T d) memory.

    Attributes:
        card: the model.
        tokens: the items of the source: `Tokens` of a text (with its pair, or with what was generated after it),
            `Patches` of a picture or `Frames` of a sound.
        target_tokens: what an encoder-decoder predicts, or a decoder generated; None otherwise.
        layers: the attention layers of each kind.
        fed_tokens: what the decoder of an encoder-decoder was fed; row i predicts target_tokens[i].
        made: makes the provenance, where it is known; see `provenance`.

    Layers and heads count from 0. Wherever `kind` is None it means the only kind, or "cross".
    """

    card: ModelCard
    tokens: Items
    target_tokens: Tokens | None
    layers: Mapping[Kind, tuple[Layer, ...]]
    fed_tokens: Tokens | None = None
    made: Callable[[], Provenance] | None = field(default=None, repr=False)
    # The layer that contributions were last asked of, and their pieces: its other heads are asked next. One at most.
    _latest: list[tuple[Layer, OutputParts]] = field(default_factory=list, init=False, repr=False)

    # How a notebook draws it. Drawing stands to the right of this layer, which cannot import it: the package's
    # face (attnviz/__init__.py) hangs it in when it hands out this class or what makes captures.
    drawing: ClassVar[Callable[[Capture], str] | None] = None

    @property
    def provenance(self) -> Provenance:
        """What made it, and the call that makes it again as `capture`. The first time, the weights are hashed."""
        from attnviz.capture.provenance import of_card

        return of_card(self.card).then(*self._called()) if self.made is None else self.made()

    def _called(self) -> tuple[str, ...]:
        """How a capture of these texts is made, where that was not kept."""
        target = self.target_tokens if self.card.kind == "encoder-decoder" else None
        said = target and target.text
        if isinstance(self.tokens, Tokens):
            made = call("model.capture", self.tokens.text, pair=self.tokens.pair, target_text=said)
        else:
            given = {"image" if isinstance(self.tokens, Patches) else "audio": Variable("given")}
            made = call("model.capture", **given, target_text=said)
        return (f"capture = {made}",)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """("self",), or what an encoder-decoder has: ("encoder", "decoder", "cross")."""
        return tuple(self.layers)

    def shape(self, kind: Kind | None = None) -> tuple[int, int, int, int]:
        """(L, H, Q, K). Raises UnknownName."""
        layers = self._layers(kind)
        return (len(layers), *layers[0].scores.shape[1:])

    def query_tokens(self, kind: Kind | None = None) -> Items:
        """The items that the rows belong to. Raises UnknownName."""
        return self._fed() if self._kind(kind) in ("decoder", "cross") else self.tokens

    def key_tokens(self, kind: Kind | None = None) -> Items:
        """The items that the columns belong to. Raises UnknownName."""
        return self._fed() if self._kind(kind) == "decoder" else self.tokens

    def attention(
        self, layer: int, head: int | None = None, kind: Kind | None = None, rows: Rows | None = None
    ) -> Annotated[FloatArray, "Q K"]:
        """The attention weights of one head (Q, K), or of all heads of a layer (H, Q, K); rows sum to 1.

        Args:
            layer, head: counted from 0; without head, all of them.
            kind: of attention, see the class.
            rows: only these query rows, as a slice or indices; all by default.

        Raises:
            UnknownName: no such layer, head, kind or row.
        """
        scores = self._layer(layer, kind).scores
        weights = scores.weights_block(_heads(scores, head), _rows(rows, scores))
        return readonly(to_numpy(weights if head is None else weights[0]), np.float32)

    def tile(
        self, layer: int, head: int | None, rows: slice, keys: slice, kind: Kind | None = None
    ) -> Annotated[FloatArray, "rows keys"]:
        """The weights of a part of a map, exact: (rows, keys), or (H, rows, keys) when head is None.

        What its rows sum up to is kept, so that further tiles of the same rows cost their own cells only. Slices have a
        step of 1, and are cut at the edges of the map. Raises UnknownName.
        """
        scores = self._layer(layer, kind).scores
        _, _, queries, count = scores.shape
        parts = [slice(*part.indices(size)) for part, size in ((rows, queries), (keys, count))]
        if any(part.step != 1 or part.stop <= part.start for part in parts):
            raise UnknownName(
                say("part of a map"), f"{rows}, {keys}", (f"rows of {queries}, keys of {count}",)
            )
        plain = [slice(part.start, part.stop) for part in parts]
        weights = blocks.tile(scores, _heads(scores, head), *plain)
        return readonly(to_numpy(weights if head is None else weights[0]), np.float32)

    def value_weighted(
        self, layer: int, head: int | None = None, kind: Kind | None = None
    ) -> Annotated[FloatArray, "Q K"]:
        """The norm of a_ij W_O W_V x_j: how far each key moves each query in the residual stream.

        Kobayashi et al. 2020, eq. 6. (Q, K), or (H, Q, K) without head; in units of the model's activations.

        Raises:
            UnknownName: no such layer, head or kind.
            ModelUnsupported: the family does not show its values, or gates its output.
        """
        norms = self.value_norms(layer, kind)
        norms = norms[:, None, :] if head is None else norms[head][None, :]
        return readonly(self.attention(layer, head, kind) * norms, np.float32)

    def value_norms(self, layer: int, kind: Kind | None = None) -> Annotated[FloatArray, "H K"]:
        """||W_O W_V x_j|| of every head and key. Raises UnknownName and ModelUnsupported."""
        norms = self._layer(layer, kind).norms
        if norms is None:
            raise ModelUnsupported(
                say(
                    "The values of {name} ({family}) are not known, so they cannot weight attention.",
                    name=self.card.name,
                    family=self.card.family,
                ),
                say("Look at the attention weights instead."),
                reason="not-captured",
            )
        return readonly(norms if isinstance(norms, np.ndarray) else norms.values, np.float32)

    def contribution(
        self, layer: int, head: int | None = None, kind: Kind | None = None
    ) -> Annotated[FloatArray, "Q K"]:
        """How much of what the attention block writes for each query comes from each key, through one head; signed.

        <a_ij W_O v_j, y_i> / ||y_i||^2, where y_i is the output of the block: of W_O, before residual and norm. Over
        all heads and keys, with `bias_contribution`, it sums to 1. Terms: Kobayashi et al. 2020; importance of a term:
        Mickus et al. 2022. (Q, K), or (H, Q, K) without head.

        Raises:
            UnknownName: no such layer, head or kind.
            ModelUnsupported: the family does not show its values, or gates its output.
        """
        chosen = self._layer(layer, kind)
        heads = _heads(chosen.scores, head)
        maps = self._parts(chosen).maps(chosen.scores, heads)
        return readonly(maps if head is None else maps[0], np.float32)

    def quantities(self, kind: Kind | None = None) -> tuple[str, ...]:
        """What can be computed of a head: the names among "attention", "value_weighted" and "contribution"."""
        layers = self._layers(kind)
        known = [
            ("value_weighted", all(layer.norms is not None for layer in layers)),
            ("contribution", all(layer.output is not None for layer in layers)),
        ]
        return ("attention", *(name for name, there in known if there))

    def bias_contribution(self, layer: int, kind: Kind | None = None) -> Annotated[FloatArray, "Q"]:
        """What of the block's output for each query is the bias of W_O. Raises as `contribution` does."""
        return readonly(to_numpy(self._parts(self._layer(layer, kind)).bias), np.float32)

    def output_shares(self, kind: Kind | None = None) -> Annotated[FloatArray, "L H"]:
        """What each head contributes to its block's output: summed over keys, mean over queries; may be negative.

        Streamed: T x T is never held. Raises as `contribution` does.
        """
        layers = self._layers(kind)
        return readonly(np.stack([self._parts(layer).shares(layer.scores) for layer in layers]))

    def _parts(self, layer: Layer) -> OutputParts:
        for known, pieces in self._latest[:]:
            if known is layer:
                return pieces
        parts = layer.parts()
        if parts is not None:
            self._latest[:] = [(layer, parts)]
            return parts
        if layer.norms is not None:
            raise ModelUnsupported(
                say(
                    "This file was saved without the values, so contributions to the output cannot be "
                    "computed."
                ),
                say("Read the text with the model again, or look at the value-weighted norms."),
                reason="not-captured",
            )
        raise ModelUnsupported(
            say(
                "The values of {name} ({family}) are not known, so neither is what its heads write.",
                name=self.card.name,
                family=self.card.family,
            ),
            say("Look at the attention weights instead."),
            reason="not-captured",
        )

    def query_key(self, layer: int, head: int, row: int, kind: Kind | None = None) -> QueryKey:
        """How the weights of one query token come about: q, k, their products scaled and masked, softmax.

        Raises:
            UnknownName: no such layer, head, kind or row.
            ModelUnsupported: the family shows its weights, but not its queries and keys.
        """
        scores = self._layer(layer, kind).scores
        heads = _heads(scores, head)
        _rows(row, scores)
        if not isinstance(scores, QueryKeyScores):
            raise ModelUnsupported(
                say(
                    "The queries and keys of {name} ({family}) are not known, only its weights.",
                    name=self.card.name,
                    family=self.card.family,
                ),
                say("Look at the attention weights instead."),
                reason="not-captured",
            )
        return query_key(scores, heads, int(row) % scores.shape[2])

    def overview(
        self,
        layer: int,
        head: int | None,
        size: int = 256,
        pool: stream.Pool = "max",
        kind: Kind | None = None,
    ) -> Annotated[FloatArray, "q k"]:
        """The map of one head in at most size x size cells, each the maximum or mean of ceil(T / size) tokens a side.

        (q, k), or (H, q, k) when head is None. Streamed: T x T is never held. Raises UnknownName.
        """
        if pool not in ("max", "mean"):
            raise UnknownName(say("pooling"), pool, ("max", "mean"))
        if size < 1:
            raise UnknownName(say("overview size"), size, ("a whole number from 1 up",))
        scores = self._layer(layer, kind).scores
        cells = stream.overview(scores, _heads(scores, head), size, pool)
        return readonly(cells if head is None else cells[0], np.float32)

    def statistics(self, kind: Kind | None = None) -> HeadTable:
        """Entropy, distance and typical shares of all heads, streamed: T x T is never held.

        See `attnviz.capture.recompute.stream.statistics` for the definitions; between patches of a picture, distance,
        previous and next are NaN. Raises UnknownName.
        """
        kind = self._kind(kind)
        keys = self.key_tokens(kind)
        ids = keys.ids if isinstance(keys, Tokens) else np.arange(len(keys))
        table = stream.statistics_of(
            [layer.scores for layer in self._layers(kind)], None if kind == "cross" else ids, keys.special
        )
        names, units = zip(*stream.METRICS, strict=True)
        units = tuple("frames" if unit == "tokens" and isinstance(keys, Frames) else unit for unit in units)
        if isinstance(keys, Patches):  # neighbours in a row of numbers are none in a picture
            table[[names.index(name) for name in ("distance", "previous", "next")]] = np.nan
        return HeadTable(names, units, table)

    @property
    def nbytes(self) -> int:
        """Bytes that the capture keeps alive, each storage counted once; weights that are the model's own are not.

        What it may come to keep is counted from the start: of its rows (see `Normalization`), of its keys
        (`KeyNorms`), and the pieces of one layer's output.
        """
        layers = [layer for part in self.layers.values() for layer in part]
        shapes = [layer.scores.shape for layer in layers if isinstance(layer.scores, QueryKeyScores)]
        later = sum(kept_bytes(*shape[1:]) for shape in shapes)
        later += max((getattr(layer.output, "piece_bytes", 0) for layer in layers), default=0)
        return sum(_storages(self.layers).values()) + later

    def save(self, path: str | PathLike[str]) -> None:
        """Write the capture as safetensors and JSON; `attnviz.open` reads it without a model. Raises OSError."""
        from attnviz.capture.files.store import save

        save(self, path)

    def to_bytes(self) -> bytes:
        """What `save` writes, as bytes; `attnviz.capture.read_capture` reads them without a model."""
        from attnviz.capture.files.store import to_bytes

        return to_bytes(self)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{kind} {'x'.join(map(str, self.shape(kind)))}" for kind in self.kinds)
        return f"Capture({self.card.name!r}, {len(self.tokens)} tokens, {sizes})"

    def _repr_html_(self) -> str | None:
        """The heatmap, in a notebook; None, and hence the plain repr, where nothing draws."""
        return Capture.drawing(self) if Capture.drawing is not None else None

    def _fed(self) -> Items:
        return self.fed_tokens if self.fed_tokens is not None else self.tokens

    def _kind(self, kind: Kind | None) -> Kind:
        if kind is None:
            return default_kind(self.kinds)
        if kind not in self.layers:
            raise UnknownName(say("kind of attention"), kind, self.kinds)
        return kind

    def _layers(self, kind: Kind | None) -> tuple[Layer, ...]:
        return self.layers[self._kind(kind)]

    def _layer(self, layer: int, kind: Kind | None) -> Layer:
        layers = self._layers(kind)
        return layers[_index("layer", layer, len(layers))]


def _index(what: str, given: Any, count: int) -> int:
    if isinstance(given, int | np.integer) and 0 <= given < count:
        return int(given)
    raise UnknownName(what, given, [str(n) for n in range(count)])


def _heads(scores: Scores, head: int | None) -> slice:
    if head is None:
        return slice(None)
    head = _index("head", head, scores.shape[1])
    return slice(head, head + 1)


def _rows(rows: Rows | None, scores: Scores) -> Any:
    """A slice, or an index array of the scores' own kind, with every row in range."""
    if rows is None:
        return slice(None)
    if isinstance(rows, slice):
        return (
            slice(*rows.indices(scores.shape[2]))
            if (rows.step or 1) > 0
            else _rows(_listed(rows, scores), scores)
        )
    indices: IntArray = np.atleast_1d(np.asarray(rows, dtype=np.int64))
    count = scores.shape[2]
    wrong = indices[(indices < -count) | (indices >= count)]
    if len(wrong):
        raise UnknownName(say("row"), int(wrong[0]), (f"0 to {count - 1}",))
    like = scores.q if isinstance(scores, QueryKeyScores) else scores.weights
    return stream.as_index(indices % count, like)


def _listed(rows: slice, scores: Scores) -> list[int]:
    return list(range(*rows.indices(scores.shape[2])))


def _storages(layers: Mapping[Kind, tuple[Layer, ...]]) -> dict[int, int]:
    """Bytes of every distinct storage below the layers, by address."""
    found: dict[int, int] = {}

    def visit(value: Any) -> None:
        if hasattr(value, "untyped_storage"):
            storage = value.untyped_storage()
            found[storage.data_ptr()] = storage.nbytes()
        elif isinstance(value, np.ndarray):
            base = value if value.base is None else value.base
            found[value.__array_interface__["data"][0]] = getattr(base, "nbytes", value.nbytes)
        elif isinstance(value, tuple | list):
            for part in value:
                visit(part)
        elif hasattr(value, "__dataclass_fields__"):
            for name in value.__dataclass_fields__:
                visit(getattr(value, name))

    visit([list(part) for part in layers.values()])
    return found
