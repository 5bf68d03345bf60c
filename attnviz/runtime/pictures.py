"""Questions about a picture: where one patch looks, which are like it, what made the label, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from attnviz.checks import index
from attnviz.errors import UnknownName
from attnviz.language import say
from attnviz.runtime.engine.engine import Engine, Tell
from attnviz.runtime.progress import EXPLAINING, TESTING, Progress
from attnviz.runtime.query import Query
from attnviz.types import FloatArray, Kind

if TYPE_CHECKING:
    from attnviz.capture import Capture, Model
    from attnviz.explanation import Faithfulness
    from attnviz.explanation.pictures import PictureAttribution, PictureRemoval

PATCH_VIEWS = ("attention", "value_weighted", "rollout", "features")  # what is drawn of one patch


class Pictures:
    """What `Runtime` answers about pictures."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def patch_rows(
        self, query: Query, item: int, view: str = "attention", progress: Progress | None = None
    ) -> Annotated[FloatArray, "L H K"]:
        """What one item pays to all others, in every layer and head; of "rollout" and "features" H is 1.

        Args:
            item: counted as in `Patches`. view: one of PATCH_VIEWS. "rollout": through all layers down from each one;
                "features": the cosine of hidden states, of L + 1 places: before the first layer, after each.

        Raises UnknownName, ModelUnsupported (the family does not show values, or no state for each patch).
        """
        if view not in PATCH_VIEWS:
            raise UnknownName(say("view of a picture"), view, PATCH_VIEWS)
        if view == "features":
            return self._features(query, item, progress)
        key, capture = self._engine.find(query, progress)
        kind = kind_of(capture)
        index("patch", item, capture.shape(kind)[2])

        def compute(report: Progress) -> FloatArray:
            if view == "rollout":
                return rolled(capture, kind, item)
            layers = range(capture.shape(kind)[0])
            if view == "attention":
                return np.stack([capture.attention(layer, None, kind, [item])[:, 0] for layer in layers])
            return np.stack([capture.value_weighted(layer, None, kind)[:, item] for layer in layers])

        found: FloatArray = self._engine.on_capture(key, ("patch-rows", item, view), compute, progress)
        return found

    def _features(self, query: Query, item: int, progress: Progress | None) -> FloatArray:
        def work(model: Model, tell: Tell) -> FloatArray:
            from attnviz.explanation.pictures import feature_similarity

            return feature_similarity(model, self._engine.medium_of(query)["image"], item)[:, None]

        found: FloatArray = self._ask(query, ("features", item), EXPLAINING, work, progress)
        return found

    def explain_picture(
        self,
        query: Query,
        label: str | None = None,
        method: str = "integrated-gradients",
        baseline: str | None = None,
        progress: Progress | None = None,
    ) -> PictureAttribution:
        """How much each patch made a label; see `attnviz.explanation.pictures.explain_picture`, also for errors."""

        def work(model: Model, tell: Tell) -> PictureAttribution:
            from attnviz.explanation.pictures import explain_picture

            return explain_picture(
                model, self._engine.medium_of(query)["image"], label, method, baseline, tell
            )

        found: PictureAttribution = self._ask(
            query, ("explain-picture", label, method, baseline), EXPLAINING, work, progress
        )
        return found

    def picture_faithfulness(
        self,
        query: Query,
        label: str | None = None,
        method: str = "integrated-gradients",
        baseline: str | None = None,
        progress: Progress | None = None,
    ) -> Faithfulness:
        """Deletion and keep-only curves of that explanation, beside random patches; see the function of that name."""
        attribution = self.explain_picture(query, label, method, baseline, progress)

        def work(model: Model, tell: Tell) -> Faithfulness:
            from attnviz.explanation.pictures import picture_faithfulness

            return picture_faithfulness(
                model, self._engine.medium_of(query)["image"], attribution, progress=tell
            )

        found: Faithfulness = self._ask(
            query, ("picture-faithfulness", label, method, baseline), TESTING, work, progress
        )
        return found

    def without_patches(
        self,
        query: Query,
        cells: tuple[int, ...],
        label: str | None = None,
        baseline: str | None = None,
        progress: Progress | None = None,
    ) -> PictureRemoval:
        """The label with some patches covered; see `attnviz.explanation.pictures.without_patches`, also for errors."""

        def work(model: Model, tell: Tell) -> PictureRemoval:
            from attnviz.explanation.pictures import without_patches

            return without_patches(model, self._engine.medium_of(query)["image"], cells, label, baseline)

        found: PictureRemoval = self._ask(
            query, ("without-patches", cells, label, baseline), EXPLAINING, work, progress
        )
        return found

    def labels_of(self, name: str) -> tuple[str, ...]:
        """The labels that a model gives pictures; none where it gives none, or is not loaded."""
        loaded = self._engine.models.peek(name)
        if loaded is None:
            return ()
        from attnviz.explanation.attribution.targets.label import label_names
        from attnviz.explanation.pictures.problem import is_classifier

        model = loaded.model
        return tuple(label_names(model.loaded.module.config)) if is_classifier(model) else ()

    def _ask(self, query: Query, what: Any, stage: str, work: Any, progress: Progress | None) -> Any:
        return self._engine.on_model(query, what, stage, work, progress, media=True)


def kind_of(capture: Capture) -> Kind:
    """The kind of attention among patches: the only one, or the encoder's of a model that also writes."""
    return "encoder" if "encoder" in capture.kinds else capture.kinds[0]


def rolled(capture: Capture, kind: Kind, item: int) -> Annotated[FloatArray, "L 1 K"]:
    """Attention rollout of one item, through the layers down from each one (Abnar & Zuidema 2020)."""
    from attnviz.analysis import rollout

    product, rows = None, []
    for layer in range(capture.shape(kind)[0]):
        mixed = rollout([capture.attention(layer, None, kind).mean(0)])
        product = mixed if product is None else mixed @ product
        rows.append(product[item])
    return np.stack(rows)[:, None].astype(np.float32)
