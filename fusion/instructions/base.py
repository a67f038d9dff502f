"""The door that understanding comes through."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from fusion.instructions.teaching import Teaching
from fusion.types import Instruction, Matrix, Vocabulary


class InstructionParser(ABC):
    """Turns a shopper's words into musts, wants, avoids, an order, and what is left to embed."""

    @abstractmethod
    def fit(self, vocabulary: Vocabulary) -> None:
        """Learn the catalogue's own values. Called again whenever they change; swaps state whole, while threads parse."""

    def teach(self, teaching: Teaching) -> None:
        """Take what people taught, in place of what they taught before; called like ``fit``. A parser may ignore it."""
        return None

    @abstractmethod
    def parse(self, text: str, *, language: str = "", currency: str = "") -> Instruction:
        """Read one request.

        Args:
            text: at most 500 characters, already cleaned of control characters; anything else must still not raise.
            language: the language for labels; "" follows the text.
            currency: what an amount without a currency means; "" means the catalogue's own.
        """

    def value_name(self, field: str, value: str, language: str) -> str:
        """What a value is called in a language ("Apparel/Shirts" -> "Shirts"); as the catalogue spells it where unknown."""
        return value.rpartition("/")[2] if field == "category" else value

    def link_unknown(self, encode_phrases: Callable[[Sequence[str]], Matrix]) -> None:  # noqa: B027
        """Link words that no list knows by their meaning. A parser that cannot ignores it.

        Args:
            encode_phrases: texts -> (n, dim) unit vectors. Must raise rather than wait where the model is not loaded.
        """

    def prepare(self) -> None:  # noqa: B027
        """Do what ``fit`` left because it takes long. Called in the background; may raise, and then nothing is linked."""
