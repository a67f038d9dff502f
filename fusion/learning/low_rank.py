"""The text encoder with LoRA or AdaLoRA on query and value and a head that labels tokens, by PEFT; and what of it is kept.

Source: Hu et al. 2021 (LoRA); Zhang et al. 2023 (AdaLoRA).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fusion.encoders.adapted import PROJECTIONS
from fusion.exceptions import EncodingError, MissingDependency
from fusion.instructions.adapter import LABELS

METHODS = ("lora", "adalora")


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How to train.

    Attributes:
        method: "lora", or "adalora", which starts with 1.5 times the rank and gives it to the layers that need it.
        n_layers: of the encoder, counted from below; fewer are faster to train and to ask. 0 means all.
        batch_tokens: padded tokens of a batch.
        patience: epochs without a better F1 on dev after which training stops.
        threads: torch's threads; None leaves them as they are.
    """

    method: str = "lora"
    epochs: int = 4
    seed: int = 0
    rank: int = 8
    alpha: int = 16
    dropout: float = 0.05
    learning_rate: float = 3e-3
    weight_decay: float = 0.01
    warmup: float = 0.06
    batch_tokens: int = 320
    n_layers: int = 0
    patience: int = 2
    threads: int | None = None

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise EncodingError(f"Method {self.method!r} is not known; choose one of {', '.join(METHODS)}.", permanent=True)
        if self.epochs < 1 or self.rank < 1:
            raise EncodingError(f"epochs is {self.epochs} and rank {self.rank}; both must be at least 1.", permanent=True)


def adapted_model(source: Path | str, options: TrainingOptions, total: int) -> Any:
    """The PEFT model to train; ``total`` is the number of steps, which AdaLoRA plans by."""
    import torch

    try:
        from peft import TaskType, get_peft_model
    except ImportError as error:
        raise MissingDependency(
            "Training a tagger needs peft, seqeval and tensorboard: pip install 'django-attune[tagger]'."
        ) from error
    from transformers import AutoConfig, AutoModelForTokenClassification

    config = AutoConfig.from_pretrained(str(source), num_labels=len(LABELS), trust_remote_code=False)
    if options.n_layers:
        config.num_hidden_layers = min(options.n_layers, config.num_hidden_layers)
    model = AutoModelForTokenClassification.from_pretrained(
        str(source), config=config, dtype=torch.float32, use_safetensors=True, trust_remote_code=False
    )
    return get_peft_model(model, low_rank_config(options, total, task_type=TaskType.TOKEN_CLS))


def low_rank_config(options: TrainingOptions, total: int, **more: Any) -> Any:
    """PEFT's configuration of LoRA or AdaLoRA on query and value; ``more`` goes into it as it is."""
    from peft import AdaLoraConfig, LoraConfig

    shared: dict[str, Any] = {
        "target_modules": list(PROJECTIONS), "lora_alpha": options.alpha, "lora_dropout": options.dropout, **more
    }  # fmt: skip
    if options.method == "lora":
        return LoraConfig(r=options.rank, **shared)
    steps: dict[str, Any] = {
        "tinit": total // 10,
        "tfinal": total // 3,
        "deltaT": max(total // 100, 1),
        "total_step": max(total, 3),
    }
    return AdaLoraConfig(init_r=options.rank + options.rank // 2, target_r=options.rank, **steps, **shared)


def trainable_weights(model: Any) -> dict[str, Any]:
    """The adapter's and the head's weights, and AdaLoRA's counts of ranks, by their names in the whole model."""
    wanted = ("lora_", "modules_to_save", "ranknum")
    return {name: tensor for name, tensor in model.state_dict().items() if any(part in name for part in wanted)}


def exported(model: Any) -> dict[str, Any]:
    """A PEFT model's adapter and head as plain low-rank tensors, scaling and AdaLoRA's singular values folded in."""
    tensors: dict[str, Any] = {}
    for name, module in model.named_modules():
        match name.split("."):
            case [*_, "layer", i, "attention", "self", projection] if projection in PROJECTIONS:
                down, up = _low_rank(module)
                tensors[f"layer.{i}.{projection}.down"], tensors[f"layer.{i}.{projection}.up"] = down, up
            case [*_, "classifier", "modules_to_save", "default"]:
                tensors["head.weight"], tensors["head.bias"] = module.weight, module.bias
    return {name: tensor.detach().float().contiguous() for name, tensor in tensors.items()}


def _low_rank(module: Any) -> tuple[Any, Any]:
    """(rank, in) and (out, rank) of one adapted projection."""
    scaling = module.scaling["default"]
    down, up = module.lora_A["default"], module.lora_B["default"]
    if hasattr(module, "lora_E"):  # W + B (E * A) * scaling / n_ranks
        return down * module.lora_E["default"], up * (scaling / (module.ranknum["default"] + 1e-5))
    return down.weight, up.weight * scaling
