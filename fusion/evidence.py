"""What the reasons of one answer may cite: seed titles, met wants, and the history item that speaks for a result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from fusion.behaviour.lists import Voices
from fusion.collection import ItemCollection
from fusion.columns import item_values, normalise_value, satisfies
from fusion.explanation import Context
from fusion.taste import Taste
from fusion.types import Constraint, Instruction, Item, Strength

HistorySpeaker = Callable[[str], tuple[str, str] | None]
TogetherSpeaker = Callable[[str, str], tuple[bool, str] | None]

TasteSpeaker = Callable[[str], Sequence[str]]

_NOTHING: Mapping[str, Sequence[tuple[str, float]]] = MappingProxyType({})


def _silent(_item_id: str) -> None:
    return None


def _tasteless(_item_id: str) -> tuple[str, ...]:
    return ()


def _alone(_source: str, _item_id: str) -> None:
    return None


class Evidence:
    """Looks up what an explanation names, in the language of the answer."""

    def __init__(
        self, collection: ItemCollection, language: str, instruction: Instruction, name_of: Callable[[str, str, str], str]
    ) -> None:
        """Args: name_of: (field, value, language) -> what the value is called."""
        self.collection = collection
        self.name_of = name_of
        self.language = language
        self.instruction = instruction

    def context(
        self,
        words: str,
        liked: Sequence[str],
        items: Sequence[Item],
        history: HistorySpeaker = _silent,
        together: Mapping[str, Sequence[tuple[str, float]]] = _NOTHING,
        taste: TasteSpeaker = _tasteless,
    ) -> Context:
        """Everything that the reasons of these items may say."""
        return Context(
            language=self.language,
            words=tuple(words.split()),
            said=self.instruction.text,
            liked_titles=[self.title(i) for i in liked if i in self.collection][:2],
            history_reason=history,
            together=self._together(together),
            wanted={item.item_id: self._met_wants(item) for item in items},
            taste=taste,
        )

    def title(self, item_id: str) -> str:
        """An item's title in the answer's language; its id when it is gone."""
        item = self.collection.item(item_id)
        if item is None:
            return item_id
        translation = item.translations.get(self.language.split("-")[0])
        return translation.title if translation and translation.title else item.title

    def speaker(self, because: Mapping[str, tuple[str, str]]) -> HistorySpeaker:
        """For an item, the (kind of interaction, title) of the history item that adds most to its score.

        Args:
            because: item id -> (kind, id of the history item). One that left the catalogue is not named.
        """

        def speak(item_id: str) -> tuple[str, str] | None:
            kind, past = because.get(item_id, ("", ""))
            return (kind, self.title(past)) if past in self.collection else None

        return speak

    def taste_speaker(self, taste: Taste | None) -> TasteSpeaker:
        """For an item, its values that the shopper keeps choosing."""
        if not taste:
            return _tasteless
        return lambda item_id: [self.name_of(field, value, self.language) for field, value in taste.spoken_values(item_id)]

    def _together(self, sources: Mapping[str, Sequence[tuple[str, float]]]) -> TogetherSpeaker:
        """(Whether enough shoppers bought both, title) of the item of a source that raises an item's behaviour most."""
        lists = self.collection.neighbours
        if lists is None:
            return _alone
        voices: dict[str, Voices] = {}

        def speaker(source: str, item_id: str) -> tuple[bool, str] | None:
            if source not in voices:
                voices[source] = lists.voices([(i, weight) for i, weight in sources.get(source, ()) if i in self.collection])
            found = voices[source].loudest(item_id)
            return (found[1], self.title(found[0])) if found else None

        return speaker

    def _met_wants(self, item: Item) -> list[str]:
        columns = self.collection.columns
        wants = [c for c in self.instruction.constraints if c.strength is Strength.WANT and (c.values or c.low or c.high)]
        met = [c for c in wants if satisfies(item, c, columns.exchange, columns.currency)]
        return list(dict.fromkeys(name for c in met for name in self._met_values(item, c) or [c.label or c.field]))

    def _met_values(self, item: Item, want: Constraint) -> list[str]:
        """What of a want an item has, by name; empty for bounds."""
        has = item_values(item, want.field)
        return [self.name_of(want.field, v, self.language) for v in want.values if normalise_value(v) in has]
