"""Small real models, saved by the tests: random weights are fine where the loader is what is tested."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fusion.encoders.bundled_weights import folder_in
from fusion.encoders.checksums import is_complete


@pytest.fixture(scope="session")
def bundled_models_dir() -> Path:
    from django.conf import settings

    models_dir = Path(settings.RECOMMENDER["DATA_DIR"]) / "models"
    if not is_complete(folder_in(models_dir)):
        pytest.skip("the bundled weights are not in DATA_DIR/models")
    return models_dir


def save_small_bert(folder: Path) -> Path:
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(0)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "red", "shoe", "camera", "x", "query", "passage", ":", "椅", "子"]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def save_small_clip(folder: Path) -> Path:
    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    model_cfg = {
        "embed_dim": 24,
        "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16},
        "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
    }
    folder.mkdir(parents=True, exist_ok=True)
    model = open_clip.CLIP(**model_cfg)
    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items() if name != "attn_mask"}
    save_file(tensors, str(folder / "open_clip_model.safetensors"), metadata={"format": "pt"})
    preprocess = {"mean": [0.5] * 3, "std": [0.5] * 3, "size": 32}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": model_cfg, "preprocess_cfg": preprocess}))
    return folder


@pytest.fixture(scope="session")
def small_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_small_bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="session")
def small_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_small_clip(tmp_path_factory.mktemp("clip"))
