import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from fusion.encoders.request_bert import RequestBert, suits  # noqa: E402


@pytest.fixture(scope="module")
def bert():
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=100,
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=40,
    )
    return transformers.BertModel(config, add_pooling_layer=False).eval()


@pytest.mark.parametrize("n_tokens", [1, 2, 17, 40])
def test_the_short_forward_gives_what_the_model_gives(bert, n_tokens: int) -> None:
    ids = torch.randint(0, 100, (n_tokens,))
    with torch.inference_mode():
        expected = bert(input_ids=ids[None]).last_hidden_state[0]
        given = RequestBert(bert, bfloat16=False)(ids)
    torch.testing.assert_close(given, expected, atol=1e-5, rtol=1e-5)


def test_in_bfloat16_the_direction_stays(bert) -> None:
    ids = torch.randint(0, 100, (12,))
    with torch.inference_mode():
        expected = bert(input_ids=ids[None]).last_hidden_state[0].mean(0)
        given = RequestBert(bert, bfloat16=True)(ids).mean(0)
    assert torch.nn.functional.cosine_similarity(given, expected, dim=0) > 0.999


def test_a_model_of_another_make_is_left_to_its_own_forward(bert) -> None:
    assert suits(bert)
    assert not suits(torch.nn.Linear(2, 2))
    other = transformers.BertModel(
        transformers.BertConfig(
            vocab_size=10, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, hidden_act="relu"
        )
    )
    assert not suits(other)
