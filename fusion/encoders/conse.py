"""A photo network that speaks the text encoder's language, registered with timm so that open_clip can build it by name.

ConSE (Norouzi et al. 2013, "Zero-shot learning by convex combination of semantic embeddings"): a classifier's most likely
classes, weighted by their probabilities, average the *text embeddings of the class names*. Nothing is trained: the network is
EfficientNet-Lite2 with its ImageNet head, and the class vectors come from the text encoder at conversion.

This module imports torch: import it only where a model is about to be built.
"""

from __future__ import annotations

from typing import Any

import timm
import torch
from timm.models import register_model
from torch import Tensor, nn

N_CLASSES = 1000
LOOK_DIM = 256
TOP_K = 20


class ConSEHead(nn.Module):
    """Pooled features -> a vector in the text encoder's space (``forward``), or a compact look vector (``look``)."""

    def __init__(self, n_features: int, dim: int) -> None:
        super().__init__()
        self.fc = nn.Linear(n_features, N_CLASSES)
        self.classes = nn.Linear(N_CLASSES, dim, bias=False)  # column c is the text embedding of class c
        self.look = nn.Linear(n_features, LOOK_DIM)
        self.register_buffer("temperature", torch.ones(()))
        self.temperature: Tensor

    def forward(self, pooled: Tensor) -> Tensor:
        """(B, n_features) -> (B, dim), not normalised: equation 3 of the paper over the TOP_K most likely classes."""
        probabilities = (self.fc(pooled) / self.temperature).softmax(-1)
        top, rows = probabilities.topk(TOP_K, dim=-1)
        kept = torch.zeros_like(probabilities).scatter(-1, rows, top / top.sum(-1, keepdim=True))
        vectors: Tensor = self.classes(kept)
        return vectors

    def look_vectors(self, pooled: Tensor) -> Tensor:
        """(B, n_features) -> (B, LOOK_DIM), not normalised. The square root tames the few features that shout: cosines of
        roots are Bhattacharyya coefficients, and same-category P@5 on 2,419 fashion photos rose from .681 to .688."""
        vectors: Tensor = self.look(pooled.clamp(min=0).sqrt())
        return vectors


@register_model
def conse_efficientnet_lite2(pretrained: bool = False, num_classes: int = 384, **kwargs: Any) -> nn.Module:
    """tf_efficientnet_lite2 with a ConSEHead; ``num_classes`` is the size of the shared space, as open_clip passes it."""
    known = {"global_pool": kwargs["global_pool"]} if kwargs.get("global_pool") else {}
    trunk = timm.create_model("tf_efficientnet_lite2", pretrained=False, num_classes=N_CLASSES, **known)
    trunk.classifier = ConSEHead(int(trunk.num_features), num_classes)  # type: ignore[arg-type]
    model: nn.Module = trunk
    return model
