"""Musts in words: "red chairs under $50", "$50以内的红色椅子"."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from fusion.columns import Columns
from fusion.instructions.labels import field_name, format_money
from fusion.instructions.language import is_han
from fusion.instructions.lexicon import load_concepts, role_of
from fusion.messages import either, say
from fusion.restating import restated
from fusion.tokens import tokenize
from fusion.topic import Topic
from fusion.types import Alternative, Constraint, Operator

# Values that stand before the thing; all others follow with the name of their field ("size 42").
_ADJECTIVES = ("color", "pattern", "material", "brand")

ValueName = Callable[[str, str, str], str]


@lru_cache(maxsize=1)
def _things() -> Mapping[str, str]:
    """What a thing is called in any language, English as stems -> the key of its concept."""
    return {
        name if is_han(name[0]) else " ".join(tokenize(name)): concept.key
        for concept in load_concepts().values()
        if concept.role == "category"
        for names in concept.names.values()
        for name in names
    }


def spoken_thing(thing: str, language: str) -> str:
    """The shopper's word for a thing as a sentence in a language may have it.

    A word in another script is said in the sentence's own language where the lexicon knows it, and quoted where it does not.
    """
    if not thing or any(map(is_han, thing)) == (language == "zh"):
        return thing
    key = _things().get(thing) or _things().get(" ".join(tokenize(thing)))
    names = load_concepts()[key].names.get(language, ()) if key else ()
    return next(iter(names), f"“{thing}”")


class Wording:
    """Says what was asked for and what there is instead, in one language.

    Args:
        value_name: (field, value, language) -> the value's name in that language.
        thing: the shopper's own word for what is asked for, "" where there is none.
        columns: whose exchange and currency amounts are in.
        currency: what amounts are said in; "" leaves each in its own.
    """

    def __init__(self, language: str, value_name: ValueName, columns: Columns, thing: str = "", currency: str = "") -> None:
        self.language = "zh" if language.split("-")[0].lower() == "zh" else "en"
        self.value_name = value_name
        self.columns = columns
        self.currency = currency
        self.thing = spoken_thing(thing, self.language)

    def of(self, musts: Sequence[Constraint]) -> str:
        """What meets these musts."""
        return self._sentence(musts, self.thing, [self._bounds(c) for c in musts if _is_bound(c)])

    def of_way(self, kept: Sequence[Constraint], way: Alternative, reach: Mapping[str, tuple[float, float]]) -> str:
        """What one way out brings: "red chairs from $54".

        Args:
            reach: field of a moved bound -> the smallest and the largest value that there is now.
        """
        moved = {c.field: c for c in way.added}
        limits = [self._bounds(c) for c in kept if _is_bound(c)]
        others = []
        for constraint in way.dropped:
            if _is_bound(constraint):
                now = reach.get(constraint.field)
                limits.append(self._moved(constraint, *now) if now else self._any(constraint))
            elif constraint.operator is Operator.NOT_IN:
                others.append(say("included", self.language, values=self._names(constraint)))
            elif constraint.field not in moved:
                others.append(self._any(constraint))
        told = [*kept, *(c for c in way.added if not _is_bound(c))]
        thing = self.thing if not any(c.field == "category" for c in way.added) else ""
        return self._sentence(told, thing, limits, others)

    def of_relaxation(self, musts: Sequence[Constraint], ways: Sequence[Alternative], topic: Topic) -> str:
        """What is not there and what is: "Nothing red under $50: red from $54 (3), or blue under $50 (7)." """
        told = [say("way", self.language, label=way.label, n=way.n_results) for way in ways]
        listed = told[0]
        if len(told) > 1:
            listed = say("or_way", self.language, first=say("join", self.language).join(told[:-1]), last=told[-1])
        if not topic.known:
            return say("unknown_thing", self.language, words=topic.thing or topic.words, ways=listed)
        named = bool(topic.thing) or any(c.field == "category" and c.operator is Operator.IN for c in musts)
        code = "no_thing" if named else "nothing_like" if topic.words else "nothing"
        message = say(code, self.language, words=topic.words, asked=self.of(musts), ways=listed)
        gap = "" if self.language == "zh" else " "
        return f"{message}{gap}{say('shown', self.language, label=ways[0].label)}" if len(ways) > 1 else message

    def _sentence(self, musts: Sequence[Constraint], thing: str, limits: Sequence[str], others: Sequence[str] = ()) -> str:
        listed = [c for c in musts if not _is_bound(c) and c.field != "in_stock"]
        asked = [c for c in listed if c.operator is Operator.IN]
        adjectives = [self._names(c) for role in _ADJECTIVES for c in asked if role_of(c.field) == role]
        things = [thing] if thing else [self._names(c) for c in asked if c.field == "category"]
        beside = [c for c in listed if c not in asked or role_of(c.field) not in (*_ADJECTIVES, "category")]
        beside.sort(key=lambda c: (c.operator is Operator.NOT_IN, role_of(c.field) != "gender"))
        rest = [self._aside(c) for c in beside]
        if self.language == "zh":
            before = "、".join([*limits, *rest, *others])
            return f"{before}{'的' if before else ''}{''.join(adjectives)}{''.join(things) or say('goods', 'zh')}"
        base = " ".join([*adjectives, *things])
        tail = [*rest, *limits, *others]
        return f"{base} {', '.join(tail)}".strip() if tail else base

    def _aside(self, constraint: Constraint) -> str:
        """A must that stands beside the thing: "for women", "size 42", "not black"."""
        names = self._names(constraint)
        if constraint.operator is Operator.NOT_IN:
            return say("not_one", self.language, values=names)
        if role_of(constraint.field) == "gender":
            return say("for_whom", self.language, values=names)
        return f"{self._field(constraint)} {names}"

    def _names(self, constraint: Constraint) -> str:
        names = list(dict.fromkeys(self._name(constraint.field, value) for value in constraint.values))
        return either(names, self.language)

    def _name(self, field: str, value: str) -> str:
        name = self.value_name(field, value, self.language)
        plain = role_of(field) in ("color", "material", "pattern", "gender") and name[1:] == name[1:].lower()
        return name.lower() if plain and self.language == "en" else name

    def _field(self, constraint: Constraint) -> str:
        name = field_name(constraint.field, self.language)
        return name if self.language == "zh" or name.isupper() else name[:1].lower() + name[1:]

    def _any(self, constraint: Constraint) -> str:
        return say("any_value", self.language, field=self._field(constraint))

    def _bounds(self, constraint: Constraint) -> str:
        low, high = constraint.low, constraint.high
        code = "between" if low is not None and high is not None else "under" if high is not None else "over"
        said = say(code, self.language, low=self._amount(constraint, low), high=self._amount(constraint, high))
        return said if constraint.field == "price" else f"{self._field(constraint)} {said}"

    def _moved(self, asked: Constraint, lowest: float, highest: float) -> str:
        """Where the nearest values are: from the lowest on above an upper bound, up to the highest below a lower one."""
        above, below = asked.high is not None and lowest > asked.high, asked.low is not None and highest < asked.low
        code = "from" if above else "up_to" if below else "between"
        said = say(code, self.language, low=self._amount(asked, lowest), high=self._amount(asked, highest))
        return said if asked.field == "price" else f"{self._field(asked)} {said}"

    def _amount(self, constraint: Constraint, bound: float | None) -> str:
        if bound is None:
            return ""
        if constraint.field == "price":
            own = self.columns.currency
            said = restated(replace(constraint, low=bound, high=None), self.currency, self.columns.exchange, own)
            return format_money(said.low or 0, said.currency or own, self.language)
        return f"{bound:g}"


def _is_bound(constraint: Constraint) -> bool:
    return constraint.operator not in (Operator.IN, Operator.NOT_IN)
