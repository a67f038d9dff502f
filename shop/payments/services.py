"""Paying, step by step. The provider is called outside of transactions; a row says before and after each call where we are,
so that a crash in between is found and finished (``settle``)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from shop.payments.base import Charge, PaymentMethod
from shop.payments.errors import PaymentDeclined, PaymentError, PaymentWithdrawn
from shop.payments.models import Payment

logger = logging.getLogger(__name__)
State = Payment.State
ABANDONED_AFTER = timedelta(hours=1)


@lru_cache(maxsize=1)
def payment_method() -> PaymentMethod:
    """The provider of this shop, as ``SHOP_PAYMENT`` says.

    Raises:
        ImproperlyConfigured: it names nothing that can be imported, or no PaymentMethod.
    """
    given = settings.SHOP_PAYMENT
    try:
        method = import_string(given["BACKEND"])(**given.get("OPTIONS", {}))
    except (ImportError, KeyError, TypeError) as error:
        raise ImproperlyConfigured(
            f'SHOP_PAYMENT is {given!r}: {error}. Write {{"BACKEND": "dotted.path.Class", "OPTIONS": {{...}}}}.'
        ) from error
    if not isinstance(method, PaymentMethod):
        raise ImproperlyConfigured(f"SHOP_PAYMENT names {given['BACKEND']}, which is no shop.payments.base.PaymentMethod.")
    return method


def authorise(cart_id: int, checkout_key: str, charge: Charge) -> Payment:
    """Reserve the amount for a checkout, once: a double click and a retry get the reservation that is there.

    Raises:
        PaymentDeclined, PaymentUnavailable: nothing will be charged; call again with the same key to try again.
    """
    payment = _attempt(cart_id, checkout_key, charge)
    if payment.state == State.AUTHORISED:
        return payment
    return _authorise(payment)


def _authorise(payment: Payment) -> Payment:
    try:
        reference = payment_method().authorise(charge_of(payment), key=payment.key)
    except PaymentDeclined:
        _move(payment, State.STARTED, State.DECLINED)
        raise
    _move(payment, State.STARTED, State.AUTHORISED, reference=reference)
    payment.refresh_from_db()
    if payment.state != State.AUTHORISED:
        raise PaymentWithdrawn
    return payment


def _attempt(cart_id: int, checkout_key: str, charge: Charge) -> Payment:
    """The attempt under way for this very charge, or a new one; what was reserved for another amount is let go."""
    mine = Payment.objects.filter(cart_id=cart_id, checkout_key=checkout_key)
    last = mine.order_by("-attempt").first()
    if last and last.state in (State.STARTED, State.AUTHORISED):
        if charge_of(last) == charge:
            return last
        release(last)
    method = payment_method()
    try:
        with transaction.atomic():
            return Payment.objects.create(
                cart_id=cart_id,
                checkout_key=checkout_key,
                attempt=last.attempt + 1 if last else 1,
                method=method.name,
                is_demo=method.is_demo,
                choice=charge.choice,
                amount_minor=charge.amount_minor,
                currency=charge.currency,
            )
    except IntegrityError:  # a rival request of the same checkout made it first
        return mine.latest("attempt")


def attach(payment_id: int, order_id: int) -> None:
    """Inside the order's transaction: this reservation is for this order.

    Raises:
        PaymentWithdrawn: it was released meanwhile; the order must not be written.
    """
    free = Payment.objects.filter(pk=payment_id, state=State.AUTHORISED, order=None)
    if not free.update(order_id=order_id, updated_at=timezone.now()):
        raise PaymentWithdrawn


def release(payment: Payment) -> None:
    """Let go of a reservation that no order took; nothing happens to one that an order holds, or that is let go already."""
    if _move(payment, State.AUTHORISED, State.RELEASE_DUE, unowned=True):
        _finish(payment, State.RELEASED, lambda m: m.release(payment.reference, key=f"{payment.key}:release"))


def capture_for(order_id: int) -> None:
    """Take what was reserved for an order. Raises PaymentError: the parcel should not leave."""
    for payment in Payment.objects.filter(order_id=order_id, state=State.AUTHORISED):
        payment_method().capture(payment.reference, charge_of(payment), key=f"{payment.key}:capture")
        _move(payment, State.AUTHORISED, State.CAPTURED)


def give_back_for(order_id: int) -> None:
    """An order was cancelled: release what was reserved, refund what was taken. What fails is due and tried again."""
    for payment in Payment.objects.filter(order_id=order_id, state__in=(State.AUTHORISED, State.CAPTURED)):
        if _move(payment, State.AUTHORISED, State.RELEASE_DUE) or _move(payment, State.CAPTURED, State.REFUND_DUE):
            _give_back(payment)


def settle() -> dict[str, int]:
    """Finish what a crash or a silent provider left open; counts by the state reached. Run it now and then."""
    counts: dict[str, int] = {}
    old = timezone.now() - ABANDONED_AFTER
    for payment in Payment.objects.filter(order=None, state=State.STARTED, updated_at__lt=old):
        try:
            _authorise(payment)
        except PaymentError as error:
            logger.info("event=payment_unsettled payment=%s code=%s", payment.pk, error.code)
    for payment in Payment.objects.filter(order=None, state=State.AUTHORISED, created_at__lt=old):
        release(payment)
        _count(counts, payment)
    for payment in Payment.objects.filter(state__in=(State.RELEASE_DUE, State.REFUND_DUE)):
        _give_back(payment)
        _count(counts, payment)
    return counts


def _give_back(payment: Payment) -> None:
    payment.refresh_from_db()
    if payment.state == State.RELEASE_DUE:
        _finish(payment, State.RELEASED, lambda m: m.release(payment.reference, key=f"{payment.key}:release"))
    elif payment.state == State.REFUND_DUE:
        _finish(payment, State.REFUNDED, lambda m: m.refund(payment.reference, charge_of(payment), key=f"{payment.key}:refund"))


def _finish(payment: Payment, state: str, call: Callable[[PaymentMethod], None]) -> None:
    """Call the provider and write what became of it; a failure is logged and stays due."""
    due = State.RELEASE_DUE if state == State.RELEASED else State.REFUND_DUE
    try:
        call(payment_method())
    except PaymentError as error:
        logger.warning("event=payment_due payment=%s state=%s code=%s", payment.pk, due, error.code)
        return
    _move(payment, due, state)


def _move(payment: Payment, old: str, new: str, *, unowned: bool = False, reference: str | None = None) -> bool:
    """Go from one state to the next, if the row is still there and, where that is asked, no order holds it."""
    rows = Payment.objects.filter(pk=payment.pk, state=old)
    rows = rows.filter(order=None) if unowned else rows
    changes = {} if reference is None else {"reference": reference}
    return bool(rows.update(state=new, updated_at=timezone.now(), **changes))


def _count(counts: dict[str, int], payment: Payment) -> None:
    payment.refresh_from_db()
    counts[payment.state] = counts.get(payment.state, 0) + 1


def charge_of(payment: Payment) -> Charge:
    return Charge(payment.amount_minor, payment.currency, payment.choice)


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "SHOP_PAYMENT":
        payment_method.cache_clear()


setting_changed.connect(_forget, dispatch_uid="shop.payments")
