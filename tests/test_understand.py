"""What a question asks for, before anything is searched."""

from __future__ import annotations

from datetime import date

import pytest

from kb.corpus import Corpus
from kb.model import Query
from kb.text import detect_language
from kb.understand import Understanding, understand

TODAY = date(2026, 11, 22)


def read(text: str, corpus: Corpus, *history: str) -> Understanding:
    return understand(Query(text, TODAY, detect_language(text), history), corpus)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("What does Art. 28(2) PIPL say?", ["pipl@2021-11-01/art_28__para_2"]),
        ("《个人信息保护法》第二十八条第二款", ["pipl@2021-11-01/art_28__para_2"]),
        ("Art. 78(5) CSL", ["csl@2026-01-01/art_78__item_5"]),
        ("item 5 of Article 78 of the Cybersecurity Law", ["csl@2026-01-01/art_78__item_5"]),
        ("Article 15(1) of the Measures", ["frt-measures@2025-06-01/art_15__para_1"]),
        ("Article 16 of the Draft", ["frt-draft@2023-08-08/art_16"]),
        ("征求意见稿第十六条", ["frt-draft@2023-08-08/art_16"]),
        ("Under the 2023 draft, what does Article 9 say?", ["frt-draft@2023-08-08/art_9"]),
        ("Que prévoit l’article 1034, alinéa 3, du Code civil ?", ["civil-code@2021-01-01/art_1034__para_3"]),
        ("法释〔2021〕15号第4条第二项", ["spc-frt@2021-08-01/art_4__item_2"]),
        ("What did Article 64 of the Cybersecurity Law say in March 2021?", ["csl@2017-06-01/art_64"]),
        ("2024年5月时网络安全法第七十六条怎么规定", ["csl@2017-06-01/art_76"]),
    ],
)
def test_places_cited(corpus: Corpus, text: str, places: list[str]) -> None:
    assert [str(c.place) for c in read(text, corpus).cited] == places


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("In March 2025, did we have to file?", "2025-03-31"),
        ("Back in 2019 we scanned faces. Was that allowed?", "2019-12-31"),
        ("on 5 June 2024", "2024-06-05"),
        ("avant 2026, que disait la loi ?", "2025-12-31"),
        ("en mars 2025", "2025-03-31"),
        ("2025年10月收集人脸会怎么处罚", "2025-10-31"),
        ("before June 2025", "2025-05-31"),
        ("In spring 2022, did we need an assessment?", "2022-05-31"),
        ("au printemps 2021, fallait-il un accord ?", "2021-05-31"),
        ("2021年上半年要不要备案", "2021-06-30"),
        ("by the end of 2024, was that allowed?", "2024-12-31"),
        ("before the end of 2024", "2024-09-30"),
        ("in early 2021", "2021-03-31"),
        ("Three years ago we scanned guests. Was that allowed?", "2023-11-22"),
        ("Il y a deux ans, fallait-il un accord pour le visage ?", "2024-11-22"),
        ("去年装的门禁，当时要做评估吗？", "2025-12-31"),
    ],
)
def test_a_past_date_is_the_date_meant(corpus: Corpus, text: str, on: str) -> None:
    asked = read(text, corpus)
    assert asked.past and asked.on.isoformat() == on


@pytest.mark.parametrize(
    "text",
    [
        "What does the 2023 Draft say?",
        "What do the 2025 Measures require?",
        "In 2026, must we file?",
        "In 2030, must we file?",
        "2023年征求意见稿怎么规定",
        "on 31 February 2025",
        "What changed on 1 January 2026 in the Cybersecurity Law?",
        "2025年6月1日起施行的办法怎么规定备案",
        "We have photos from last year. May we keep them?",
        "去年离职的，最近发现我的脸还在，能要求删吗？",
        "A colleague left two years ago: must her face be deleted?",
    ],
)
def test_other_years_leave_the_date_alone(corpus: Corpus, text: str) -> None:
    asked = read(text, corpus)
    assert not asked.past and asked.on == TODAY


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        ("What does the newsletter say about logs?", ("ds-newsletter",)),
        ("那份newsletter怎么说的", ("ds-newsletter",)),
        ("简报里提到了什么", ("ds-newsletter",)),
        ("Que dit la newsletter ?", ("ds-newsletter",)),
        ("What does the article on the draft say about buildings?", ("draft-article",)),
        ("Que disait l’article de 2023 sur les bâtiments ?", ("draft-article",)),
        ("What does article 15 of the Measures say?", ()),
        ("即时通讯软件收集人脸合法吗", ()),
    ],
)
def test_documents_named(corpus: Corpus, text: str, documents: tuple[str, ...]) -> None:
    assert read(text, corpus).documents == documents


@pytest.mark.parametrize(
    ("text", "trait"),
    [
        ("Will the CAC ban facial recognition next year?", "prediction"),
        ("你估计我能赢吗", "prediction"),
        ("Pensez-vous que la loi va changer ?", "prediction"),
        ("is it legal?", "vague"),
        ("这样行不行啊", "vague"),
        ("What does the GDPR say about faces?", "elsewhere"),
        ("La CNIL l’autorise-t-elle ?", "elsewhere"),
        ("欧盟怎么规定人脸识别", "elsewhere"),
        ("Compare the Draft and the Measures on filing", "comparison"),
        ("办法和征求意见稿有什么区别", "comparison"),
        ("What about Article 16?", "bare"),
        ("按新加坡PDPA要不要员工同意", "elsewhere"),
        ("Which brand of face terminal should we buy?", "elsewhere"),
        ("Quelle marque de borne nous conseillez-vous ?", "elsewhere"),
        ("哪个牌子的刷脸机性价比高？", "elsewhere"),
        ("My boss asked whether we're covered. Are we?", "vague"),
        ("Do we have to do something about this before year end?", "vague"),
        ("What about the cameras?", "vague"),
        ("Consent?", "vague"),
        ("Mon collègue dit que c'est interdit. Il a raison ?", "vague"),
        ("On a un souci avec ce que vous savez, qu'est-ce qu'on fait ?", "vague"),
        ("我们公司的情况算合规吗？", "vague"),
        ("他们昨天装了那个东西，同事们都不高兴。", "vague"),
        ("Which article number of the Cybersecurity Law do we cite now for Article 41?", "old_number"),
        ("网安法老的第64条还在不在？", "old_number"),
        ("What did the old Article 41 of the Cybersecurity Law become?", "old_number"),
        ("What did the 2023 text say about building managers?", "draft"),
        ("Le texte de 2023 interdisait-il les images brutes ?", "draft"),
    ],
)
def test_traits(corpus: Corpus, text: str, trait: str) -> None:
    assert getattr(read(text, corpus), trait)


@pytest.mark.parametrize(
    "text",
    [
        "Will we be fined if we do not file?",
        "Can my employer force me to use the face clock?",
        "物业强制刷脸怎么办",
        "Faut-il un consentement pour la pointeuse faciale ?",
        "Our vendor in the US wants the data. May we send it?",
        "员工被拍下来卖给别人，卖的人会不会被拘留、公司会不会罚？",
        "Is consent required?",
        "How long may we keep the photos?",
        "What if a manager refuses to answer the investigators?",
        "Must the supplier delete everything when the contract ends?",
        "卖肾合法吗？",
        "这部法管得到国外的公司吗？我们总部在法国，没有在国内设公司，网站给国内用户做自拍。",
    ],
)
def test_plain_questions_have_no_trait(corpus: Corpus, text: str) -> None:
    asked = read(text, corpus)
    assert not (asked.prediction or asked.vague or asked.elsewhere or asked.draft or asked.cited or asked.past)


def test_a_follow_up_is_read_with_what_it_follows(corpus: Corpus) -> None:
    asked = read("And for visitors?", corpus, "May we use face recognition to record attendance?")
    assert asked.follows_up and asked.text == "May we use face recognition to record attendance? And for visitors?"
    assert not asked.vague


def test_a_follow_up_keeps_the_law(corpus: Corpus) -> None:
    asked = read("And Article 16?", corpus, "What does Article 15 of the Measures say?")
    assert [str(c.place) for c in asked.cited] == ["frt-measures@2025-06-01/art_16"]


def test_a_new_question_stands_alone(corpus: Corpus) -> None:
    asked = read("How long must the impact assessment report be kept?", corpus, "May a shop scan its customers' faces?")
    assert not asked.follows_up


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Must we ask for consent?", 1),
        ("A hacker took our picture file. Do we have to write to all workers, and could we owe them money?", 3),
        ("离职员工的人脸要不要删？不删的话，员工能找谁投诉？", 2),
        ("Combien de temps garder les images, et qui peut les voir ?", 2),
        ("Do passengers need to be told, what if the buyer wants the faces, and does the old assessment do?", 3),
        ("Peut-on imposer le visage, de quelles protections faut-il disposer, et à qui s'adresser ?", 3),
        ("La direction peut-elle s'en passer, et doit-elle faire une étude avant de l'allumer ?", 2),
        ("给之前要跟学生说什么、要不要单独同意？", 2),
        ("I want to 1) see what the company still has on me, 2) get it wiped out for good.", 2),
        ("They may look at Article 28(2) and Annex B) of the contract.", 1),
        ("Our cameras, which are old, are to be replaced.", 1),
    ],
)
def test_parts_of_a_question(corpus: Corpus, text: str, parts: int) -> None:
    assert len(read(text, corpus).parts) == parts


@pytest.mark.parametrize(
    ("text", "granted"),
    [
        ("Since we have a sign, consent is given.", True),
        ("We need no consent, right?", True),
        ("既然贴了告示，就不用再问了吧", True),
        ("Puisqu’il a signé, c’est bon ?", True),
        ("Is consent needed for a face lock?", False),
        ("人脸信息可以存多久？", False),
        ("Faut-il un accord écrit ?", False),
    ],
)
def test_what_is_taken_for_granted(corpus: Corpus, text: str, granted: bool) -> None:
    assert read(text, corpus).takes_for_granted is granted
