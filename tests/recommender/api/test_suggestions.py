from tests.hosts.memory import MemoryCatalog


def test_rows_are_ready_to_show(api):
    answer = api.get("/api/v1/search/suggest", q="red l").json()
    assert set(answer) == {"queries", "categories", "products", "degraded"}
    query = answer["queries"][0]
    assert (query["text"], query["matched_ranges"], query["source"]) == ("red lamp", [[0, 3], [4, 5]], "catalogue")
    product = answer["products"][0]
    assert set(product) == {"id", "title", "language", "url", "image", "price", "matched_ranges"}
    assert product["url"].startswith("http://testserver/p/")
    assert product["price"]["currency"] == "USD"


def test_category_names_its_path_and_the_hosts_address(api, monkeypatch):
    urls = {("Home", "Lighting"): "/c/lighting/"}
    monkeypatch.setattr(MemoryCatalog, "category_urls", lambda self, paths: urls)
    (category,) = api.get("/api/v1/search/suggest", q="lighting").json()["categories"]
    assert (category["path"], category["total"]) == (["Home", "Lighting"], 20)
    assert category["url"] == "http://testserver/c/lighting/"


def test_answer_is_kept_for_a_minute_by_this_caller_alone_and_then_asked_for_by_its_tag(api):
    first = api.get("/api/v1/search/suggest", q="lamp")
    assert first.headers["Cache-Control"] == "private, max-age=60"
    assert "X-Visitor-Token" in first.headers["Vary"]
    again = api.get("/api/v1/search/suggest", {"If-None-Match": first.headers["ETag"]}, q="lamp")
    assert (again.status_code, again.content) == (304, b"")


def test_limit_bounds_the_rows_and_is_checked(api):
    answer = api.get("/api/v1/search/suggest", q="l", limit=3).json()
    assert sum(len(answer[kind]) for kind in ("queries", "categories", "products")) == 3
    for odd in ("0", "11", "x"):
        assert api.get("/api/v1/search/suggest", q="l", limit=odd).status_code == 422


def test_own_requests_come_first_and_can_be_forgotten(api, stranger):
    api.ask("blue chair")
    assert [row["text"] for row in api.get("/api/v1/search/suggest").json()["queries"]] == ["blue chair"]
    assert stranger.get("/api/v1/search/suggest").json()["queries"] == []
    assert api.delete("/api/v1/me/requests").status_code == 204
    assert api.get("/api/v1/search/suggest").json()["queries"] == []


def test_nobody_has_requests_to_forget(shop, client):
    assert client.delete("/api/v1/me/requests").status_code == 401


def test_chinese_reader_gets_chinese_titles(api):
    answer = api.get("/api/v1/search/suggest", {"Accept-Language": "zh-Hans"}, q="red lamp").json()
    assert answer["products"][0]["title"].startswith("red 灯")
    assert answer["products"][0]["language"] == "zh"
