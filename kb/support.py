"""How far the words of a provision bear a statement out: a small cross-encoder, or an NLI model by name.

The bundled measure reads statement and provision together with the first layers of the bundled encoder, changed by an
adapter that was trained on true and falsified statements about one half of the corpus (`eval/train_support.py`); what it
finds and misses on the other half stands in docs/gate.md.
"""

from __future__ import annotations

import json
import zipfile
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from kb.encoder import bundled_folder, silence
from kb.errors import EncoderError
from kb.settings import BUNDLED_SUPPORT, Settings
from kb.signs import signed
from kb.text import CJK, detect_language
from kb.wording import Likeness

if TYPE_CHECKING:
    from numpy.typing import NDArray

ADAPTER = Path(__file__).with_name("support_adapter.npz")
MAX_STATEMENT_TOKENS, MAX_PREMISE_TOKENS = 110, 250
BATCH = 16
KEPT_SCORES = 4_096


LIKE, LIKE_THIN, FAR = 0.65, 0.6, 0.35
"""Shares of the words of a statement that the premise has: from LIKE on it is in like words, below FAR in quite other ones."""


@dataclass(frozen=True, slots=True)
class Levels:
    """What score is enough: for a statement in like words, in freer ones, in quite other ones, and for a thin one.

    A true statement in like words scores high, so much can be asked of it; of a freer one less. A thin statement in other words is a
    slogan rather than a rule: almost everything is asked.
    """

    like: float
    free: float
    far: float
    thin: float


class Support:
    """Scores between 0 and 1 for (statement, premise) pairs. The last scores are kept. Thread-safe."""

    def __init__(self, name: str, levels: Levels, measure: Any) -> None:
        self.name, self.levels = name, levels
        self._measure = measure
        self._kept: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lock = Lock()

    def needed(self, likeness: Likeness) -> float:
        """The score that a statement must have, by its wording."""
        share = likeness.share
        if likeness.thin and (share is None or share < LIKE_THIN):
            return self.levels.thin
        if share is None:
            return self.levels.free
        return self.levels.like if share >= LIKE else self.levels.free if share >= FAR else self.levels.far

    def scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """One score a pair, in order."""
        with self._lock:
            missing = [pair for pair in dict.fromkeys(pairs) if pair not in self._kept]
            for pair, score in zip(missing, self._measure(missing) if missing else (), strict=True):
                self._kept[pair] = float(score)
            found = [self._kept[pair] for pair in pairs]
            while len(self._kept) > KEPT_SCORES:
                self._kept.popitem(last=False)
            return found


def load_support(settings: Settings) -> Support:
    """The measure that the settings name; EncoderError says what to do where it cannot be loaded."""
    silence()
    if settings.support == BUNDLED_SUPPORT:
        return _bundled(settings)
    return _nli(settings.support)


# ------------------------------------------------------------------ bundled


def read_adapter() -> tuple[dict[str, Any], dict[str, NDArray[np.float32]]]:
    """What is said of the adapter of the bundled measure, and its arrays; EncoderError where the file is damaged."""
    try:
        with ADAPTER.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
            return json.loads(bytes(file["about"]).decode()), _unpacked(file)
    except (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile) as error:
        raise EncoderError(f"{ADAPTER}: cannot be read ({error}); install kb again") from None


def _bundled(settings: Settings) -> Support:
    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel

    about, arrays = read_adapter()
    folder = str(bundled_folder(settings))
    config = BertConfig.from_pretrained(folder, num_hidden_layers=about["layers"])
    model = BertModel.from_pretrained(folder, config=config, add_pooling_layer=False, local_files_only=True).eval()
    head = _apply(model, arrays)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)

    def measure(pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        order = sorted(range(len(pairs)), key=lambda i: len(pairs[i][0]) + len(pairs[i][1]))
        scores = np.zeros(len(pairs), np.float32)
        with torch.inference_mode():
            for start in range(0, len(order), BATCH):
                chunk = order[start : start + BATCH]
                ids, seen, stated = tensors([signed_pair(*pairs[i]) for i in chunk], tokenizer)
                scores[chunk] = _forward(model, head, ids, seen, stated).numpy()
        return scores

    return Support(about["name"], Levels(**about["levels"]), measure)


def signed_pair(statement: str, words: str) -> tuple[str, str]:
    """Statement and premise with their signs, as the cross-encoder reads them."""
    return signed(statement, detect_language(statement)), signed(words, "zh" if CJK.search(words) else "en")


def _unpacked(file: Any) -> dict[str, NDArray[np.float32]]:
    """The arrays of the adapter; a matrix is kept as 8-bit numbers (`.q`) with one scale a row (`.s`)."""
    arrays: dict[str, NDArray[np.float32]] = {}
    for name in file.files:
        if name.endswith(".q"):
            base = name.removesuffix(".q")
            arrays[base] = file[name].astype(np.float32) * file[f"{base}.s"].astype(np.float32)
        elif not name.endswith(".s") and name != "about":
            arrays[name] = file[name].astype(np.float32)
    return arrays


def _apply(model: Any, arrays: dict[str, NDArray[np.float32]]) -> dict[str, Any]:
    """Merge the adapter into the layers of the model; the weights of the head come back by name.

    `x.A` and `x.B` add B·A to the weight of the linear layer x; any other array is added to the parameter of its name.
    """
    import torch

    weights = dict(model.named_parameters())
    head: dict[str, Any] = {}
    with torch.no_grad():
        for name, array in arrays.items():
            if name.startswith("head."):
                head[name.removeprefix("head.")] = torch.from_numpy(array)
            elif name.endswith(".A"):
                base = name.removesuffix(".A")
                weights[f"{base}.weight"] += torch.from_numpy(arrays[f"{base}.B"] @ array)
            elif not name.endswith(".B"):
                weights[name] += torch.from_numpy(array)
    return head


def tensors(pairs: Sequence[tuple[str, str]], tokenizer: Any) -> tuple[Any, Any, Any]:
    """Token ids (n, length), which of them are no padding, and which belong to the statement."""
    import torch

    first, last, pad = tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id
    statements = tokenizer([s for s, _ in pairs], add_special_tokens=False)["input_ids"]
    premises = tokenizer([p for _, p in pairs], add_special_tokens=False)["input_ids"]
    rows = [
        (
            [first, *s[:MAX_STATEMENT_TOKENS], last, last, *p[:MAX_PREMISE_TOKENS], last],
            min(len(s), MAX_STATEMENT_TOKENS),
        )
        for s, p in zip(statements, premises, strict=True)
    ]
    length = max(len(row) for row, _ in rows)
    ids = torch.full((len(rows), length), pad)
    stated = torch.zeros((len(rows), length))
    for at, (row, count) in enumerate(rows):
        ids[at, : len(row)] = torch.tensor(row)
        stated[at, : count + 2] = 1
    seen = torch.arange(length)[None, :] < torch.tensor([len(row) for row, _ in rows])[:, None]
    return ids, seen.long(), stated


def _forward(model: Any, head: dict[str, Any], ids: Any, seen: Any, stated: Any) -> Any:
    import torch
    from torch.nn.functional import gelu, linear

    states = model(input_ids=ids, attention_mask=seen).last_hidden_state
    rest = seen * (1 - stated)
    means = [(states * of.unsqueeze(-1)).sum(1) / of.sum(1, keepdim=True) for of in (stated, rest)]
    pooled = torch.cat([states[:, 0], *means], dim=1)
    inner = gelu(linear(pooled, head["0.weight"], head["0.bias"]))
    return torch.sigmoid(linear(inner, head["3.weight"], head["3.bias"])).squeeze(1)


# ------------------------------------------------------------------ by name


def _nli(name: str) -> Support:
    """An NLI cross-encoder of sentence-transformers: the probability that the premise entails the statement."""
    from sentence_transformers import CrossEncoder

    try:
        model = CrossEncoder(name, local_files_only=True, device="cpu")
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise EncoderError(
            f"KB_SUPPORT={name}: not found on this machine ({reason}); give the path of a cross-encoder's folder"
        ) from None
    labels = {str(label).lower(): at for at, label in model.config.id2label.items()}
    entails = next((at for label, at in labels.items() if label.startswith("entail")), None)
    if entails is None:
        raise EncoderError(
            f"KB_SUPPORT={name}: its labels are {sorted(labels)}; an NLI model with a label 'entailment' is needed"
        )

    def measure(pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        scores = model.predict(
            [(premise, statement) for statement, premise in pairs], apply_softmax=True, show_progress_bar=False
        )
        return np.asarray(scores, np.float32)[:, entails]

    return Support(name, Levels(0.5, 0.5, 0.5, 0.5), measure)
