"""One engine per process: the collection it serves from, kept fresh by revisions, and the pipeline over it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from typing import Any

import numpy as np
from django.core.signals import setting_changed
from django.db import connection
from django.db.models import Max

from fusion.collection import ItemRecord
from fusion.encoders.base import Encoder
from fusion.exceptions import EncodingError
from fusion.instructions.tagger import RequestTagger
from fusion.pipeline import RecommendationPipeline
from fusion.policy.split import SplitWeigher
from fusion.tokens import tokenize
from fusion.types import Item, Matrix, Vector
from fusion.weighing import Weigher
from fusion.weights import with_overrides
from recommender.adapted import encoders_of
from recommender.behaviour import load as load_behaviour
from recommender.behaviour import simulated_in_force
from recommender.catalog import get_catalog
from recommender.conf import get_settings
from recommender.control import Control, current_control, exclusion_of
from recommender.counting import Counting
from recommender.encoders import get_encoders, usable_blocks
from recommender.facts import from_facts
from recommender.guard import GuardedEncoder, name_of
from recommender.learnt import weigher_of
from recommender.models import BehaviourVersion, Experiment, IndexedItem, IndexState, ItemEmbedding, ModelVersion
from recommender.selectors import current_teaching
from recommender.succession import Succession
from recommender.suggestions import PreparedSuggestions
from recommender.tagging import build_tagger
from recommender.wiring import DEFAULT_COLOR_FIELD, build_collection, build_options, build_parser, color_field

logger = logging.getLogger(__name__)

CHUNK = 1000
# Up to here words and values are learnt anew within the request that saw the change (about 0.2 s); above, in a thread.
INLINE_ITEMS = 5000
WORDS_BLOCK = "text"
IN_FORCE = ("revision", "teaching", "behaviour", "fusion", "encoder", "control", "experiment")


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether this process answers with everything it has.

    Attributes:
        models: encoder class name -> "ok", "loading", or what went wrong.
        ready: the models answered a probe and the index was read.
    """

    ready: bool
    models: dict[str, str]
    revision: int
    items: int
    degraded: tuple[str, ...]


class Engine:
    """Serves from memory what the index tables say. ``refresh`` before each answer costs one small query."""

    def __init__(self, predecessor: Engine | None = None) -> None:
        """Args: predecessor: what served before; its tagger and what is known of its models are taken over."""
        conf = get_settings()
        self._warming: threading.Event = predecessor._warming if predecessor else threading.Event()
        self._models: dict[str, str] = dict(predecessor._models) if predecessor else {}
        self.tagger: RequestTagger | None = predecessor.tagger if predecessor else build_tagger()
        self.parser = build_parser(self.tagger)
        if conf.LINK_UNKNOWN:
            self.parser.link_unknown(self.encode_phrases)
        self.control = Control()
        self.controlled = 0
        self.exclusion = exclusion_of(self.control)
        self._equip(0)
        self.revision = -1
        self.taught = -1
        self.behaviour = 0
        self.fusion = 0
        self.experiment = 0
        self._live: Weigher | None = None
        self._split: SplitWeigher | None = None
        self.fusion_failed = False
        self.counts_simulated: bool = predecessor.counts_simulated if predecessor else conf.USE_SIMULATED
        self.learnt_simulated = False
        self._color_field = ""
        self._refreshing = threading.Lock()
        self._learning = threading.Lock()

    def _equip(self, version: int) -> None:
        """Encoders, an empty collection for their vectors and the pipeline over both; with a version's learnt heads, or 0.

        A version that cannot be read is left out: the configured encoders serve, and the log says so.
        """
        encoders, self.encoder, self.encoder_failed = get_encoders(), version, False
        try:
            encoders = encoders_of(version)
        except Exception as error:
            logger.warning("event=encoder_failed version=%d error=%r", version, error)
            self.encoder_failed = True
        blocks, self.unavailable = usable_blocks(encoders)
        self.encoder_ids = {block.name: block.encoder_id for block in blocks}
        self._reads_photos = {block.name: block.reads_photos for block in blocks}
        self.blank_blocks: tuple[str, ...] = ()
        self.encoders: tuple[Encoder, ...] = tuple(
            GuardedEncoder(encoder, self._warming.is_set)
            for encoder in encoders
            if any(spec.name in self.encoder_ids for spec in encoder.blocks)
        )
        self.collection = build_collection(blocks)
        self.pipeline = RecommendationPipeline(self.collection, self.encoders, self.parser, self.fetch, build_options())
        self.pipeline.exclusion = self.exclusion
        self.suggestions = PreparedSuggestions(self.collection, self.parser)
        self._counting = Counting(self.collection)

    # -- keep fresh ------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Apply what the worker stored since the last look. While another thread does, answer from what is there."""
        first = self.revision < 0
        if not self._refreshing.acquire(blocking=first):
            return
        try:
            state = IndexState.objects.filter(pk=1).values_list(*IN_FORCE).first()
            newest, taught, behaviour, fusion, encoder, controlled, experiment = state or (0,) * len(IN_FORCE)
            if encoder != self.encoder:
                self._follow_encoder(encoder, first)
            if controlled != self.controlled:
                self._apply_control(controlled, newest)
            if newest != self.revision:
                self._apply(newest)
            if taught != self.taught:
                self._teach(taught)
            if behaviour != self.behaviour:
                self._apply_behaviour(behaviour)
            if (fusion, experiment) != (self.fusion, self.experiment):
                self._apply_fusion(fusion, experiment)
            self._counting.refresh(simulated=self.counts_simulated)
        finally:
            self._refreshing.release()

    def _follow_encoder(self, version: int, first: bool) -> None:
        """Other encoders need other vectors. Before its first answer this engine takes them; later a successor does."""
        if first:
            self._equip(version)
        elif self is _engine:
            _succession.start(self)

    def _apply(self, newest: int, *, anew: bool = False) -> None:
        since = self.revision
        if anew:
            since = -1
        elif newest < since:  # the tables were rebuilt or restored: what we hold may never have existed there
            self.collection.update([], removed=[i for i in list(self.collection.ids()) if i])
            since = -1
        changed = IndexedItem.objects.filter(revision__gt=since)
        if since < 0 and not anew:
            changed = changed.filter(removed=False)
        top = changed.aggregate(top=Max("revision"))["top"] or newest
        for rows in _chunks(changed.values_list("item_id", "facts", "derived", "removed").iterator(CHUNK)):
            self.collection.update(list(self._records(rows)), removed=[row[0] for row in rows if row[3]], settle=False)
        self.collection.update([])
        self.revision = max(newest, top)
        self._counting.catalogue_changed()
        self.blank_blocks = self._find_blank_blocks()
        self._learn()

    def _teach(self, newest: int) -> None:
        """Give the parser what people taught. What it cannot take leaves it as it was, until somebody teaches again."""
        lessons = current_teaching()
        try:
            self.parser.teach(lessons)
        except Exception:
            logger.exception("event=teaching_failed revision=%d", newest)
        self.taught = newest

    def _apply_behaviour(self, version: int) -> None:
        """What shoppers choose together, swapped as a whole. Lists that cannot be read are left out, and the log says so."""
        lists, weights = None, dict[str, float]()
        if version:
            try:
                lists, weights = load_behaviour(version)
            except (BehaviourVersion.DoesNotExist, ValueError) as error:
                logger.warning("event=behaviour_failed version=%d error=%r", version, error)
        self.pipeline.reweigh(with_overrides({**weights, **get_settings().WEIGHTS}))
        self.collection.set_neighbours(lists)
        self.behaviour = version
        self.learnt_simulated = bool(version) and simulated_in_force()

    def _apply_fusion(self, version: int, experiment: int) -> None:
        """The learnt weights in force, and the candidate that some shoppers try. What cannot be read is left out, and the log
        says so: what is live serves, or the defaults do."""
        live = self._weigher(ModelVersion.objects.filter(pk=version).first()) if version else None
        self.fusion_failed = bool(version) and live is None
        running = Experiment.objects.filter(pk=experiment).select_related("candidate").first() if experiment else None
        candidate = self._weigher(running.candidate) if running else None
        self._split = SplitWeigher(candidate, live, running.share, running.name) if running and candidate else None
        self._live = live
        self.fusion, self.experiment = version, experiment
        self._set_weigher()

    def _weigher(self, version: ModelVersion | None) -> Weigher | None:
        try:
            return weigher_of(version, self.encoder_ids.get(WORDS_BLOCK, "")) if version else None
        except Exception as error:
            logger.warning("event=fusion_failed version=%d error=%r", version.pk if version else 0, error)
            return None

    def _set_weigher(self) -> None:
        """What weighs from now on, which explores no more than people allow; while they froze learning nobody is tried on."""
        weigher = self._live if self.control.frozen or self._split is None else self._split
        if weigher is not None and hasattr(weigher, "exploration_cap"):
            weigher.exploration_cap = self.control.exploration
        self.pipeline.weigher = weigher

    def _apply_control(self, controlled: int, newest: int) -> None:
        """What people allow. Where other attributes are excluded than before, every item is read again without them."""
        self.control = current_control()
        self._set_weigher()
        exclusion = exclusion_of(self.control)
        if exclusion != self.exclusion:
            self.exclusion = self.pipeline.exclusion = exclusion
            if self.revision >= 0:
                self._apply(newest, anew=True)
                self._learn_names()
        self.controlled = controlled

    def fetch(self, item_ids: Iterable[str]) -> dict[str, Item]:
        """The host's items as they are now, without what is excluded."""
        fresh = get_catalog().get_items(list(item_ids))
        return {item_id: self.exclusion.from_item(item) for item_id, item in fresh.items()}

    def _find_blank_blocks(self) -> tuple[str, ...]:
        """Blocks that items should have and (nearly) none has: the encoder changed and its vectors are still being made."""
        has_photos = IndexedItem.objects.filter(removed=False, n_photos__gt=0).exists()
        due = [name for name, photos in self._reads_photos.items() if len(self.collection) and (has_photos or not photos)]
        return tuple(name for name in due if not len(self.collection.reference(name)))

    def _records(self, rows: list[tuple[str, Any, Any, bool]]) -> Iterator[ItemRecord]:
        ids = [row[0] for row in rows if not row[3]]
        vectors: dict[str, dict[str, Vector]] = {item_id: {} for item_id in ids}
        stored = ItemEmbedding.objects.filter(item_id__in=ids, encoder_id__in=set(self.encoder_ids.values()))
        for item_id, block, encoder_id, data in stored.values_list("item_id", "block", "encoder_id", "vector"):
            if self.encoder_ids.get(block) == encoder_id:
                vectors[item_id][block] = np.frombuffer(bytes(data), "<f2").astype(np.float32)
        self._color_field = self._color_field or color_field(facts for _, facts, _, removed in rows if not removed)
        for item_id, facts, derived, removed in rows:
            if not removed:
                item = from_facts(item_id, facts, derived, self._color_field or DEFAULT_COLOR_FIELD)
                yield ItemRecord(self.exclusion.from_item(item), vectors[item_id])

    def _learn(self) -> None:
        """Words and values for the lexical leg and the parser; in the background where that takes long."""
        if len(self.collection) <= INLINE_ITEMS or not self.collection.lexical.rows.size:
            self._learn_now()
        else:
            threading.Thread(target=self._learn_now, name="attune-learn", daemon=True).start()

    def _learn_now(self) -> None:
        with self._learning:
            words_changed, values_changed = self.collection.rebuild_lexical(), self.collection.take_values_changed()
            if words_changed or values_changed:
                self.suggestions.changed()
            if values_changed:
                self._learn_names()

    def _learn_names(self) -> None:
        self.parser.fit(replace(self.collection.columns.vocabulary(), excluded=self.exclusion.roles))
        if get_settings().LINK_UNKNOWN:
            threading.Thread(target=self._prepare_parser, name="attune-names", daemon=True).start()

    def _prepare_parser(self) -> None:
        """Encode what the parser compares unknown words with. Without the model it links nothing until the next change."""
        try:
            self.parser.prepare()
        except Exception as error:
            logger.info("event=names_not_encoded error=%r", error)

    def encode_phrases(self, texts: Sequence[str]) -> Matrix:
        """Unit vectors by the first encoder of words that is loaded; raises where none is: a parse never waits for weights."""
        for encoder in self.encoders:
            block = next((spec.name for spec in encoder.blocks if spec.words and spec.modality == "text"), "")
            if block and encoder.is_loaded:
                return encoder.encode_instructions(texts)[block]
        raise EncodingError("No encoder of words is loaded.")

    def interval_of(self, item_id: str) -> timedelta | None:
        """After how long an item is usually bought again; None for what is bought once, or is not known here."""
        item = self.collection.item(item_id)
        return None if item is None else self._counting.interval(item)

    # -- warm up ---------------------------------------------------------------------------------------------------

    def warm_up(self, *, background: bool = False) -> None:
        """Read the weights and the index and let each model answer a probe; ``ready`` says how it went."""
        if background:
            self._warming.set()
            threading.Thread(target=self._warm_up, name="attune-warm-up", daemon=True).start()
        else:
            self._warm_up()

    def _warm_up(self) -> None:
        try:
            for guarded in self.encoders:
                name = name_of(guarded)
                self._models[name] = "loading"
                try:
                    guarded.load()
                    (guarded.encoder if isinstance(guarded, GuardedEncoder) else guarded).probe()
                    self._models[name] = "ok"
                except Exception as error:
                    logger.warning("event=warm_up_failed encoder=%s error=%r", name, error)
                    self._models[name] = str(error)
            try:
                self.refresh()
                self._prepare_parser()
                self.parser.parse("warm up 预热")
                self.suggestions.prepare()
                tokenize("warm up 预热")
            except Exception as error:
                logger.warning("event=warm_up_failed part=index error=%r", error)
        finally:
            self._warming.clear()
            if threading.current_thread().name == "attune-warm-up":
                connection.close()

    def ready(self) -> Readiness:
        """What a load balancer and the health page read; never loads anything."""
        degraded = sorted(self.unavailable) + [name for name, state in self._models.items() if state != "ok"]
        degraded += [name for name, failed in (("fusion", self.fusion_failed), ("encoder", self.encoder_failed)) if failed]
        well = bool(self._models) and all(state == "ok" for state in self._models.values())
        return Readiness(
            ready=well and not self.unavailable and self.revision >= 0,
            models={**self._models, **self.unavailable},
            revision=max(self.revision, 0),
            items=len(self.collection),
            degraded=tuple(degraded),
        )


def _chunks(rows: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(rows)
    return iter(lambda: list(islice(left, CHUNK)), [])


_engine: Engine | None = None
_lock = threading.Lock()


def _install(old: Engine, new: Engine) -> bool:
    global _engine
    with _lock:
        if _engine is not old:
            return False
        _engine = new
        return True


_succession = Succession(_install)


def get_engine() -> Engine:
    """This process's engine, made on first use. Reads no weights by itself."""
    global _engine
    with _lock:
        if _engine is None:
            _engine = Engine()
        return _engine


def wait_for_swap(seconds: float = 60.0) -> None:
    """Until other encoders that this process has seen in force serve it."""
    _succession.wait(seconds)


def reset_engine() -> None:
    """Forget the engine; the next call makes another (settings changed, or a test)."""
    global _engine
    with _lock:
        _engine = None


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "RECOMMENDER":
        reset_engine()


setting_changed.connect(_forget, dispatch_uid="recommender.engine")
