"""Renderings and guides follow the glossary: the lint finds every term rendered otherwise, and none that is right."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from kb import lint
from kb.corpus import Corpus
from kb.corpus_files import GlossaryTerm
from kb.ids import ProvisionId
from kb.lint import ASKED_ONLY, EXPLAINED_TERMS, OTHER_SENSES, TERMS_OF_ART, lint_article, rendered_terms
from kb.model import Line, Provision

REFERENCE = os.environ.get("KB_ZH_REFERENCE")

QUESTIONS_ONLY = {"单独", "考勤", "门禁", "访客"}
"""Terms of the glossary for questions: no provision held has them outside longer terms."""

TITLES_ONLY = {"治安管理处罚法"}
"""A name of a law: provisions have it only in 《》, which the check leaves out."""

REFERENCE_ONLY = {
    "人脸信息",
    "人脸识别技术",
    "人脸识别设备",
    "备案",
    "采集",
    "披露",
    "公共安全",
    "建筑物管理人",
    "物业服务企业",
    "验证方式",
}
"""Terms of texts without Chinese in the data package: compared where KB_ZH_REFERENCE is set."""

Lines = list[tuple[Provision, Line]]


@pytest.fixture(scope="module")
def lines(corpus: Corpus) -> Lines:
    """Every whole line with English and Chinese, of the dataset and of the reference where there is one."""
    held = lint.read_reference(Path(REFERENCE)) if REFERENCE else {}
    return [
        (article, line)
        for article in lint.compared_articles(corpus, held)
        if isinstance(article, Provision)
        for line in article.lines
        if line.en and line.zh and "[…]" not in line.en
    ]


@pytest.fixture(scope="module")
def occurrences(corpus: Corpus, lines: Lines) -> Counter[str]:
    """How often each Chinese term, or other sense of one, was compared."""
    found: Counter[str] = Counter()
    for _, line in lines:
        found.update({term.zh: term.occurrences for term in rendered_terms(line.en or "", line.zh or "", corpus)})
    return found


def remarked(english: str, chinese: str, corpus: Corpus) -> set[str]:
    """The Chinese of the terms that the lint of one line remarks."""
    article = Provision(ProvisionId("pipl", "2021-11-01", "1"), None, (Line(1, None, english, chinese),))
    return {remark.term for remark in lint_article(article, corpus) if remark.check == "terms"}


# ------------------------------------------------------------------ what is compared


def test_every_term_is_compared_or_is_one_for_questions(corpus: Corpus, occurrences: Counter[str]) -> None:
    terms = {term.zh for term in corpus.glossary}
    elsewhere = QUESTIONS_ONLY | TITLES_ONLY | (set() if REFERENCE else REFERENCE_ONLY)
    assert {zh for zh in terms if not occurrences[zh]} == elsewhere
    assert sum(occurrences[zh] for zh in terms) >= (3200 if REFERENCE else 2100)


def test_terms_of_titles_are_in_the_titles(lines: Lines) -> None:
    named = [line for _, line in lines if re.search(r"《[^》]*治安管理处罚法》", line.zh or "")]
    assert named
    assert all("Public Security Administration Punishments Law" in (line.en or "") for line in named)


def test_every_other_sense_occurs_and_every_term_of_art_is_a_term(corpus: Corpus, occurrences: Counter[str]) -> None:
    terms = {term.zh for term in corpus.glossary}
    assert terms >= TERMS_OF_ART
    assert all(any(zh in sense for zh in terms) for sense in OTHER_SENSES)
    if REFERENCE:
        assert all(occurrences[sense] for sense in OTHER_SENSES)


def test_other_words_of_the_glossary_are_renderings_or_are_asked_with(corpus: Corpus, lines: Lines) -> None:
    """A word of `also.en` that is not only asked with is one that a line needs."""
    glossed = {word for term in corpus.glossary for word in term.also.en}
    assert glossed >= ASKED_ONLY
    without = {zh: words[:1] for zh, words in lint.renderings(corpus) if zh not in OTHER_SENSES}
    needed = Counter[str]()
    for zh, words in lint.renderings(corpus):
        for word in words[1:] if zh in without else ():
            needed[word] += sum(bool(line.zh and zh in line.zh) for _, line in lines)
    assert set(needed) == glossed - ASKED_ONLY
    assert all(needed[word] for word in needed if REFERENCE or word != "method of identity verification")


def test_explained_terms_are_remarks_of_the_shipped_corpus(corpus: Corpus, lines: Lines) -> None:
    """An explanation goes when its line is changed so that the term is there."""
    compared = {article.id: article for article, _ in lines}
    found = {
        (str(remark.place), remark.term)
        for article in compared.values()
        for remark in lint_article(article, corpus)
        if remark.check == "terms"
    }
    held = {key for key in EXPLAINED_TERMS if ProvisionId.parse(key[0]).whole_article in compared}
    assert found == held
    assert all(EXPLAINED_TERMS.values())
    assert not REFERENCE or held == set(EXPLAINED_TERMS)


# ------------------------------------------------------------------ terms rendered otherwise

WRONG = {
    "个人信息处理者": "data controller",
    "个人信息": "personal data",
    "敏感个人信息": "sensitive data",
    "人脸信息": "face data",
    "人脸识别技术": "face scanning software",
    "人脸识别设备": "face scanner",
    "生物识别": "bodily",
    "单独同意": "explicit consent",
    "书面同意": "signed approval",
    "撤回同意": "revoke",
    "告知": "notify",
    "个人信息保护影响评估": "data protection impact assessment",
    "合规审计": "conformity check",
    "备案": "registration",
    "网信部门": "CAC",
    "公安机关": "police",
    "履行个人信息保护职责的部门": "data protection authorities",
    "自动化决策": "profiling",
    "去标识化": "pseudonymisation",
    "匿名化": "masking",
    "委托": "outsource",
    "受托人": "processor",
    "接收方": "transferee",
    "境外": "abroad",
    "安全评估": "safety review",
    "标准合同": "model clauses",
    "未成年人": "child",
    "监护人": "parent",
    "公共场所": "public space",
    "显著": "prominent",
    "公共安全": "public safety",
    "关键信息基础设施": "vital systems",
    "网络安全等级保护": "graded cyber defence",
    "网络运营者": "website owner",
    "国家机关": "public body",
    "法律、行政法规": "statutes",
    "法律责任": "sanction risk",
    "责令改正": "told to fix it",
    "警告": "reprimand",
    "没收违法所得": "seizure of profits",
    "罚款": "penalty",
    "营业额": "revenue",
    "停业整顿": "closure",
    "直接负责的主管人员": "directly liable manager",
    "信息处理者": "data controller",
    "自然人": "human being",
    "人格权益": "moral rights",
    "隐私": "intimacy",
    "私密空间": "home",
    "格式条款": "boilerplate",
    "物业服务企业": "landlord",
    "消费者": "customer",
    "经营者": "merchant",
    "重要数据": "key data",
    "泄露": "breach",
    "篡改": "alteration",
    "毁损": "destruction",
    "连带责任": "shared liability",
    "情节严重": "grave cases",
    "保存期限": "storage time",
    "处理": "handling",
    "数据处理者": "data processor",
    "加工": "transform",
    "处理目的": "aims",
    "处理方式": "means",
    "处理规则": "policy",
    "收集": "gather",
    "采集": "gather",
    "图像采集、个人身份识别设备": "cameras",
    "提示标识": "warning panels",
    "存储": "archive",
    "传输": "send",
    "提供": "supply",
    "公开": "disclose",
    "公布": "announce",
    "公示": "announce",
    "出售": "trade",
    "丢失": "mislay",
    "删除": "erase",
    "更正": "rectify",
    "查阅": "access",
    "名称或者姓名": "name",
    "联系方式": "contact details",
    "及时": "without delay",
    "立即": "at once",
    "依法": "legally",
    "按照规定": "as required",
    "情形": "cases",
    "可能": "could",
    "义务": "duties",
    "职责": "functions",
    "负责人": "manager",
    "工作人员": "personnel",
    "专业机构": "expert body",
    "国家网信部门": "CAC",
    "有关主管部门": "competent authorities",
    "有关部门": "authorities concerned",
    "约谈": "interview",
    "处分": "punishment",
    "处罚": "punishment",
    "治安管理处罚": "police sanction",
    "营业执照": "trading permit",
    "信用档案": "credit record",
    "应急预案": "contingency plan",
    "人格尊严": "human dignity",
    "合法权益": "legitimate interests",
    "维护公共安全": "keep order",
    "建筑物管理人": "landlord",
    "经营场所": "shops",
    "施行": "take effect",
}
"""Chinese term → a rendering that others use and this corpus does not."""


def rendered_otherwise(english: str, term: GlossaryTerm, wrong: str) -> str:
    """`english` with every place that has the words of `term.en` in any inflection replaced by `wrong`."""
    spans = [m.span() for m in re.finditer(r"[^\W\d_]+", english)]
    stems = [lint._words(english[a:b])[0] for a, b in spans]
    wanted = list(lint._words(term.en))
    at = 0
    pieces, end = [], 0
    while at <= len(stems) - len(wanted):
        if stems[at : at + len(wanted)] == wanted:
            pieces += [english[end : spans[at][0]], wrong]
            at += len(wanted)
            end = spans[at - 1][1]
        else:
            at += 1
    return "".join([*pieces, english[end:]])


def test_a_term_rendered_otherwise_in_a_real_line_is_remarked(corpus: Corpus, lines: Lines) -> None:
    tried, missed = Counter[str](), []
    for term in corpus.glossary:
        if term.zh not in WRONG:
            continue
        for article, line in lines:
            english, chinese = line.en or "", line.zh or ""
            if term.zh not in chinese:
                continue
            own = [t for t in rendered_terms(english, chinese, corpus) if t.zh == term.zh and t.occurrences]
            changed = rendered_otherwise(english, term, WRONG[term.zh])
            if not own or changed == english:
                continue
            tried[term.zh] += 1
            if term.zh not in remarked(changed, chinese, corpus):
                missed.append(f"{article.id} {term.zh}: {changed}")
    assert not missed, "\n".join(missed)
    assert set(tried) == set(WRONG) - (set() if REFERENCE else REFERENCE_ONLY)
    assert len(tried) >= 60
    assert sum(tried.values()) >= 1300


def test_one_of_several_occurrences_rendered_otherwise_is_remarked(corpus: Corpus, lines: Lines) -> None:
    tried = 0
    for _, line in lines:
        english, chinese = line.en or "", line.zh or ""
        if chinese.count("单独同意") == 0 and chinese.count("个人信息处理者") < 2:
            continue
        for right, wrong, zh in (
            ("separate consent", "explicit consent", "单独同意"),
            ("personal information handler", "data controller", "个人信息处理者"),
        ):
            if right in english:
                tried += 1
                assert zh in remarked(english.replace(right, wrong, 1), chinese, corpus), english
    assert tried >= 15


def test_every_term_is_found_right_and_missed_where_it_is_not(corpus: Corpus) -> None:
    """Also the terms whose provisions have no Chinese at hand, in a line of our own."""
    for term in corpus.glossary:
        chinese = f"本条与“{term.zh}”有关。"
        assert remarked(f"This Article concerns “{term.en}”.", chinese, corpus) == set(), term.zh
        assert term.zh in remarked("This Article concerns something else.", chinese, corpus), term.zh


@pytest.mark.parametrize(
    ("english", "chinese", "terms"),
    [
        ("It keeps, stores and provides facial information.", "保存、存储、提供人脸信息。", set()),
        ("Information kept and stored was sold and lost.", "保存、存储的，出售、丢失。", set()),
        ("The storage and transmission of data.", "数据的存储、传输。", set()),
        ("Personal information is made public.", "公开个人信息。", set()),
        ("Whoever makes personal information public.", "公开个人信息的。", set()),
        ("The purpose and method of processing.", "处理目的和处理方式。", set()),
        ("The purpose of processing.", "处理目的和处理方式。", {"处理方式"}),
        ("The purpose is set; processing follows.", "处理目的。", {"处理目的"}),
        ("The relevant provisions.", "提供。", {"提供"}),
        ("Information.", "告知。", {"告知"}),
        ("Personal information is protected.", "个人信息处理者。", {"个人信息处理者"}),
        ("Sensitive personal information is personal information.", "敏感个人信息是个人信息。", set()),
        ("Sensitive personal information.", "敏感个人信息是个人信息。", {"个人信息"}),
        ("Consent.", "同意。", set()),
        ("Separate consent.", "同意。", {"单独同意"}),
        ("Sensitive personal information.", "个人信息。", {"敏感个人信息", "个人信息"}),
        ("The complaint is dealt with in accordance with law.", "投诉依法处理。", set()),
        ("Facial information is dealt with.", "处理人脸信息。", {"处理"}),
        ("The Personal Information Protection Law.", "《个人信息保护法》。", set()),
    ],
)
def test_what_counts_as_the_term(corpus: Corpus, english: str, chinese: str, terms: set[str]) -> None:
    assert remarked(english, chinese, corpus) == terms


def test_a_remark_says_what_is_missing(corpus: Corpus) -> None:
    def detail(english: str, chinese: str) -> str:
        return " / ".join(map(str, rendered_terms(english, chinese, corpus)))

    assert detail("Consent.", "单独同意。") == "term: 单独同意 rendered without “separate consent”"
    assert detail("Separate consent.", "单独同意和单独同意。") == "term: 单独同意 occurs 2 times, “separate consent” 1"
    assert detail("Separate consent.", "同意。") == "term: “separate consent” without 单独同意 in Chinese"


def test_lint_leaves_out_an_explained_term_and_no_other(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    place = "civil-code@2021-01-01/art_1006__para_3"
    monkeypatch.setattr(lint, "EXPLAINED_TERMS", {k: v for k, v in EXPLAINED_TERMS.items() if k[0] != place})
    assert [(str(r.place), r.term) for r in lint.lint_corpus(corpus).remarks] == [(place, "自然人")]


# ------------------------------------------------------------------ guides

FALSE_FRIENDS = {
    "en": r"processors?|controllers?|data subjects?|(?:explicit|express|specific|individual) consent|personal data|"
    r"sensitive data|fac(?:e|ial) data|CAC|illegal gains|netizens?",
    "fr": r"consentement (?:explicite|exprès|spécifique|séparé|individuel)|données (?:à caractère personnel|personnelles)|"
    r"données faciales|AIPD",
}

IN_GISTS = {
    "单独同意": (r"\bseparate\b", r"\bdistinct"),
    "备案": (r"\bfil(?:e|ing)\b", r"\bdépôt|\bdépos|\bdéclar"),
    "自动化决策": (r"\bautomated decision", r"\bdécisions? automatisée"),
    "影响评估": (r"\bimpact assessment", r"\banalyse d’impact"),
    "网络运营者": (r"\boperators?\b", r"\bopérateurs?\b"),
    "标准合同": (r"\bstandard contract", r"\bcontrat type"),
    "重要数据": (r"\bimportant data\b", r"\bdonnées importantes"),
}
"""Chinese of a gist → what its English and its French say, in plain words."""


def test_guides_have_no_word_of_another_law(corpus: Corpus) -> None:
    found, read = [], 0
    for article in corpus.all_articles():
        for kind, texts in (("heading", article.heading), ("gist", article.gist)):
            if texts is None:
                continue
            read += 1
            for language, pattern in FALSE_FRIENDS.items():
                text = getattr(texts, language)
                found += [
                    f"{article.id} {kind}: {m[0]}" for m in re.finditer(rf"\b(?:{pattern})\b", text, re.IGNORECASE)
                ]
    assert not found, "\n".join(found)
    assert read >= 800


def test_gists_name_the_core_terms_alike(corpus: Corpus) -> None:
    missing, read = [], Counter[str]()
    for article in corpus.all_articles():
        for zh, (en, fr) in IN_GISTS.items():
            if article.gist is None or zh not in article.gist.zh:
                continue
            read[zh] += 1
            missing += [
                f"{article.id} {zh}: {text}"
                for text, pattern in ((article.gist.en, en), (article.gist.fr, fr))
                if not re.search(pattern, text, re.IGNORECASE)
            ]
    assert not missing, "\n".join(missing)
    assert all(read[zh] for zh in IN_GISTS), read
