"""The text tower with LoRA or AdaLoRA by PEFT, trained together with the heads: what of it gives vectors, and what is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fusion.encoders.words import batches_by_length, hush
from fusion.exceptions import EncodingError, MissingDependency
from fusion.learning.low_rank import TrainingOptions, exported, low_rank_config, trainable_weights
from fusion.types import Matrix

if TYPE_CHECKING:
    from torch import Tensor

MAX_TOKENS = 64
_JUDGED_TOKENS = 2048  # padded tokens of a forward without gradients


class TunedTower:
    """Rows of texts -> unit vectors, with gradients to the low-rank terms alone.

    Args:
        source: folder or name of the encoder's text model.
        texts: every text of the data, in the order of its rows; ``prefix`` goes before each.
        total: steps in all, which AdaLoRA plans by.
    """

    def __init__(
        self, source: Path | str, texts: Sequence[str], prefix: str, pooling: str, options: TrainingOptions, total: int
    ) -> None:
        try:
            from peft import get_peft_model
        except ImportError as error:
            raise MissingDependency("LoRA needs peft: pip install 'django-attune[tagger]'.") from error
        import torch
        from transformers import AutoModel, AutoTokenizer

        hush()
        if pooling != "mean":
            raise EncodingError(
                f"The text tower pools by {pooling!r}; only a tower that takes the mean is tuned.", permanent=True
            )
        tokenizer = AutoTokenizer.from_pretrained(str(source), trust_remote_code=False)
        clean = [(prefix + text).encode("utf-8", "replace").decode("utf-8") for text in texts]
        self.ids: list[list[int]] = tokenizer(clean, truncation=True, max_length=MAX_TOKENS)["input_ids"]
        self.pad = int(tokenizer.pad_token_id or 0)
        torch.manual_seed(options.seed)
        model = AutoModel.from_pretrained(str(source), dtype=torch.float32, use_safetensors=True, trust_remote_code=False)
        self.model: Any = get_peft_model(model, low_rank_config(options, total))
        self.adapts = options.method == "adalora"

    @property
    def parameters(self) -> list[Tensor]:
        return [parameter for parameter in self.model.parameters() if parameter.requires_grad]

    def vectors(self, rows: Sequence[int], *, training: bool) -> Tensor:
        """(n, dim) unit vectors in the order of the rows; in training in one forward, else in several without gradients."""
        import torch

        self.model.train(training)
        if training:
            return self._forward(rows)
        made = torch.empty((len(rows), int(self.model.config.hidden_size)))
        with torch.no_grad():
            for batch in batches_by_length([len(self.ids[row]) for row in rows], _JUDGED_TOKENS):
                made[batch] = self._forward([rows[place] for place in batch])
        return made

    def _forward(self, rows: Sequence[int]) -> Tensor:
        import torch
        from torch.nn.functional import normalize

        shape = (len(rows), max(len(self.ids[row]) for row in rows))
        ids, mask = torch.full(shape, self.pad), torch.zeros(shape, dtype=torch.long)
        for place, row in enumerate(rows):
            ids[place, : len(self.ids[row])] = torch.tensor(self.ids[row])
            mask[place, : len(self.ids[row])] = 1
        hidden = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        return normalize((hidden * weights).sum(1) / weights.sum(1), dim=-1)

    def penalty(self) -> Tensor | float:
        """What AdaLoRA adds to the loss, so that its factors stay orthogonal (Zhang et al. 2023, equation 4); else 0."""
        import torch

        if not self.adapts:
            return 0.0
        named = [(name, p) for name, p in self.model.named_parameters() if "lora_A" in name or "lora_B" in name]
        grams = [p @ p.T if "lora_A" in name else p.T @ p for name, p in named]
        weight = float(self.model.peft_config["default"].orth_reg_weight)
        return weight * torch.stack([torch.linalg.norm(gram - torch.eye(len(gram))) for gram in grams]).mean()

    def allocate(self, step: int) -> None:
        """AdaLoRA takes rank away from the layers that need it least; called before the gradients are cleared."""
        if self.adapts:
            self.model.base_model.update_and_allocate(step)

    def state(self) -> dict[str, Matrix]:
        """Copies of what is trained, by its names in the model."""
        return {name: np.array(tensor.detach().numpy()) for name, tensor in trainable_weights(self.model).items()}

    def restore(self, state: Mapping[str, Matrix]) -> None:
        import torch

        now = trainable_weights(self.model)
        self.model.load_state_dict(
            {name: torch.from_numpy(np.array(state[name])).reshape(now[name].shape) for name in now}, strict=False
        )

    def exported(self) -> dict[str, Matrix]:
        """As ``Heads.tower`` names them."""
        return {name: tensor.numpy() for name, tensor in exported(self.model).items()}
