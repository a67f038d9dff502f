"""Signals that must not hurt whoever sends them."""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.dispatch import Signal

logger = logging.getLogger(__name__)


def tell(signal: Signal, sender: type[Model], **payload: Any) -> None:
    """Send a signal; a listener that fails loses its own writes and is logged, but never costs the shop an order."""
    try:
        with transaction.atomic():
            signal.send(sender=sender, **payload)
    except Exception:
        logger.exception("listener=failed sender=%s payload=%s", sender.__name__, payload)
