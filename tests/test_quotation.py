"""Where quotations stand in a text, and when their words stand in a provision: exactly, and with their negations."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.corpus import Corpus
from kb.quotation import MAX_QUOTATION, match_quotation, parts_of, quoted_spans

# ------------------------------------------------------------------ where quotations stand


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("He said “one two”.", ["one two"]),
        ('He said "one two".', ["one two"]),
        ("「甲乙」", ["甲乙"]),
        ("『甲乙』", ["甲乙"]),
        ("“甲乙”", ["甲乙"]),
        ("« un deux »", ["un deux"]),
        ("‹ un deux ›", ["un deux"]),
        ("‘one two’", ["one two"]),
        ("‘one’", []),
        ("‘甲乙’ ‘甲’", ["甲乙"]),
        ("《个人信息保护法》", []),
        # order, neighbours
        ("“one” “two”", ["one", "two"]),
        ('"a" "b"', ["a", "b"]),
        ("「甲乙」 then “one”", ["甲乙", "one"]),
        # nesting: the outermost
        ("“outer ‘inner words’ end”", ["outer ‘inner words’ end"]),
        ("「外『内』外」", ["外『内』外"]),
        ("“a “b” c”", ["a “b” c"]),
        ("“a «b» c”", ["a «b» c"]),
        # unclosed and stray marks
        ("“open without end", []),
        ("”stray “then words”", ["then words"]),
        ("«open “closed words”", ["closed words"]),
        ('“curly opening, straight closing"', []),
        ("“" + "x" * (MAX_QUOTATION + 1) + "”", []),
        ("“” and “ ” hold nothing", []),
        # apostrophes and inches
        ("don't say it's 'single straight'", []),
        ("‘the employee’s own words’", ["the employee’s own words"]),
        ("the employees’ rights and the firm’s", []),
        ('a 5" screen and a 6" one', []),
        # straight marks close in their paragraph, curly ones may run over paragraphs
        ('"open\n\nnew" paragraph', []),
        ('"lost\n\nand "found again"', ["found again"]),
        ('"one\nline break"', ["one\nline break"]),
        ("“one\n\ntwo”", ["one\n\ntwo"]),
        # marks beside Chinese characters need no blank
        ('他说"可以"。', ["可以"]),
        ('规定："应当删除"。', ["应当删除"]),
        # block quotes
        ("> first line\n> second line\n\nafter", ["first line\nsecond line"]),
        ("It says:\n\n> a “word” inside\n\nend “two”", ["a “word” inside", "two"]),
        ("> \n", []),
        ("5 > 3 in a line", []),
    ],
)
def test_quotations_of_a_text(text: str, words: list[str]) -> None:
    assert [q.text for q in quoted_spans(text)] == words


@pytest.mark.parametrize(
    ("text", "negation"),
    [
        ("it may not “be processed”", "not"),
        ("it cannot “be processed”", "cannot"),
        ("they never “process”", "never"),
        ("done without “separate consent”", "without"),
        ("ils ne peuvent pas « être traités »", "pas"),
        ("不得“处理个人信息”", "不得"),
        ("未“取得同意”", "未"),
        ("it may “not be processed”", ""),
        ("应当“处理个人信息”", ""),
        ("not here: “be processed”", ""),
    ],
)
def test_a_negation_right_before_the_marks_is_kept(text: str, negation: str) -> None:
    assert [q.negated for q in quoted_spans(text)] == [negation]


@given(st.text(alphabet="ab不得 .\n>\"'“”‘’«»「」『』‹›(（[…", max_size=60))
def test_quotations_lie_in_the_text_in_order_and_apart(text: str) -> None:
    before = 0
    for quote in quoted_spans(text):
        assert before <= quote.outer_start <= quote.start <= quote.end <= quote.outer_end <= len(text)
        assert quote.text.strip() == quote.text != ""
        if text[quote.outer_start] in '"“‘«「『‹':
            assert text[quote.start : quote.end].strip() == quote.text
        before = quote.outer_end


@given(st.text(max_size=200))
def test_any_text_can_be_read_and_compared(text: str) -> None:
    for quote in quoted_spans(text):
        match_quotation(quote.text, text)
    match_quotation(text, "A handler shall not process it.")
    match_quotation("process it", text)


UNITS = ['"', "“", "”", "“”", "‘", "‘’", "“a” ", '"a" ', '"“', "「『", "> a\n", "> a\n\n", "‘a b", " 'a", "«", "不“a”"]


@pytest.mark.parametrize("unit", UNITS)
def test_reading_quotations_takes_time_in_proportion_to_the_text(unit: str) -> None:
    """200,000 characters of quotation marks; processor time, so that a busy machine does not count."""
    text = (unit * 200_000)[:200_000]
    start = time.process_time()
    quoted_spans(text)
    assert time.process_time() - start < 2


# ------------------------------------------------------------------ whether words stand in a provision

EN = (
    "A handler shall not process sensitive personal information without separate consent, unless the law provides "
    'otherwise. It may charge CNY 1,000 or 3.5 percent. Handlers\' duties are – in short – "strict".'
)
ZH = "处理者不得处理敏感个人信息，但是法律另有规定的除外。未经同意，处理者应当删除10万条信息。禁止过度收集。"
UNLESS = "without separate consent, unless the law provides otherwise"


@pytest.mark.parametrize(
    ("quotation", "text", "found", "negated", "behind"),
    [
        ("handler shall not process", EN, True, "", "sensitive personal information " + UNLESS),
        ("Sensitive personal information", EN, True, "", UNLESS),
        ("sensitive personal information.", EN, True, "", UNLESS),
        ("sensitive  personal\ninformation", EN, True, "", UNLESS),
        ("SENSITIVE personal information", EN, False, "", ""),
        ("it may charge CNY 1,000", EN, True, "", ""),
        ("without separate consent", EN, True, "", "unless the law provides otherwise"),
        ("Handlers’ duties are — in short — “strict”", EN, True, "", ""),
        # words and numbers are not cut
        ("ensitive personal", EN, False, "", ""),
        ("sensitive person", EN, False, "", ""),
        ("charge CNY 1", EN, False, "", ""),
        ("000 or 3.5 percent", EN, False, "", ""),
        ("5 percent", EN, False, "", ""),
        ("charge CNY 1000", EN, False, "", ""),
        # negations left outside
        ("process sensitive personal information", EN, False, "not", UNLESS),
        ("A handler shall", EN, False, "not", "not process sensitive personal information " + UNLESS),
        ("separate consent", EN, False, "without", "unless the law provides otherwise"),
        ("the law provides otherwise", EN, False, "unless", ""),
        ("A handler shall process", EN, False, "", ""),
        # omissions and additions
        ("handler … information", EN, True, "", UNLESS),
        ("handler ... information", EN, True, "", UNLESS),
        ("handler [...] information", EN, True, "", UNLESS),
        ("information … handler", EN, False, "", ""),
        ("handler shall … process sensitive", EN, False, "not", "personal information " + UNLESS),
        ("sensitive [our addition] personal information", EN, True, "", UNLESS),
        ("[s]ensitive personal information", EN, True, "", UNLESS),
        ("[A] handler shall not", EN, True, "", "process sensitive personal information " + UNLESS),
        # nothing to compare
        ("", EN, False, "", ""),
        ("…", EN, False, "", ""),
        ("[…] .", EN, False, "", ""),
        # Chinese
        ("处理者不得处理", ZH, True, "", "敏感个人信息,但是法律另有规定的除外"),
        ("处 理 者\n不 得 处 理", ZH, True, "", "敏感个人信息,但是法律另有规定的除外"),
        ("不得处理敏感个人信息，但是法律另有规定的除外。", ZH, True, "", ""),
        ("删除10万条信息", ZH, True, "", ""),
        ("删除１０万条信息", ZH, True, "", ""),
        ("0万条信息", ZH, False, "", ""),
        ("删除十万条信息", ZH, False, "", ""),
        ("处理敏感个人信息", ZH, False, "不得", "但是法律另有规定的除外"),
        ("得处理敏感个人信息", ZH, False, "不", "但是法律另有规定的除外"),
        ("经同意，处理者应当删除", ZH, False, "未", ""),
        ("过度收集", ZH, False, "禁止", ""),
        ("禁止过度收集", ZH, True, "", ""),
        ("处理者……应当删除", ZH, True, "", ""),
        ("应当删除……处理者不得", ZH, False, "", ""),
        ("处理者可以处理", ZH, False, "", ""),
    ],
)
def test_words_match_a_provision(quotation: str, text: str, found: bool, negated: str, behind: str) -> None:
    match = match_quotation(quotation, text)
    assert (match.found, match.negated, match.goes_on) == (found, negated, behind)


def test_words_that_stand_twice_count_where_they_keep_their_sense() -> None:
    assert match_quotation("process it", "They may not process it. They may process it.").found


def test_an_omission_mark_splits_a_quotation() -> None:
    assert parts_of("one … two [...] three …… four [ours] five.") == ["one", "two", "three", "four", "five"]


# ------------------------------------------------------------------ the shipped corpus

NEGATION = re.compile(
    r"(?:\b(?:not|no|never|neither|nor|without|unless|cannot|non)[\s-]*|不得|不应|不能|不可|不|未|无|非|禁止|没有|除非)$",
    re.IGNORECASE,
)
MODAL = re.compile(r"\b(?:shall|may|must|can|will|is|are|does|do)$", re.IGNORECASE)


def plain(text: str) -> str:
    """Letters, digits and marks without white space, case, width and the form of quote marks and dashes."""
    marks = re.sub(r"[‘’]", "'", re.sub(r"[“”「」『』]", '"', re.sub(r"[–—]", "-", text)))
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", marks)).lower()


def provisions(corpus: Corpus, language: str) -> list[str]:
    texts = (article.text(language) for article in corpus.all_articles())  # type: ignore[arg-type]
    return [t for t in texts if t and not re.search(r"[\[\]【】…]", t)]


def substring(draw: st.DrawFn, text: str, language: str) -> str:
    """Words of the text: from word border to word border, in Chinese from any character on, never beside a negation."""
    pattern = r"\S+" if language == "en" else r"[\u4e00-\u9fff]|\d+"
    pieces = [(m.start(), m.end()) for m in re.finditer(pattern, text)]
    first = draw(st.integers(0, len(pieces) - 1))
    last = draw(st.integers(first, min(len(pieces) - 1, first + 60)))
    while first > 0 and NEGATION.search(text[: pieces[first][0]]):
        first -= 1
    while MODAL.search(text[: pieces[last][1]]) and re.match(r"\s+(?:not|never|neither|no)\b", text[pieces[last][1] :]):
        last += 1
    return text[pieces[first][0] : pieces[max(first, last)][1]]


WIDE = {c: chr(ord(c) + 0xFEE0) for c in "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"}
FORMS = {
    " ": "  ",
    "'": "’",
    "-": "–",
    "–": "—",
    "“": '"',
    "”": '"',
    '"': "“",
    "，": ",",
    "；": ";",
    "（": "(",
    "）": ")",
}


@pytest.mark.parametrize("language", ["en", "zh"])
@given(data=st.data())
@settings(max_examples=250, deadline=None)
def test_words_of_a_provision_are_found_in_it_in_any_typography(
    corpus: Corpus, language: str, data: st.DataObject
) -> None:
    text = data.draw(st.sampled_from(provisions(corpus, language)))
    words = data.draw(st.composite(lambda draw: substring(draw, text, language))())
    assert match_quotation(words, text).found or not parts_of(words)
    changes = data.draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    dressed = "".join(
        data.draw(st.sampled_from([FORMS.get(c, WIDE.get(c, c)), "\n" if c == " " else c])) if change else c
        for c, change in zip(words, changes, strict=True)
    )
    assert match_quotation(dressed, text).found or not parts_of(words)


@pytest.mark.parametrize("language", ["en", "zh"])
@given(data=st.data())
@settings(max_examples=250, deadline=None)
def test_words_with_one_character_changed_are_not_found(corpus: Corpus, language: str, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(provisions(corpus, language)))
    words = data.draw(st.composite(lambda draw: substring(draw, text, language))())
    letters = [m.start() for m in re.finditer(r"[A-Za-z0-9\u4e00-\u9fff]", words)]
    if not letters:
        return
    at = data.draw(st.sampled_from(letters))
    other = data.draw(st.sampled_from("aeth7山木" if language == "en" else "山木不未十百千的7"))
    kind = data.draw(st.sampled_from(["changed", "inserted", "deleted"]))
    mutated = words[:at] + ("" if kind == "deleted" else other) + words[at + (kind != "inserted") :]
    if plain(mutated).strip(".,;:?!\"'") not in plain(text):
        assert not match_quotation(mutated, text).found


@pytest.mark.parametrize("language", ["en", "zh"])
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_words_with_an_omission_are_found_in_order_only(corpus: Corpus, language: str, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(provisions(corpus, language)))
    pieces = [p for p in re.split(r"(?<=[.;。；])\s*", text) if len(p.strip()) > 12]
    if len(pieces) < 2:
        return
    first, second = pieces[0], pieces[-1]
    assert match_quotation(f"{first} … {second}", text).found
    if text.count(first) == text.count(second) == 1 and first not in second and second not in first:
        assert not match_quotation(f"{second} … {first}", text).found
