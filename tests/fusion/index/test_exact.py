from collections.abc import Mapping

import numpy as np

from fusion.index.base import VectorIndex
from fusion.index.exact import ExactIndex
from tests.contracts.vector_index import VectorIndexContract


class TestExactIndex(VectorIndexContract):
    def make(self, dims: Mapping[str, int]) -> VectorIndex:
        return ExactIndex(dims)


def test_a_strongly_weighted_request_stays_within_the_range_of_float16() -> None:
    index = ExactIndex({"text": 2})
    index.upsert("text", [0, 1], np.array([[1, 0], [0, 1]], np.float32))
    assert list(index.search({"text": np.array([1e6, 2e6], np.float32)}, {}, 2)) == [1, 0]
