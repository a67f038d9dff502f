import gzip
import re

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/", "/search?q=lamp", "/products/{slug}", "/cart", "/account", "/sign-in", "/none"])
def test_pages_allow_their_own_files_alone_and_need_nothing_else(client, products, address):
    response = client.get(address.format(slug=products[0].slug))
    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    html = response.content.decode()
    assert not re.findall(
        r'\sstyle="|\son[a-z]+="|javascript:|<style|<script(?![^>]*\ssrc=|\stype="application/ld\+json">)', html
    )
    fetched = re.sub(r'<link rel="canonical"[^>]+>', "", html)  # an address to read, not to load
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', fetched)


def test_the_shop_s_own_javascript_and_pages_stay_small(client, products, settings):
    scripts = (settings.BASE_DIR / "shop" / "static").rglob("*.js")
    assert sum(len(gzip.compress(script.read_bytes())) for script in scripts) < 90_000
    assert len(client.get("/").content) < 60_000
    assert len(client.get("/search", {"q": "living room"}).content) < 90_000
