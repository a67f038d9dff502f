import numpy as np

from benchmarks.scale import moved


def test_moved_vectors_are_unit_vectors_of_the_same_kind():
    real = np.eye(8, dtype=np.float32)[:, :4] + 0.1
    real /= np.linalg.norm(real, axis=1, keepdims=True)
    made = moved(real, 50, seed=1)
    assert made.shape == (50, 4)
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), 1.0, atol=1e-5)
    np.testing.assert_array_equal(made, moved(real, 50, seed=1))
