"""What the plugin stores. The outbox and the job ledger are the truth; a broker only wakes the worker up."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from recommender.artefacts import Artefact as Artefact
from recommender.experiments import Experiment as Experiment
from recommender.receipts import ErasureReceipt as ErasureReceipt
from recommender.taught import Correction as Correction
from recommender.taught import StopPhrase as StopPhrase
from recommender.taught import Synonym as Synonym
from recommender.ulids import new_ulid as new_ulid
from recommender.versions import LearningControl as LearningControl
from recommender.versions import ModelChange as ModelChange
from recommender.versions import ModelVersion as ModelVersion


class StaleItem(models.Model):
    """Outbox: an item changed, in the transaction that changed it. Many rows may name one item; a claim takes them all.

    ``background`` rows (a whole re-index, a reconcile) wait behind what a person has just saved. ``claim`` is the fencing
    token of the lease, ``owner`` the process that holds it, ``attempts`` how often an encoding of it began and did not end.
    """

    item_id = models.CharField(max_length=128, db_index=True)
    reason = models.CharField(max_length=32, default="saved")
    created_at = models.DateTimeField(default=timezone.now)
    background = models.BooleanField(default=False)
    claim = models.CharField(max_length=26, blank=True, default="")
    owner = models.CharField(max_length=160, blank=True, default="")
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("stale item")
        verbose_name_plural = _("stale items")
        indexes = [models.Index(fields=["claim", "attempts", "background", "id"], name="stale_item_queue")]

    def __str__(self) -> str:
        return f"{self.item_id} ({self.reason})"


class Job(models.Model):
    """Ledger of long work: what runs, how far it is, and what it said."""

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    id = models.CharField(primary_key=True, max_length=26, default=new_ulid, editable=False)
    kind = models.CharField(max_length=32, db_index=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING, db_index=True)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    message = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("job")
        verbose_name_plural = _("jobs")

    def __str__(self) -> str:
        return f"{self.kind} {self.done}/{self.total} ({self.state})"


class IndexState(models.Model):
    """One row that every serving process compares with what it holds: revisions, and which learnt versions are in force."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    revision = models.PositiveBigIntegerField(default=0)
    teaching = models.PositiveBigIntegerField(default=0)
    behaviour = models.PositiveBigIntegerField(default=0)  # the BehaviourVersion in force; 0 is none
    fusion = models.PositiveBigIntegerField(default=0)  # the ModelVersion in force, 0: the configured weights
    encoder = models.PositiveBigIntegerField(default=0)  # the ModelVersion in force, 0: the configured encoders as they are
    encoder_next = models.PositiveBigIntegerField(default=0)  # the one whose vectors are being built; 0 is none
    control = models.PositiveBigIntegerField(default=0)  # the revision of LearningControl
    experiment = models.PositiveBigIntegerField(default=0)  # the Experiment that runs, 0: none
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("index state")
        verbose_name_plural = _("index state")

    def __str__(self) -> str:
        return f"revision {self.revision}"


class IndexedItem(models.Model):
    """What serving needs to know of an item without asking the host: its facts for masks, facets and the lexical leg.

    ``facts`` is ``recommender.facts.to_facts(item)``; ``derived`` holds measured attributes ({"color": ["red"]}).
    A removed item stays as a row with ``removed`` set, so that every process sees the removal as a delta.
    """

    item_id = models.CharField(primary_key=True, max_length=128)
    facts = models.JSONField(default=dict)
    derived = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64, blank=True, default="")
    n_photos = models.PositiveSmallIntegerField(default=0)
    revision = models.PositiveBigIntegerField(default=0, db_index=True)
    removed = models.BooleanField(default=False)
    indexed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("indexed item")
        verbose_name_plural = _("indexed items")

    def __str__(self) -> str:
        return self.item_id


class ItemEmbedding(models.Model):
    """One vector of one item in one block, under one encoder identity. float16 little-endian bytes, L2-normalised."""

    item = models.ForeignKey(IndexedItem, on_delete=models.CASCADE, related_name="embeddings")
    block = models.CharField(max_length=32)
    encoder_id = models.CharField(max_length=64)
    dim = models.PositiveSmallIntegerField()
    vector = models.BinaryField()
    content_hash = models.CharField(max_length=64)
    embedded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "block", "encoder_id"], name="one_vector_per_item_block_encoder")
        ]
        verbose_name = _("item embedding")
        verbose_name_plural = _("item embeddings")

    def __str__(self) -> str:
        return f"{self.item_id}/{self.block}"


class ItemFailure(models.Model):
    """Why a block of an item could not be filled. Deleted when it succeeds. The admin reads it.

    A permanent failure is not tried again until ``content_hash`` changes or someone asks for a retry; block "item" means
    that the whole item was put aside.
    """

    item_id = models.CharField(max_length=128)
    block = models.CharField(max_length=32)
    reason = models.TextField()
    content_hash = models.CharField(max_length=64, blank=True, default="")
    permanent = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=1)
    failed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item_id", "block"], name="one_failure_per_item_block")]
        verbose_name = _("item failure")
        verbose_name_plural = _("item failures")

    def __str__(self) -> str:
        return f"{self.item_id}/{self.block}: {self.reason}"


class BehaviourVersion(models.Model):
    """What shoppers choose together, as it was learnt at one moment. ``IndexState.behaviour`` names the one in force.

    ``data`` is ``NeighbourLists.to_bytes()`` and ``sha256`` its digest; ``weights`` ("source/block" -> weight) were chosen on
    the later part of the same log, ``measured`` says how they did. Events received before ``until`` were read.
    """

    model = models.CharField(max_length=64)
    until = models.DateTimeField()
    n_shoppers = models.PositiveIntegerField()
    n_items = models.PositiveIntegerField()
    n_pairs = models.PositiveIntegerField()
    min_shoppers = models.PositiveIntegerField()
    simulated = models.BooleanField(default=False)
    weights = models.JSONField(default=dict)
    measured = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64)
    data = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("behaviour version")
        verbose_name_plural = _("behaviour versions")

    def __str__(self) -> str:
        return f"{self.pk}: {self.model}, {self.n_items} items"


class Recommendation(models.Model):
    """An answer as it was given (an impression): request, parse, ranking, terms, weights. Paging and learning read it."""

    id = models.CharField(primary_key=True, max_length=26, default=new_ulid, editable=False)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children")
    user_id = models.CharField(max_length=64, blank=True, default="", db_index=True)
    visitor_id = models.CharField(max_length=64, blank=True, default="", db_index=True)
    session_id = models.CharField(max_length=64, blank=True, default="")
    surface = models.CharField(max_length=32, blank=True, default="")
    request = models.JSONField(default=dict)
    instruction = models.JSONField(default=dict)
    ranking = models.JSONField(default=list)
    terms = models.JSONField(default=dict)
    because = models.JSONField(default=dict)  # item id -> [kind of interaction, item id of the shopper's past]
    weights = models.JSONField(default=dict)
    context = models.JSONField(default=dict)  # what a weigher sees (fusion.weighing.Context.to_json), for learning
    factors = models.JSONField(default=dict)  # "source/block" -> what the policy multiplied the weight by
    policy = models.CharField(max_length=64, default="default")
    propensity = models.FloatField(default=1.0)
    experiment = models.CharField(max_length=64, blank=True, default="", db_index=True)
    side = models.CharField(max_length=16, blank=True, default="")  # of the experiment: "candidate" or "live"
    arm = models.CharField(max_length=64, blank=True, default="")
    state = models.CharField(max_length=16, default="ok")
    relaxation = models.JSONField(default=dict)
    degraded = models.JSONField(default=list)
    timings = models.JSONField(default=dict)
    total = models.PositiveIntegerField(default=0)
    versions = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    expires_at = models.DateTimeField()
    simulated = models.BooleanField(default=False)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("recommendation")
        verbose_name_plural = _("recommendations")

    def __str__(self) -> str:
        return self.id


class Event(models.Model):
    """What a shopper did. ``event_id`` makes it idempotent; ``recommendation_id`` ties it to the answer that led to it."""

    class Kind(models.TextChoices):
        IMPRESSION = "impression", _("impression")
        VIEW = "view", _("view")
        CLICK = "click", _("click")
        ADD_TO_CART = "add_to_cart", _("added to cart")
        REMOVE_FROM_CART = "remove_from_cart", _("removed from cart")
        PURCHASE = "purchase", _("purchase")
        LIKE = "like", _("like")
        DISLIKE = "dislike", _("dislike")
        RETURN = "return", _("return")

    event_id = models.CharField(max_length=64, unique=True, default=new_ulid)
    kind = models.CharField(max_length=24, choices=Kind.choices)
    item_id = models.CharField(max_length=128, db_index=True)
    user_id = models.CharField(max_length=64, blank=True, default="")
    visitor_id = models.CharField(max_length=64, blank=True, default="")
    session_id = models.CharField(max_length=64, blank=True, default="")
    recommendation_id = models.CharField(max_length=26, blank=True, default="", db_index=True)
    position = models.PositiveIntegerField(null=True, blank=True)
    quantity = models.PositiveIntegerField(default=1)
    value_minor = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    surface = models.CharField(max_length=32, blank=True, default="")
    occurred_at = models.DateTimeField(default=timezone.now)
    received_at = models.DateTimeField(default=timezone.now, db_index=True)
    simulated = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["user_id", "-occurred_at"]),
            models.Index(fields=["visitor_id", "-occurred_at"]),
            models.Index(fields=["kind", "-occurred_at"]),
        ]
        verbose_name = _("event")
        verbose_name_plural = _("events")

    def __str__(self) -> str:
        return f"{self.kind} {self.item_id}"


class UploadedPhoto(models.Model):
    """A shopper's query photo: re-encoded, without metadata, gone after ``expires_at``."""

    id = models.CharField(primary_key=True, max_length=26, default=new_ulid, editable=False)
    visitor_id = models.CharField(max_length=64, blank=True, default="", db_index=True)
    user_id = models.CharField(max_length=64, blank=True, default="", db_index=True)
    file = models.FileField(upload_to="query-photos/")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("uploaded photo")
        verbose_name_plural = _("uploaded photos")

    def __str__(self) -> str:
        return self.id


class Worker(models.Model):
    """Heartbeat of a worker process, so that the admin can say "no worker is running"."""

    name = models.CharField(primary_key=True, max_length=128)
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    models_loaded = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")

    def __str__(self) -> str:
        return self.name
