"""Written citations, in the notations people use, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.citation import CitationMention, as_provision_id, format_citation, number, numeral, read_citations
from kb.ids import ProvisionId
from kb.model import Law, Trilingual
from kb.names import law_mentions, names_of


def law(slug: str, title_en: str, title_zh: str, short: tuple[str, str, str], **aliases: list[str]) -> Law:
    return Law(
        slug=slug,
        title=Trilingual(title_en, title_zh, title_en),
        short=Trilingual(*short),
        aliases={k: tuple(v) for k, v in aliases.items()},  # type: ignore[misc]
        kind="law",
        issuer=Trilingual("x", "x", "x"),
        rank=1,
        binding=True,
        url="https://example.invalid/",
    )


LAWS = {
    "pipl": law(
        "pipl",
        "Personal Information Protection Law",
        "中华人民共和国个人信息保护法",
        ("PIPL", "个人信息保护法", "PIPL"),
        zh=["个保法"],
    ),
    "csl": law(
        "csl",
        "Cybersecurity Law",
        "中华人民共和国网络安全法",
        ("CSL", "网络安全法", "CSL"),
        en=["PRC Cyber Security Law"],
        zh=["网安法"],
    ),
    "frt-measures": law(
        "frt-measures",
        "Measures for the Security Management of the Application of Facial Recognition Technology",
        "人脸识别技术应用安全管理办法",
        ("FRT Measures", "人脸识别办法", "Mesures FRT"),
        en=["the Measures", "Measures"],
        zh=["办法"],
        fr=["les Mesures"],
    ),
    "frt-draft": law(
        "frt-draft",
        "Provisions on the Security Management of Facial Recognition Technology Application (Trial) (Draft)",
        "人脸识别技术应用安全管理规定（试行）（征求意见稿）",
        ("FRT Draft", "征求意见稿", "projet FRT"),
        en=["the Draft", "2023 Draft"],
        zh=["意见稿"],
        fr=["le projet"],
    ),
    "civil-code": law(
        "civil-code", "Civil Code", "中华人民共和国民法典", ("Civil Code", "民法典", "Code civil"), en=[], zh=[], fr=[]
    ),
}
NAMES = names_of(LAWS.values())


def brief(m: CitationMention) -> str:
    """pipl 28 ¶2 .3 (n): the way the tables below write a mention."""
    text = f"{m.law or m.unknown_law or '?'} {m.article}"
    text += f" ¶{m.paragraph}" if m.paragraph else ""
    text += f" .{m.item}" if m.item else ""
    return text + (f" ({m.number})" if m.number else "")


CASES = [
    ("Art. 28(2) PIPL", ["pipl 28 (2)"]),
    ("article 15 of the Measures", ["frt-measures 15"]),
    ("article 15 of the measures", ["frt-measures 15"]),
    ("Article 16 of the Draft requires filing.", ["frt-draft 16"]),
    ("《个人信息保护法》第二十八条第二款", ["pipl 28 ¶2"]),
    ("《中华人民共和国个人信息保护法》第13条第1款第2项", ["pipl 13 ¶1 .2"]),
    ("个保法28条怎么说", ["pipl 28"]),
    ("个保法第28条", ["pipl 28"]),
    ("刑法第二百五十三条之一", ["刑法 253-1"]),
    ("依照《刑法》第二百五十三条之一处罚", ["刑法 253-1"]),
    ("article 66, alinéa 2, de la PIPL", ["pipl 66 ¶2"]),
    ("l'alinéa 2 de l'article 66 de la PIPL", ["pipl 66 ¶2"]),
    ("Que dit l’article premier des Mesures ?", ["frt-measures 1"]),
    ("PIPL, art. 13, al. 1, pt 2", ["pipl 13 ¶1 .2"]),
    ("Arts 28 and 55 PIPL", ["pipl 28", "pipl 55"]),
    ("Articles 28 and 55 of the PIPL", ["pipl 28", "pipl 55"]),
    ("les articles 28 et 55 de la PIPL", ["pipl 28", "pipl 55"]),
    ("Articles 41 to 43 of the CSL", ["csl 41", "csl 42", "csl 43"]),
    ("CSL Arts. 41–43", ["csl 41", "csl 42", "csl 43"]),
    ("网络安全法第四十一条至第四十三条", ["csl 41", "csl 42", "csl 43"]),
    ("《个人信息保护法》第二十八条、第二十九条和第五十五条", ["pipl 28", "pipl 29", "pipl 55"]),
    ("个保法第28、29条", ["pipl 28", "pipl 29"]),
    ("item 5 Article 76 of the PRC Cyber Security Law", ["csl 76 .5"]),
    ("CSL Art. 78 item 5", ["csl 78 .5"]),
    ("Art. 76(5) CSL", ["csl 76 (5)"]),
    ("PIPL 28(2)", ["pipl 28 (2)"]),
    ("PIPL 66?", ["pipl 66"]),
    ("PIPL Art. 13(1) item 2", ["pipl 13 ¶1 .2"]),
    ("PIPL Art. 13(1)(2)", ["pipl 13 ¶1 .2"]),
    ("Under the PIPL, what does Article 29 require?", ["pipl 29"]),
    ("What does Article 15 say in the Measures?", ["frt-measures 15"]),
    ("Civil Code Art. 1034", ["civil-code 1034"]),
    ("民法典第一千零三十四条", ["civil-code 1034"]),
    ("个人信息保护法第二十八条规定了什么？同法第二十九条呢？", ["pipl 28", "pipl 29"]),
    ("网络安全法第七十六条第（五）项", ["csl 76 .5"]),
    ("GDPR Article 9", ["GDPR 9"]),
    ("《劳动合同法》第三十九条", ["劳动合同法 39"]),
    ("What about Article 16?", ["? 16"]),
    ("第十六条", ["? 16"]),
    ("PIPL Article 66: fines of 50 million", ["pipl 66"]),
    ("Article 15 and 30 working days of the Measures", ["frt-measures 15"]),
    ("paragraph 2 of Article 17 of the Draft", ["frt-draft 17 ¶2"]),
    ("Article 17, Paragraph 2 of the Draft provides", ["frt-draft 17 ¶2"]),
    ("(Article 7 of the Draft). Any captured images", ["frt-draft 7"]),
    (
        "See Articles 28 and 55 of the PIPL). Article 15 of the Draft builds on it",
        ["pipl 28", "pipl 55", "frt-draft 15"],
    ),
    ("征求意见稿第十六条与办法第十五条有什么区别", ["frt-draft 16", "frt-measures 15"]),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[c[0][:40] for c in CASES])
def test_reads(text: str, expected: list[str]) -> None:
    assert [brief(m) for m in read_citations(text, NAMES)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "What measures must we take?",
        "PIPL 2021 came into force in November.",
        "给我5条建议",
        "within 30 working days",
        "the law of 2021",
        "Facial recognition at 3 doors",
        "我们有哪些办法？",
    ],
)
def test_reads_nothing(text: str) -> None:
    assert read_citations(text, NAMES) == []


def test_own_law_is_the_law_we_are_in() -> None:
    found = read_citations("依照本法第四十条的规定", NAMES, own="pipl")
    assert [brief(m) for m in found] == ["pipl 40"]
    found = read_citations("Article 40 of this Law", NAMES, own="pipl")
    assert [brief(m) for m in found] == ["pipl 40"]


def test_context_serves_where_nothing_else_does() -> None:
    assert [brief(m) for m in read_citations("And Article 9?", NAMES, context="frt-measures")] == ["frt-measures 9"]
    assert [brief(m) for m in read_citations("And Article 9 PIPL?", NAMES, context="frt-measures")] == ["pipl 9"]


def test_spans_hold_what_was_read() -> None:
    text = "Please compare 《个人信息保护法》第二十八条第二款 with Art. 9 of the Measures."
    assert [text[m.start : m.end] for m in read_citations(text, NAMES)] == ["第二十八条第二款", "Art. 9"]


def test_ordinary_words_are_no_instrument() -> None:
    assert [m for m in law_mentions("which measures should we take", NAMES) if not m.weak] == []
    assert [m.slug for m in law_mentions("The Measures replaced the Draft", NAMES) if not m.weak] == [
        "frt-measures",
        "frt-draft",
    ]


@given(st.integers(1, 1260))
def test_numerals_round_trip(n: int) -> None:
    assert number(numeral(n)) == n == number(str(n))


places = st.builds(
    ProvisionId,
    law=st.sampled_from(sorted(LAWS)),
    version=st.none(),
    article=st.one_of(
        st.integers(1, 1260).map(str),
        st.tuples(st.integers(20, 1260), st.integers(1, 9)).map(lambda t: f"{t[0]}-{t[1]}"),
    ),
    paragraph=st.one_of(st.none(), st.integers(1, 12)),
    item=st.one_of(st.none(), st.integers(1, 12)),
)


@given(places, st.sampled_from(["en", "zh", "fr"]))
def test_what_is_written_is_read_back(place: ProvisionId, language: str) -> None:
    written = format_citation(place, LAWS[place.law], language)  # type: ignore[arg-type]
    found = read_citations(written, NAMES)
    assert [as_provision_id(m) for m in found] == [place], written


@given(st.from_regex(r"[a-z][a-z0-9-]{0,11}", fullmatch=True), places)
def test_ids_round_trip(slug: str, place: ProvisionId) -> None:
    full = ProvisionId(slug, "2021-11-01", place.article, place.paragraph, place.item)
    assert ProvisionId.parse(str(full)) == full


ALPHABET = st.sampled_from(list("第条款项一二十百28(),.;至、和 《》个保法PIPLArticle of the Measures办规定\n'-–"))


@given(st.text(alphabet=ALPHABET, max_size=120))
def test_any_text_is_read_without_failing(text: str) -> None:
    for m in read_citations(text, NAMES):
        assert 0 <= m.start < m.end <= len(text)


@given(st.text(max_size=200))
def test_any_unicode_is_read_without_failing(text: str) -> None:
    read_citations(text, NAMES)
