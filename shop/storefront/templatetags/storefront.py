"""Template tags of the pages: icons, money, links that change one thing of a request."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from django.template import Library
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shop.catalog.models import Category, Product
from shop.orders.shipping import shipping_name
from shop.storefront.asking import Asked
from shop.storefront.cards import AnswerPage, CategoryPage, catalogue_language
from shop.storefront.money import babel_locale, currency_name, format_money, show_money

register = Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """One symbol of the icon file; decorative, the text beside it speaks."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("storefront/icons.svg"),
        name,
    )


@register.simple_tag
def scene(name: str) -> SafeString:
    """One of the shop's own drawings (scenes.svg), for a place where there is nothing else to see; decorative."""
    return format_html(
        '<svg class="scene" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("storefront/scenes.svg"),
        name,
    )


@register.filter
def money(amount_minor: int, currency: str) -> str:
    """An amount that is owed, in its own currency."""
    return format_money(amount_minor, currency)


@register.filter
def named(thing: Category | Product) -> str:
    """A category's or product's name in the page's language, or the catalogue's own."""
    return thing.name_in(get_language() or "en")


@register.filter
def shown(amount_minor: int, currency: str) -> str:
    """A price as the shopper chose to read it."""
    return show_money(amount_minor, currency)


@register.filter
def currency_words(code: str) -> str:
    """ "US Dollar": a currency's name in the page's language (Unicode CLDR)."""
    return currency_name(code)


@register.filter
def currency_amounts(code: str) -> str:
    """ "US dollars": the same inside a sentence."""
    return currency_name(code, many=True)


@register.filter(name="shipping_name")
def shipping_words(code: str) -> str:
    """A delivery method's name in the page's language."""
    return shipping_name(code)


@register.filter
def country_name(code: str) -> str:
    """A country's name in the page's language (Unicode CLDR), or the code."""
    return str(babel_locale().territories.get(code, code))


@register.filter
def text_language(text: str) -> str:
    """Language tag of a text that comes from the catalogue or the shopper."""
    return catalogue_language(str(text))


@register.simple_tag
def sorts(asked: Asked, page: AnswerPage | CategoryPage) -> list[tuple[str, str, bool]]:
    """The orders that a page offers: what each is called, its address, and whether it is the one that is shown."""
    names = [("price", _("Price: low first")), ("-price", _("Price: high first"))]
    if isinstance(page, CategoryPage):
        names = [("", _("Newest")), *names, *([("rating", _("Best rated"))] if page.rated else [])]
        return [(name, replace(asked, sort=sort).url, sort == page.sort) for sort, name in names]
    names = [("", _("Best match")), *names, ("newest", _("Newest"))]
    return [(name, sort_url(asked, sort, page.order_key), sort == page.sort) for sort, name in names]


@register.simple_tag
def sort_url(asked: Asked, sort: str, read: str = "") -> str:
    """``read``: key of an order in the words, which "best match" takes off."""
    return (asked.without(read) if read and not sort else replace(asked, sort=sort)).url


@register.simple_tag
def state(asked: Asked, answer: str = "", filters: bool = True) -> SafeString:
    """The request as hidden fields of a form that takes a step from it. ``filters``: with those that are chosen."""
    pairs = [(name, value) for name, value in asked.pairs if name != "from" and (filters or name != "f")]
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', [*pairs, ("r", answer)] if answer else pairs)


@register.simple_tag
def undo_url(asked: Asked, answer: str) -> str:
    return f"{reverse('storefront:refine')}?{urlencode([*asked.pairs, ('r', answer), ('action', 'undo')])}"


@register.simple_tag
def seedless_url(asked: Asked, sku: str, answer: str = "") -> str:
    return replace(asked.without_seed(sku), parent=answer or asked.parent).url


@register.simple_tag
def drop_url(asked: Asked, key: str, answer: str = "") -> str:
    """``answer``: of which the chip is; undo goes back to it."""
    return replace(asked.without(key), parent=answer or asked.parent).url


@register.simple_tag
def clear_url(asked: Asked, answer: str = "") -> str:
    """Without any filter."""
    return replace(asked, only=(), parent=answer or asked.parent).url


@register.simple_tag
def put_back_url(asked: Asked, key: str) -> str:
    return asked.put_back(key).url


@register.simple_tag
def narrow_url(asked: Asked, key: str, answer: str = "") -> str:
    """With one filter more."""
    return replace(asked.narrowed(key), parent=answer or asked.parent).url


@register.simple_tag
def no_photo_url(asked: Asked) -> str:
    return replace(asked, photo="", box="").url
