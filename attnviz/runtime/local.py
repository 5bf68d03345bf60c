"""The runtime that pages talk to, in this process: names and texts in, read-only arrays and records out.

An engine (models, caches, the gate) and parts that stand on it, each in a module named after what it answers. Import
from `attnviz.runtime`.
"""

from __future__ import annotations

import logging
import threading

from attnviz.errors import AttnVizError
from attnviz.runtime import gallery
from attnviz.runtime.circuits import Circuits
from attnviz.runtime.comparisons import Comparisons
from attnviz.runtime.engine.engine import Engine
from attnviz.runtime.engine.memory import loaded_torch
from attnviz.runtime.evaluations import Evaluations
from attnviz.runtime.explanations import Explanations
from attnviz.runtime.exports import Exports
from attnviz.runtime.fetching import Fetching
from attnviz.runtime.files import Files
from attnviz.runtime.interventions import Interventions
from attnviz.runtime.maps import Maps
from attnviz.runtime.media import Media
from attnviz.runtime.pictures import Pictures
from attnviz.runtime.query import DeviceFacts, Query
from attnviz.runtime.readings import Readings
from attnviz.runtime.settings import Settings
from attnviz.runtime.statistics import Statistics
from attnviz.runtime.translations import Translations
from attnviz.runtime.writing import Writings


class LocalRuntime:
    """What pages call: the methods of its parts, which see. All may be called from any thread.

    `progress` is called in the thread of the caller; what it raises cancels the request. Besides the errors
    listed at each method, all that compute raise DeviceMemoryExhausted, and AttnVizError where too many wait.

    Attributes:
        settings: what this server allows.
        engine: models, caches and the gate.
        held: what visitors hold, for pages to put their uploads and books into; bounded for all together.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings.from_environment()
        self.engine = Engine(self.settings)
        self.held = self.engine.held
        self._warming: dict[str, threading.Thread] = {}
        self._warming_lock = threading.Lock()

        self.catalog = self.engine.catalog
        self.card, self.estimate = self.engine.card, self.engine.estimate
        self.ready = self.engine.ready
        self.examples = gallery.examples

        fetching = Fetching(self.engine)
        self.fetch, self.may_fetch, self.evict = fetching.fetch, fetching.may_fetch, fetching.evict
        self.fetching, self.stop_fetching = fetching.fetching, fetching.stop_fetching

        files = Files(self.engine)
        self.open, self.opened = files.open, files.opened
        self.save, self.provenance = files.save, files.provenance

        exports = Exports(self.engine)
        self.archive, self.heatmap_message = exports.archive, exports.heatmap_message
        self.head_maps = exports.head_maps
        self.bertviz_document = exports.bertviz_document

        media = Media(self.engine)
        self.hold, self.holds, self.thumbnail = media.hold, media.holds, media.thumbnail
        self.sample = media.sample
        readings = Readings(self.engine)
        self.embedded, self.counted = readings.embedded, readings.counted
        self.reading, self.special_in, self.check = readings.reading, readings.special_in, readings.check

        maps = Maps(self.engine)
        self.capture, self.info = maps.capture, maps.info
        self.attention, self.map = maps.attention, maps.map
        self.strongest, self.query_key = maps.strongest, maps.query_key

        statistics = Statistics(self.engine)
        self.overviews, self.statistics = statistics.overviews, statistics.statistics
        self.breakdowns, self.allocation = statistics.breakdowns, statistics.allocation
        self.pooled, self.combined = statistics.pooled, statistics.combined
        self.likeness, self.links = statistics.likeness, statistics.links
        self.output_shares = statistics.output_shares

        comparisons = Comparisons(self.engine)
        self.matchings, self.changes = comparisons.matchings, comparisons.changes

        explanations = Explanations(self.engine)
        self.methods, self.targets = explanations.methods, explanations.targets
        self.operators, self.explain = explanations.operators, explanations.explain
        self.answer, self.layer_by_layer = explanations.answer, explanations.layer_by_layer

        interventions = Interventions(self.engine)
        self.without, self.ablate = interventions.without, interventions.ablate
        self.attended, self.head_importance = interventions.attended, interventions.head_importance

        circuits = Circuits(self.engine)
        self.why, self.traces, self.writes = circuits.why, circuits.traces, circuits.writes

        translations = Translations(self.engine)
        self.translate, self.beams = translations.translate, translations.beams
        self.translate_document = translations.translate_document
        self.gold, self.head_errors = translations.gold, translations.head_errors

        pictures = Pictures(self.engine)
        self.patch_rows, self.labels_of = pictures.patch_rows, pictures.labels_of
        self.explain_picture, self.without_patches = pictures.explain_picture, pictures.without_patches
        self.picture_faithfulness = pictures.picture_faithfulness

        writings = Writings(self.engine)
        self.write, self.step_rows = writings.write, writings.step_rows
        self.step_question, self.partings = writings.step_question, writings.partings
        self.quotations = writings.quotations

        evaluations = Evaluations(self.engine, explanations)
        self.faithfulness, self.sanity = evaluations.faithfulness, evaluations.sanity
        self.agreement = evaluations.agreement

    @property
    def default_model(self) -> str:
        """The name of the model that this server offers first: never a path."""
        return self.engine.names.default

    @property
    def default_query(self) -> Query:
        """The question of the first picture, answered from a file."""
        return gallery.EXAMPLES[0].query

    @property
    def default_pair_query(self) -> Query:
        """The first question with two texts (for similarity), answered from a file."""
        return next(each.query for each in gallery.EXAMPLES if each.stored and each.pair)

    @property
    def default_change_query(self) -> Query:
        """A text, and the same text with one word changed, each alone answered from a file."""
        first, second = gallery.EXAMPLES[0].query, gallery.changed_example().query
        return Query(first.model, first.text, second.text)

    @property
    def directories(self) -> bool:
        """Whether the current visitor may name directories of this machine."""
        return self.engine.names.directories()

    @property
    def waiting(self) -> int:
        """How many requests wait for the device."""
        return self.engine.gate.waiting

    def facts(self) -> DeviceFacts:
        """The device, and the bytes that the runtime holds. Does not import torch."""
        engine = self.engine
        return DeviceFacts(
            *engine.models.device(),
            engine_started=loaded_torch() is not None,
            models=engine.models.names(),
            model_bytes=engine.models.nbytes,
            capture_bytes=engine.captures.nbytes,
            map_bytes=engine.results.nbytes,
            held_bytes=engine.held.nbytes,
            waiting=self.waiting,
        )

    def warm(self, name: str | None = None) -> None:
        """Load a model in a background thread, once, where the settings allow it; errors go to the log."""
        if not self.settings.warm:
            return
        name = name or self.default_model
        with self._warming_lock:
            thread = self._warming.get(name)
            if thread is None or not (thread.is_alive() or self.engine.models.peek(name)):
                thread = threading.Thread(target=self._warm, args=(name,), name=f"warm {name}", daemon=True)
                self._warming[name] = thread
                thread.start()

    def _warm(self, name: str) -> None:
        try:
            # The first forward pass of a process is several times slower than the second.
            self.capture(Query(name, "Hello."))
        except AttnVizError as error:
            logging.getLogger("attnviz").warning("the model %r was not warmed up: %s", name, error)
        except Exception:
            logging.getLogger("attnviz").exception("the model %r was not warmed up", name)
