"""What this library raises. Every message names what was given, what was expected and what to do next."""

from __future__ import annotations


class FusionError(Exception):
    """Base of everything this library raises on purpose."""


class InvalidQuery(FusionError):
    """The request itself is wrong; the only error that a shopper may see.

    Attributes:
        code: stable machine name, e.g. "text_too_long", "photo_unreadable", "photo_too_large", "photo_type".
        pointer: JSON pointer of the offending field, e.g. "/query/text".
        params: the numbers in the message, e.g. {"max": 500}.
    """

    def __init__(self, message: str, *, code: str = "invalid", pointer: str = "", params: dict[str, object] | None = None):
        super().__init__(message)
        self.code = code
        self.pointer = pointer
        self.params = params or {}


class EncodingError(FusionError):
    """An item's text or photo could not be encoded. ``permanent`` means that trying again will not help."""

    def __init__(self, message: str, *, permanent: bool = False):
        super().__init__(message)
        self.permanent = permanent


class MissingDependency(FusionError):
    """A package or a model file is not there; the message says how to get it."""


class ChecksumMismatch(FusionError):
    """A weights file is not the one that was expected."""


class DimensionMismatch(FusionError):
    """Two vectors that should be comparable have different lengths."""


class InvalidWeights(FusionError):
    """Learnt weights that cannot be used: not whole, of another format, or of another encoder."""


class NotCovered(FusionError):
    """A log cannot tell what a policy would earn: the answers that it would give were never, or hardly ever, given."""
