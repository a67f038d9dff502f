import numpy as np

from fusion.behaviour.mixture import Case, Mixture, choose_mixture

N = 60


def case(seed: int, *, told_by: str) -> Case:
    """Twenty items bought later are what one of the signals says; the others are noise."""
    rng = np.random.default_rng(seed)
    signals = {name: rng.standard_normal(N).astype(np.float32) for name in ("content", "together", "popularity")}
    wanted = np.argsort(-signals[told_by])[1:6]
    hidden = np.argsort(-signals[told_by])[:1]
    return Case(signals["content"], signals["together"], signals["popularity"], wanted, hidden)


def test_the_signal_that_told_what_was_bought_gets_the_weight() -> None:
    content = choose_mixture([case(n, told_by="content") for n in range(20)])
    together = choose_mixture([case(n, told_by="together") for n in range(20)])
    popular = choose_mixture([case(n, told_by="popularity") for n in range(20)])
    assert content.best == Mixture(0.0, 0.0)
    assert together.best == Mixture(0.9, 0.0)
    assert popular.best.popularity == 0.6
    assert content.hits[content.best] == content.ndcg[content.best] == 1.0


def test_what_the_shopper_has_is_no_candidate() -> None:
    only = Case(
        np.asarray([5, 1, 0], np.float32), np.zeros(3, np.float32), np.zeros(3, np.float32), np.asarray([1]), np.asarray([0])
    )
    assert choose_mixture([only]).ndcg[Mixture(0.0, 0.0)] == 1.0
