import numpy as np

from benchmarks.weight_grid import Scored, best_setting, evaluate


def _request() -> Scored:
    """Leg 0 knows nothing, leg 1 ranks the two relevant rows first; row 4 is not allowed."""
    z = np.array([[5, 4, 3, 2, 9], [0, 0, 8, 9, 9]], np.float32)
    allowed = np.array([True, True, True, True, False])
    return Scored(z, np.zeros(5, np.float32), allowed, np.array([False, False, True, True, True]), "g", "en", "noun")


def test_the_better_leg_wins_and_masked_rows_are_not_answers():
    settings = np.array([[1.0, 0.0], [0.0, 1.0]])
    outcome = evaluate([_request()], settings)
    assert outcome.ndcg[1, 0] > outcome.ndcg[0, 0]
    assert outcome.precision[1, 0] == 2 / 3
    assert best_setting(outcome, settings) == 1
