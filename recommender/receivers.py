"""Host signals -> outbox and events. Nothing here may break the request of the shop that sent the signal."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete
from django.dispatch import Signal
from django.utils.module_loading import import_string

from recommender.catalog import Catalog, get_catalog
from recommender.services.outbox import mark_stale
from recommender.services.teaching import tell_everyone
from recommender.taught import Correction, StopPhrase, Synonym

logger = logging.getLogger(__name__)

_PREFIX = "recommender.receivers"


def connect() -> None:
    """Listen to what the host's adapter names. Idempotent; a wrong setting is left to the system checks to report."""
    for lesson in (Synonym, StopPhrase, Correction):
        for signal in (post_save, post_delete):
            signal.connect(on_taught, sender=lesson, dispatch_uid=f"{_PREFIX}.taught")
    try:
        catalog = get_catalog()
    except ImproperlyConfigured as error:
        logger.warning("event=not_connected reason=%r", str(error))
        return
    for label in catalog.watched_models:
        _watch(apps.get_model(label))
    for kind, named in catalog.feedback_signals.items():
        _listen(kind, import_string(named) if isinstance(named, str) else named)


def _watch(model: type[Model]) -> None:
    uid = f"{_PREFIX}.{model._meta.label}"
    post_save.connect(on_saved, sender=model, dispatch_uid=uid)
    # pre_delete, not post_delete: the adapter may follow relations that the cascade is about to remove.
    pre_delete.connect(on_deleted, sender=model, dispatch_uid=uid)
    for field in model._meta.many_to_many:
        m2m_changed.connect(on_related, sender=field.remote_field.through, dispatch_uid=f"{uid}.{field.name}")


def _listen(kind: str, signal: Signal) -> None:
    def on_feedback(sender: Any, **payload: Any) -> None:
        take_feedback(kind, {"sender": sender, **payload})

    signal.connect(on_feedback, weak=False, dispatch_uid=f"{_PREFIX}.{kind}")


def on_taught(sender: type[Model], **_: Any) -> None:
    """Somebody taught the parser something, or took it back. Part of the transaction that saves it."""
    tell_everyone()


def on_saved(sender: type[Model], instance: Model, raw: bool = False, **_: Any) -> None:
    """A row of a watched model was saved. Fixtures (raw) may arrive before what they point at: reconcile finds those."""
    if not raw:
        _mark([instance], "saved")


def on_deleted(sender: type[Model], instance: Model, **_: Any) -> None:
    _mark([instance], "deleted")


def on_related(
    sender: type[Model], instance: Model, action: str, reverse: bool, model: type[Model], pk_set: set[Any] | None, **_: Any
) -> None:
    """A many-to-many relation of a watched model changed, from either side."""
    if not reverse and action.startswith("post_"):
        _mark([instance], "saved")
    elif reverse and pk_set and action.startswith("post_"):
        _mark(model._default_manager.filter(pk__in=pk_set), "saved")
    elif reverse and action == "pre_clear":  # afterwards nobody knows whom it concerned
        for field in model._meta.many_to_many:
            if field.remote_field.through is sender:
                _mark(model._default_manager.filter(**{field.name: instance}), "saved")


def _mark(instances: Iterable[Model], reason: str) -> None:
    """In the host's transaction, behind a savepoint: an error here must not spoil what the host is doing."""
    catalog: Catalog = get_catalog()
    try:
        with transaction.atomic():
            mark_stale((item_id for instance in instances for item_id in catalog.item_ids_for(instance)), reason)
    except Exception:
        logger.exception("event=mark_failed reason=%s hint=%r", reason, "manage.py reconcile finds what was missed")


def take_feedback(kind: str, payload: dict[str, Any]) -> None:
    """Turn a host's signal into events. They roll back with the host's transaction."""
    try:
        from recommender.services import feedback

        with transaction.atomic():
            feedback.record(get_catalog().feedback_for(kind, payload))
    except Exception:
        logger.exception("event=feedback_failed kind=%s", kind)
