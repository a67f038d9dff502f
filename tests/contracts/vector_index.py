"""What every vector index must do. A new engine adds a subclass that says how one is made and inherits the suite."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np
import pytest

from fusion.exceptions import DimensionMismatch
from fusion.index.base import VectorIndex


class VectorIndexContract(ABC):
    @abstractmethod
    def make(self, dims: Mapping[str, int]) -> VectorIndex: ...

    @pytest.fixture
    def vectors(self) -> np.ndarray:
        given = np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32)
        return given / np.linalg.norm(given, axis=1, keepdims=True)

    def test_finds_what_brute_force_finds(self, vectors: np.ndarray) -> None:
        index = self.make({"text": 8})
        index.upsert("text", range(200), vectors)
        found = index.search({"text": vectors[17]}, {}, 10)
        assert list(found) == list(np.argsort(-(vectors @ vectors[17]))[:10])

    def test_returns_only_rows_that_the_mask_allows(self, vectors: np.ndarray) -> None:
        index = self.make({"text": 8})
        index.upsert("text", range(200), vectors)
        for allowed in ([3, 5, 190], list(range(0, 200, 2))):
            mask = np.zeros(200, bool)
            mask[allowed] = True
            found = index.search({"text": vectors[17]}, {}, 10, mask)
            expected = sorted(allowed, key=lambda row: -float(vectors[row] @ vectors[17]))[:10]
            assert list(found) == expected

    def test_adds_blocks_and_their_offsets_only_where_present(self, vectors: np.ndarray) -> None:
        index = self.make({"text": 8, "image": 8})
        index.upsert("text", [0, 1], vectors[:2])
        index.upsert("image", [1], vectors[1:2])
        found = index.search({"text": vectors[0], "image": vectors[0]}, {"image": 100.0}, 2)
        assert list(found) == [1, 0]

    def test_an_update_replaces_and_a_removal_forgets(self, vectors: np.ndarray) -> None:
        index = self.make({"text": 8})
        index.upsert("text", [0, 1], vectors[:2])
        index.upsert("text", [0], vectors[5:6])
        found, present = index.vectors("text", np.array([0, 1, 7]))
        np.testing.assert_allclose(found[0], vectors[5], atol=2e-3)
        assert list(present) == [True, True, False]
        index.remove([1])
        index.remove([1, 999])
        assert list(index.search({"text": vectors[1]}, {}, 10)) == [0]

    def test_refuses_vectors_of_another_length_and_says_what_to_do(self, vectors: np.ndarray) -> None:
        index = self.make({"text": 8})
        with pytest.raises(DimensionMismatch, match=r"holds 8-d vectors.*run manage.py index --all"):
            index.upsert("text", [0], vectors[:1, :4])
        with pytest.raises(DimensionMismatch, match="no block 'sound'"):
            index.upsert("sound", [0], vectors[:1])

    def test_an_empty_index_finds_nothing(self, vectors: np.ndarray) -> None:
        assert list(self.make({"text": 8}).search({"text": vectors[0]}, {}, 5)) == []
