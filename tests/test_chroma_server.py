"""Chroma as a server, a real one: shared by copies of the app, and gone, slow, of another version or emptied: answers go on."""

from __future__ import annotations

import gc
import logging
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import deployed
import pytest
from conftest import HashEncoder

from eval.bench_http import free_port
from kb.corpus_load import load_corpus
from kb.errors import BadInput
from kb.index import Index
from kb.index_build import BuildReport, ensure_index
from kb.nearest import SERVER_SECONDS, collection_name, server_client
from kb.settings import Settings

if TYPE_CHECKING:
    from kb.fuse import Ranked

pytestmark = [
    # a client of Chroma whose making fails leaves its connection to the garbage collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.timeout(120),
]
ENCODER: Any = HashEncoder
ON = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """What is left open here is found out here, not in another test."""
    yield
    gc.collect()


@contextmanager
def chroma(folder: Path, port: int) -> Iterator[None]:
    """The Rust server of Chroma on loopback, until it answers; killed at the end."""
    folder.mkdir(exist_ok=True)
    server = deployed.chroma(folder, port)
    server.start()
    try:
        yield
    finally:
        server.end(signal.SIGKILL)


def opened(settings: Settings) -> tuple[Index, BuildReport]:
    return ensure_index(load_corpus(settings.corpus), settings, ENCODER)


def searched(index: Index) -> Ranked:
    return index.dense(HashEncoder().encode_queries(["How many lamps do I need on my boat?"])[0], ("law",), ON)


def same(one: Ranked, other: Ranked) -> bool:
    return [of.tolist() for of in one] == [of.tolist() for of in other]


def again(index: Index) -> str:
    """Ask Chroma once more, its pause being over; how it stands then."""
    index.nearest._until = 0.0
    searched(index)
    return index.nearest.state


@pytest.fixture
def shared(tiny_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for limit in ("FEW_ROWS", "MANY_ROWS"):  # so that Chroma names what is near although there are few units
        monkeypatch.setattr(f"kb.index.{limit}", 0)
    return tiny_settings.model_copy(update={"chroma_url": f"http://127.0.0.1:{free_port()}"})


def port_of(settings: Settings) -> int:
    return int(settings.chroma_url.rsplit(":", 1)[1])


def test_copies_share_a_server_that_goes_and_comes_back(shared: Settings, tmp_path: Path) -> None:
    with chroma(tmp_path / "server", port_of(shared)):
        index, report = opened(shared)
        expected = searched(index)
        assert report.built and index.nearest.state == "ready"
        assert not list((shared.home / "index").glob("*/chroma")), "nothing of Chroma is kept here"
        other, second = opened(shared.model_copy(update={"home": tmp_path / "other"}))
        assert second.built and same(searched(other), expected)
        with closing(server_client(shared.chroma_url, 10)) as client:
            assert [c.name for c in client.list_collections()] == [collection_name(index.fingerprint)]
            assert client.get_collection(collection_name(index.fingerprint)).count() == len(index)
    assert again(index) == "failing" and same(searched(index), expected)
    assert opened(shared)[0].fingerprint == index.fingerprint, "a start without the server"
    with chroma(tmp_path / "server", port_of(shared)):
        assert again(index) == "ready" and same(searched(index), expected)


def test_a_server_that_lost_its_collection_is_given_it_again(shared: Settings, tmp_path: Path) -> None:
    with chroma(tmp_path / "server", port_of(shared)):
        index, _ = opened(shared)
        expected = searched(index)
        with closing(server_client(shared.chroma_url, 10)) as client:
            client.delete_collection(collection_name(index.fingerprint))
        assert again(index) == "failing" and same(searched(index), expected)
        restarted, report = opened(shared)
        searched(restarted)
        assert not report.built and restarted.nearest.state == "ready"


def test_no_server_at_the_first_start(shared: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        index, report = opened(shared)
    assert report.built and searched(index)[0].size and index.nearest.state == "failing"
    assert "KB_CHROMA_URL" in caplog.text and "all vectors are compared" in caplog.text
    with chroma(tmp_path / "server", port_of(shared)):
        assert opened(shared)[0].nearest.ids(HashEncoder().encode_queries(["lamps"])[0], len(index)) is not None


@pytest.mark.parametrize(
    "reply", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"], ids=["never", "another version"]
)
def test_a_server_that_hangs_or_speaks_otherwise(shared: Settings, reply: bytes) -> None:
    """Opening waits no longer than its limit, and no question waits longer than `SERVER_SECONDS`; the next ones do not wait at all."""
    held = []

    def serve(listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            held.append(connection)
            if reply:
                connection.recv(65_536)
                connection.sendall(reply)

    plain = opened(shared.model_copy(update={"chroma_url": ""}))[0]
    with socket.create_server(("127.0.0.1", port_of(shared))) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("kb.nearest.BUILD_SECONDS", 1.0)
            index = opened(shared)[0]
        started = time.monotonic()
        found = searched(index)
        assert time.monotonic() - started < 4 * SERVER_SECONDS and index.nearest.state == "failing"
        started = time.monotonic()
        assert same(searched(index), found) and time.monotonic() - started < 0.5
    for connection in held:
        connection.close()
    assert sorted(searched(plain)[0].tolist()) == sorted(found[0].tolist())


def test_the_log_says_it_once(shared: Settings, caplog: pytest.LogCaptureFixture) -> None:
    index = opened(shared)[0]
    caplog.clear()
    for _ in range(3):
        again(index)
    assert caplog.text.count("Chroma does not answer") == 1


@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://host", "http://", "http://host:port", "http://host:8000/path", "http://host:99999"]
)
def test_an_address_that_is_none(tiny_settings: Settings, url: str) -> None:
    with pytest.raises(BadInput, match="KB_CHROMA_URL"):
        opened(tiny_settings.model_copy(update={"chroma_url": url}))


def test_the_password_is_never_said(shared: Settings, caplog: pytest.LogCaptureFixture) -> None:
    address = shared.chroma_url.replace("http://", "http://name:hush-hush@")
    index = opened(shared.model_copy(update={"chroma_url": address}))[0]
    searched(index)
    assert "hush" not in caplog.text and "does not take the index" in caplog.text
    shutil.rmtree(shared.home)
