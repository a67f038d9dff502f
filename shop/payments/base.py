"""What the shop asks of whoever moves the money."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Charge:
    """What is to be paid, in whole minor units of ``currency``. ``choice`` is the code of the option the shopper took."""

    amount_minor: int
    currency: str
    choice: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One way to pay that the checkout offers."""

    code: str
    label: str
    note: str = ""


class PaymentMethod(ABC):
    """A payment provider. ``SHOP_PAYMENT`` names the subclass.

    Money is reserved before the order is written (``authorise``), taken when the parcel leaves (``capture``), and given back
    by ``release`` before that or ``refund`` after it. Every call carries an idempotency key: the same key twice is the same
    thing once, and gives the same answer. Calls may take long; the shop makes them outside of its transactions.
    """

    name: ClassVar[str]
    """At most 32 characters, stored with each payment."""

    is_demo: ClassVar[bool] = False
    """No money moves; the pages say so."""

    @abstractmethod
    def options(self) -> Sequence[Option]:
        """What the checkout offers, the default first; at least one, in the language of the page."""

    def notice(self) -> str:
        """A sentence above the options, "" for none."""
        return ""

    @abstractmethod
    def authorise(self, charge: Charge, *, key: str) -> str:
        """Reserve the amount; returns the provider's reference.

        Raises:
            PaymentDeclined: the answer is no; nothing is reserved.
            PaymentUnavailable: the outcome is not known; the same key may be tried again.
        """

    @abstractmethod
    def capture(self, reference: str, charge: Charge, *, key: str) -> None:
        """Take what was reserved. Raises PaymentDeclined or PaymentUnavailable."""

    @abstractmethod
    def release(self, reference: str, *, key: str) -> None:
        """Let go of what was reserved and not taken. Raises PaymentUnavailable."""

    @abstractmethod
    def refund(self, reference: str, charge: Charge, *, key: str) -> None:
        """Give back what was taken. Raises PaymentDeclined or PaymentUnavailable."""
