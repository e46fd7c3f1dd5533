"""Changes of wording for training the measure of support: some keep a sentence true, others make it false.

They differ from those of `eval/falsify.py`, on which the gate is measured: other words, other places, and more of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random

from kb.model import Language

Force = str
WAYS: Mapping[Language, Mapping[Force, tuple[str, ...]]] = {
    "en": {
        "shall": ("shall", "must", "has to", "is required to", "needs to", "have to", "are required to", "is obliged to", "need to"),
        "shall_not": ("shall not", "must not", "cannot", "may not", "is not allowed to", "are not allowed to", "can't", "is forbidden to"),
        "may": ("may", "can", "is allowed to", "is entitled to", "are entitled to", "are free to", "is permitted to", "has the right to"),
        "need_not": ("need not", "does not have to", "is not required to", "doesn't need to", "do not have to", "is not obliged to"),
    },
    "zh": {
        "shall": ("应当", "必须", "应", "须", "要", "需要", "得"),
        "shall_not": ("不得", "不能", "不可以", "不准", "不许", "不可", "禁止"),
        "may": ("可以", "可", "有权", "能", "允许"),
        "need_not": ("无需", "不必", "不需要", "可以不", "没有义务"),
    },
    "fr": {
        "shall": ("doit", "est tenu de", "doivent", "a l’obligation de", "sont tenus de"),
        "shall_not": ("ne doit pas", "ne peut pas", "ne peuvent pas", "n’a pas le droit de", "ne doivent pas"),
        "may": ("peut", "peuvent", "a le droit de", "est autorisé à", "est libre de"),
        "need_not": ("n’est pas tenu de", "n’a pas à", "ne sont pas tenus de", "n’est pas obligé de"),
    },
}  # fmt: skip
_FOUND: Mapping[Language, tuple[tuple[Force, str], ...]] = {
    "en": (
        ("shall_not", r"\b(?:shall|must|may|can|could|should) not\b|\bcannot\b|\bcan['’]t\b|\bmustn['’]t\b|\b(?:is|are) not (?:allowed|permitted) to\b"),
        ("need_not", r"\bneed not\b|\b(?:does|do) not (?:have|need) to\b|\b(?:is|are) not required to\b|\bdoesn['’]t (?:have|need) to\b"),
        ("shall", r"\b(?:shall|must)\b|\b(?:has|have) to\b|\b(?:is|are) (?:required|obliged) to\b|\bneeds? to\b"),
        ("may", r"\b(?:may|can)\b|\b(?:is|are) (?:allowed|entitled|permitted) to\b|\b(?:has|have) the right to\b"),
    ),
    "zh": (
        ("need_not", "无需|不必|无须|不需要?|可以不"),
        ("shall_not", "不得|不能(?!够)|不可以|不准|不许|禁止|不可(?!抗|分|撤|逆|弥|避)"),
        ("shall", "应当|必须|(?<![不无])须|应(?!用|急|对|收|邀|诉|付|当)|需要"),
        ("may", "可以|有权|(?<!不)能够|(?<![认许])可(?=依法|以|处|向|申请)"),
    ),
    "fr": (
        ("need_not", r"n['’]est pas tenue? de|n['’]a pas à|ne sont pas tenus? de"),
        ("shall_not", r"\bne (?:doit|peut|peuvent|doivent) pas\b|\bne (?:peut|peuvent)(?= )"),
        ("shall", r"\bdoit\b|\bdoivent\b|\best tenue? de\b"),
        ("may", r"\bpeut\b|\bpeuvent\b|\ba le droit de\b|\bont le droit de\b"),
    ),
}  # fmt: skip
_MARKS = {
    language: re.compile("|".join(f"(?P<{force}>{p})" for force, p in table), 0 if language == "zh" else re.IGNORECASE)
    for language, table in _FOUND.items()
}
_FALSE: Mapping[Force, tuple[Force, ...]] = {
    "shall": ("may", "shall_not", "need_not", "may", "may"),
    "shall_not": ("shall", "may", "need_not", "may", "shall"),
    "may": ("shall", "shall_not", "shall"),
    "need_not": ("shall", "shall_not", "shall"),
}
_DENIALS: Mapping[Language, tuple[tuple[str, str], ...]] = {
    "en": (
        (r"\b(?:do|does|did) not (\w+)", r"\1"),
        (r"\b(is|are|was|were|be|has|have) not\b", r"\1"),
        (r"\b(is|are|does|do|was)n['’]t\b", r"\1"),
        (r"\bnever\b", "always"),
        (r"\bwithout\b", "with"),
        (r"\b(apply|include|belong|bear|prevail)s?\b", r"does not \1"),
        (r"\b(is|are)\b(?! not)", r"\1 not"),
    ),
    "zh": (
        ("不(?=适用|承担|属于|影响|予|支持|追究|包括|再|同意|符合|构成|免除|履行|改正|在此限)", ""),
        ("(?<!不)(适用|属于|承担|支持|影响|包括|构成)", r"不\1"),
        ("未(?=经|按|履|取|依|采)", "已"),
        ("无(?=效|正当|法)", "有"),
    ),
    "fr": ((r"\bn['’e]\s?(\w+) pas\b", r"\1"), (r"\bsont\b(?! pas)", "ne sont pas"), (r"\bsans\b", "avec")),
}
_EXCEPTIONS: Mapping[Language, tuple[str, ...]] = {
    "en": (
        r",?\s*(?:but not|except|unless|save|other than|apart from|with the exception)\b[^.;]*?(?=[.;]|, (?:and|shall|may|the|a)\b|$)",
        r"^(?:Except|Unless|Save)[^,]*,\s*",
        r"[.;,]\s*(?:However|but),?\s[^.;]*(?=[.;]|$)",
    ),
    "zh": ("[，；]?但[^。；]*?除外", "除[^。；，]{2,40}?(?:外|以外)[，,]?", "[，；]但[^。；]*(?=[。；]|$)", "^除非[^，]*[，]"),
    "fr": (r",?\s*(?:sauf|excepté|hormis|à moins|à l['’]exception|hors)\b[^.;]*?(?=[.;]|, [a-z]|$)", r"^(?:Sauf|À moins|Hormis)[^,]*,\s*"),
}  # fmt: skip
_ACTORS: Mapping[Language, tuple[str, ...]] = {
    "en": ("the personal information handler", "the individual", "the cyberspace administration", "the public security organ", "the people's court", "the guardian", "the consumer", "the business operator", "the network operator", "the State", "the entrusted party", "the platform", "the police", "the employer", "the user", "the recipient", "the procuratorate"),
    "zh": ("个人信息处理者", "个人", "网信部门", "公安机关", "人民法院", "监护人", "消费者", "经营者", "网络运营者", "国家", "受托人", "平台", "人民检察院", "用人单位", "用户", "接收方", "人民政府"),
    "fr": ("le responsable du traitement", "la personne concernée", "l’autorité", "la police", "le tribunal", "les parents", "l’exploitant", "l’État", "le prestataire", "le consommateur"),
}  # fmt: skip
_ANTONYMS: Mapping[Language, tuple[tuple[str, str], ...]] = {
    "en": (("before", "after"), ("at least", "at most"), ("not less than", "not more than"), ("or above", "or below"), ("written", "oral"), ("separate", "general"), ("provincial", "county"), ("public", "private"), ("within", "after"), ("shortest", "longest"), ("facial", "voice"), ("minors", "adults"), ("increase", "reduce"), ("accept", "refuse"), ("delete", "keep"), ("lawful", "unlawful"), ("abroad", "within China"), ("all", "some")),
    "zh": (("以上", "以下"), ("之前", "之后"), ("不少于", "不超过"), ("至少", "至多"), ("书面", "口头"), ("单独", "概括"), ("省级", "县级"), ("公开", "保密"), ("境内", "境外"), ("最短", "最长"), ("未成年人", "成年人"), ("事前", "事后"), ("接受", "拒绝"), ("删除", "保存"), ("同意", "反对"), ("全部", "部分"), ("合法", "违法"), ("显著", "隐蔽")),
    "fr": (("avant", "après"), ("au moins", "au plus"), ("écrit", "oral"), ("distinct", "général"), ("public", "privé"), ("mineurs", "majeurs"), ("supprimer", "conserver"), ("refuser", "accepter")),
}  # fmt: skip
_SYNONYMS: Mapping[Language, tuple[tuple[str, str], ...]] = {
    "en": (("personal information handler", "company"), ("personal information", "personal data"), ("facial information", "face data"), ("individuals", "people"), ("inform", "tell"), ("laws and administrative regulations", "the law"), ("obtain", "get")),
    "zh": (("个人信息处理者", "处理者"), ("人脸信息", "脸部数据"), ("应当", "要"), ("法律、行政法规", "法律法规"), ("及时", "尽快"), ("告知", "告诉"), ("取得", "拿到")),
    "fr": (("informations personnelles", "données personnelles"), ("informations faciales", "données du visage")),
}  # fmt: skip
Change = Callable[[str, Language, Random], "str | None"]


def said_otherwise(text: str, language: Language, rng: Random) -> str:
    """Still true: other words for the same force, and synonyms."""
    text = _MARKS[language].sub(
        lambda m: rng.choice(WAYS[language][m.lastgroup or ""]) if rng.random() < 0.7 else m[0], text
    )
    for old, new in _SYNONYMS[language]:
        if old in text and rng.random() < 0.5:
            text = text.replace(old, new)
    return text


def other_force(text: str, language: Language, rng: Random) -> str | None:
    found = [*_MARKS[language].finditer(text)]
    if not found:
        return None
    match = rng.choice(found)
    ways = WAYS[language][rng.choice(_FALSE[match.lastgroup or ""])]
    return text[: match.start()] + (ways[0] if rng.random() < 0.5 else rng.choice(ways)) + text[match.end() :]


def other_denial(text: str, language: Language, rng: Random) -> str | None:
    options = [(m, new) for old, new in _DENIALS[language] for m in re.finditer(old, text)]
    if not options:
        return None
    match, new = rng.choice(options)
    return text[: match.start()] + match.expand(new) + text[match.end() :]


def no_exception(text: str, language: Language, rng: Random) -> str | None:
    for pattern in rng.sample(_EXCEPTIONS[language], len(_EXCEPTIONS[language])):
        match = re.search(pattern, text, 0 if language == "zh" else re.IGNORECASE)
        if match and len(match[0]) > 3 and len(text) - len(match[0]) > (8 if language == "zh" else 25):
            rest = (text[: match.start()] + text[match.end() :]).strip(" ,，")
            return rest[:1].upper() + rest[1:]
    return None


def other_actor(text: str, language: Language, rng: Random) -> str | None:
    names = [n for n in _ACTORS[language] if n.removeprefix("the ") in text]
    if not names:
        return None
    old = rng.choice(names)
    others = [n for n in _ACTORS[language] if n not in old and old not in n]
    new = rng.choice(others)
    return text.replace(old.removeprefix("the "), new.removeprefix("the "), 1)


def antonym(text: str, language: Language, rng: Random) -> str | None:
    options = [pair for a, b in _ANTONYMS[language] for pair in ((a, b), (b, a)) if pair[0] in text]
    if not options:
        return None
    old, new = rng.choice(options)
    return text.replace(old, new, 1)


def other_number(text: str, _language: Language, rng: Random) -> str | None:
    found = [*re.finditer(r"\d[\d,]*", text)]
    if not found:
        return None
    match = rng.choice(found)
    value = int(match[0].replace(",", ""))
    new = rng.choice([v for v in (value * 10, value * 2, value + 1, value + 5, max(1, value // 2)) if v != value])
    return text[: match.start()] + (f"{new:,}" if "," in match[0] else str(new)) + text[match.end() :]


CHANGES: tuple[Change, ...] = (other_force, other_denial, no_exception, other_actor, antonym, other_number)
"""Each makes a true sentence false, or gives None where it does not apply; the first three are tried first."""
