"""Chroma: which units are near a vector. In a folder of the index, or on a server that many copies of the app share.

Chroma names what is near; the comparison that decides is exact and made here (see `kb.index`). So where Chroma is gone, slow or of another
version, answers go on, from all vectors: of many units slower, never worse.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import numpy as np

from kb.encoder import Progress
from kb.errors import BadInput, IndexError_

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLLECTION = "units"
CANDIDATES = 200
"""Units asked of Chroma for a question, before those of other groups and days are left out."""
NEIGHBOURS, CONSTRUCTION = 24, 48
WRITE_BATCH = 5_000
SERVER_SECONDS = 2.0
"""How long a server may take for an answer; building waits longer."""
BUILD_SECONDS = 60.0
PAUSE_SECONDS = 30.0
"""After a failure Chroma is left alone for so long."""

_LOG = logging.getLogger(__name__)
_CLIENTS = threading.Lock()


def local_client(folder: Path) -> Any:
    """Chroma on a folder of its own; clients are made one at a time, since making them is not safe across threads."""
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    with _CLIENTS:
        return chromadb.PersistentClient(str(folder / "chroma"), ChromaSettings(anonymized_telemetry=False))


def server_client(url: str, seconds: float) -> Any:
    """The client of a Chroma server at http(s)://[name:password@]host[:port]; BadInput for another address.

    It waits for no answer longer than `seconds`.
    """
    import chromadb
    import httpx
    from chromadb.config import Settings as ChromaSettings

    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 8000)
    except ValueError:
        port = 0
    if parts.scheme not in ("http", "https") or not parts.hostname or not port or parts.path.strip("/") or parts.query:
        raise BadInput("KB_CHROMA_URL is not an address; write http://host:8000 or https://name:password@host")
    settings = ChromaSettings(anonymized_telemetry=False)
    name, password = unquote(parts.username or ""), unquote(parts.password or "")
    if name:
        settings = ChromaSettings(
            anonymized_telemetry=False,
            chroma_client_auth_provider="chromadb.auth.basic_authn.BasicAuthClientProvider",
            chroma_client_auth_credentials=f"{name}:{password}",
        )
    # making a client waits for the server without a limit: so see first, with one, that it is there and speaks
    there = f"{parts.scheme}://{parts.hostname}:{port}/api/v2/heartbeat"
    httpx.get(there, auth=(name, password) if name else None, timeout=seconds).raise_for_status()
    with _CLIENTS:
        client: Any = chromadb.HttpClient(parts.hostname, port, ssl=parts.scheme == "https", settings=settings)
    client._server._session.timeout = httpx.Timeout(seconds)  # there is no public way to set it
    return client


class Nearest:
    """An opened collection, or one that is opened at the first question. Thread-safe.

    `state` is `ready`, `waiting` (not asked yet) or `failing` (the last question failed).
    """

    def __init__(self, open_client: Callable[[], Any], name: str) -> None:
        self._open, self._name = open_client, name
        self._client: Any = None
        self._collection: Any = None
        self._lock = threading.Lock()
        self._until = 0.0
        self.state = "waiting"

    def collection(self) -> Any:
        """The collection, opened now if it was not; whatever Chroma raises."""
        with self._lock:
            if self._collection is None:
                self._client = self._client or self._open()
                self._collection = self._client.get_collection(self._name)
            return self._collection

    def ids(self, vector: NDArray[np.float32], held: int) -> list[str] | None:
        """Ids of the units nearest to a vector, at most `CANDIDATES` of the `held`; None where Chroma does not answer."""
        if time.monotonic() < self._until:
            return None
        try:
            found = self.collection().query(
                query_embeddings=vector, n_results=min(CANDIDATES, held), include=["distances"]
            )
        except Exception as error:  # whatever ails Chroma: comparing all vectors is slower, not worse
            self._fail(error)
            return None
        self.state = "ready"
        ids: list[str] = found["ids"][0]
        return ids

    def _fail(self, error: Exception) -> None:
        if self.state != "failing":
            _LOG.warning(
                "Chroma does not answer (%s): all vectors are compared instead; it is asked again every %d s",
                type(error).__name__,
                PAUSE_SECONDS,
            )
        with self._lock:
            client, self._client, self._collection = self._client, None, None
        if client is not None:
            with suppress(Exception):  # what fails may fail once more as it is closed
                client.close()
        self.state, self._until = "failing", time.monotonic() + PAUSE_SECONDS

    def foreign(self, ids: Sequence[str]) -> None:
        """Said when the collection named a unit that the index does not hold: it is another one."""
        self._fail(IndexError_(f"the collection names a unit that is not held: {ids[0][:80]}"))


def in_folder(folder: Path, check: Callable[[], None]) -> Nearest:
    """The collection of a folder; `check` raises where a file of it is damaged, before Chroma reads it."""

    def open_client() -> Any:
        check()
        return local_client(folder)

    return Nearest(open_client, COLLECTION)


def on_server(url: str, fingerprint: str) -> Nearest:
    return Nearest(lambda: server_client(url, SERVER_SECONDS), collection_name(fingerprint))


def write_folder(folder: Path, ids: Sequence[str], matrix: NDArray[np.float32], progress: Progress | None) -> None:
    """A new collection in a folder."""
    _add(local_client(folder).create_collection(COLLECTION, **_CONFIGURATION), ids, matrix, progress)


def write_server(
    url: str, fingerprint: str, ids: Sequence[str], matrix: NDArray[np.float32], progress: Progress | None
) -> None:
    """The collection of an index on a server; nothing is written where it is whole. IndexError_ where the server fails.

    It is named by the fingerprint, so that copies of the app that hold another corpus do not disturb each other; two that write
    the same one write the same.
    """
    try:
        with closing(server_client(url, BUILD_SECONDS)) as client:
            collection = client.get_or_create_collection(collection_name(fingerprint), **_CONFIGURATION)
            if collection.count() != len(ids):
                _add(collection, ids, matrix, progress)
    except BadInput:
        raise
    except Exception as error:  # whatever the server or the way to it raises
        address = urlsplit(url)
        raise IndexError_(
            f"the Chroma server at {address.hostname}:{address.port or ''} does not take the index ({type(error).__name__}); "
            "start it, or unset KB_CHROMA_URL"
        ) from None


_CONFIGURATION: dict[str, Any] = {
    "embedding_function": None,
    "configuration": {
        "hnsw": {
            "space": "cosine",
            "ef_construction": CONSTRUCTION,
            "ef_search": CANDIDATES,
            "max_neighbors": NEIGHBOURS,
        }
    },
}


def collection_name(fingerprint: str) -> str:
    """What the collection of an index is called on a server."""
    return f"{COLLECTION}-{fingerprint}"


def _add(collection: Any, ids: Sequence[str], matrix: NDArray[np.float32], progress: Progress | None) -> None:
    step = min(WRITE_BATCH, collection._client.get_max_batch_size())
    for start in range(0, len(ids), step):
        collection.upsert(ids=list(ids[start : start + step]), embeddings=matrix[start : start + step])
        if progress:
            progress(min(start + step, len(ids)), len(ids))
