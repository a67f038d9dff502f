"""The pages' components: what their attributes and slots do, and that nothing gets in unescaped."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core.paginator import Paginator
from django.template import Context, Template
from django.utils import translation
from django_cotton.compiler_regex import CottonCompiler

COMPONENTS = sorted(path.stem for path in (settings.BASE_DIR / "templates" / "cotton").glob("*.html"))
PAGES = [path.read_text("utf-8") for path in (settings.BASE_DIR / "templates").rglob("*.html")]


def shown(source: str, **values: object) -> str:
    """The HTML of a piece of a page, its white space made one."""
    html = Template(CottonCompiler().process(source)).render(Context(values))
    return re.sub(r"\s+", " ", html).replace(" >", ">").strip()


@pytest.mark.parametrize("name", COMPONENTS)
def test_every_component_is_documented_used_and_lets_no_variable_of_the_page_in(name):
    tag = f"c-{name.replace('_', '-')}"
    assert f"| `{tag}` |" in (settings.BASE_DIR / "docs" / "components.md").read_text("utf-8")
    assert any(re.search(rf"<{tag}[ >]", page) for page in PAGES)
    source = (settings.BASE_DIR / "templates" / "cotton" / f"{name}.html").read_text("utf-8")
    declared = re.match(r"<c-vars (.*?) />", source)
    assert declared
    assert not re.sub(r':?[\w-]+="[^"]*"', "", declared[1]).strip(), "an attribute without a default"


def test_a_button_with_an_address_is_a_link():
    assert shown('<c-button look="primary wide" name="sku" value="{{ sku }}">Buy</c-button>', sku='a"b') == (
        '<button class="button primary wide" name="sku" value="a&quot;b">Buy</button>'
    )
    link = shown('<c-button href="{{ to }}" icon="heart" after="plus">Keep</c-button>', to="/a?b=1&c=2")
    assert link.startswith('<a class="button" href="/a?b=1&amp;c=2"><svg class="icon"')
    assert link.index("#heart") < link.index("Keep") < link.index("#plus")


def test_a_note_that_can_be_taken_back_has_a_place_for_the_button():
    assert shown('<c-note look="warn" role="alert">{{ said }}</c-note>', said="<b>") == (
        '<p class="note warn" role="alert">&lt;b&gt;</p>'
    )
    assert shown('<c-note>Gone.<c-slot name="undo"><form></form></c-slot></c-note>') == (
        '<div class="note undo"><p>Gone.</p><form></form></div>'
    )
    assert "<span>Look</span>" in shown('<c-note icon="info">Look</c-note>')


def test_a_heading_stands_alone_until_there_is_something_to_do():
    assert shown('<c-page-head title="{{ t }}" />', t="A & B") == "<h1>A &amp; B</h1>"
    assert shown('<c-page-head title="Orders"><a>Find</a></c-page-head>').endswith("<h1>Orders</h1><a>Find</a></div>")
    assert shown('<c-page-head><c-slot name="title">No. <i>7</i></c-slot></c-page-head>') == "<h1>No. <i>7</i></h1>"


def test_a_panel_has_its_link_beside_its_heading():
    assert shown('<c-panel title="Total" tag="aside" aria-label="x">1</c-panel>') == (
        '<aside class="panel" aria-label="x"><h2>Total</h2>1</aside>'
    )
    tile = shown('<c-panel look="tile" title="Orders"><c-slot name="more"><a>All</a></c-slot>2</c-panel>')
    assert '<div class="row apart"><h2>Orders</h2><a>All</a></div>2' in tile


def test_a_picture_that_is_not_there_leaves_its_place():
    photo = SimpleNamespace(avif="a.avif 1w", src="a.jpg", srcset="a.jpg 1w", width=3, height=2, alt='A "lamp"')
    assert 'alt="A &quot;lamp&quot;" loading="lazy"' in shown('<c-picture :of="photo" />', photo=photo, eager=True)
    assert 'alt="" fetchpriority="high"' in shown('<c-picture :of="photo" decorative priority />', photo=photo)
    assert 'class="none"' in shown('<c-picture :of="card.picture" />', card=None, of=photo)


def test_an_amount_is_written_as_money_and_words_as_they_are():
    assert shown('<c-price tag="dd" :minor="line.total" :currency="code" />', line={"total": 1250}, code="USD") == (
        '<dd class="price">$12.50</dd>'
    )
    assert shown('<c-price :minor="free" currency="USD" />', free=0) == '<p class="price">$0.00</p>'
    assert shown('<c-price look="small">{{ price }}</c-price>', price="Price on request") == (
        '<p class="small price">Price on request</p>'
    )


def test_a_line_of_an_order_ends_in_its_price():
    line = shown('<c-line>Tent<c-slot name="end"><b>5</b></c-slot></c-line>')
    assert line.endswith('<div class="small">Tent</div><b>5</b></li>')


def test_pages_of_a_list_lead_both_ways():
    pages = Paginator(range(5), 2)
    with translation.override("zh-hans"):
        middle = shown('<c-pages :of="page" />', page=pages.page(2))
    assert 'href="?page=1"' in middle
    assert 'href="?page=3"' in middle
    assert shown('<c-pages :of="page" />', page=Paginator([1], 2).page(1)) == ""


def test_no_page_passes_a_value_to_what_a_component_does_not_declare():
    """What is not declared goes to the element unescaped when it is passed as a value."""
    declared = {}
    for name in COMPONENTS:
        source = (settings.BASE_DIR / "templates" / "cotton" / f"{name}.html").read_text("utf-8")
        declared[name.replace("_", "-")] = set(re.findall(r':?([\w-]+)="', re.match(r"<c-vars (.*?) />", source)[1]))
    tags = [tag for page in PAGES for tag in re.findall(r"<c-(?!slot|vars)([\w-]+)([^>]*)>", page)]
    wrong = [(name, value) for name, rest in tags for value in re.findall(r"\s:([\w-]+)=", rest) if value not in declared[name]]
    assert len(tags) > 50
    assert not wrong
