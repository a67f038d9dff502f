"""Why a payment did not go through. The message is for the shopper; ``code`` is for programs."""

from __future__ import annotations

from django.utils.translation import gettext as _


class PaymentError(Exception):
    """Base of every refusal. Nothing was charged and the cart is as it was."""

    code = "payment_failed"


class PaymentDeclined(PaymentError):
    """Whoever holds the money said no; trying the same again is no use."""

    code = "payment_declined"

    def __init__(self) -> None:
        super().__init__(_("The payment was declined. Nothing was charged and your cart is as it was: try another way to pay."))


class PaymentUnavailable(PaymentError):
    """No answer, or none that can be understood: nobody knows yet whether the amount is reserved. Trying again is safe."""

    code = "payment_unavailable"

    def __init__(self) -> None:
        super().__init__(_("The payment service does not answer. Your cart is as it was: try again, you pay once at most."))


class PaymentWithdrawn(PaymentError):
    """The reservation was given back before the order was written, by a rival request of the same checkout."""

    code = "payment_withdrawn"

    def __init__(self) -> None:
        super().__init__(_("The payment was taken back before the order was in. Nothing was charged: please try again."))
