import numpy as np

from fusion.behaviour.mixture import Case, Mixture, choose_mixture

N = 60
USUAL = Mixture(0.7, 0.5)


def case(seed: int, *, told_by: str) -> Case:
    """Twenty items bought later are what one of the signals says; the others are noise."""
    rng = np.random.default_rng(seed)
    signals = {name: rng.standard_normal(N).astype(np.float32) for name in ("content", "together", "popularity")}
    wanted = np.argsort(-signals[told_by])[1:6]
    hidden = np.argsort(-signals[told_by])[:1]
    return Case(signals["content"], signals["together"], signals["popularity"], wanted, hidden)


def test_the_signal_that_told_what_was_bought_gets_the_weight() -> None:
    content = choose_mixture([case(n, told_by="content") for n in range(20)], USUAL)
    together = choose_mixture([case(n, told_by="together") for n in range(20)], USUAL)
    popular = choose_mixture([case(n, told_by="popularity") for n in range(20)], USUAL)
    assert content.best.share < USUAL.share < together.best.share
    assert content.best.popularity < USUAL.popularity < popular.best.popularity
    assert content.ndcg[Mixture(0.0, 0.0)] == content.hits[Mixture(0.0, 0.0)] == 1.0


def test_what_cannot_be_told_apart_stays_as_it_usually_is() -> None:
    rng = np.random.default_rng(1)
    noise = [Case(*rng.standard_normal((3, N)).astype(np.float32), rng.choice(N, 5), np.zeros(0, np.int64)) for _ in range(40)]
    chosen = choose_mixture(noise, USUAL).best
    assert abs(chosen.share - USUAL.share) + abs(chosen.popularity - USUAL.popularity) < 0.5


def test_what_the_shopper_has_is_no_candidate() -> None:
    only = Case(
        np.asarray([5, 1, 0], np.float32), np.zeros(3, np.float32), np.zeros(3, np.float32), np.asarray([1]), np.asarray([0])
    )
    assert choose_mixture([only], USUAL).ndcg[Mixture(0.0, 0.0)] == 1.0
