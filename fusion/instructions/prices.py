"""Prices: amounts, currencies, bounds and ranges. Sizes, measures, ages and models are left alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from fusion.instructions.closed_class import concept_words
from fusion.instructions.lexicon import load, load_list, words
from fusion.instructions.normalise import normalise
from fusion.instructions.numerals import Number, neighbours_at, number_at, several_at
from fusion.instructions.tokens import HAN, MARK, WORD, Token, tokenise

ABOUT = Decimal("0.2")  # "around 100" is 80 to 120
_MAX_BOUND_FILLERS = 6
_APPROXIMATE = frozenset("多来几")  # "一百多块", "50来块": stands between the amount and its currency

Phrases = Mapping[tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class PriceMention:
    """A bound over tokens[start:end]: of the price in major units, or of a measured field in that field's unit.

    Attributes:
        low, high: inclusive, None where the request sets no bound.
        currency: ISO 4217; "" where the words name none; a family name ("$", "dollar", "¥") where several share the word.
    """

    low: Decimal | None
    high: Decimal | None
    currency: str
    start: int
    end: int
    field: str = "price"


@dataclass(frozen=True, slots=True)
class _Amount:
    number: Number
    currency: str | None  # None: no currency was named; "": a generic word ("bucks", 块)
    start: int
    end: int


def find_prices(tokens: Sequence[Token]) -> list[PriceMention]:
    """Every price in the request, in order, without overlaps."""
    found: list[PriceMention] = []
    position = 0
    while position < len(tokens):
        floor = found[-1].end if found else 0
        mention, amount = _spanned(tokens, position, floor), None
        if mention is None:
            amount = _amount_at(tokens, position)
            mention = _mention(tokens, amount, floor) if amount else None
        if mention:
            found.append(mention)
        position = mention.end if mention else amount.number.end if amount else position + 1
    return found


def _spanned(tokens: Sequence[Token], position: int, floor: int) -> PriceMention | None:
    """两三百的, 三四百块, 两三百以内."""
    pair = neighbours_at(tokens, position) or several_at(tokens, position)
    if pair is None:
        return None
    low, high = pair
    suffix = _longest(tokens, low.end, _currencies())
    currency = _currencies()[_key(tokens, low.end, suffix)] if suffix else ""
    behind, end = _relation_after(tokens, low.end + suffix)
    before, start = _relation_before(tokens, position, floor)
    relation = behind or before
    closes = end >= len(tokens) or tokens[end].word == "的" or tokens[end].kind == MARK
    if not suffix and not relation and not closes:
        return None
    if relation in {"lte", "gte"}:
        return PriceMention(*_bounds(relation, high.value if relation == "lte" else low.value), currency, start, end)
    return PriceMention(low.value, high.value, currency, start, end)


def _amount_at(tokens: Sequence[Token], start: int) -> _Amount | None:
    """A number with the currency before or behind it."""
    prefix = _longest(tokens, start, _currencies())
    before: str | None = _currencies()[_key(tokens, start, prefix)] if prefix else None
    number = number_at(tokens, start + prefix)
    if number is None or number.start > start + prefix:
        return None
    end = number.end
    loose = int(end < len(tokens) and tokens[end].word in _APPROXIMATE and _longest(tokens, end + 1, _currencies()) > 0)
    suffix = _longest(tokens, end + loose, _currencies())
    currency = _currencies()[_key(tokens, end + loose, suffix)] if suffix else before
    if currency == "minor":
        if number.value < 10:
            return None  # 一分钱都不能: a manner of speaking
        number, currency = Number(number.value / 100, number.start, number.end), ""
    if prefix and suffix and before and not currency:
        currency = before
    return _Amount(number, currency, start, end + (loose + suffix if suffix else 0))


def _mention(tokens: Sequence[Token], first: _Amount, floor: int) -> PriceMention | None:
    if found := _range(tokens, first, floor):
        return found
    relation, start = _relation_before(tokens, first.start, floor)
    behind, end = _relation_after(tokens, first.end)
    if first.start > floor and tokens[first.start - 1].word == "比" and (n := _longest(tokens, first.end, _than())):
        relation, behind = _than()[_key(tokens, first.end, n)], ""
        start, end = first.start - 1, first.end + n
    if relation == "exact" or not relation or (relation == "about" and behind in {"lte", "gte"}):
        relation, start = behind or relation, start
    elif behind and behind != relation:
        end = first.end  # "under 50 plus postage": the words before decide
    if not relation and _budgeted(tokens, first.start, floor):
        relation = "lte"
    if not relation and first.currency is None:
        if not _is_price_of(tokens, first):
            return None
        relation = "about"
    if not _is_money(tokens, first, start, end, relation, floor):
        return None
    low, high = _bounds(relation, first.number.value)
    return PriceMention(low, high, first.currency or "", start, end)


def _budgeted(tokens: Sequence[Token], start: int, floor: int) -> bool:
    """ "my budget for a handbag is 800": the clause speaks of a budget, and "is" or a colon stands before the amount."""
    if start - 1 < floor or tokens[start - 1].word not in load_list("equals"):
        return False
    clause: list[str] = []
    for token in reversed(tokens[floor:start]):
        if token.word in {",", ".", ";"}:
            break
        clause.append(token.word)
    return not load_list("budget_words").isdisjoint(clause) or "预算" in "".join(reversed(clause))


def _bounds(relation: str, value: Decimal) -> tuple[Decimal | None, Decimal | None]:
    if relation == "lte":
        return None, value
    if relation == "gte":
        return value, None
    return value * (1 - ABOUT), value * (1 + ABOUT)


def _is_money(tokens: Sequence[Token], amount: _Amount, start: int, end: int, relation: str, floor: int) -> bool:
    """Whether a bounded number is a price: it names a currency, or nothing around it says that it is something else.

    Args:
        start, end: of the whole mention, the words of its bound included.
    """
    if amount.number.value <= 0:
        return False
    if amount.currency is not None:
        return bool(relation) or not _is_doubtful(tokens, amount)
    if relation == "exact" or _is_named(tokens, amount.start, floor) or _is_glued(tokens, amount.start):
        return False
    bound_behind = end > amount.end
    if bound_behind and start == amount.start and tokens[amount.end].word in load_list("needs_currency"):
        return _follows_thing(tokens, amount)
    if not bound_behind and _longest(tokens, end, _units()):
        return False
    # "at least 3 pockets", "up to 8 keys", "Air Max 1"
    is_count = not bound_behind and end < len(tokens) and tokens[end].kind in {WORD, HAN}
    is_model = amount.start > 0 and tokens[amount.start - 1].word == "max"
    return amount.number.value >= 10 or not (is_count or is_model)


def _follows_thing(tokens: Sequence[Token], amount: _Amount) -> bool:
    """ "coat 500 max", 牛仔裤200多, "shirts 100+": what stands before the number is a product and no model's name."""
    previous = tokens[amount.start - 1] if amount.start else None
    known = previous is not None and (previous.kind in {HAN, MARK} or previous.word in concept_words())
    following = tokens[amount.end + 1] if amount.end + 1 < len(tokens) else None
    counts = (
        tokens[amount.end].word in _APPROXIMATE and following is not None and following.kind == HAN and following.word != "的"
    )
    opens = (
        previous is None and amount.number.value >= 100 and (following is None or following.kind == MARK)
    )  # "300 plus", "1.5k max, a pc"
    return (opens or (known and amount.number.value >= 20)) and not counts


def _is_doubtful(tokens: Sequence[Token], amount: _Amount) -> bool:
    """Whether a currency word may be something else: 一块表 (one watch), "5 pound dumbbell", "RS232"."""
    first, last = tokens[amount.start], tokens[amount.end - 1]
    is_classifier = amount.currency == "" and last.word == "块" and amount.number.value < 5
    return is_classifier or bool({first.word, last.word} & load_list("doubtful_currencies"))


def _is_glued(tokens: Sequence[Token], start: int) -> bool:
    """Whether a number is part of a name: "G80", "HERO3", "10-10-27"."""
    if not start:
        return False
    previous = tokens[start - 1]
    return previous.end == tokens[start].start and (previous.kind == WORD or previous.word == "-")


def _is_price_of(tokens: Sequence[Token], amount: _Amount) -> bool:
    """两百的衬衫, 1.5万的表: a round Chinese number before 的 is what the thing costs."""
    return amount.number.scaled >= 100 and amount.end < len(tokens) and tokens[amount.end].word == "的"


def _is_named(tokens: Sequence[Token], start: int, floor: int) -> bool:
    """Whether the word before a number says that it is a size, an age or a model."""
    words_before = "".join(t.word for t in tokens[max(floor, start - 2) : start] if t.kind == HAN)
    return (start > floor and tokens[start - 1].word in load_list("no_price_before")) or words_before in load_list("size_names")


def _range(tokens: Sequence[Token], first: _Amount, floor: int) -> PriceMention | None:
    """ "between A and B", "A-B dollars", "三百到五百"."""
    joint = _longest(tokens, first.end, _phrases("to"))
    second = _amount_at(tokens, first.end + joint) if joint else None
    if second is None:
        return None
    between = _longest_before(tokens, first.start, _phrases("between"), floor)
    closing = _longest(tokens, second.end, _phrases("closing"))
    joint_word = tokens[first.end].word
    named = first.currency if first.currency is not None else second.currency
    if named is None and second.currency is None:
        framed = bool(between or closing)
        if _longest(tokens, second.end, _units()) or not _bare_range(tokens, first, second, joint_word, framed):
            return None
    elif joint_word in {"and", "和", "与", "跟"} and not between and not closing:
        return None
    low, high = first.number.value, second.number.value
    if low < high / 100 or (low < 10 <= high and second.number.scaled > 1):
        low *= second.number.scaled  # "1-2万" is 10,000 to 20,000
    if low > high:
        low, high = high, low
    _, end = _relation_after(tokens, second.end + closing)
    end = end if closing == 0 and tokens[end - 1].word not in {"+"} else second.end + closing
    start = first.start - between
    _, start = _relation_before(tokens, start, floor)
    return PriceMention(low, high, first.currency or second.currency or "", start, end)


def _bare_range(tokens: Sequence[Token], first: _Amount, second: _Amount, joint: str, framed: bool) -> bool:
    """Whether two bare numbers are a price range rather than sizes, ages or a focal length."""
    previous = tokens[first.start - 1] if first.start else None
    if _is_named(tokens, first.start, 0) or _is_glued(tokens, first.start) or first.number.value >= second.number.value:
        return False
    if second.end < len(tokens) and tokens[second.end].word == "-":
        return False
    if framed:
        return True
    if joint in {"and", "和", "与", "跟"} or second.number.value < 10:
        return False
    if joint == "-":
        step = 10 if previous else 5
        if first.number.value % step == 0 and second.number.value % step == 0:
            return True  # round numbers: no sizes, no focal lengths
        following = tokens[second.end] if second.end < len(tokens) else None
        return (previous is not None and previous.kind == HAN) or (following is not None and following.kind == HAN)
    return True


def _relation_before(tokens: Sequence[Token], start: int, floor: int) -> tuple[str, int]:
    """("lte" | "gte" | "about" | "exact" | "", where it starts) of the words before an amount, small fillers included."""
    best, position, fillers = "", start, 0
    while position > floor:
        if n := _longest_before(tokens, position, _bounds_before(), floor):
            relation = _bounds_before()[_key(tokens, position - n, n)]
            if best in {"lte", "gte"}:
                break
            best, start = relation if relation in {"lte", "gte"} or not best else best, position - n
            position -= n
        elif tokens[position - 1].word in load_list("price_fillers") and fillers < 3:
            position, fillers = position - 1, fillers + 1
        else:
            break
    return _negated(tokens, best, start, floor)


def _negated(tokens: Sequence[Token], relation: str, start: int, floor: int) -> tuple[str, int]:
    """ "won't cost me more than", 不想花超过: a bound that a negation before it turns round, small words between."""
    position = start if relation in {"lte", "gte"} else floor
    for _ in range(_MAX_BOUND_FILLERS):
        if n := _longest_before(tokens, position, _phrases("negators"), floor):
            return "gte" if relation == "lte" else "lte", position - n
        if position <= floor or tokens[position - 1].word not in load_list("bound_fillers"):
            break
        position -= 1
    return relation, start


def _relation_after(tokens: Sequence[Token], end: int) -> tuple[str, int]:
    n = _longest(tokens, end, _bounds_after())
    if n and tokens[end + n - 1].edge & 2:  # "16GB内存" is no upper bound
        return _bounds_after()[_key(tokens, end, n)], end + n
    return "", end


def relation_around(tokens: Sequence[Token], start: int, end: int, floor: int) -> tuple[str, int, int]:
    """("lte", "gte", "about" or "", where it starts, where it ends) of the words around tokens[start:end]."""
    before, first = _relation_before(tokens, start, floor)
    behind, last = _relation_after(tokens, end)
    if before in {"lte", "gte"}:
        return before, first, end
    return behind, start, last


def joint_at(tokens: Sequence[Token], start: int) -> int:
    """How many tokens a joint of a range covers there, 0 if none does."""
    return _longest(tokens, start, _phrases("to"))


def opening_before(tokens: Sequence[Token], start: int, floor: int) -> int:
    """How many tokens right before a range belong to it ("between")."""
    return _longest_before(tokens, start, _phrases("between"), floor)


def _key(tokens: Sequence[Token], start: int, n: int) -> tuple[str, ...]:
    return tuple(t.word for t in tokens[start : start + n])


def _longest(tokens: Sequence[Token], start: int, phrases: Phrases) -> int:
    """How many tokens from ``start`` on the longest phrase covers, 0 if none does."""
    return next((n for n in range(min(9, len(tokens) - start), 0, -1) if _key(tokens, start, n) in phrases), 0)


def _longest_before(tokens: Sequence[Token], end: int, phrases: Phrases, floor: int) -> int:
    return next((n for n in range(min(9, end - floor), 0, -1) if _key(tokens, end - n, n) in phrases), 0)


def _compiled(lines: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    """Token words -> the line's key, for tables of the form key = "phrase, phrase"."""
    return {
        tuple(t.word for t in tokenise(normalise(phrase).text)): key for key, line in lines.items() for phrase in words(line)
    }


@lru_cache(maxsize=1)
def _currencies() -> Phrases:
    money = load("money")
    table = _compiled({**money["currencies"], "": money["generic"]["words"], "minor": money["minor"]["words"]})
    return {**{(family,): family for family in money["families"]}, **table}


@lru_cache(maxsize=1)
def _bounds_before() -> Phrases:
    before = load("money")["before"]
    table: dict[tuple[str, ...], str] = _compiled({"exact": ", ".join(load("money")["exact"].values())})
    for relation in ("about", "gte", "lte"):
        table.update(_compiled({f"{relation}": ", ".join(before[relation].values())}))
    return table


@lru_cache(maxsize=1)
def _bounds_after() -> Phrases:
    after = load("money")["after"]
    return _compiled({relation: ", ".join(after[relation].values()) for relation in ("about", "gte", "lte")})


@lru_cache(maxsize=1)
def _than() -> Phrases:
    return _compiled(load("money")["than"])


@lru_cache(maxsize=4)
def _phrases(section: str) -> Phrases:
    return _compiled({section: ", ".join(load("money")[section].values())})


@lru_cache(maxsize=1)
def _units() -> Phrases:
    return _compiled({"unit": ", ".join(load("money")["units"].values())})
