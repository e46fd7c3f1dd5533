"""Headers of every route, in one table; the pages made with Gradio too. Needs no model."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from small_app import running
from test_desk import House, _built, answer_of, calls, house, open_house, routes_of  # noqa: F401  (fixtures)

from kb.ui.guard import OF_GRADIO, is_open
from kb.ui.headers import HEADERS


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The whole app with Gradio, as a process of its own, without accounts."""
    with (
        running(tmp_path_factory.mktemp("headers")) as app,
        httpx.Client(base_url=app.address, headers={"accept": "text/html,*/*"}) as client,
    ):
        yield client


def assert_guarded(reply: Any, what: str) -> None:
    for name in HEADERS:
        assert name in reply.headers, (what, name)
    assert reply.headers["x-content-type-options"] == "nosniff", what
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors" in policy and "base-uri" in policy, what
    assert "unsafe-inline" not in policy.split("script-src")[-1].split(";")[0], what
    assert "cache-control" in reply.headers and "traceback" not in reply.text.lower(), what


def test_every_route_of_ours(house: House) -> None:  # noqa: F811
    client, key = house.client("admin"), answer_of(house, "admin")
    asked = {what: (address, how) for what, _, address, how in calls()}
    found = {f"{method} {path}".replace(":path", "") for method, path in routes_of(house.app)}
    assert len(found) > 25
    for what in sorted(found):
        method, path = what.split()
        address, how = asked.get(what, (re.sub(r"\{\w+\}", "x", path), {"method": method}))
        reply = client.request(url=address.replace("{key}", key), **how)
        assert_guarded(reply, what)
        shared = path.startswith("/library/")
        assert (reply.headers["cache-control"] == "no-store") is not (shared and reply.status_code == 200), what
    for path in ("/nothing", "/api/nothing", "/answer/none", "/law/%00", "/mine?lang=xx"):
        assert_guarded(client.get(path), path)
    for refused in (
        house.client().get("/mine"),
        house.client().get("/api/search?q=x"),
        client.post("/api/ask", content=b"x" * 1_000_001),
        client.post("/logout", headers={"origin": "https://evil.example"}),
    ):
        assert_guarded(refused, str(refused.status_code))


@pytest.mark.parametrize("path", ["/", "/check", "/evaluate"])
def test_pages_made_with_gradio_name_their_scripts(pages: httpx.Client, path: str) -> None:
    reply = pages.get(path, headers={"accept-encoding": "br, gzip"})
    assert reply.status_code == 200
    assert_guarded(reply, path)
    policy = reply.headers["content-security-policy"]
    assert (
        reply.headers["cache-control"] == "no-store"
        and "object-src 'none'" in policy
        and "connect-src 'self'" in policy
    )
    inline = [
        s
        for attributes, s in re.findall(r"<script([^>]*)>(.*?)</script>", reply.text, re.DOTALL)
        if "src=" not in attributes
    ]
    assert len(inline) > 2
    inline.append((Path(__file__).parent.parent / "kb" / "ui" / "page.js").read_text("utf-8"))
    for script in inline:
        assert f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" in policy
    assert "http://" not in policy and "https://" not in policy and "*" not in policy


def test_what_gradio_serves(pages: httpx.Client) -> None:
    page = pages.get("/").text
    assets = re.findall(r'(?:src|href)="\.(/assets/[^"]+)"', page)
    assert assets
    for path in (*assets[:3], "/theme.css", "/config", "/gradio_api/theme.css", "/static/none.js", "/manifest.json"):
        assert_guarded(pages.get(path), path)
    assert pages.get(assets[0]).headers.get("cache-control", "") != "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/proxy=http://127.0.0.1:22/",
        "/gradio_api/run/predict",
        "/gradio_api/run/predict/",
        "/gradio_api/api/predict",
        "/gradio_api/call/predict",
        "/gradio_api/call/v2/predict",
        "/gradio_api/vibe-edit/",
        "/gradio_api/vibe-code",
        "/gradio_api/process_recording",
        "/gradio_api/component_server",
        "/gradio_api/custom_component/x/client/component/style.css",
        "/gradio_api/stream/x",
        "/gradio_api/run-history/records",
        "/gradio_api/deep_link",
        "/gradio_api/dev/reload",
        "/gradio_api/info",
        "/gradio_api/openapi.json",
        "/gradio_api/token",
        "/monitoring",
        "/monitoring/summary",
    ],
)
def test_other_ways_into_gradio_are_closed(pages: httpx.Client, path: str) -> None:
    for reply in (pages.get(path), pages.post(path, json={"data": [], "fn_index": 0, "session_hash": "x"})):
        assert reply.status_code == 404 and reply.text == "Not found.\n"
    assert not is_open(path.rstrip("/"))


def test_ways_that_the_pages_need_are_open() -> None:
    assert all(is_open(f"/gradio_api/{name}") for name in OF_GRADIO)
    assert all(
        is_open(path) for path in ("", "/check", "/api/ask", "/gradio_api/heartbeat/x", "/gradio_api/file=/tmp/x")
    )


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../../../../etc/passwd", "/proc/self/environ", "/dev/zero", "kb/ui/door.py", "%2e%2e/%2e%2e/etc/passwd", "/etc/passwd%00.txt", "http://127.0.0.1/"]
)  # fmt: skip
def test_files_that_were_not_made_for_a_download(pages: httpx.Client, path: str) -> None:
    reply = pages.get(f"/gradio_api/file={path}")
    assert reply.status_code in (302, 307, 400, 403, 404, 405) and "root:" not in reply.text
    assert_guarded(reply, path)
