"""Every fixed phrase of an answer, in three languages. With gists and quotes, nothing else is ever said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from kb.model import CheckKind, Claim, Language, RecordStatus, Standing, Trilingual

PHRASES: dict[str, Trilingual] = {
    "disclaimer": Trilingual(
        "General information, not legal advice.",
        "本内容为一般信息，不构成法律意见。",
        "Information générale, qui ne constitue pas un conseil juridique.",
    ),
    "says": Trilingual("The provision reads:", "条文如下：", "La disposition énonce :"),
    "adds": Trilingual("The same article also reads:", "同一条还规定：", "Le même article énonce aussi :"),
    "document_says": Trilingual(
        "What the source document says (commentary of its time, not law):",
        "该文献的原文如下（当时的评论，并非法律）：",
        "Ce que dit le document (commentaire de son époque, non une règle de droit) :",
    ),
    "record_fact": Trilingual(
        "Known from a record, evidence grade {grade}; the text itself is not held here:",
        "据档案记载（证据等级{grade}；本库未收录原文）：",
        "Connu par une fiche, preuve de niveau {grade} ; le texte lui-même n’est pas conservé ici :",
    ),
    "record_more": Trilingual(
        "Also recorded, evidence grade {grade}:",
        "档案另载（证据等级{grade}）：",
        "La fiche note aussi, preuve de niveau {grade} :",
    ),
    "record_standing": Trilingual(
        "record, evidence grade {grade}; text not held",
        "档案，证据等级{grade}，未收录原文",
        "fiche, preuve de niveau {grade} ; texte non conservé",
    ),
    "old_text": Trilingual(
        "The text in force until {until} (history, no longer law):",
        "施行至{until}的旧条文（仅供参考，已不再有效）：",
        "Texte en vigueur jusqu’au {until} (historique, n’est plus applicable) :",
    ),
    "unofficial": Trilingual(
        "unofficial rendering; the Chinese text prevails",
        "非官方英译，以中文文本为准",
        "traduction non officielle ; le texte chinois fait foi",
    ),
    "added_law": Trilingual(
        "{law} was added on this machine, not by the editors; the day from which it is in force was not verified by them.",
        "{law}系用户在本机添加，并非编者收录；其施行日期未经编者核实。",
        "{law} a été ajouté sur cette machine, non par les auteurs ; ils n’ont pas vérifié sa date d’entrée en vigueur.",
    ),
    "no_english": Trilingual(
        "No English rendering of {law} is held; the Chinese text is quoted.",
        "本库未收录{law}的英文译文，以下引用中文原文。",
        "Aucune version anglaise de {law} n’est conservée ; le texte chinois est cité.",
    ),
    "draft_replaced": Trilingual(
        "{old} is part of a draft that never came into force. Today see {new}.",
        "{old}属于从未生效的征求意见稿。现行规定见{new}。",
        "{old} appartient à un projet qui n’est jamais entré en vigueur. Voir aujourd’hui {new}.",
    ),
    "draft_dropped": Trilingual(
        "{old} is part of a draft that never came into force; the final Measures have no article that takes its place.",
        "{old}属于从未生效的征求意见稿；正式办法没有与之对应的条文。",
        "{old} appartient à un projet qui n’est jamais entré en vigueur ; aucun article des Mesures définitives ne le remplace.",
    ),
    "draft_gap": Trilingual(
        "The text of {old} is not held here, so nothing is said about it.",
        "本知识库未收录{old}的文本，因此不作说明。",
        "Le texte de {old} n’est pas conservé ici ; rien n’en est dit.",
    ),
    "partial": Trilingual(
        "The text of {old} is held only in part; missing words are marked […].",
        "{old}仅收录部分文本，缺失部分以[…]标示。",
        "Le texte de {old} n’est conservé qu’en partie ; les mots manquants sont marqués […].",
    ),
    "renumbered": Trilingual(
        "Until {until}, this rule stood in {old}; it now stands in {new}.",
        "{until}之前，该规则位于{old}；现为{new}。",
        "Jusqu’au {until}, cette règle figurait à {old} ; elle figure désormais à {new}.",
    ),
    "renumbered_also": Trilingual(
        "If your source uses the numbering before {from_}: what was {old} is now {new}.",
        "如果您的资料采用{from_}之前的条号：原{old}现为{new}。",
        "Si votre source suit la numérotation antérieure au {from_} : l’ancien {old} est devenu {new}.",
    ),
    "amended": Trilingual(
        "{old} was changed with effect from {from_}; today see {new}.",
        "{old}自{from_}起已修改；现行规定见{new}。",
        "{old} a été modifié à compter du {from_} ; voir aujourd’hui {new}.",
    ),
    "past": Trilingual(
        "Answered with the law as it stood on {on}. Which text governs facts that lie between two texts is for counsel.",
        "以{on}当日的法律作答。跨越新旧法的事实适用哪一文本，请咨询律师。",
        "Réponse selon le droit en vigueur le {on}. Le texte applicable à des faits situés entre deux versions relève de votre conseil.",
    ),
    "draft_in_force": Trilingual(
        "The Draft of 2023 is not in force and never was. It was replaced by the Measures in force since 1 June 2025.",
        "2023年征求意见稿从未生效；自2025年6月1日起施行的是正式办法。",
        "Le projet de 2023 n’est pas en vigueur et ne l’a jamais été. Il a été remplacé par les Mesures en vigueur depuis le 1er juin 2025.",
    ),
    "number_premise": Trilingual(
        "You mention {asked}. That figure is in {old}; {new} says {today}.",
        "您提到{asked}。该数字出自{old}；{new}规定的是{today}。",
        "Vous mentionnez {asked}. Ce chiffre vient de {old} ; {new} dit {today}.",
    ),
    "mistaken": Trilingual(
        "A common mistake: “{belief}” It is not so; see {labels}.",
        "常见误解：“{belief}”并非如此，见{labels}。",
        "Une erreur répandue : « {belief} » Il n’en est rien ; voir {labels}.",
    ),
    "misquoted": Trilingual(
        "The words that you quote do not stand in {label}.",
        "您引用的文字不见于{label}。",
        "Les mots que vous citez ne figurent pas dans {label}.",
    ),
    "misfigured": Trilingual(
        "A figure in your question does not stand in {label}.",
        "您提到的数字不见于{label}。",
        "Un chiffre de votre question ne figure pas dans {label}.",
    ),
    "which_instrument_none": Trilingual(
        "Article {article} of which instrument? None of those held has an article of this number.",
        "第{article}条是哪部法律的？所收录的文本都没有这一条号。",
        "L’article {article} de quel texte ? Aucun des textes conservés n’a d’article de ce numéro.",
    ),
    "not_yet": Trilingual(
        "{law} was not yet in force on {on}: it applies from {from_}.",
        "{law}在{on}尚未施行：自{from_}起施行。",
        "{law} n’était pas encore en vigueur au {on} : ce texte s’applique depuis le {from_}.",
    ),
    "earlier_text": Trilingual(
        "On {on} an earlier text of {law} was in force, which is not held here (the text held applies from {from_}). So nothing is said about it.",
        "{on}施行的是{law}的旧文本，本库未收录（所收文本自{from_}起施行），因此不作说明。",
        "Au {on}, un texte antérieur de {law} était en vigueur ; il n’est pas conservé ici (le texte conservé s’applique depuis le {from_}). Rien n’en est dit.",
    ),
    "later": Trilingual(
        "On {on} no such rule was in force among the texts held: {label} applies from {from_}.",
        "在所收录的文本中，{on}尚无此规则：{label}自{from_}起施行。",
        "Parmi les textes conservés, aucune règle de ce genre n’était en vigueur au {on} : {label} s’applique depuis le {from_}.",
    ),
    "understood": Trilingual("Understood as: {text}", "理解为：{text}", "Compris comme : {text}"),
    "no_such_provision": Trilingual(
        "There is no Article {article} in the {law}: {extent}. Please check the number.",
        "{law}没有第{article}条：{extent}。请核对条号。",
        "Il n’y a pas d’article {article} dans {law} : {extent}. Vérifiez le numéro.",
    ),
    "no_such_part": Trilingual(
        "{label} does not exist: that article has {extent}. Please check the number.",
        "{label}不存在：该条共有{extent}。请核对。",
        "{label} n’existe pas : cet article compte {extent}. Vérifiez le numéro.",
    ),
    "has_articles": Trilingual("it has {n} articles", "全文共{n}条", "le texte compte {n} articles"),
    "has_parts": Trilingual("{p} paragraph(s) and {i} item(s)", "{p}款、{i}项", "{p} alinéa(s) et {i} point(s)"),
    "not_held": Trilingual(
        "{label} is not held in this knowledge base ({why}), so nothing is said about it.",
        "本知识库未收录{label}（{why}），因此不作说明。",
        "{label} n’est pas conservé dans cette base ({why}) ; rien n’en est dit.",
    ),
    "law_not_held": Trilingual(
        "This knowledge base does not hold {law}, so it neither quotes nor explains it. It holds: {held}.",
        "本知识库未收录{law}，因此不引用也不解释。已收录：{held}。",
        "Cette base ne contient pas {law} ; elle ne le cite ni ne l’explique. Elle contient : {held}.",
    ),
    "only_part_held": Trilingual(
        "only some of its articles are held", "仅收录部分条文", "seule une partie des articles est conservée"
    ),
    "out_of_scope": Trilingual(
        "This is outside what is held here: the law of mainland China on facial recognition and personal information. Nothing is said rather than something unfounded.",
        "该问题超出本知识库范围：这里只收录中国大陆关于人脸识别与个人信息的法律。没有依据的内容不作回答。",
        "Cette question sort du champ de cette base : le droit de la Chine continentale sur la reconnaissance faciale et les informations personnelles. Rien n’est dit sans fondement.",
    ),
    "prediction": Trilingual(
        "This asks what will happen. Only what the law says on a date can be answered here; ask what the rule is, or put the question to counsel.",
        "该问题要求预测将来。这里只能回答法律在某一日期的规定；请改问规则本身，或咨询律师。",
        "Cette question demande une prédiction. Seul l’état du droit à une date peut être donné ici ; demandez la règle, ou consultez votre conseil.",
    ),
    "too_vague": Trilingual(
        "Please say what you want to do and where: for example “May we use face recognition to record attendance?”",
        "请说明想做什么、在哪里使用，例如：“公司可以用人脸识别打卡考勤吗？”",
        "Précisez ce que vous voulez faire et où, par exemple : « Peut-on utiliser la reconnaissance faciale pour le pointage ? »",
    ),
    "which_instrument": Trilingual(
        "Article {article} of which instrument? {candidates}",
        "请问是哪部文件的第{article}条？{candidates}",
        "L’article {article} de quel texte ? {candidates}",
    ),
    "nothing_verified": Trilingual(
        "No statement passed the checks, so none is shown.",
        "没有内容通过核验，因此不予显示。",
        "Aucune affirmation n’a passé les vérifications ; aucune n’est montrée.",
    ),
    "withheld": Trilingual(
        "{n} statement(s) did not pass the checks and are not shown: {why}.",
        "有{n}条内容未通过核验，未予显示：{why}。",
        "{n} affirmation(s) n’ont pas passé les vérifications et ne sont pas montrées : {why}.",
    ),
    "chat_failed": Trilingual(
        "The chat model gave no usable answer ({reason}). The provisions are quoted instead.",
        "对话模型未给出可用的回答（{reason}），改为直接引用条文。",
        "Le modèle de langage n’a pas donné de réponse utilisable ({reason}). Les dispositions sont citées à la place.",
    ),
    "chat_nothing": Trilingual(
        "No statement of the chat model is shown; the provisions are quoted instead.",
        "对话模型的内容均未显示，改为直接引用条文。",
        "Aucune affirmation du modèle de langage n’est montrée ; les dispositions sont citées à la place.",
    ),
}

VERDICT_DETAILS: dict[str, Trilingual] = {
    "not_in_corpus": Trilingual(
        "{law} is not held here, nor is there a record of it; it may well exist.",
        "本库既未收录{law}，也无其档案；该文件可能存在。",
        "{law} n’est pas conservé ici et n’a pas de fiche ; ce texte peut fort bien exister.",
    ),
    "no_instrument": Trilingual(
        "No instrument is named for Article {article}.",
        "未写明第{article}条属于哪部文件。",
        "Aucun texte n’est nommé pour l’article {article}.",
    ),
    "several_instruments": Trilingual(
        "Article {article} of which instrument? In reach are: {candidates}.",
        "第{article}条属于哪部文件？上下文提到：{candidates}。",
        "L’article {article} de quel texte ? Sont en vue : {candidates}.",
    ),
    "which_numbering": Trilingual(
        "{law} was renumbered on {from_}. Article {article} is {new}; before that day the number stood for what is now {moved}. Nothing in the text tells which is meant.",
        "{law}自{from_}起重新编号。现第{article}条为{new}；此前该条号对应现{moved}。文中无法判断所指为何。",
        "{law} a été renuméroté le {from_}. L’article {article} est {new} ; auparavant ce numéro désignait ce qui est devenu {moved}. Rien n’indique lequel est visé.",
    ),
    "part_not_held": Trilingual(
        "{label} is not among the articles held of this instrument, so nothing was compared.",
        "本库仅收录该文件部分条文，不含{label}，因此未作比对。",
        "{label} n’est pas parmi les articles conservés de ce texte ; rien n’a été comparé.",
    ),
    "record": Trilingual(
        "Known by a record only ({status}; evidence grade {grade}). The text is not held, so nothing was compared.",
        "仅有档案（{status}；证据等级{grade}），未收录原文，因此未作比对。",
        "Connu par une fiche seulement ({status} ; preuve de niveau {grade}). Le texte n’est pas conservé ; rien n’a été comparé.",
    ),
    "named_alone": Trilingual(
        "{law} is named without an article, so there is nothing to compare. In force since {from_}.",
        "仅提及{law}而未写明条号，无从比对。自{from_}起施行。",
        "{law} est nommé sans article ; il n’y a rien à comparer. En vigueur depuis le {from_}.",
    ),
    "draft_named": Trilingual(
        "{law} is a draft of {from_} that never came into force.",
        "{law}为{from_}公布的征求意见稿，从未生效。",
        "{law} est un projet du {from_} qui n’est jamais entré en vigueur.",
    ),
    "words_stand": Trilingual(
        "The words quoted stand in {label}.", "引文与{label}一致。", "Les mots cités figurent à {label}."
    ),
    "words_missing": Trilingual(
        "The words quoted do not stand in {label}.",
        "引文与{label}不符。",
        "Les mots cités ne figurent pas à {label}.",
    ),
    "words_negated": Trilingual(
        "The quotation is cut beside “{cut}”, which turns its sense in {label}.",
        "引文在“{cut}”处截断，与{label}原意相反。",
        "La citation est coupée auprès de « {cut} », ce qui en inverse le sens à {label}.",
    ),
    "words_elsewhere": Trilingual("They stand in {label}.", "该文字见于{label}。", "Ils figurent à {label}."),
    "another_rendering": Trilingual(
        "English words are compared with this project’s rendering; another translation can differ and be right. The Chinese text prevails.",
        "英文引文系与本库译文比对；其他译文措辞可能不同而并无错误，以中文文本为准。",
        "L’anglais est comparé à la traduction de ce projet ; une autre traduction peut différer sans être fausse. Le texte chinois fait foi.",
    ),
    "goes_on": Trilingual(
        "The sentence goes on: “{words}”.", "该句后文为：“{words}”。", "La phrase continue : « {words} »."
    ),
    "language_not_held": Trilingual(
        "The words quoted could not be compared: {label} is not held in that language.",
        "无法比对引文：本库未收录{label}的该语言文本。",
        "Les mots cités n’ont pas pu être comparés : {label} n’est pas conservé dans cette langue.",
    ),
    "figures_missing": Trilingual(
        "{figures}: not in {label}.", "{label}中没有：{figures}。", "{figures} : absent de {label}."
    ),
    "turned": Trilingual(
        "Invisible marks change the order in which this line is shown, so it was not compared.",
        "该行含有改变显示顺序的不可见字符，因此未作比对。",
        "Des marques invisibles changent l’ordre d’affichage de cette ligne ; elle n’a pas été comparée.",
    ),
    "stands": Trilingual("In force since {from_}.", "自{from_}起施行。", "En vigueur depuis le {from_}."),
    "existence_only": Trilingual(
        "Nothing is quoted: only existence and figures were checked.",
        "未引原文：仅核对条文存在与数字。",
        "Rien n’est cité mot à mot : seuls l’existence et les chiffres ont été vérifiés.",
    ),
    "repealed": Trilingual(
        "{old} was in force until {until}; its rule has no successor.",
        "{old}施行至{until}，无对应的现行规定。",
        "{old} a été en vigueur jusqu’au {until} ; sa règle n’a pas de successeur.",
    ),
    "by_evidence": Trilingual(
        "Read as the text of {from_}: only there do place, words or figures fit.",
        "按{from_}文本解读：只有该文本的条号、文字或数字相符。",
        "Lu selon le texte du {from_} : lui seul correspond (numéro, mots ou chiffres).",
    ),
    "by_words": Trilingual(
        "Read as {label}, by the words of the sentence.",
        "依据句中用语，理解为{label}。",
        "Lu comme {label}, d’après les mots de la phrase.",
    ),
}

RECORD_STATUSES: dict[RecordStatus, Trilingual] = {
    "current": Trilingual("current", "现行", "en vigueur"),
    "amended": Trilingual("amended", "已修改", "modifié"),
    "replaced": Trilingual("replaced", "已被替代", "remplacé"),
    "abolished": Trilingual("abolished", "已废止", "abrogé"),
    "never_in_force": Trilingual("never in force", "从未生效", "jamais en vigueur"),
    "concluded": Trilingual("concluded", "已审结", "clos"),
    "unknown": Trilingual("status not known", "状态不明", "statut inconnu"),
}

STANDINGS: dict[Standing, Trilingual] = {
    "in_force": Trilingual("in force since {from_}", "自{from_}起施行", "en vigueur depuis le {from_}"),
    "not_yet_in_force": Trilingual(
        "not yet in force (from {from_})", "尚未施行（自{from_}起）", "pas encore en vigueur (à partir du {from_})"
    ),
    "amended": Trilingual("former text, until {until}", "旧文本，施行至{until}", "ancien texte, jusqu’au {until}"),
    "repealed": Trilingual("repealed", "已废止", "abrogé"),
    "draft": Trilingual(
        "draft of {from_}, never in force", "{from_}征求意见稿，从未生效", "projet du {from_}, jamais en vigueur"
    ),
    "commentary": Trilingual("commentary, not law", "评论，并非法律", "commentaire, non une règle de droit"),
}


def say(key: str, language: Language, **values: object) -> str:
    """A fixed phrase with its blanks filled; KeyError for a phrase that is not in the table."""
    return PHRASES[key][language].format(**values)


_WHY_WITHHELD: dict[CheckKind, Trilingual] = {
    "exists": Trilingual("cites no place held here", "引用的条文不存在或未收录", "sans disposition conservée ici"),
    "in_force": Trilingual(
        "takes another text for law in force",
        "把其他文本当作现行有效的法律",
        "prend un autre texte pour le droit en vigueur",
    ),
    "retrieved": Trilingual(
        "rests on a place that was not found for the question",
        "依据的条文不在检索结果之内",
        "s’appuie sur un texte non trouvé",
    ),
    "verbatim": Trilingual(
        "quotes words that do not stand there", "所引文字与条文不符", "cite des mots qui n’y figurent pas"
    ),
    "numbers": Trilingual(
        "has a figure that the provision does not have", "数字在条文中不存在", "contient un chiffre absent du texte"
    ),
    "modality": Trilingual(
        "changes shall, may or shall not",
        "改变了应当、可以或者不得",
        "change l’obligation, la faculté ou l’interdiction",
    ),
    "supported": Trilingual(
        "is not borne out by the words cited", "所引条文不能支持该表述", "n’est pas confirmée par les mots cités"
    ),
}


def withheld_message(withheld: Iterable[Claim], language: Language) -> str:
    """How many claims are not shown, and why: by the first check that each failed."""
    first = Counter(next(c.kind for c in claim.checks if not c.passed) for claim in withheld)
    stop = "；" if language == "zh" else " ; " if language == "fr" else "; "
    why = stop.join(f"{n} × {_WHY_WITHHELD[kind][language]}" for kind, n in first.most_common())
    return say("withheld", language, n=first.total(), why=why)
