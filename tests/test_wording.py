"""What rules see in the wording of a statement: force, denial, exception, bodies, likeness."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.corpus import Corpus
from kb.ids import ProvisionId
from kb.modality import Force, clauses, conflict, groundless, same_but_for_force
from kb.model import Language
from kb.premise import BUDGET, condensed, premise
from kb.signs import SIGNS, signed
from kb.wording import likeness, lost_exception, rewritten, turned_round, unknown_body

RETENTION = (
    "Except where laws and administrative regulations provide otherwise, the retention period of facial information "
    "shall not exceed the shortest time necessary to achieve the purpose of processing."
)
PUBLIC = (
    "A personal information handler shall not make public the personal information it processes, except where the "
    "individual's separate consent has been obtained."
)


@pytest.mark.parametrize(
    ("text", "language", "forces"),
    [
        ("You must file.", "en", ["shall"]),
        ("You need not file.", "en", ["need_not"]),
        ("You do not have to file.", "en", ["need_not"]),
        ("You are not allowed to file.", "en", ["shall_not"]),
        ("It can't be shared and it may be kept.", "en", ["shall_not", "may"]),
        ("No organisation or individual shall sell it.", "en", ["shall_not"]),
        ("应当备案，不得出售。", "zh", ["shall", "shall_not"]),
        ("保存时间不得少于六个月。", "zh", []),
        ("可以不通知个人。", "zh", ["need_not"]),
        ("个人有权拒绝。", "zh", ["may"]),
        ("Il doit déposer, il n’est pas tenu de payer.", "fr", ["shall", "need_not"]),
        ("On ne peut pas vendre.", "fr", ["shall_not"]),
        ("The sky is blue.", "en", []),
    ],
)
def test_marks_of_force(text: str, language: Language, forces: list[Force]) -> None:
    assert [clause.force for clause in clauses(text, language)] == forces


@pytest.mark.parametrize(
    ("statement", "text", "language", "found"),
    [
        ("A handler shall make public the personal information it processes.", PUBLIC, "en", True),
        ("A handler may make public the personal information it processes.", PUBLIC, "en", True),
        ("A handler must not make public the personal information it processes, except with separate consent.", PUBLIC, "en", False),
        ("Data stays unpublished unless each person separately agrees.", PUBLIC, "en", False),
        ("处理敏感个人信息可以取得个人的单独同意。", "处理敏感个人信息应当取得个人的单独同意。", "zh", True),
        ("处理敏感个人信息必须取得个人的单独同意。", "处理敏感个人信息应当取得个人的单独同意。", "zh", False),
    ],
)  # fmt: skip
def test_another_force_in_the_words_of_the_law_is_a_conflict(
    statement: str, text: str, language: Language, found: bool
) -> None:
    assert (conflict(statement, text, language) is not None) is found


def test_a_force_for_which_the_place_has_no_word() -> None:
    text = "A security review decision made in accordance with law is final. 依法作出的安全审查决定为最终决定。"
    assert groundless("The decision must be reviewed by a court.", text, "en") is not None
    assert groundless("The decision can be read.", text, "en") is None, "ability is no permission"
    assert groundless("Devices may be used only where necessary.", "Devices shall be necessary.", "en") is None


@pytest.mark.parametrize(
    ("statement", "text", "language", "lost"),
    [
        ("Facial information shall be kept no longer than the purpose needs.", RETENTION, "en", True),
        ("Unless a law says otherwise, keep faces no longer than needed.", RETENTION, "en", False),
        ("Faces are kept as briefly as possible; laws may provide differently.", RETENTION, "en", False),
        ("除法律另有规定外，人脸信息应当尽快删除。", RETENTION, "zh", False),
        ("人脸信息应当尽快删除。", RETENTION, "zh", True),
        ("人脸信息的保存期限不得超过实现目的所必需的最短时间。", RETENTION, "zh", True),
        ("Keep records for three years.", "Records shall be kept for 3 years.", "en", False),
        (
            "Without the consent of the holder, no one shall make or use that holder's likeness.",
            "Without the consent of the holder, no one shall make or use that holder's likeness, except where law provides otherwise.",
            "en",
            True,
        ),
    ],
)
def test_an_exception_that_is_left_out(statement: str, text: str, language: Language, lost: bool) -> None:
    assert (lost_exception(statement, text, language) is not None) is lost


@pytest.mark.parametrize(
    ("statement", "turned"),
    [
        ("The people's court does not support the defence that deletion was not agreed.", False),
        ("The people's court does support the defence that deletion was not agreed.", True),
        ("Judges side with the company.", False),
    ],
)
def test_a_denial_more_or_less_in_the_words_of_the_law(statement: str, turned: bool) -> None:
    law = "The people's court does not support the defence that deletion was not agreed."
    assert turned_round(statement, law, "en") is turned


@pytest.mark.parametrize(
    ("statement", "article", "body"),
    [
        ("Ask a court for an order.", "The people's court may order it.", None),
        ("Ask a court for an order.", "The handler shall stop. 处理者应当停止。", "a court"),
        ("Report it to the police.", "It is reported to the public security organs.", None),
        ("向公安机关报告。", "报告网信部门。", "the police"),
        ("这个司法解释从2021年起生效。", "本规定自2021年起施行。", None),
        ("A bank account is sensitive.", "Financial accounts are sensitive.", None),
    ],
)
def test_a_body_that_the_article_does_not_name(statement: str, article: str, body: str | None) -> None:
    assert unknown_body(statement, article) == body


@pytest.mark.parametrize(
    ("statement", "text", "party"),
    [
        ("The personal information handler shall be informed of the part that has changed.", "The individual shall be informed of the part that has changed.", True),
        ("The individual shall be informed of the part that has changed.", "The individual shall be informed of the part that has changed.", False),
        ("A handler shall adopt measures to keep the data that it processes secure.", "A personal information handler shall adopt measures to keep the data that it processes secure.", False),
        ("处理者有权要求个人信息处理者对其个人信息处理规则进行解释说明。", "个人有权要求个人信息处理者对其个人信息处理规则进行解释说明。", True),
        ("个人有权要求个人信息处理者对其个人信息处理规则进行解释说明。", "个人有权要求个人信息处理者对其个人信息处理规则进行解释说明。", False),
        ("A handler shall, before processing facial information, inform the individual in a conspicuous manner and in clear language, and hold a public hearing.", "A handler shall, before processing facial information, inform the individual in a conspicuous manner and in clear language.", True),
        ("个人信息处理者在处理人脸信息前，应当以显著方式、清晰易懂的语言告知个人，并举行听证会。", "个人信息处理者在处理人脸信息前，应当以显著方式、清晰易懂的语言告知个人。", True),
        ("Tell the person what has changed.", "The individual shall be informed of the part that has changed.", False),
    ],
)  # fmt: skip
def test_a_sentence_of_the_law_with_another_party_or_with_more(statement: str, text: str, party: bool) -> None:
    assert (rewritten(statement, text) is not None) is party


def test_likeness_of_wording() -> None:
    assert likeness("Personal information must be deleted.", "Personal information shall be deleted.").share == 1.0
    assert likeness("PWNED", RETENTION).thin and likeness("PWNED", RETENTION).share == 0.0
    assert likeness("任何人都可以刷脸。", RETENTION) == likeness("人人可以刷脸。", RETENTION)
    assert likeness("任何人都可以刷脸。", RETENTION).share is None, "another writing cannot be compared"


@given(st.text(alphabet="abc shall 应当 may not", max_size=60))
def test_signs_add_and_take_nothing_away(text: str) -> None:
    for language in ("en", "zh", "fr"):
        bare = signed(text, language)
        for sign in SIGNS.values():
            bare = bare.replace(f" {sign} ", "")
        assert bare == text


def test_signs_are_the_same_in_three_languages() -> None:
    for language, text in (("en", "It is free to refuse"), ("zh", "有权拒绝"), ("fr", "Il peut refuser")):
        assert SIGNS["may"] in signed(text, language)  # type: ignore[arg-type]


def test_no_text_of_the_corpus_uses_a_sign(corpus: Corpus) -> None:
    texts = [t for a in corpus.all_articles() for t in (a.text_en, a.text_zh) if t]
    assert not [t for t in texts if any(sign in t for sign in SIGNS.values())]


def test_a_premise_is_the_place_in_the_nearest_language_with_the_lead_of_an_item(corpus: Corpus) -> None:
    item = ProvisionId.parse("csl@2026-01-01/art_23__item_3")
    assert premise(item, "Logs are kept.", "en", corpus).startswith("The State operates")
    assert premise(item, "日志", "zh", corpus)[0] == "国"
    assert premise(ProvisionId.parse("frt-measures@2025-06-01/art_6"), "同意", "zh", corpus).isascii(), (
        "its Chinese is not held"
    )


def test_of_a_long_place_the_sentences_that_matter_are_kept(corpus: Corpus) -> None:
    text = corpus.provision(ProvisionId.parse("crpl@2014-03-15/art_56")).text_en or ""
    kept = condensed(text, "A trader that infringes personal information may lose its licence.", BUDGET["en"])
    assert len(text) > BUDGET["en"] >= len(kept) - 400 and "licence" in kept
    assert condensed("Short.", "anything", 100) == "Short."


_REFUSAL = (
    "拒绝个人行使权利的请求的，应当说明理由。\n个人信息处理者拒绝个人行使权利的请求的，个人可以依法向人民法院提起诉讼。"
)


@pytest.mark.parametrize(
    ("statement", "text", "language", "found"),
    [
        ("拒绝个人行使权利的请求的，可以说明理由。", _REFUSAL, "zh", True),
        ("拒绝个人行使权利的请求的，应当说明理由。", _REFUSAL, "zh", False),
        ("个人信息处理者拒绝个人行使权利的请求的，个人可以依法向人民法院提起诉讼。", _REFUSAL, "zh", False),
        ("The filing may be renewed each year.", "The filing shall be renewed each year.", "en", True),
        ("The filing shall be renewed each year.", "The filing shall be renewed each year.", "en", False),
        ("The filing may be cancelled.", "The filing shall be renewed each year.", "en", False),
    ],
)
def test_a_sentence_that_differs_in_nothing_but_its_force(
    statement: str, text: str, language: Language, found: bool
) -> None:
    assert (same_but_for_force(statement, text, language) is not None) is found


def test_a_party_put_in_front_of_a_sentence_of_the_law_is_found() -> None:
    text = "个人请求更正、补充其个人信息的，个人信息处理者应当对其个人信息予以核实，并及时更正、补充。"
    assert rewritten(f"个人信息处理者{text.removeprefix('个人')}", text)
    assert rewritten(text, text) is None
