"""The bundled model's networks on their own: what a forward costs when nothing else is done."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any


def _folder() -> Any:
    from fusion.encoders.bundled_weights import folder_in
    from recommender.conf import get_settings

    return folder_in(get_settings().models_dir)


class TextForward:
    """The text network over tokens that lie ready, batches of like length."""

    def __init__(self) -> None:
        import torch
        from transformers import AutoModel, AutoTokenizer

        self.tokenizer: Any = AutoTokenizer.from_pretrained(_folder() / "text")
        self.model = AutoModel.from_pretrained(_folder() / "text", dtype=torch.float32).eval()

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids, shortest text first."""
        from fusion.encoders.bundled_conversion import PASSAGE_PREFIX

        rows = self.tokenizer([PASSAGE_PREFIX + text for text in texts], truncation=True, max_length=512)["input_ids"]
        return sorted(rows, key=len)

    def __call__(self, rows: Sequence[Sequence[int]], batch: int) -> None:
        import torch

        pad = int(self.tokenizer.pad_token_id or 0)
        with torch.inference_mode():
            for start in range(0, len(rows), batch):
                part = rows[start : start + batch]
                longest = max(map(len, part))
                ids = torch.tensor([[*row, *[pad] * (longest - len(row))] for row in part])
                mask = (torch.arange(longest)[None] < torch.tensor([len(row) for row in part])[:, None]).long()
                hidden = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
                torch.nn.functional.normalize((hidden * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True), dim=-1)


class PhotoForward:
    """The photo network over pixels that lie ready, and a plain loop from files to vectors."""

    def __init__(self) -> None:
        from fusion.encoders.bundled import load_photo_tower

        self.trunk, self.preprocess = load_photo_tower(_folder() / "clip")

    def pixels(self, files: Sequence[bytes]) -> Any:
        """(n, 3, size, size)."""
        import torch

        return torch.stack([self._pixels(file) for file in files])

    def _pixels(self, file: bytes) -> Any:
        from PIL import Image

        with Image.open(BytesIO(file)) as photo:
            return self.preprocess(photo.convert("RGB"))

    def __call__(self, pixels: Any, batch: int) -> None:
        import torch

        with torch.inference_mode():
            for start in range(0, len(pixels), batch):
                features = self.trunk.forward_features(pixels[start : start + batch])
                pooled = self.trunk.forward_head(features, pre_logits=True)
                for head in (self.trunk.classifier, self.trunk.classifier.look):
                    torch.nn.functional.normalize(head(pooled), dim=-1)

    def loop(self, files: Sequence[bytes], batch: int) -> None:
        """Read, decode, resize, forward: what a script without a database would do."""
        for start in range(0, len(files), batch):
            self(self.pixels(files[start : start + batch]), batch)
