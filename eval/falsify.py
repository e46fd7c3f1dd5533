"""Ways to make a true sentence false by one change, in three languages. Each is a pure function (text, language, rng) → text or None.

They are written for the measurement of the gate and share nothing with it. A change is made only where it is surely false:
the callers in `eval/mutations.py` compare what they need with the article cited.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random

from kb.model import Language

Rules = tuple[tuple[str, str], ...]

NEGATIONS: Mapping[Language, Rules] = {
    "en": (
        (r"\b(shall|must|may|should|could|would) not\b", r"\1"),
        (r"\bcannot\b|\bcan['’]t\b", "can"),
        (r"\bmustn['’]t\b", "must"),
        (r"\b(is|are|was|were|has|have|does|do) not\b", r"\1"),
        (r"\b(is|are|does|do)n['’]t\b", r"\1"),
        (r"\bNobody may\b", "Anybody may"),
        (r"\b[Nn]o (organisation or individual|one)\b", r"any \1"),
        (r"\bneither (.{3,60}?) nor\b", r"both \1 and"),
        (r"\bnever\b", "always"),
    ),
    "zh": (
        ("不得(?!不)", "可以"),
        ("不得(?!不)", "应当"),
        ("不能(?!够)", "能"),
        ("不可以", "可以"),
        ("不可(?!抗|分|撤|逆|弥|避|或)", "可以"),
        ("不准|不许", "可以"),
        ("禁止", "允许"),
        ("不(?=适用|承担|属于|予|支持|影响|受|归|包括|算)", ""),
        ("未经", "经"),
    ),
    "fr": (
        (r"\bne (peut|peuvent|doit|doivent|sont|s['’]applique|s['’]appliquent) pas\b", r"\1"),
        (r"\bn['’](est|a|ont) pas\b", r"\1"),
        (r"\bNul ne peut\b", "Chacun peut"),
        (r"\binterdi(?:t|te|ts|tes)\b", "permis"),
        (r"\bjamais\b", "toujours"),
    ),
}
MODALITIES: Mapping[Language, Rules] = {
    "en": (
        (r"\b(?:shall|must)\b(?! not)", "may"),
        (r"\b(?:shall|must)\b(?! not)", "need not"),
        (r"\bmay\b(?! not| be\b.{0,30}\bonly\b)", "must"),
        (r"\bcan\b(?! not|['’]t)", "must"),
        (r"\b(?:has|have) to\b", "may"),
        (r"\bneeds? to\b", "may"),
        (r"\b(is|are) required to\b", r"\1 free to"),
        (r"\b(is|are) entitled to\b", r"\1 obliged to"),
        (r"\bhas the right to\b", "has the duty to"),
        (r"\bhave the right to\b", "have the duty to"),
    ),
    "zh": (
        ("应当|必须", "可以"),
        ("应当|必须", "无需"),
        ("(?<![不无])须(?!知)", "可"),
        ("可以(?!不)", "必须"),
        ("有权", "有义务"),
        ("(?<=[，。；者人方门])要(?=[^求的])", "可以"),
        ("(?<![不才只方])能(?=[^够力源否])", "必须"),
    ),
    "fr": (
        (r"\bdoit\b", "peut"),
        (r"\bdoivent\b", "peuvent"),
        (r"\bpeut\b(?! pas)(?<!ne peut)", "doit"),
        (r"\bpeuvent\b(?! pas)(?<!ne peuvent)", "doivent"),
        (r"\bil faut\b", "il est loisible de"),
        (r"\ba le droit\b", "a l’obligation"),
    ),
}
EXCEPTIONS: Mapping[Language, tuple[str, ...]] = {
    "en": (
        r"^(?:Unless|Except (?:where|as|that|in)|Save (?:where|as|in))[^,]{5,160}, ",
        r",? ?\(?\b(?:unless|except(?: where| that| for| in| as| with| if)?|save (?:where|as|for|with|in)|other than|apart from)\b[^.;()]{4,180}?\)?(?=[.;]|, (?:and|or|but|the|it|they|which)\b|$)",
        r"[,;] but not\b[^.;]{4,140}(?=[.;]|$)",
        r"; where laws[^.;]{5,90}(?:otherwise|differently)[^.;]{0,60}(?=[.;]|$)",
    ),
    "zh": (
        r"除[^。；，]{2,45}?(?:以?外|除外)[，,]?",
        r"^除非[^，。]{3,40}[，,]",
        r"[，；,]?但(?:是)?[^。；]{2,60}?(?:除外|不在此限|的除外)",
        r"[；，][^，。；]{0,14}另有规定的?[，,]?(?:除外|从其规定|依照其规定|不在此限)?",
        r"[，,]除非[^。；]{3,40}(?=[。；]|$)",
    ),
    "fr": (
        r"^(?:Sauf|Hors|À moins)[^,]{4,120}, ",
        r",? ?\(?\b(?:sauf|excepté|hormis|à moins|à l['’]exception|hors)\b[^.;()]{4,160}?\)?(?=[.;]|, (?:et|ou|mais|le|la|il)\b|$)",
    ),
}
ACTORS: Mapping[Language, Mapping[str, tuple[str, str]]] = {
    # class → (what is replaced, what it is replaced by in a sentence on another class)
    "en": {
        "handler": (
            r"\b(?:personal information|information|data|network data) (?:handlers?|processors?)\b|\bhandlers?\b|\b(?:network |critical information infrastructure |business )?operators?\b|\bbusinesses\b|\bcompan(?:y|ies)\b|\btraders?\b|\bshops?\b",
            "personal information handler",
        ),
        "individual": (r"\bindividuals?\b|\bnatural persons?\b|\bconsumers?\b|\bpeople\b|\busers?\b", "individual"),
        "cyberspace": (
            r"\bcyberspace administrations?\b|\bcyberspace authorit(?:y|ies)\b",
            "cyberspace administration",
        ),
        "police": (r"\bpublic security organs?\b|\bpolice\b", "public security organ"),
        "court": (r"\bpeople's courts?\b|\bcourts?\b", "people's court"),
        "guardian": (r"\b(?:parents or other )?guardians?\b|\bparents\b", "guardian"),
        "entrusted": (r"\bentrusted part(?:y|ies)\b|\bvendors?\b", "entrusted party"),
        "association": (r"\bconsumer associations?\b|\bindustry organisations?\b", "consumer association"),
        "state": (r"\bthe State\b(?! Council| secret)", "state-owned bank"),
        "procuratorate": (r"\bpeople's procuratorates?\b|\bprosecutors?\b", "people's procuratorate"),
    },
    "zh": {
        "handler": ("(?:个人|网络数据)?(?:信息)?处理者|网络运营者|运营者|经营者|商家|公司|企业", "个人信息处理者"),
        "individual": ("个人(?!信息)|自然人|消费者|本人|用户", "个人"),
        "cyberspace": ("网信部门|网信办", "网信部门"),
        "police": ("公安机关|警方|警察", "公安机关"),
        "court": ("人民法院|法院", "人民法院"),
        "guardian": ("(?:父母或者其他)?监护人|父母|家长", "监护人"),
        "entrusted": ("受托人|受托方", "受托人"),
        "association": ("消费者协会|行业组织|行业协会", "消费者协会"),
        "state": ("国家(?=支持|鼓励|建立|制定|保护|推进|采取|实行)", "行业协会"),
        "procuratorate": ("人民检察院|检察院", "人民检察院"),
    },
    "fr": {
        "handler": (
            r"\bresponsables? du traitement\b|\bexploitants?\b|\bcommerçants?\b|\bentreprises?\b",
            "responsable du traitement",
        ),
        "individual": (r"\bpersonnes?(?: concernées?)?\b|\bconsommateurs?\b|\butilisateurs?\b", "utilisateur"),
        "cyberspace": (r"\badministrations? du cyberespace\b", "administration du cyberespace"),
        "police": (r"\bpolice\b", "police"),
        "court": (r"\btribun(?:al|aux)\b|\bjuges?\b", "tribunal"),
        "guardian": (r"\btuteurs?\b|\bparents\b", "tuteur"),
        "association": (r"\bassociations? de consommateurs\b", "association de consommateurs"),
    },
}


def rewrite(text: str, language: Language, rules: Mapping[Language, Rules], rng: Random) -> str | None:
    """One match of one rule replaced, chosen by `rng`; None where no rule applies."""
    flags = re.IGNORECASE if language == "fr" else 0
    options = [(match, new) for old, new in rules[language] for match in re.finditer(old, text, flags)]
    if not options:
        return None
    match, new = rng.choice(options)
    changed = match.expand(new)
    if match.start() == 0 and language != "zh":
        changed = changed[:1].upper() + changed[1:]
    return re.sub(r" {2,}", " ", text[: match.start()] + changed + text[match.end() :])


def without_exception(text: str, language: Language, rng: Random) -> str | None:
    """The sentence without its exception; None where it has none that can be cut out cleanly."""
    found = [m for pattern in EXCEPTIONS[language] for m in re.finditer(pattern, text)]
    found = [m for m in found if len(text) - len(m[0]) >= (10 if language == "zh" else 30)]
    if not found:
        return None
    match = rng.choice(found)
    rest = (text[: match.start()] + text[match.end() :]).strip(" ,，；;")
    rest = rest[:1].upper() + rest[1:]
    return rest if rest[-1] in ".。" else rest + ("。" if language == "zh" else ".")


def other_actor(text: str, language: Language, rng: Random) -> str | None:
    """The sentence with its first actor replaced by one of another kind."""
    table = ACTORS[language]
    found = [(m, kind) for kind, (old, _) in table.items() for m in re.finditer(old, text)]
    if not found:
        return None
    match, kind = min(found, key=lambda pair: (pair[0].start(), -pair[0].end()))
    new = table[rng.choice([k for k in table if k != kind])][1]
    if language != "zh" and match[0][:1].isupper():
        new = new[:1].upper() + new[1:]
    return text[: match.start()] + new + text[match.end() :]
