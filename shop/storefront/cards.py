"""What templates show: small frozen values, ready to print. Nothing here reads the database or the plugin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from shop.catalog.models import Product
from shop.storefront.money import show_money
from shop.storefront.narrowing import ChipEdit, FacetBox, Option, OptionGroup
from shop.storefront.pictures import Picture, picture_of

FEW_LEFT = 5
MAX_KEY = 400


@dataclass(frozen=True, slots=True)
class StockNote:
    """What the page says about stock. ``state`` is "ok", "low" or "out"."""

    state: str
    text: str


@dataclass(frozen=True, slots=True)
class ReasonNote:
    """One reason and its share of the score in whole per cent."""

    label: str
    percent: int


@dataclass(frozen=True, slots=True)
class Card:
    """A product in a grid or a row. ``language`` is the language that its name is written in."""

    sku: str
    url: str
    name: str
    language: str
    price: str
    stock: StockNote
    picture: Picture | None
    reasons: Sequence[ReasonNote] = ()
    unmet: Sequence[str] = ()
    priced: bool = True
    stars: float | None = None
    n_reviews: int = 0

    @property
    def other_percent(self) -> int:
        """What speaks for it beyond the reasons, in per cent; 0 where next to nothing does."""
        rest = 100 - sum(reason.percent for reason in self.reasons)
        return rest if self.reasons and rest >= 2 else 0


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing that was understood. ``kind`` is "must", "want", "avoid" or "seed" (a product to be like, or not).

    ``key`` names it in the address, to take it off; "" where the address cannot. Of a seed it is the sku. ``edit`` says how
    it can be changed, None where it cannot.
    """

    label: str
    kind: str
    key: str
    note: str = ""
    edit: ChipEdit | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """One way out of a request that nothing fits. ``shown``: the answer shows it already."""

    label: str
    total: int
    url: str
    shown: bool


@dataclass(frozen=True, slots=True)
class Direction:
    """Results of one kind, of a broad request. ``key``: of the filter that keeps to it; ``n``: how many there are."""

    title: str
    key: str
    n: int
    cards: Sequence[Card]


@dataclass(frozen=True, slots=True)
class QuestionNote:
    """The one question to a broad request, and its answers as filters."""

    text: str
    options: Sequence[Option]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A row of cards and the sentence that says why it is there. ``url``: all of it, where there is such a page."""

    title: str
    why: str
    cards: Sequence[Card]
    url: str = ""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that is remembered of a shopper. ``card`` is None where the product is no longer shown."""

    event_id: str
    what: str
    at: datetime
    card: Card | None


@dataclass(frozen=True, slots=True)
class Divider:
    """A line that stands before the card of ``sku``: from there on, nothing is of the kind that was asked for."""

    sku: str
    text: str


@dataclass(frozen=True, slots=True)
class CategoryPage:
    """One page of a category.

    Attributes:
        number: of the page, from 1; total: of all pages' products.
        had, hidden, facets: as of an answer.
        rated: whether products can be sorted by what buyers say.
        degraded: sentences about what was not available.
    """

    cards: Sequence[Card]
    number: int
    total: int
    has_next: bool
    sort: str = ""
    facets: Sequence[FacetBox] = ()
    hidden: Sequence[str] = ()
    rated: bool = False
    degraded: Sequence[str] = ()
    had: Sequence[str] = ()
    id: str = ""
    partial: bool = False

    @property
    def n_chosen(self) -> int:
        """How many values of the facets are chosen."""
        return sum(box.n_chosen for box in self.facets)


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """One page of an answer.

    Attributes:
        id: of the recommendation; paging and clicks carry it.
        state: "ok", "no_match" or "too_tight".
        dropped: what was understood and then taken off by the shopper.
        sort: the order that is shown, "" for best match; chosen on the page or read from the words.
        message: what was let go when the request was too tight, else "".
        ways: what could be let go instead, each one tap away.
        order_key: of the order that was read from the words, "" when there is none.
        undo: whether there is a step to go back.
        degraded: sentences about what was not available.
        partial: whether there may be more products than ``total``.
        facets: what the answer can be narrowed by.
        had: keys of chips that the facets show as chosen; hidden: keys of filters that they do not show.
        addable: what can be added as a chip by hand.
        directions, question: of a broad request.
        meant: requests that the shop can answer, where it has nothing of the kind. by_meaning: no product has a word of it.
        says: what a screen reader hears when this answer takes the place of another.
        divider: where the products of the kind asked for end, None where that is on another page or nowhere.
        offset, next_offset: places of the first card and of the page after this one; None: nothing follows.
    """

    id: str
    cards: Sequence[Card]
    chips: Sequence[Chip]
    dropped: Sequence[Chip]
    sort: str
    unparsed: Sequence[str]
    total: int
    state: str
    message: str
    degraded: Sequence[str]
    offset: int
    next_offset: int | None
    ways: Sequence[Way] = ()
    order_key: str = ""
    undo: bool = False
    partial: bool = False
    facets: Sequence[FacetBox] = ()
    had: Sequence[str] = ()
    hidden: Sequence[str] = ()
    addable: Sequence[OptionGroup] = ()
    says: str = ""
    directions: Sequence[Direction] = ()
    question: QuestionNote | None = None
    meant: Sequence[str] = ()
    by_meaning: bool = False
    divider: Divider | None = None

    @property
    def rest(self) -> Sequence[Card]:
        """The cards that are in no direction."""
        told = {card.sku for direction in self.directions for card in direction.cards}
        return [card for card in self.cards if card.sku not in told]

    @property
    def n_chosen(self) -> int:
        """How many values of the facets are chosen."""
        return sum(box.n_chosen for box in self.facets)


def name_in_page(product: Product) -> str:
    """A product's name in the page's language."""
    return product.name_in(get_language() or "en")


def name_language(product: Product) -> str:
    """Language tag of the name a shopper sees now: the page's own where the product speaks it, else the catalogue's."""
    return "zh-Hans" if product.name_in(get_language() or "en") != product.name else catalogue_language(product.name)


def catalogue_language(text: str) -> str:
    """ "zh-Hans" for a text with Chinese characters, "en" otherwise; screen readers and fonts need to know."""
    return "zh-Hans" if any("\u4e00" <= letter <= "\u9fff" for letter in text) else "en"


def stock_note(product: Product) -> StockNote:
    """What to say about the stock; a plentiful one is not counted out loud."""
    if product.stock is None or product.stock > FEW_LEFT:
        return StockNote("ok", _("In stock"))
    if product.stock == 0:
        return StockNote("out", _("Out of stock"))
    return StockNote("low", ngettext("Only %(n)d left", "Only %(n)d left", product.stock) % {"n": product.stock})


def price_text(product: Product) -> str:
    return _("Not for sale") if product.price_minor is None else show_money(product.price_minor, product.currency)


def card_of(product: Product, *, url: str = "", reasons: Sequence[ReasonNote] = (), unmet: Sequence[str] = ()) -> Card:
    """A card in the page's language. Reads prefetched photos only."""
    name = product.name_in(get_language() or "en")
    images = list(product.images.all())
    return Card(
        sku=product.sku,
        url=url or product.get_absolute_url(),
        name=name,
        language=name_language(product),
        price=price_text(product),
        stock=stock_note(product),
        picture=picture_of(images[0]) if images else None,
        reasons=reasons,
        unmet=unmet,
        priced=product.price_minor is not None,
        stars=product.review_mean,
        n_reviews=product.n_reviews,
    )
