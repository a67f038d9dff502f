"""Numbers as shoppers write them: 1,500  1.5k  fifty  two hundred  两百五  三千  1.5万."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from fusion.instructions.lexicon import load
from fusion.instructions.tokens import HAN, NUMBER, WORD, Token

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_OPEN_BOUNDS = frozenset("以左上之块元起封内")  # first characters of what may follow an amount: 以内, 左右, 上下 ...
# Beyond this nothing is a price, and arithmetic on absurd digit strings would cost time.
_MAX_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Number:
    """A number over tokens[start:end]. ``scaled`` says that it carried its own scale (k, 万), which a range may share."""

    value: Decimal
    start: int
    end: int
    scaled: Decimal = Decimal(1)


def number_at(tokens: Sequence[Token], start: int) -> Number | None:
    """The number that starts at tokens[start], as long as it goes, or None."""
    if start >= len(tokens):
        return None
    token = tokens[start]
    if token.kind == NUMBER and len(token.word) <= _MAX_DIGITS:
        return _written(tokens, start)
    if token.kind == HAN and (token.word in _DIGITS or token.word == "十" or _scale_alone(tokens, start)):
        return _chinese(tokens, start)
    if token.kind == WORD:
        return _english(tokens, start)
    return None


def _scale_alone(tokens: Sequence[Token], start: int) -> bool:
    """百元, 千元: one hundred, one thousand."""
    return tokens[start].word in _SCALES and start + 1 < len(tokens) and tokens[start + 1].word in {"元", "块"}


def neighbours_at(tokens: Sequence[Token], start: int) -> tuple[Number, Number] | None:
    """两三百: the two numbers that a pair of neighbouring digits with one scale spans."""
    words = [token.word for token in tokens[start : start + 4]]
    if len(words) < 3 or words[0] not in _DIGITS or _DIGITS.get(words[1]) != _DIGITS[words[0]] + 1 or words[2] not in _SCALES:
        return None
    scale = Decimal(_SCALES[words[2]])
    end = start + 3
    if len(words) > 3 and words[3] == "万" and words[2] != "万":
        scale, end = scale * 10_000, end + 1
    return Number(_DIGITS[words[0]] * scale, start, end, scale), Number(_DIGITS[words[1]] * scale, start, end, scale)


def several_at(tokens: Sequence[Token], start: int) -> tuple[Number, Number] | None:
    """几百, 好几千, "a few hundred": from one of the scale to ten of it, as a pair of numbers."""
    table = load("money")["numbers"]
    words = [token.word for token in tokens[start : start + 4]]
    for opening in (("好", "几"), ("几",), ("a", "few"), ("a", "couple", "of"), ("several",), ("few",)):
        n = len(opening)
        if tuple(words[:n]) != opening or len(words) <= n:
            continue
        scale = _SCALES.get(words[n], 0) if opening[-1] == "几" else table.get(words[n].removesuffix("s"), 0)
        if scale >= 10 and (scale in _SCALES.values()):
            low, high = (Decimal(scale), Decimal(scale * 10)) if "couple" not in opening else (Decimal(scale * 2),) * 2
            return Number(low, start, start + n + 1, Decimal(scale)), Number(high, start, start + n + 1, Decimal(scale))
    return None


def _written(tokens: Sequence[Token], start: int) -> Number:
    """Digits, with k, hundred, 百, 千 or 万 behind them; "1万5" is 15,000."""
    value, scale, end = Decimal(tokens[start].word), Decimal(1), start + 1
    if end < len(tokens) and tokens[end].word == "000" and tokens[end].start == tokens[start].end + 1 and value < 1000:
        return Number(value * 1000, start, end + 1)  # "1 000"
    if slang := _slang_scale(tokens, end):
        return Number(value * slang, start, end + 1, slang)
    if end < len(tokens) and tokens[end].kind == WORD and load("money")["numbers"].get(tokens[end].word, 0) >= 100:
        scale = Decimal(load("money")["numbers"][tokens[end].word])
        return Number(value * scale, start, end + 1, scale)
    if end < len(tokens) and tokens[end].start == tokens[end - 1].end:
        suffix = tokens[end]
        if suffix.word == "k" or suffix.word in _SCALES:
            scale = Decimal(1000 if suffix.word == "k" else _SCALES[suffix.word])
            end += 1
            if suffix.kind == HAN and end < len(tokens) and tokens[end].kind == NUMBER and len(tokens[end].word) == 1:
                return Number(value * scale + Decimal(tokens[end].word) * scale / 10, start, end + 1, scale)
            if suffix.word != "万" and end < len(tokens) and tokens[end].word == "万":
                scale, end = scale * 10_000, end + 1
    return Number(value * scale, start, end, scale)


def _slang_scale(tokens: Sequence[Token], end: int) -> Decimal | None:
    """ "2w以内" is 20,000 and 三张以内 is 300 where a bound follows: else watts, and sheets."""
    if end + 1 >= len(tokens) or tokens[end + 1].word not in _OPEN_BOUNDS:
        return None
    glued = tokens[end].start == tokens[end - 1].end
    return Decimal(10_000) if tokens[end].word == "w" and glued else Decimal(100) if tokens[end].word == "张" else None


def _chinese(tokens: Sequence[Token], start: int) -> Number | None:
    """Chinese numerals; a last digit without a scale counts in tenths of the scale before it (三百五 is 350)."""
    total, section, digit, scale = 0, 0, -1, 1
    end = start
    while end < len(tokens) and tokens[end].kind == HAN and end - start < _MAX_DIGITS:
        word = tokens[end].word
        if word in _DIGITS:
            if digit > 0:
                break  # two digits in a row: no numeral ("三五百")
            digit = _DIGITS[word]
            scale = 1 if word in "零〇" else scale
        elif word == "万":
            total, section, digit, scale = (section + max(digit, 0)) * 10_000, 0, -1, 10_000
        elif word in _SCALES:
            section += (digit if digit > 0 else 1) * _SCALES[word]
            digit, scale = -1, _SCALES[word]
        else:
            break
        end += 1
    if digit > 0:
        section += digit * (scale // 10 if scale >= 100 else 1)
    if end > start and (slang := _slang_scale(tokens, end)) and total + section < 100:
        return Number(Decimal(total + section) * slang, start, end + 1, slang)
    return Number(Decimal(total + section), start, end, Decimal(scale)) if end > start else None


def _english(tokens: Sequence[Token], start: int) -> Number | None:
    """Number words: fifty, twenty five, two hundred and fifty, a hundred."""
    table = load("money")["numbers"]
    total, current, end = 0, 0, start
    if found := _loose_english(tokens, start):
        return found
    if tokens[start].word == "a" and start + 1 < len(tokens) and table.get(tokens[start + 1].word, 0) >= 100:
        current, end = 1, start + 1
    begun = end
    while end < len(tokens) and tokens[end].kind == WORD:
        value = table.get(tokens[end].word)
        if value is None:
            if tokens[end].word == "and" and end > begun and total + current >= 100 and _small(tokens, end + 1):
                end += 1
                continue
            break
        if value >= 1000:
            total, current = (total + max(current, 1)) * value, 0
        elif value == 100:
            current = max(current, 1) * 100
        elif 0 < current < 10 and not total and end == begun + 1 and 20 <= value < 100:
            current = current * 100 + value  # "two fifty" is 250
        elif current and current % 100 and value >= 10:
            break  # "twenty thirty" is two numbers
        else:
            current += value
        end += 1
    last = table.get(tokens[end - 1].word, 0)
    scale = Decimal(last) if last >= 100 and end - begun > 1 else Decimal(1)
    return Number(Decimal(total + current), start, end, scale) if end > begun else None


def _loose_english(tokens: Sequence[Token], start: int) -> Number | None:
    """ "a couple hundred", "half a grand"."""
    table = load("money")["numbers"]
    words = [token.word for token in tokens[start : start + 4]]
    for opening, factor in ((("a", "couple", "of"), 2), (("a", "couple"), 2), (("couple",), 2), (("half", "a"), 0.5)):
        n = len(opening)
        scale = table.get(words[n].removesuffix("s"), 0) if tuple(words[:n]) == opening and len(words) > n else 0
        if scale >= 100:
            return Number(Decimal(str(factor)) * scale, start, start + n + 1)
    return None


def _small(tokens: Sequence[Token], position: int) -> bool:
    table = load("money")["numbers"]
    following = table.get(tokens[position + 1].word, 0) if position + 1 < len(tokens) else 0
    return position < len(tokens) and 0 < table.get(tokens[position].word, 0) < 100 and following < 100
