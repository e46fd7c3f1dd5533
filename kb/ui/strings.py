"""The words of the interface, in three languages."""

from __future__ import annotations

from kb.model import Language, Trilingual

STRINGS: dict[str, Trilingual] = {
    "title": Trilingual(
        "Facial recognition in China: ask the law",
        "人脸识别合规问答",
        "Reconnaissance faciale en Chine : interroger le droit",
    ),
    "tagline": Trilingual(
        "Every statement stands on an article that you can open and check.",
        "每一句话都有可打开核对的条文依据。",
        "Chaque affirmation repose sur un article que vous pouvez ouvrir et vérifier.",
    ),
    "disclaimer": Trilingual(
        "General information, not legal advice. Questions stay on this machine.",
        "一般信息，不构成法律意见。您的问题不会离开本机。",
        "Information générale, qui ne constitue pas un conseil juridique. Les questions restent sur cette machine.",
    ),
    "question": Trilingual("Your question", "您的问题", "Votre question"),
    "placeholder": Trilingual(
        "Ask in English, Chinese or French, for example: May we use face recognition for attendance?",
        "可用中文、英文或法文提问，例如：公司可以用人脸识别打卡考勤吗？",
        "Posez votre question en français, en anglais ou en chinois, par exemple : peut-on pointer avec le visage ?",
    ),
    "send": Trilingual("Ask", "提问", "Demander"),
    "new": Trilingual("New conversation", "新对话", "Nouvelle conversation"),
    "as_of": Trilingual("Law as of", "法律日期", "Droit en vigueur au"),
    "language": Trilingual("Language", "语言", "Langue"),
    "examples": Trilingual("Questions people ask", "常见问题", "Questions fréquentes"),
    "evidence": Trilingual("Provisions cited", "引用的条文", "Dispositions citées"),
    "evidence_empty": Trilingual(
        "The provisions behind an answer open here, with the words relied on highlighted.",
        "回答所依据的条文将在此打开，并标出所引用的文字。",
        "Les dispositions à l’appui d’une réponse s’ouvrent ici, les mots cités étant surlignés.",
    ),
    "empty": Trilingual(
        "Ask whether and how facial recognition may be used: at the office door, in a shop, in a school, with a vendor.",
        "可以询问能否以及如何使用人脸识别：办公门禁、商店、学校、供应商……",
        "Demandez si et comment la reconnaissance faciale peut être utilisée : au bureau, en magasin, à l’école, avec un prestataire.",
    ),
    "loading": Trilingual(
        "The language model is loading; you can already ask.",
        "语言模型正在加载，您可以先提问。",
        "Le modèle de langue se charge ; vous pouvez déjà demander.",
    ),
    "ready": Trilingual("Ready.", "已就绪。", "Prêt."),
    "searching": Trilingual("Looking in the provisions …", "正在查找条文……", "Recherche dans les dispositions …"),
    "unofficial": Trilingual(
        "Unofficial rendering; the Chinese text prevails.",
        "非官方英译，以中文文本为准。",
        "Traduction anglaise non officielle ; le texte chinois fait foi.",
    ),
    "english": Trilingual("English", "英文", "Anglais"),
    "chinese": Trilingual("Chinese (official text)", "中文（官方文本）", "Chinois (texte officiel)"),
    "chinese_link": Trilingual(
        "The Chinese text is not held here. Read it on the official page.",
        "本库未收录中文文本，请在官方页面查看。",
        "Le texte chinois n’est pas conservé ici. Lisez-le sur la page officielle.",
    ),
    "no_english": Trilingual(
        "No English rendering is held.", "本库未收录英文译文。", "Aucune traduction anglaise n’est conservée."
    ),
    "official": Trilingual("Official source", "官方来源", "Source officielle"),
    "copy": Trilingual("Copy citation", "复制引用", "Copier la référence"),
    "copied": Trilingual("Copied", "已复制", "Copié"),
    "read_in": Trilingual(
        "What the text was read in (English note):", "文本依据（英文说明）：", "Texte lu dans (note en anglais) :"
    ),
    "incomplete": Trilingual("Incomplete:", "不完整：", "Incomplet :"),
    "inferred": Trilingual(
        "The number of this article is inferred.", "本条条号系推定。", "Le numéro de cet article est déduit."
    ),
    "in_plain_words": Trilingual(
        "In plain words (editorial, not law)",
        "通俗说明（编者所加，并非法律）",
        "En clair (rédaction de l’éditeur, non une règle de droit)",
    ),
    "answer": Trilingual("Answer", "回答", "Réponse"),
    "asked": Trilingual("Question", "提问", "Question"),
    "refused": Trilingual("Not answered", "未作回答", "Sans réponse"),
    "what_changed": Trilingual("Note", "提示", "À noter"),
    "passed": Trilingual(
        "Checked: exists, standing, retrieved, word for word, numbers.",
        "已核验：条文存在、效力、检索来源、逐字引文、数字。",
        "Vérifié : existence, validité, source trouvée, mot à mot, nombres.",
    ),
    "document": Trilingual("Source document", "来源文献", "Document source"),
    "record": Trilingual(
        "A record: the text of this instrument is not held here. Grades: A official text or two copies, B one good copy or several secondary sources, C one secondary source.",
        "档案：本库未收录该文件原文。等级：A 官方文本或两份独立副本；B 一份可靠副本或多个二手来源；C 一个二手来源。",
        "Fiche : le texte de cet instrument n’est pas conservé ici. Niveaux : A texte officiel ou deux copies, B une bonne copie ou plusieurs sources secondaires, C une source secondaire.",
    ),
    "error": Trilingual("This did not work:", "出现问题：", "Cela n’a pas fonctionné :"),
    "bad_date": Trilingual(
        "the date is not one; write it as 2025-03-01",
        "日期格式不正确，请写成 2025-03-01",
        "la date n’en est pas une ; écrivez 2025-03-01",
    ),
}


def word(key: str, language: Language) -> str:
    return STRINGS[key][language]


def browser_language(accept: str) -> Language:
    """The first of our languages in an Accept-Language header; English where there is none."""
    for part in accept.lower().split(","):
        code = part.split(";")[0].strip()[:2]
        if code in ("en", "zh", "fr"):
            return code  # type: ignore[return-value]
    return "en"
