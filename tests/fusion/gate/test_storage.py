import json
from dataclasses import replace

import numpy as np
import pytest

from fusion.exceptions import InvalidWeights
from fusion.gate.features import SIGNALS
from fusion.gate.storage import load_weigher, metadata_of, pack, policy_name, to_bytes, unpack
from fusion.gate.weigher import GateWeigher
from fusion.gate.weights import default_gate
from tests.fusion.gate.test_weigher import a_context, taught


def test_a_gate_comes_back_as_it_was_stored() -> None:
    gate = replace(taught(), encoder="bundled:abc")
    data = to_bytes(gate)
    assert to_bytes(gate) == data
    weigher = load_weigher(data, name="fusion-7", encoder="bundled:abc")
    assert isinstance(weigher, GateWeigher)
    assert weigher.weigh(a_context()).factors == GateWeigher(gate).weigh(a_context()).factors
    assert weigher.weigh(a_context()).policy == "fusion-7"
    assert load_weigher(data).weigh(a_context()).policy == policy_name(gate) != policy_name(default_gate(6))


def test_a_signal_that_the_weights_do_not_know_has_factor_one() -> None:
    gate = default_gate(4, signals=SIGNALS[:3])
    weighing = load_weigher(to_bytes(gate)).weigh(a_context(dim=4))
    assert set(weighing.factors) == set(SIGNALS[:3])  # one that is not named counts as 1 (fusion.weighing)


def test_weights_of_another_encoder_are_refused() -> None:
    data = to_bytes(replace(taught(), encoder="bundled:abc"))
    with pytest.raises(InvalidWeights, match="learnt with the encoder bundled:abc"):
        load_weigher(data, encoder="bundled:xyz")


@pytest.mark.parametrize("data", [b"", b"no weights at all", b"\xff" * 64, to_bytes(default_gate(4))[:-9]])
def test_bytes_that_are_no_weights_are_refused_in_words(data: bytes) -> None:
    with pytest.raises(InvalidWeights, match=r"no learnt weights.*train_fusion"):
        load_weigher(data)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"weigher": "os.system"}, "no weigher 'os.system'; known: .*gate"),
        ({"format": "0"}, "format '0'"),
        ({"signals": json.dumps(["words"])}, "which signals"),
        ({"signals": json.dumps(["words/text"])}, "tensor 'hidden'"),
        ({"bound": "wide"}, "which signals"),
    ],
)
def test_metadata_that_do_not_fit_are_refused(changed: dict[str, str], said: str) -> None:
    gate = default_gate(4)
    with pytest.raises(InvalidWeights, match=said):
        load_weigher(pack(gate.tensors, {**metadata_of(gate, "gate"), **changed}))


def test_a_missing_tensor_is_named() -> None:
    gate = default_gate(4)
    tensors = {name: tensor for name, tensor in gate.tensors.items() if name != "head"}
    with pytest.raises(InvalidWeights, match="no head"):
        load_weigher(pack(tensors, metadata_of(gate, "gate")))


def test_tensors_and_metadata_come_back() -> None:
    tensors, metadata = unpack(pack({"a": np.arange(3, dtype=np.float32)}, {"weigher": "gate", "format": "1"}))
    assert tensors["a"].tolist() == [0, 1, 2]
    assert metadata == {"weigher": "gate", "format": "1"}
