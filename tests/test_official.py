"""Official Chinese from a page: compared with the rendering, stored on this machine, refused on any doubt."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb import dataset, official
from kb.corpus import Corpus
from kb.corpus_load import load_corpus
from kb.errors import BadInput, CorpusError
from kb.ids import ProvisionId
from kb.index_build import ensure_index
from kb.lint import read_reference
from kb.settings import Settings
from kb.text import find_quote

ROOT = Path(__file__).resolve().parent.parent
KEY = "2018-01-01"
ARTICLES: list[list[str]] = [
    ["第一条　船舶应当携带2盏灯。"],
    ["第二条　港务长可以检查下列船只：", "（一）长度超过10米的船；", "（二）载客超过500人的筏。", "可以处1000元罚款。"],
    ["第三条　本法自2018年1月1日起施行。"],
]


def page(articles: list[list[str]], title: str = "中华人民共和国港口法", charset: str = "utf-8") -> str:
    """A page as government sites lay it out: menu, title, chapter, one paragraph an element, footer."""
    text = "".join(f"<p>　　{line}</p>\n" for article in articles for line in article)
    return (
        f'<html><head><meta charset="{charset}"><title>首页</title><script>var a="第一条　假的。";</script></head><body>'
        f"<ul><li>首页</li><li>政策</li></ul><h1>{title}</h1><p>第一章　船</p>\n{text}"
        "<p>责任编辑：张三</p><div>版权所有。第九条　不是条文。</div></body></html>"
    )


def changed(number: int, line: int, text: str) -> list[list[str]]:
    return [
        [text if (n, m) == (number, line) else words for m, words in enumerate(article)]
        for n, article in enumerate(ARTICLES, 1)
    ]


def load(settings: Settings) -> Corpus:
    return load_corpus(settings.corpus, local=settings.local)


def stored(settings: Settings) -> Path:
    return settings.local / "chinese/harbour-law" / f"{KEY}.txt"


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., str]:
    def write(content: str | bytes, name: str = "page.html") -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


# ------------------------------------------------------------------ what a page may look like


LAYOUTS: dict[str, str | bytes] = {
    "a paragraph an element": page(ARTICLES),
    "lines broken with br": page(ARTICLES).replace("</p>\n<p>　　", "<br>　　"),
    "bold numbers": page(ARTICLES).replace("第二条　", "<strong>第二条</strong>　"),
    "numbers in elements of their own": page(ARTICLES).replace("第二条　", "第二条</p><p>"),
    "numbers without white space behind": page(ARTICLES).replace("条　", "条"),
    "hard spaces and spans": page(ARTICLES)
    .replace("　　", "&emsp;&nbsp;")
    .replace("船舶", "<span> 船\n </span><b>舶</b>"),
    "table cells": page(ARTICLES).replace("<p>", "<table><tr><td>").replace("</p>", "</td></tr></table>"),
    "unclosed elements": page(ARTICLES).replace("</p>", ""),
    "capitals and comments": page(ARTICLES).replace("<p>", "<P CLASS=x><!-- 第四条　假的。 -->"),
    "GB 2312": page(ARTICLES, charset="gb2312").encode("gb18030"),
    "GB 18030, said by nobody": page(ARTICLES).replace('<meta charset="utf-8">', "").encode("gb18030"),
    "UTF-8 with a mark": page(ARTICLES).encode("utf-8-sig"),
    "digits in the numbers": page(ARTICLES).replace("第二条", "第2条"),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_page_is_read_whatever_its_layout(tiny_settings: Settings, save: Callable[..., str], name: str) -> None:
    before = load(tiny_settings)
    done = official.fetch_official("harbour-law", tiny_settings, KEY, save(LAYOUTS[name]))
    assert done.articles == 3 and done.left_out == () and done.path == stored(tiny_settings)
    corpus = load(tiny_settings)
    article = corpus.provision(ProvisionId("harbour-law", KEY, "2"))
    assert (
        article.text_zh
        == "港务长可以检查下列船只：\n（一）长度超过10米的船；\n（二）载客超过500人的筏。\n可以处1000元罚款。"
    )
    assert article.text_en == before.provision(article.id).text_en and corpus.fingerprint != before.fingerprint
    assert find_quote("载客超过500人", article.text_zh or "") is not None
    fine = corpus.provision(ProvisionId("harbour-law", KEY, "2", 2))
    assert (fine.text_en, fine.text_zh) == ("A fine of CNY 1,000 may be imposed.", "可以处1000元罚款。")
    other = corpus.provision(ProvisionId("harbour-law", "2024-01-01", "2"))
    assert other.text_zh is None


def test_the_file_says_where_the_text_is_from(tiny_settings: Settings, save: Callable[..., str]) -> None:
    official.fetch_official("港口法", tiny_settings, KEY, save(page(ARTICLES)))
    head, _, body = stored(tiny_settings).read_text("utf-8").partition("\n\n")
    assert [line.split(": ")[0] for line in head.splitlines()[1:]] == [
        "# file",
        "# day",
        "# page-sha256",
        "# text-sha256",
    ]
    assert body.startswith("第一条\n船舶应当携带2盏灯。\n\n第二条\n港务长")


DOUBTS: dict[str, tuple[str | bytes, str]] = {
    "no article": (page([]), "no article was found"),
    "another law": (page(ARTICLES, "中华人民共和国航道法"), "does not name 《中华人民共和国港口法》"),
    "missing article": (page([*ARTICLES[:1], *ARTICLES[2:]]), "Article 2 is missing"),
    "extra article": (
        page([*ARTICLES, ["第四条　灯应当是绿色的。"]]),
        "Article 4 is on the page, yet not in this version",
    ),
    "article twice": (page([*ARTICLES[:2], *ARTICLES[1:]]), "Article 2 stands 2 times"),
    "articles out of order": (page([ARTICLES[0], ARTICLES[2], ARTICLES[1]]), "Article 3 follows Article 1"),
    "one paragraph too many": (
        page(changed(1, 0, "第一条　船舶应当携带2盏灯。</p><p>灯要亮。")),
        "Article 1 differs: 2 paragraphs",
    ),
    "one item too few": (page([ARTICLES[0], [*ARTICLES[1][:2], ARTICLES[1][3]], ARTICLES[2]]), "Article 2 differs"),
    "items that skip": (page(changed(2, 2, "（三）载客超过500人的筏。")), "item (3) follows item (1)"),
    "another figure": (page(changed(2, 2, "（二）载客超过900人的筏。")), "Article 2 differs: quantities"),
    "a prohibition": (page(changed(1, 0, "第一条　船舶不得携带2盏灯。")), "Article 1 differs: modality"),
    "a line of the site inside": (
        page([ARTICLES[0], [*ARTICLES[1][:2], "分享到微信", *ARTICLES[1][2:]], ARTICLES[2]]),
        "Article 2",
    ),
    "no text": (b"\xff\xfe\xfa\x00", "does not name|cannot be read"),
}


@pytest.mark.parametrize("name", DOUBTS)
def test_nothing_is_stored_on_a_doubt(tiny_settings: Settings, save: Callable[..., str], name: str) -> None:
    content, says = DOUBTS[name]
    with pytest.raises(BadInput, match=says.replace("(", r"\(").replace(")", r"\)")) as error:
        official.fetch_official("harbour-law", tiny_settings, KEY, save(content))
    assert "\n" not in str(error.value) and not tiny_settings.local.exists()


@pytest.mark.parametrize(
    ("law", "version", "says"),
    [
        ("harbour-law", None, "--version: 2018-01-01, 2024-01-01"),
        ("harbour-law", "2019-01-01", "has no version of 2019-01-01"),
        ("no-law", None, "is not a law of the shipped corpus"),
    ],
)
def test_the_version_must_be_one_whose_chinese_is_linked(
    tiny_settings: Settings, law: str, version: str | None, says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        official.fetch_official(law, tiny_settings, version, "nothing.html")


@pytest.mark.parametrize(("law", "version"), [("pipl", None), ("csl", "2026-01-01")])
def test_what_the_data_package_holds_is_not_fetched(tmp_path: Path, law: str, version: str | None) -> None:
    settings = Settings(home=tmp_path, corpus=ROOT / "corpus")
    with pytest.raises(BadInput, match="in the data package"):
        official.fetch_official(law, settings, version)


def test_incomplete_articles_are_left_out(tiny_settings: Settings, save: Callable[..., str]) -> None:
    text = [
        ["第一条　载客超过500人的筏应当登记。"],
        ["第二条　灯应当是绿色的。", "红灯禁止。"],
        ["第三条　自公布之日起施行。"],
    ]
    done = official.fetch_official("lamp-draft", tiny_settings, None, save(page(text, "灯具规定（征求意见稿）")))
    assert done.left_out == ("2", "3") and done.articles == 1
    corpus = load(tiny_settings)
    held = [corpus.provision(ProvisionId("lamp-draft", "2022-05-05", n)).text_zh for n in ("1", "2")]
    assert held == ["载客超过500人的筏应当登记。", None]


# ------------------------------------------------------------------ the stored file


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("500", "900"),
        ("第三条\n", "第四条\n"),
        ("text-sha256: ", "text-sha256: 0"),
        ("2盏灯。", "2盏灯。\n又一款。"),
        ("\n\n第一条", "\n第一条"),
    ],
)
def test_a_changed_file_is_refused_by_name(
    tiny_settings: Settings, save: Callable[..., str], old: str, new: str
) -> None:
    official.fetch_official("harbour-law", tiny_settings, KEY, save(page(ARTICLES)))
    path = stored(tiny_settings)
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(CorpusError) as error:
        load(tiny_settings)
    assert error.value.path == path and "fetch-official" in error.value.reason
    official.fetch_official("harbour-law", tiny_settings, KEY, save(page(ARTICLES)))
    assert load(tiny_settings).provision(ProvisionId("harbour-law", KEY, "1")).text_zh == "船舶应当携带2盏灯。"


@pytest.mark.parametrize(
    ("name", "articles", "says"),
    [
        ("harbour-law/2018-01-01.txt", {"1": ["甲。"], "2": ["乙。"]}, "its articles are not those of"),
        (
            "harbour-law/2018-01-01.txt",
            {"1": ["甲。"], "2": ["乙。"], "3": ["丙。"]},
            "Article 2: paragraphs and items differ",
        ),
        ("harbour-law/1999-01-01.txt", {"1": ["甲。"]}, "of no law and version"),
        ("quay-law/2018-01-01.txt", {"1": ["甲。"]}, "of no law and version"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_name(
    tiny_settings: Settings, name: str, articles: dict[str, list[str]], says: str
) -> None:
    path = tiny_settings.local / "chinese" / name
    path.parent.mkdir(parents=True)
    made = [dataset.ChineseArticle(n, None, tuple(lines)) for n, lines in articles.items()]
    path.write_text(dataset.stored_text(made, ["made by hand"]), "utf-8")
    with pytest.raises(CorpusError) as error:
        load(tiny_settings)
    assert error.value.path == path and says in error.value.reason


WORDS = st.text("甲乙丙丁，；a1 。第条（一）", min_size=1, max_size=20).map(str.strip).filter(bool)


@given(st.lists(st.lists(WORDS, min_size=1, max_size=4), min_size=1, max_size=6), st.integers(1, 900))
def test_what_is_stored_is_read_back(texts: list[list[str]], first: int) -> None:
    made = [dataset.ChineseArticle(str(first + n), None, tuple(lines)) for n, lines in enumerate(texts)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.txt"
        path.write_text(dataset.stored_text(made, ["a\nb"]), "utf-8")
        assert dataset.read_stored(path) == made


def test_fetched_chinese_is_searched(tiny_settings: Settings, save: Callable[..., str], hash_encoder: Any) -> None:
    ensure_index(load(tiny_settings), tiny_settings, lambda: hash_encoder)
    hash_encoder.embedded.clear()
    official.fetch_official("harbour-law", tiny_settings, KEY, save(page(ARTICLES)))
    index, report = ensure_index(load(tiny_settings), tiny_settings, lambda: hash_encoder)
    assert report.embedded == len(hash_encoder.embedded) == 7 and all("港口法" in t for t in hash_encoder.embedded)
    assert "harbour-law@2018-01-01/art_2__para_1__item_2#item.zh" in set(index.columns.ids)


# ------------------------------------------------------------------ the network


class _Site(BaseHTTPRequestHandler):
    answers: ClassVar[dict[str, tuple[int, dict[str, str], bytes]]] = {}

    def do_GET(self) -> None:
        status, headers, body = self.answers.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    html, text = {"Content-Type": "text/html"}, page(ARTICLES)
    here = f"http://127.0.0.1:{server.server_port}"
    _Site.answers = {
        "/good": (200, html, text.encode()),
        "/gb": (200, {"Content-Type": "text/html; charset=GB2312"}, page(ARTICLES, charset="utf-8").encode("gb18030")),
        "/moved": (302, {"Location": "/good"}, b""),
        "/away": (302, {"Location": "https://example.invalid/good"}, b""),
        "/port": (302, {"Location": f"http://127.0.0.1:{server.server_port + 1}/good"}, b""),
        "/round": (302, {"Location": f"{here}/round"}, b""),
        "/pdf": (200, {"Content-Type": "application/pdf"}, b"%PDF"),
        "/untyped": (200, {}, text.encode()),
        "/large": (200, html, b"<p>" + b"x" * (official.MAX_PAGE_BYTES + 1)),
        "/error": (500, html, b""),
    }
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield here
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.mark.parametrize("path", ["/good", "/gb", "/moved"])
def test_a_page_is_read_from_its_site(tiny_settings: Settings, site: str, path: str) -> None:
    done = official.fetch_official("harbour-law", tiny_settings, KEY, site + path)
    assert done.articles == 3 and f"# url: {site}{path}\n" in done.path.read_text("utf-8")


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/nothing", "the server answers 404"),
        ("/error", "the server answers 500"),
        ("/away", "leads to another site"),
        ("/port", "leads to another site"),
        ("/round", "leads on and on"),
        ("/pdf", "not a web page but application/pdf"),
        ("/untyped", "content of no stated type"),
        ("/large", "more than 5,000,000 bytes"),
    ],
)
def test_what_is_no_page_of_the_site_is_refused(tiny_settings: Settings, site: str, path: str, says: str) -> None:
    with pytest.raises(BadInput, match=says) as error:
        official.fetch_official("harbour-law", tiny_settings, KEY, site + path)
    assert "--from" in str(error.value) and not tiny_settings.local.exists()


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("http://127.0.0.1:9/", "cannot be read"),
        ("https://example.invalid/", "cannot be read"),
        ("https://example.com:8443/", "usual port"),
        ("https://[bad/", "cannot be read|usual port"),
        ("no-such-page.html", "--from: no-such-page.html"),
        ("ftp://example.com/x", "--from: "),
    ],
)
def test_what_cannot_be_reached_is_said(tiny_settings: Settings, source: str, says: str) -> None:
    with pytest.raises(BadInput, match=says) as error:
        official.fetch_official("harbour-law", tiny_settings, KEY, source)
    assert "\n" not in str(error.value) and not tiny_settings.local.exists()


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("http://www.cac.gov.cn/x?y=1#z", "https://www.cac.gov.cn/x?y=1"),
        ("https://user:word@www.gov.cn", "https://www.gov.cn/"),
        ("http://127.0.0.1:80/x", "http://127.0.0.1:80/x"),
    ],
)
def test_a_page_is_read_by_https(url: str, read: str) -> None:
    assert official._secure(url) == read


# ------------------------------------------------------------------ whole instruments


@pytest.mark.parametrize(
    "key", ["frt-measures@2025-06-01", "spc-frt@2021-08-01", "csl@2017-06-01", "netdata-regs@2025-01-01"]
)
def test_whole_instruments_are_read(tmp_path: Path, save: Callable[..., str], key: str) -> None:
    folder = Path(os.environ.get("KB_ZH_REFERENCE", ""))
    if not os.environ.get("KB_ZH_REFERENCE") or not folder.is_dir():
        pytest.skip("KB_ZH_REFERENCE names no folder of Chinese reference texts")
    law, _, version = key.partition("@")
    settings = Settings(home=tmp_path / "home", corpus=ROOT / "corpus")
    alone = load_corpus(settings.corpus)
    held = read_reference(folder)[key]
    articles = [[f"{dataset.article_name(n)}　{lines[0]}", *lines[1:]] for n, lines in held.items()]
    done = official.fetch_official(law, settings, version, save(page(articles, alone.laws[law].title.zh)))
    corpus = load(settings)
    shown = corpus.articles(corpus.version(law, version))
    assert done.articles == len(shown) == len(alone.articles(alone.version(law, version)))
    assert all(a.text_zh is not None and a.text_en is not None for a in shown)
