"""The encoder that works with no hub in reach: real weights out of ordinary packages, English and Chinese.

Text: multilingual-e5-small. Photo: EfficientNet-Lite2, whose classes' names are embedded by the same text tower (ConSE), so
photos, products' words and shoppers' words share one space and a request is encoded once. It is a ConSE dual encoder, not a
trained CLIP: it knows about 1,000 kinds of things and no colours, styles or brands. bundled_weights says where it comes from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from fusion.encoders import bundled_weights
from fusion.encoders.base import BlockSpec, Encoder, EncoderIdentity
from fusion.encoders.bundled_conversion import (
    DEFAULT_TEMPERATURE,
    IMAGE_SIZE,
    LOOK_DIM,
    PASSAGE_PREFIX,
    PHOTO_FILES,
    QUERY_PREFIX,
    TEXT_DIM,
    TEXT_FILES,
    open_clip_config,
)
from fusion.encoders.checksums import verify_folder
from fusion.encoders.pictures import photo_batches
from fusion.encoders.quiet import quiet_factory
from fusion.encoders.recent import RecentVectors
from fusion.encoders.words import TextTower
from fusion.exceptions import EncodingError
from fusion.types import Matrix

if TYPE_CHECKING:
    from PIL.Image import Image

BLOCKS = (
    BlockSpec("text", TEXT_DIM, "text", "e5", words=True),
    BlockSpec("image", TEXT_DIM, "photo", "e5", words=True),
    BlockSpec("look", LOOK_DIM, "photo", "look:efficientnet_lite2", words=False),
)

# open_clip builds a text tower with every model. Words go through the shared one, so here it builds the smallest there is.
_NO_TEXT_TOWER = {"context_length": 1, "vocab_size": 2, "width": 8, "heads": 1, "layers": 1}


class BundledEncoder(Encoder):
    """Blocks "text", "image" and "look" from one text forward and one photo forward.

    Each tower reads its weights when it is first needed, so a process that only sees words never holds the photo network.

    Args:
        models_dir: where ``bundled_weights.prepare`` put the model.
        blocks: a subset of ("text", "image", "look").
        threads: torch's threads in this process; None leaves them as they are.
        temperature: of the class probabilities; higher mixes more classes.
        batch_size: photos in a forward. Small on purpose: at 16 the allocator's page faults double the time of a photo.
        batch_tokens: padded tokens in a text forward, small for the same reason.
        recent: how many shoppers' requests to remember.
        int8_requests: encode requests (never items) with eight-bit weights: 12 ms of CPU for 20, cosine .993 or better.
    """

    def __init__(
        self,
        *,
        models_dir: Path,
        blocks: Sequence[str] = ("text", "image", "look"),
        threads: int | None = None,
        temperature: float = DEFAULT_TEMPERATURE,
        batch_size: int = 4,
        batch_tokens: int = 512,
        recent: int = 1024,
        int8_requests: bool = False,
    ) -> None:
        unknown = set(blocks) - {spec.name for spec in BLOCKS}
        if unknown or not blocks:
            raise EncodingError(
                f"Bundled blocks {sorted(blocks)} are not known; choose from text, image, look.", permanent=True
            )
        if temperature <= 0:
            raise EncodingError(f"temperature is {temperature}; it must be above 0.", permanent=True)
        self.folder = bundled_weights.folder_in(models_dir)
        self.temperature = temperature
        self.batch_size = batch_size
        self._blocks = tuple(spec for spec in BLOCKS if spec.name in blocks)
        self._names = {spec.name for spec in self._blocks}
        self._words = TextTower(self.folder / "text", threads=threads, batch_tokens=batch_tokens, int8_requests=int8_requests)
        self._recent = RecentVectors(recent)
        self._lock = Lock()
        self._trunk: Any = None
        self._preprocess: Any = None
        self._verified = False

    @property
    def blocks(self) -> tuple[BlockSpec, ...]:
        return self._blocks

    def identity(self, block: str) -> EncoderIdentity:
        spec = next(spec for spec in BLOCKS if spec.name == block)
        checksum = bundled_weights.checksum()
        if block == "text":
            return EncoderIdentity(
                "bundled", "multilingual-e5-small", checksum, spec.dim, "mean", QUERY_PREFIX, PASSAGE_PREFIX
            )  # fmt: skip
        pooling = f"conse T={self.temperature:g}" if block == "image" else "pca"
        return EncoderIdentity("bundled", f"efficientnet-lite2/{block}", checksum, spec.dim, pooling, QUERY_PREFIX)

    @property
    def _has_words(self) -> bool:
        return any(spec.words for spec in self._blocks)

    @property
    def _has_photos(self) -> bool:
        return any(spec.modality == "photo" for spec in self._blocks)

    @property
    def text_tower(self) -> TextTower | None:
        return self._words if "text" in self._names else None

    @property
    def is_loaded(self) -> bool:
        return (not self._has_words or self._words.is_loaded) and (not self._has_photos or self._trunk is not None)

    def load(self) -> None:
        if self._has_words:
            self._load_words()
        if self._has_photos:
            self._load_photos()

    def _load_words(self) -> None:
        if not self._words.is_loaded:
            verify_folder(self.folder, TEXT_FILES, advice=bundled_weights.ADVICE)
            self._words.load()

    def _load_photos(self) -> None:
        with self._lock:
            if self._trunk is None:
                verify_folder(self.folder, PHOTO_FILES, advice=bundled_weights.ADVICE)
                self._trunk, self._preprocess = load_photo_tower(self.folder / "clip")
                self._trunk.classifier.temperature.fill_(self.temperature)

    def encode_texts(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
        if "text" not in self._names:
            return {}
        self._load_words()
        return {"text": self._words.encode(texts, PASSAGE_PREFIX)}

    def encode_instructions(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
        if not self._has_words:
            return {}
        self._load_words()
        vectors = self._recent.encode(texts, lambda missing: self._words.encode_requests(missing, QUERY_PREFIX))
        return {spec.name: vectors for spec in self._blocks if spec.words}

    def encode_photos(self, photos: Sequence[Image]) -> Mapping[str, Matrix]:
        if not self._has_photos:
            return {}
        self._load_photos()
        made: dict[str, list[Matrix]] = {spec.name: [] for spec in self._blocks if spec.modality == "photo"}
        for batch in photo_batches(photos, self._preprocess, IMAGE_SIZE, self.batch_size):
            for name, vectors in self._forward(batch).items():
                made[name].append(vectors)
        empty = {spec.name: np.empty((0, spec.dim), dtype=np.float32) for spec in self._blocks}
        return {name: np.concatenate(parts) if parts else empty[name] for name, parts in made.items()}

    def _forward(self, pixels: Any) -> dict[str, Matrix]:
        """(b, 3, size, size) -> the photo blocks' unit vectors, from one pass through the trunk."""
        import torch
        from torch.nn.functional import normalize

        with torch.inference_mode():
            pooled = self._trunk.forward_head(self._trunk.forward_features(pixels), pre_logits=True)  # (b, 1280)
            vectors = {}
            if "image" in self._names:
                vectors["image"] = normalize(self._trunk.classifier(pooled), dim=-1).numpy()
            if "look" in self._names:
                vectors["look"] = normalize(self._trunk.classifier.look_vectors(pooled), dim=-1).numpy()
        return vectors


def load_photo_tower(folder: Path) -> tuple[Any, Any]:
    """(timm trunk, preprocess) of the open_clip model in the folder, without its text tower."""
    import open_clip
    from safetensors import safe_open

    from fusion.encoders import conse  # noqa: F401 (registers the timm name)

    with quiet_factory():
        model, _, preprocess = open_clip.create_model_and_transforms(
            f"local-dir:{folder}", load_weights=False, pretrained_text=False, text_cfg=_NO_TEXT_TOWER
        )
    with safe_open(str(folder / "open_clip_model.safetensors"), framework="pt") as weights:
        prefix = "visual."
        tensors = {name[len(prefix) :]: weights.get_tensor(name) for name in weights.keys() if name.startswith(prefix)}  # noqa: SIM118
    model.visual.load_state_dict(tensors, strict=True)
    return model.visual.eval().trunk, preprocess


def load_open_clip(folder: Path) -> tuple[Any, Any]:
    """(model, preprocess): the whole dual encoder as open_clip loads it, text tower included; for training and notebooks.

    Args:
        folder: the bundled model's folder, as ``bundled_weights.prepare`` returns it.
    """
    import open_clip

    from fusion.encoders import conse  # noqa: F401

    given = json.loads((folder / "clip" / "open_clip_config.json").read_text(encoding="utf-8"))
    text_cfg = {**given["model_cfg"]["text_cfg"], **open_clip_config(str((folder / "text").resolve()))["model_cfg"]["text_cfg"]}
    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder / 'clip'}", text_cfg=text_cfg)
    return model.eval(), preprocess
