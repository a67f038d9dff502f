"""What a chip says, in English or Chinese."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from babel.numbers import format_currency

from fusion.instructions.catalogue_values import CatalogueValues
from fusion.instructions.language import detect_language
from fusion.instructions.lexicon import load, load_concepts, role_of
from fusion.messages import say
from fusion.types import Constraint, Operator, Strength, minor_unit_exponent

_MESSAGES = {
    "face_value": {
        "en": "{currency} amounts are read as {own}: no exchange rate is known.",
        "zh": "没有 {currency} 汇率，金额按 {own} 计算。",
    },
    "converted": {"en": "Converted from {currency} to {own}.", "zh": "已从 {currency} 换算为 {own}。"},
    "cheaper": {"en": "lower price", "zh": "价格更低"},
    "dearer": {"en": "higher price", "zh": "价格更高"},
}


def message(code: str, language: str, **params: str) -> str:
    """One of this package's sentences, in Chinese for "zh" and in English for anything else."""
    return _MESSAGES[code]["zh" if language == "zh" else "en"].format(**params)


def label_of(constraint: Constraint, language: str, name_of: Callable[[str, str, str], str]) -> str:
    """The chip's text: "up to $50", "not black", "Color: Black", "¥300以内", "不要：黑色".

    Args:
        name_of: (field, value, language) -> the value's name in that language.
    """
    chinese = language == "zh"
    if constraint.field == "price":
        return _price_label(constraint, chinese)
    field = field_name(constraint.field, language)
    if constraint.field == "in_stock":
        return field
    if constraint.low is not None or constraint.high is not None:
        low, high = ("" if bound is None else f"{bound:g}" for bound in (constraint.low, constraint.high))
        return f"{field} {_bounds_label(low, high, language)}"
    distinct = list(dict.fromkeys(name_of(constraint.field, value, language) for value in constraint.values))
    names = ("、" if chinese else ", ").join(distinct[:3])
    if len(distinct) > 3:
        names += " …"
    if constraint.operator is Operator.NOT_IN or constraint.strength is Strength.AVOID:
        return f"不要：{names}" if chinese else f"not {names.lower() if constraint.field != 'brand' else names}"
    return f"{field}：{names}" if chinese else f"{field}: {names}"


def field_name(field: str, language: str) -> str:
    """A field's name for a shopper: its role's name where the role is known, else the catalogue's own."""
    names = load("roles")["names"]["zh" if language == "zh" else "en"]
    own = field.upper() if len(field) <= 3 and field.isascii() else field[:1].upper() + field[1:]
    return str(names.get(role_of(field)) or names.get(field) or own)


def value_name(values: CatalogueValues, field: str, value: str, language: str) -> str:
    """A value's name: the catalogue's own where it has one in that language, else the lexicon's where it has one."""
    if field == "category" and (spoken := values.spoken.get((language, value))):
        return spoken
    own = value.rpartition("/")[2] if field == "category" else value
    concept = values.value_concepts.get((field, value))
    if concept is None or (detect_language(own) == "zh") == (language == "zh"):
        return own
    return next(iter(load_concepts()[concept].names.get(language, ())), own)


def format_money(amount_minor: float, currency: str, language: str = "en") -> str:
    """ "$50", "€299.50"; without decimals where there are none. Currencies have the language's names: "US$50" in Chinese."""
    amount = Decimal(int(amount_minor)).scaleb(-minor_unit_exponent(currency))
    whole = amount == amount.to_integral_value()
    digits = 0 if whole else minor_unit_exponent(currency)
    pattern = "¤#,##0" + (f".{'0' * digits}" if digits else "")
    locale = "zh_Hans_CN" if language.split("-")[0].lower() == "zh" else "en_US"
    return str(format_currency(amount, currency, pattern, locale=locale, currency_digits=False))


def _bounds_label(low: str, high: str, language: str) -> str:
    return say("between" if low and high else "up_to" if high else "from", language, low=low, high=high)


def _price_label(constraint: Constraint, chinese: bool) -> str:
    language = "zh" if chinese else "en"
    low, high = (
        "" if bound is None else format_money(bound, constraint.currency, language)
        for bound in (constraint.low, constraint.high)
    )
    if not (low or high):
        return message("cheaper" if constraint.operator is Operator.LTE else "dearer", language)
    return _bounds_label(low, high, language)
