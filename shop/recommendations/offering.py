"""Facets and chips of an answer as the page offers them: options with keys that an address can hold."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fusion.chips import SORT, WORDS, chip_key
from fusion.directions import Group, Question
from fusion.facets import Facet, FacetValue
from fusion.instructions.labels import field_name
from fusion.money import minor_unit_exponent
from fusion.restating import restated
from fusion.types import Constraint, Operator, Strength
from recommender.engine import get_engine
from shop.storefront.cards import MAX_KEY, Card, Chip, Direction, QuestionNote
from shop.storefront.money import currency_symbol
from shop.storefront.narrowing import ChipEdit, FacetBox, Option, OptionGroup

# Facets that are open when the page comes; the others wait for a tap.
N_OPEN = 3
MAX_EDIT_OPTIONS = 8
MAX_ADD_OPTIONS = 4
# So many values of a facet are shown, and what is chosen beside them: a page must stay light.
MAX_SHOWN = 8
_LISTED = (Operator.IN, Operator.NOT_IN)


class Offering:
    """What one answer offers to narrow it by.

    Args:
        musts: in force, with the filters.
        only: keys of the filters in the address; what else a facet shows as chosen is a chip of its own.
    """

    def __init__(self, facets: Sequence[Facet], musts: Sequence[Constraint], only: Sequence[str], currency: str) -> None:
        self.facets = facets
        self.musts = musts
        self.only = set(only)
        self.currency = currency
        self.language = (get_language() or "en").split("-")[0]

    def boxes(self) -> list[FacetBox]:
        """The facets, in their order."""
        return [self._box(facet, place) for place, facet in enumerate(self.facets)]

    def had(self) -> list[str]:
        """Keys of chips that the facets show as chosen, without being filters."""
        fields = {facet.field for facet in self.facets if facet.kind != "ranges"}
        chips = [c for c in self.musts if c.field in fields and c.operator is Operator.IN]
        return [key for c in chips if (key := chip_key(c)) not in self.only]

    def hidden(self) -> list[str]:
        """Keys of filters that no facet shows; a form must carry them along."""
        fields = {facet.field for facet in self.facets}
        return [key for key in self.only if key.partition(":")[0] not in fields or ":not_in:" in key]

    def chip(self, c: Constraint) -> Chip:
        """A chip of the answer, with how it can be changed."""
        key = chip_key(c)
        label = c.label or ", ".join(c.values)
        kept = key if len(key) <= MAX_KEY else ""
        return Chip(label, c.strength.value, kept, c.note, edit=self._edit(c) if kept else None)

    def addable(self) -> list[OptionGroup]:
        """What can be added by hand: values of the facets that are not chosen yet."""
        groups = []
        for facet in self.facets:
            options = [self._option(facet, value) for value in facet.values if not value.selected][:MAX_ADD_OPTIONS]
            if options and facet.field != "in_stock":
                groups.append(OptionGroup(facet.label, options))
        return groups

    def directions(self, groups: Sequence[Group], cards: Sequence[Card]) -> list[Direction]:
        """The kinds of a broad request, with their first cards."""
        by_sku = {card.sku: card for card in cards}
        found = []
        for group in groups:
            shown = [by_sku[sku] for sku in group.item_ids if sku in by_sku]
            if shown:
                found.append(Direction(group.title, chip_key(group.chip), group.n or len(shown), shown))
        return found

    def question(self, question: Question | None) -> QuestionNote | None:
        """The question to a broad request."""
        if question is None:
            return None
        return QuestionNote(question.text, [Option(chip_key(chip), "", label, n) for label, chip, n in question.options])

    # -- facets --------------------------------------------------------------------------------------------------------

    def _box(self, facet: Facet, place: int) -> FacetBox:
        most = len(facet.values) if facet.kind == "tree" else MAX_SHOWN
        shown = [value for rank, value in enumerate(facet.values) if rank < most or value.selected]
        options = [self._option(facet, value) for value in shown]
        n_chosen = sum(option.selected for option in options)
        own = next((c for c in self.musts if c.field == "price" and c.operator not in _LISTED), None)
        price = own if facet.kind == "ranges" else None
        other = price is not None and not n_chosen
        return FacetBox(
            facet.field,
            facet.label,
            facet.kind,
            options,
            is_open=place < N_OPEN or bool(n_chosen) or other,
            n_chosen=n_chosen + other,
            symbol=currency_symbol(facet.currency) if facet.kind == "ranges" else "",
            low=_major(self._seen(price).low, facet.currency) if price else "",
            high=_major(self._seen(price).high, facet.currency) if price else "",
            least=_major(facet.low, facet.currency),
            most=_major(facet.high, facet.currency),
            was=chip_key(price) if price else "",
            was_label=capitalised(price.label) if price and other else "",
        )

    def _option(self, facet: Facet, value: FacetValue) -> Option:
        if facet.kind == "ranges":
            operator = Operator.LTE if value.low is None else Operator.GTE if value.high is None else Operator.BETWEEN
            chip = Constraint("price", operator, low=value.low, high=value.high, currency=facet.currency)
        else:
            chip = Constraint(facet.field, Operator.IN, (value.value,))
        return Option(chip_key(chip), value.value, capitalised(value.label), value.n, value.selected, value.depth)

    # -- chips ---------------------------------------------------------------------------------------------------------

    def _edit(self, c: Constraint) -> ChipEdit | None:
        """None for what has nothing to choose from: an order has its own links, words are words."""
        if c.field in (SORT, WORDS):
            return None
        if c.operator not in _LISTED:
            if c.field != "price" or (c.low is None and c.high is None):
                return None
            c = self._seen(c)
            currency = c.currency or self.currency
            hows = _hows(c, ("must", "want"))
            return ChipEdit("price", hows, (), currency_symbol(currency), _major(c.low, currency), _major(c.high, currency))
        return ChipEdit("values", _hows(c, ("must", "want", "avoid", "not")), self._choices(c))

    def _seen(self, c: Constraint) -> Constraint:
        """A price bound in the currency that the shopper sees and types in."""
        columns = get_engine().collection.columns
        return restated(c, self.currency, columns.exchange, columns.currency)

    def _choices(self, c: Constraint) -> list[Option]:
        """The chip's own values, then the field's others with their counts."""
        facet = next((f for f in self.facets if f.field == c.field), None)
        counted = {o.value: o for o in (self._option(facet, v) for v in facet.values)} if facet else {}
        name = get_engine().parser.value_name
        own = [Option("", v, capitalised(name(c.field, v, self.language)), selected=True) for v in c.values]
        others = [option for value, option in counted.items() if value not in c.values]
        known = [Option("", o.value, o.label, counted[o.value].n if o.value in counted else None, True) for o in own]
        rest = [Option("", o.value, o.label, o.n) for o in others[: max(0, MAX_EDIT_OPTIONS - len(known))]]
        return known[:MAX_EDIT_OPTIONS] + rest


def capitalised(label: str) -> str:
    """A label as it begins a line of choices."""
    return label[:1].upper() + label[1:]


def plain_chip(c: Constraint) -> Chip:
    """A chip that was taken off."""
    key = chip_key(c)
    return Chip(c.label or ", ".join(c.values), c.strength.value, key if len(key) <= MAX_KEY else "", c.note)


def name_of_field(field: str) -> str:
    """A field in the page's language."""
    return field_name(field, (get_language() or "en").split("-")[0])


def _hows(c: Constraint, codes: Sequence[str]) -> list[tuple[str, str, bool]]:
    words = {"must": _("Must be"), "want": _("Preferably"), "avoid": _("Rather not"), "not": _("Must not be")}
    refused = c.operator is Operator.NOT_IN and c.strength is Strength.MUST
    now = "not" if refused else c.strength.value
    return [(code, words[code], code == now) for code in codes]


def _major(minor: float | None, currency: str) -> str:
    """An amount as a number field takes it: "49.99", "50"."""
    if minor is None:
        return ""
    amount = Decimal(round(minor)).scaleb(-minor_unit_exponent(currency))
    return f"{amount:f}" if amount != amount.to_integral_value() else f"{amount:.0f}"
