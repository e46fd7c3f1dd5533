"""Signs for what a sentence does: demands, forbids, allows, leaves free, denies, restricts, excepts.

The measure of support reads statement and provision with a sign before each such word, the same in every language, so that
"is free to", 有权 and « peut » look alike to it. The signs are characters of the encoder's vocabulary that no text here uses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kb.model import Language

SIGNS: Mapping[str, str] = {
    "excepts": "❶",
    "need_not": "❷",
    "shall_not": "❸",
    "shall": "❹",
    "may": "❺",
    "only": "❻",
    "denies": "❼",
}
_EN: Mapping[str, str] = {
    "excepts": r"\bunless\b|\bexcept(?:ion\w*|ed|s|ing)?\b|\bsave\s+(?:where|for|as|that|with|in)\b|\bother\s+than\b|\bapart\s+from\b|\bexclud\w+\b|\bexempt\w*\b|\bprovided?\s+otherwise\b|\botherwise\s+provided?\b|\bhowever\b|\bbut\b|\babsent\b|\bwithout\b",
    "need_not": r"\bneed(?:s)?\s+(?:not|no)\b|\bneedn['’]t\b|\b(?:do|does|did)(?:\s+not|n['’]t)\s+(?:have|need)\b|\bnot\s+(?:be\s+)?(?:required|obliged|bound|necessary|compulsory|mandatory|needed)\b|\b(?:has|have|is|are)\s+no\s+(?:need|obligation|duty|requirement)\b|\bdispens\w+\b|\bunnecessary\b|\boptional\b",
    "shall_not": r"\b(?:shall|must|may|can|should|could)(?:\s+(?:also|then|therefore|in\s+no\s+case))?\s+(?:not|never)\b|\bcannot\b|\b(?:can|must|shan|may)n?['’]t\b|\bprohibit\w*\b|\bforbid\w*\b|\bban(?:s|ned)?\b|\bbarred\b|\bprecluded\b|\bunlawful\b|\billegal\b|\bimpermissible\b|\bnot\s+(?:be\s+)?(?:allowed|permitted|lawful|permissible|entitled|admissible)\b|\boff\s+limits\b|\bno\s+(?:\w+\s+){1,4}(?:shall|may|must|can)\b|\bnobody\s+(?:may|can|shall|must)\b|\bneither\b|\brefrain\w*\b",
    "shall": r"\b(?:shall|must|should)\b|\b(?:has|have|had)\s+(?:got\s+)?to\b|['’]ve\s+got\s+to\b|\b(?:required|obliged|obligation|obligations|obliges?|duty|duties|duty-bound|mandatory|compulsory|obligatory|necessary|indispensable)\b|\brequires?\b|\bneed(?:s|ed)?\b|\bdemand\w*\b|\bcalls?\s+for\b|\b(?:is|are)\s+to\b|\bpresuppos\w+\b|\bordered\b",
    "may": r"\b(?:may|can|could)\b|\b(?:allow\w*|permit\w*|entitle\w*|permissible|lawful|authori[sz]ed|free\s+to|at\s+liberty|up\s+to\s+(?:you|him|her|them|it))\b|\brights?\b|\bdiscretion\b|\bclaims?\b|\brequests?\b",
    "only": r"\b(?:only|solely|exclusively|nothing\s+but|merely|limited\s+to|confined\s+to|restricted\s+to)\b",
    "denies": r"\b(?:not|no|never|none|nor|nobody|nothing|lacks?|lacking|fails?|failing|failed|refus\w+)\b|n['’]t\b",
}
_ZH: Mapping[str, str] = {
    "excepts": r"除非|除外|除|以外|但(?:是|书)?|另有|例外|不在此限|否则|不过|然而",
    "need_not": r"无需|无须|不必|毋须|不需要?|不用(?!于)|没有?义务|可以不|可不|免(?:予|于|除|去)",
    "shall_not": r"不得|不能(?!够)|不可(?!抗|分|撤|逆|弥|避|或)|不可以|不准|不许|不应(?!当承)|不该|严禁|禁止|切勿|无权",
    "shall": r"应当|应该|必须|务必|(?<![不无毋])须(?!知)|有义务|义务|需要|(?<![不无毋])需(?!求)|必需|必要|责令|要求|(?<![不只重主必需])要(?!求|的|素|件|害|点)|应(?!用|急|对|收|邀|诉|付|当|该|承)",
    "may": r"可以|有权|能够|(?<!不)允许|准许|权利|请求|(?<![认许不])可(?!以|能|靠|不|抗|信|追|行|见)|(?<![不只才方仅])能(?!力|源|够|否)",
    "only": r"方可|方能|才|只|仅|唯|限于",
    "denies": r"不|未|无|非|没|勿|拒",
}
_FR: Mapping[str, str] = {
    "excepts": r"\bsauf\b|\bexcept\w*\b|\bhormis\b|\bhors\b|\bà\s+moins\b|\bà\s+l['’]exception\b|\bexclu\w*\b|\btoutefois\b|\bcependant\b|\bmais\b|\bsans\b|\bautrement\b|\bdispos\w+\s+contraire\w*\b",
    "need_not": r"\b(?:n['’]est|ne\s+sont|n['’]a|n['’]ont)\s+pas\s+(?:tenue?s?|obligée?s?|nécessaires?|besoin|à|requis\w*|exigé\w*)\b|\bpas\s+besoin\b|\bdispens\w+\b|\binutile\b|\bfacultati\w+\b",
    "shall_not": r"\bne\s+(?:doi(?:t|vent)|peu(?:t|vent)|saurai(?:t|ent)|devr\w+|pourr\w+)\b|\bn['’](?:a|ont)\s+pas\s+le\s+droit\b|\binterdi\w+\b|\bprohib\w+\b|\billicite\w*\b|\bdéfendu\w*\b|\bnul\s+ne\b|\bpas\s+question\b",
    "shall": r"\bdoi(?:t|vent|s)\b|\bdevr\w+\b|\bfaut\b|\boblig\w+\b|\btenue?s?\b|\bexig\w+\b|\bimpos\w+\b|\bnécess\w+\b|\brequi\w+\b|\bdevoirs?\b|\bsuppose\w*\b",
    "may": r"\bpeu(?:t|vent|x)\b|\bpourr\w+\b|\bdroits?\b|\bperm\w+\b|\bautoris\w+\b|\blibre\w*\b|\bdemander\b",
    "only": r"\bseule?(?:ment|s)?\b|\buniquement\b|\bexclusivement\b|\bque\s+si\b|\blimit\w+\b",
    "denies": r"\bpas\b|\bnon\b|\bjamais\b|\baucun\w*\b|\bni\b|\brefus\w+\b",
}
_TABLES: tuple[tuple[Language, Mapping[str, str]], ...] = (("en", _EN), ("zh", _ZH), ("fr", _FR))
_PATTERNS: Mapping[Language, re.Pattern[str]] = {
    language: re.compile(
        "|".join(f"(?P<{sign}>{table[sign]})" for sign in SIGNS), 0 if language == "zh" else re.IGNORECASE
    )
    for language, table in _TABLES
}


def signed(text: str, language: Language) -> str:
    """The text with a sign before each word of force, restriction, exception or denial."""
    return _PATTERNS[language].sub(lambda found: f" {SIGNS[found.lastgroup or '']} {found[0]}", text)
