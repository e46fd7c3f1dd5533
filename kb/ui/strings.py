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
        "General information, not legal advice.",
        "一般信息，不构成法律意见。",
        "Information générale, qui ne constitue pas un conseil juridique.",
    ),
    "stays_here": Trilingual(
        "Questions stay on this machine.",
        "您的问题不会离开本机。",
        "Les questions restent sur cette machine.",
    ),
    "sent_to": Trilingual(
        "Questions and the provisions found for them are sent to {model}.",
        "您的问题和为其找到的条文会发送给 {model}。",
        "Les questions et les dispositions trouvées sont envoyées à {model}.",
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
    "open_in_library": Trilingual("Open in the library", "在法规库中打开", "Ouvrir dans la bibliothèque"),
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
        "Checked: exists, standing, retrieved, word for word, numbers, force, support.",
        "已核验：条文存在、效力、检索来源、逐字引文、数字、规范用语、依据。",
        "Vérifié : existence, validité, source trouvée, mot à mot, nombres, force, appui.",
    ),
    "check": Trilingual("Check citations", "核对引用", "Vérifier les références"),
    "check_tagline": Trilingual(
        "Every citation in a text is compared with the law held here: whether it exists, says what is quoted, and still stands.",
        "将文本中的每一处引用与本库所收法律逐一核对：条文是否存在、引文是否一致、是否仍然有效。",
        "Chaque référence d’un texte est comparée au droit conservé ici : existe-t-elle, dit-elle ce qui est cité, vaut-elle encore ?",
    ),
    "check_private": Trilingual(
        "General information, not legal advice. Texts stay on this machine; uploads are deleted once read.",
        "一般信息，不构成法律意见。文本不会离开本机；上传的文件读取后即删除。",
        "Information générale, qui ne constitue pas un conseil juridique. Les textes restent sur cette machine ; les fichiers sont effacés après lecture.",
    ),
    "check_text": Trilingual("Text to check", "待核对的文本", "Texte à vérifier"),
    "check_placeholder": Trilingual(
        "Paste a memo, a clause or an answer of a chatbot, for example: PIPL Art. 28(2) requires “necessity”.",
        "粘贴备忘录、条款或聊天机器人的回答，例如：《个人信息保护法》第二十九条要求“单独同意”。",
        "Collez une note, une clause ou la réponse d’un robot, par exemple : l’art. 28 de la PIPL exige « un consentement séparé ».",
    ),
    "check_upload": Trilingual(
        "Upload a file (.docx, .pdf, .txt, .md)",
        "上传文件（.docx、.pdf、.txt、.md）",
        "Choisir un fichier (.docx, .pdf, .txt, .md)",
    ),
    "check_open": Trilingual("Open: {name}", "打开：{name}", "Ouvrir : {name}"),
    "check_send": Trilingual("Check", "核对", "Vérifier"),
    "check_written": Trilingual("Text written on (optional)", "文本写成日期（可选）", "Texte écrit le (facultatif)"),
    "check_written_short": Trilingual("written on", "文本写成于", "écrit le"),
    "check_running": Trilingual("Checking …", "正在核对……", "Vérification …"),
    "check_nothing": Trilingual(
        "Paste a text or upload a file first.",
        "请先粘贴文本或上传文件。",
        "Collez d’abord un texte ou choisissez un fichier.",
    ),
    "check_empty": Trilingual(
        "The checked text appears here, each citation in the colour of its verdict.",
        "核对后的文本将显示在此处，每处引用以颜色标明结论。",
        "Le texte vérifié apparaît ici, chaque référence dans la couleur de son résultat.",
    ),
    "check_cards_empty": Trilingual(
        "The provisions cited open here, in both languages, with what differs.",
        "所引条文将以中英文在此打开，并标出差异。",
        "Les dispositions citées s’ouvrent ici, dans les deux langues, avec les différences.",
    ),
    "check_pasted": Trilingual("Pasted text", "粘贴的文本", "Texte collé"),
    "check_characters": Trilingual("characters", "个字符", "caractères"),
    "check_all": Trilingual("all", "全部", "toutes"),
    "check_filter": Trilingual("Show by verdict", "按结论筛选", "Filtrer par résultat"),
    "check_line": Trilingual("Line", "行", "Ligne"),
    "check_citation": Trilingual("Citation", "引用", "Référence"),
    "check_verdict": Trilingual("Verdict", "结论", "Résultat"),
    "check_today": Trilingual("Place on that date", "该日所在条文", "Place à cette date"),
    "check_detail": Trilingual("Detail", "说明", "Détail"),
    "check_cards": Trilingual("Citations one by one", "逐条核对", "Référence par référence"),
    "check_cited": Trilingual("Cited", "所引条文", "Cité"),
    "check_found": Trilingual("stands there", "原文如此", "y figure"),
    "check_not_found": Trilingual("does not stand there", "原文并非如此", "n’y figure pas"),
    "check_not_compared": Trilingual("could not be compared", "无法比较", "n’a pu être comparé"),
    "check_diff": Trilingual(
        "Word diff: struck out, what is quoted; underlined, what is held",
        "逐字比较：删除线为引文，下划线为本库文本",
        "Comparaison : barré, ce qui est cité ; souligné, ce qui est conservé",
    ),
    "check_cut": Trilingual(
        "The first {shown} of {all} characters are shown. All were checked; the table and the downloads have every citation.",
        "仅显示前 {shown} 个字符（共 {all} 个）。全文均已核对，下载文件包含全部引用。",
        "Les {shown} premiers caractères sur {all} sont affichés. Tout a été vérifié ; les fichiers à télécharger ont toutes les références.",
    ),
    "check_rows_cut": Trilingual(
        "The first {shown} citations are listed; the downloads have every one.",
        "仅列出前 {shown} 处引用，下载文件包含全部。",
        "Les {shown} premières références sont listées ; les fichiers à télécharger les ont toutes.",
    ),
    "check_cards_cut": Trilingual(
        "Cards of the first {shown} citations; the downloads have every one.",
        "仅显示前 {shown} 处引用的卡片，下载文件包含全部。",
        "Fiches des {shown} premières références ; les fichiers à télécharger les ont toutes.",
    ),
    "check_docx": Trilingual("Word, with comments", "Word（带批注）", "Word, avec commentaires"),
    "check_csv": Trilingual("CSV", "CSV", "CSV"),
    "check_json": Trilingual("JSON", "JSON", "JSON"),
    "document": Trilingual("Source document", "来源文献", "Document source"),
    "record": Trilingual(
        "A record: the text of this instrument is not held here. Grades: A official text or two copies, B one good copy or several secondary sources, C one secondary source.",
        "档案：本库未收录该文件原文。等级：A 官方文本或两份独立副本；B 一份可靠副本或多个二手来源；C 一个二手来源。",
        "Fiche : le texte de cet instrument n’est pas conservé ici. Niveaux : A texte officiel ou deux copies, B une bonne copie ou plusieurs sources secondaires, C une source secondaire.",
    ),
    "too_many": Trilingual(
        "Too many requests in a minute. Try again in {seconds} s.",
        "一分钟内请求过多，请在 {seconds} 秒后重试。",
        "Trop de demandes en une minute. Réessayez dans {seconds} s.",
    ),
    "too_busy": Trilingual(
        "Too many requests are waiting for an answer. Try again in {seconds} s.",
        "等待处理的请求过多，请在 {seconds} 秒后重试。",
        "Trop de demandes attendent une réponse. Réessayez dans {seconds} s.",
    ),
    "too_slow": Trilingual(
        "The request came too slowly and was given up.",
        "请求传输过慢，已中止。",
        "La demande est arrivée trop lentement ; elle a été abandonnée.",
    ),
    "too_long": Trilingual(
        "The request is too long.",
        "请求内容过长。",
        "La demande est trop longue.",
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
