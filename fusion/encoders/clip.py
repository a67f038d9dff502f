"""Any open_clip model as the image block: a built-in name and tag, a model on the hub, a local folder or a checkpoint file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from fusion.encoders.base import BlockSpec, Encoder, EncoderIdentity
from fusion.encoders.checksums import sha256_of
from fusion.encoders.pictures import photo_batches
from fusion.encoders.recent import RecentVectors
from fusion.exceptions import EncodingError, MissingDependency
from fusion.types import Matrix

if TYPE_CHECKING:
    from PIL.Image import Image

LOCAL = "local-dir:"


class OpenClipEncoder(Encoder):
    """One image block, which instructions reach through the model's own text tower.

    Args:
        model: "ViT-B-32", "hf-hub:Marqo/marqo-ecommerce-embeddings-B", or "local-dir:/path/to/folder".
        pretrained: a tag ("laion2b_s34b_b79k") or a .safetensors file; only with a built-in model name.
        block: the name of the block.
        prompt: how words are put to the model; "{}" stands for them.
        batch_size: photos or texts in a forward.
        threads: torch's threads in this process; None leaves them as they are.
        cache_dir: where downloads are kept; None is the hub's own place.
        recent: how many shoppers' requests to remember.
    """

    def __init__(
        self,
        *,
        model: str,
        pretrained: str | None = None,
        block: str = "image",
        prompt: str = "{}",
        batch_size: int = 16,
        threads: int | None = None,
        cache_dir: str | None = None,
        recent: int = 1024,
    ) -> None:
        if "{}" not in prompt:
            raise EncodingError(f"prompt is {prompt!r}; it must contain {{}}, which stands for the words.", permanent=True)
        self.model = model
        self.pretrained = pretrained
        self.block = block
        self.prompt = prompt
        self.batch_size = batch_size
        self.threads = threads
        self.cache_dir = cache_dir
        self._recent = RecentVectors(recent)
        self._lock = Lock()
        self._clip: Any = None
        self._preprocess: Any = None
        self._tokenizer: Any = None
        self._dim = 0
        self._size = 0

    @property
    def blocks(self) -> tuple[BlockSpec, ...]:
        return (BlockSpec(self.block, self._embed_dim(), "photo", f"clip:{self.model}", words=True),)

    def identity(self, block: str) -> EncoderIdentity:
        if block != self.block:
            raise EncodingError(f"This encoder fills the block {self.block!r}, not {block!r}.", permanent=True)
        return EncoderIdentity("open_clip", self.model, self._checksum(), self._embed_dim(), "clip", self.prompt)

    def _embed_dim(self) -> int:
        """From open_clip's own description where it lies on this machine, else from the loaded model."""
        if not self._dim:
            self._dim = self._described_dim() or 0
        if not self._dim:
            self.load()
        return self._dim

    def _described_dim(self) -> int | None:
        if self.model.startswith(LOCAL):
            path = Path(self.model.removeprefix(LOCAL)) / "open_clip_config.json"
            if not path.is_file():
                raise MissingDependency(f"{path} is missing. Give a folder that open_clip wrote, or another model.")
            return int(json.loads(path.read_text(encoding="utf-8"))["model_cfg"]["embed_dim"])
        if ":" in self.model:
            return None
        import open_clip

        described = open_clip.get_model_config(self.model)
        if described is None:
            raise MissingDependency(f"open_clip has no model {self.model!r}. open_clip.list_models() names those it has.")
        return int(described["embed_dim"])

    def _checksum(self) -> str:
        """Of the weights file where it is local; else the tag, which the hub pins."""
        weights = self._local_weights()
        return sha256_of(weights) if weights else (self.pretrained or self.model)

    def _local_weights(self) -> Path | None:
        """The local weights file, if that is what the settings name.

        Raises:
            EncodingError: it is a pickle (.pt, .pth, .bin), which could run code.
            MissingDependency: the folder holds no weights.
        """
        if self.model.startswith(LOCAL):
            folder = Path(self.model.removeprefix(LOCAL))
            found = sorted(folder.glob("*.safetensors"))
            preferred = [path for path in found if path.name.startswith("open_clip")] or found
            if not preferred:
                raise MissingDependency(f"{folder} holds no .safetensors weights. {_CONVERT}")
            return preferred[0]
        if self.pretrained and ("/" in self.pretrained or Path(self.pretrained).suffix in _WEIGHT_SUFFIXES):
            path = Path(self.pretrained)
            if path.suffix != ".safetensors":
                raise EncodingError(f"{path.name} is not a .safetensors file. {_CONVERT}", permanent=True)
            if not path.is_file():
                raise MissingDependency(f"The checkpoint {path} is missing.")
            return path
        return None

    def load(self) -> None:
        with self._lock:
            if self._clip is not None:
                return
            self._local_weights()  # refuses a pickle before anything is read
            import open_clip
            import torch

            if self.threads is not None:
                torch.set_num_threads(self.threads)
            try:
                clip, _, preprocess = open_clip.create_model_and_transforms(
                    self.model, pretrained=self.pretrained, cache_dir=self.cache_dir, require_pretrained=True, weights_only=True
                )
                self._tokenizer = open_clip.get_tokenizer(self.model, cache_dir=self.cache_dir)
            except (OSError, RuntimeError, ValueError, ImportError) as error:
                raise MissingDependency(_unreachable(self.model, self.pretrained, error)) from error
            self._preprocess = preprocess
            size = clip.visual.image_size
            self._size = max(size) if isinstance(size, tuple) else int(size)
            self._clip = clip.eval()
        self._dim = self._encode_words(["a"]).shape[1]

    @property
    def is_loaded(self) -> bool:
        return self._clip is not None

    def encode_texts(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
        return {}

    def encode_instructions(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
        self.load()
        return {self.block: self._recent.encode(texts, self._encode_words)}

    def _encode_words(self, texts: Sequence[str]) -> Matrix:
        import torch

        parts = []
        for start in range(0, len(texts), self.batch_size):
            chunk = [self.prompt.replace("{}", _encodable(text)) for text in texts[start : start + self.batch_size]]
            with torch.inference_mode():
                parts.append(self._clip.encode_text(self._tokenizer(chunk), normalize=True).float().numpy())
        return np.concatenate(parts) if parts else np.empty((0, self._dim), dtype=np.float32)

    def encode_photos(self, photos: Sequence[Image]) -> Mapping[str, Matrix]:
        import torch

        self.load()
        parts = []
        for batch in photo_batches(photos, self._preprocess, self._size, self.batch_size):
            with torch.inference_mode():
                parts.append(self._clip.encode_image(batch, normalize=True).float().numpy())
        return {self.block: np.concatenate(parts) if parts else np.empty((0, self._dim), dtype=np.float32)}


_WEIGHT_SUFFIXES = {".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".npz"}
_CONVERT = "Convert the weights once with safetensors.torch.save_file: other formats can carry code."


def _unreachable(model: str, pretrained: str | None, error: Exception) -> str:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    return (
        f"The CLIP model {model!r}{f' with {pretrained!r}' if pretrained else ''} cannot be loaded ({reason}). If the hub "
        "is not in reach, download it elsewhere and name it as 'local-dir:/path', or use BACKEND 'bundled', which needs no hub."
    )


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
