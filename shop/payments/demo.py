"""A payment that moves no money and says so, with a way to see each kind of failure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from django.utils.translation import gettext as _

from shop.payments.base import Charge, Option, PaymentMethod
from shop.payments.errors import PaymentDeclined, PaymentUnavailable

PAYS, DECLINED, SILENT = "pays", "declined", "silent"


class DemoPayment(PaymentMethod):
    """The shopper chooses the outcome. Nothing is stored: the answer follows from the key and the choice alone."""

    name = "demo"
    is_demo = True

    def options(self) -> Sequence[Option]:
        return [
            Option(PAYS, _("Demo card that pays"), _("The order goes through.")),
            Option(DECLINED, _("Demo card that is declined"), _("To see that nothing is lost.")),
            Option(SILENT, _("Demo bank that does not answer"), _("To see that trying again is safe.")),
        ]

    def notice(self) -> str:
        return _(
            "Demo payment: no card is asked for, no money moves, nothing is shipped. Everything else works as in a real shop."
        )

    def authorise(self, charge: Charge, *, key: str) -> str:
        if charge.choice == DECLINED:
            raise PaymentDeclined
        if charge.choice == SILENT:
            raise PaymentUnavailable
        return f"demo-{hashlib.sha256(key.encode()).hexdigest()[:24]}"

    def capture(self, reference: str, charge: Charge, *, key: str) -> None:
        return None

    def release(self, reference: str, *, key: str) -> None:
        return None

    def refund(self, reference: str, charge: Charge, *, key: str) -> None:
        return None
