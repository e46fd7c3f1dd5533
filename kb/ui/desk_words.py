"""The words of the log-in, of one's own answers, of Review, Usage and the audit trail: English, Chinese, French, one line a key."""

from __future__ import annotations

from kb.model import Language
from kb.ui.library_words import WORDS as LIBRARY_WORDS

WORDS: dict[str, tuple[str, str, str]] = {
    # navigation
    "mine": ("My answers", "我的问答", "Mes réponses"),
    "review": ("Review", "法务审核", "Relecture"),
    "usage": ("Usage", "使用情况", "Usage"),
    "audit": ("Audit trail", "审计记录", "Journal d’audit"),
    "log_in": ("Log in", "登录", "Connexion"),
    "log_out": ("Log out", "退出登录", "Déconnexion"),
    "you_are": ("{name}, {role}", "{name}，{role}", "{name}, {role}"),
    "role_employee": ("employee", "员工", "collaborateur"),
    "role_legal": ("legal staff", "法务", "juriste"),
    "role_evaluator": ("evaluator", "评测人员", "évaluateur"),
    "role_admin": ("administrator", "管理员", "administrateur"),
    "no_accounts": (
        "No accounts yet: whoever sits at this machine may do everything. `kb users add NAME --role …` changes that.",
        "尚未设置账号：使用本机的人可进行所有操作。可用 `kb users add 名称 --role …` 添加账号。",
        "Aucun compte : quiconque est à cette machine peut tout faire. `kb users add NOM --role …` y remédie.",
    ),
    # log-in
    "name": ("Name", "用户名", "Nom"),
    "password": ("Password", "密码", "Mot de passe"),
    "log_in_wrong": (
        "The name or the password is wrong, or the account is locked for {minutes} minutes after {failures} failures.",
        "用户名或密码错误，或该账号因{failures}次失败被锁定{minutes}分钟。",
        "Le nom ou le mot de passe est faux, ou le compte est bloqué {minutes} minutes après {failures} échecs.",
    ),
    "privacy": (
        "What is kept: your questions with their answers, when you asked, your ratings and comments, your log-ins. Legal staff see answers that you "
        "send to them or rate badly, with your name; evaluators see questions without names. Nothing leaves this machine unless a chat model is set, "
        "and then the page Ask says so. You can delete your answers; the operator deletes old ones.",
        "保存的内容：您的提问及回答、提问时间、评价与留言、登录记录。法务可看到您提交或给出差评的问答及您的姓名；评测人员看到的问题不含姓名。"
        "除非设置了对话模型（“提问”页会注明），任何内容都不会离开本机。您可以删除自己的问答；运营者会定期删除旧记录。",
        "Ce qui est conservé : vos questions et leurs réponses, l’heure, vos avis et commentaires, vos connexions. Les juristes voient les réponses que "
        "vous leur envoyez ou jugez mauvaises, avec votre nom ; les évaluateurs voient les questions sans nom. Rien ne quitte cette machine sauf si un "
        "modèle de langage est configuré, ce que dit alors la page Demander. Vous pouvez supprimer vos réponses ; l’exploitant supprime les anciennes.",
    ),
    "privacy_title": ("Privacy", "隐私说明", "Vie privée"),
    # an answer
    "answer_title": ("Answer", "回答", "Réponse"),
    "asked_at": ("Asked", "提问时间", "Demandé le"),
    "asked_by": ("by", "提问人", "par"),
    "law_of": ("Law as of {on}", "按{on}的法律", "Droit au {on}"),
    "refused": ("Not answered:", "未予回答：", "Sans réponse :"),
    "points": ("Points", "要点", "Points"),
    "open": ("Open in the Library", "在法规库中打开", "Ouvrir dans la bibliothèque"),
    "made_with": ("Made with", "生成信息", "Établi avec"),
    "print": ("Print", "打印", "Imprimer"),
    "copy_all": ("Copy with citations", "连同引用一起复制", "Copier avec les références"),
    "copied": ("Copied", "已复制", "Copié"),
    "delete": ("Delete this answer", "删除此问答", "Supprimer cette réponse"),
    "deleted": ("Deleted.", "已删除。", "Supprimé."),
    "ask_again": ("Ask again today", "按今天的法律重新提问", "Redemander aujourd’hui"),
    "withheld_n": ("{n} statements were withheld because they failed a check.", "有{n}条陈述未通过核对，已被隐去。", "{n} affirmations ont été retenues, un contrôle ayant échoué."),
    # what readers say
    "rate_title": ("Was this answer helpful?", "此回答有帮助吗？", "Cette réponse est-elle utile ?"),
    "helpful": ("Helpful", "有帮助", "Utile"),
    "not_helpful": ("Not helpful", "没有帮助", "Pas utile"),
    "reason": ("Why? (optional)", "原因（可不填）", "Pourquoi ? (facultatif)"),
    "rate": ("Send rating", "提交评价", "Envoyer l’avis"),
    "rated": ("Thank you; your rating was kept.", "谢谢，您的评价已保存。", "Merci ; votre avis est enregistré."),
    "refer_title": ("Send to legal", "提交法务", "Envoyer aux juristes"),
    "refer_about": (
        "Legal staff see the question, the answer, your name and your comment.",
        "法务将看到问题、回答、您的姓名和留言。",
        "Les juristes voient la question, la réponse, votre nom et votre commentaire.",
    ),
    "comment": ("Comment", "留言", "Commentaire"),
    "refer": ("Send to legal", "提交法务", "Envoyer aux juristes"),
    "referred": ("Sent to the legal staff.", "已提交法务。", "Envoyé aux juristes."),
    # sign-offs
    "signed_by": ("Signed off by {by} on {at}", "已由{by}于{at}审核确认", "Validé par {by} le {at}"),
    "corrected_by": ("Answer of the legal staff ({by}, {at})", "法务答复（{by}，{at}）", "Réponse des juristes ({by}, {at})"),
    "lapsed_by": ("Was signed off by {by} on {at}; this has lapsed: {why}.", "曾由{by}于{at}审核确认，现已失效：{why}。", "Validé par {by} le {at} ; cette validation est caduque : {why}."),
    "rejected_by": ("Rejected by {by} on {at}", "已由{by}于{at}否定", "Rejeté par {by} le {at}"),
    "text_changed": ("the text of the provision held here has changed", "所收录的条文文本已有变化", "le texte conservé de la disposition a changé"),
    "standing_changed": ("the provision stands otherwise now", "该条文的效力状态已改变", "la disposition n’a plus le même statut"),
    "not_held": ("the provision is no longer held", "该条文已不再收录", "la disposition n’est plus conservée"),
    "answer_changed": ("the answer is another one now", "现在的回答已不同", "la réponse est autre désormais"),
    "undecided": ("Not yet reviewed", "尚未审核", "Pas encore relu"),
    "sign": ("Sign off", "确认", "Valider"),
    "reject": ("Reject", "否定", "Rejeter"),
    "decided": ("The decision was kept.", "决定已保存。", "La décision est enregistrée."),
    "correct_title": ("Corrected answer", "更正后的答复", "Réponse corrigée"),
    "correct_about": (
        "Every citation in it is verified before it is saved. Whoever asks the same question later sees it first.",
        "保存前会核对其中的每一处引用。之后提出相同问题的人会首先看到它。",
        "Chaque référence est vérifiée avant l’enregistrement. Qui pose la même question plus tard la voit d’abord.",
    ),
    "save": ("Save", "保存", "Enregistrer"),
    "corrected": ("The corrected answer was saved; its citations are verified.", "更正答复已保存，其引用均已核实。", "La réponse corrigée est enregistrée ; ses références sont vérifiées."),
    "close": ("Done: take from the queue", "处理完毕，移出队列", "Traité : retirer de la file"),
    "closed": ("Taken from the queue.", "已移出队列。", "Retiré de la file."),
    "sources": ("The provision", "条文", "La disposition"),
    "statement": ("What the answer says", "回答内容", "Ce que dit la réponse"),
    # review
    "queue_about": (
        "Answers sent by readers, rated badly or with withheld statements, and sign-offs that lapsed.",
        "读者提交的、评价不佳的或有陈述被隐去的问答，以及已失效的审核确认。",
        "Réponses envoyées par les lecteurs, mal notées ou avec des affirmations retenues, et validations caduques.",
    ),
    "queue_empty": ("Nothing waits. Answers that readers send to legal appear here.", "暂无待办。读者提交法务的问答会显示在此。", "Rien n’attend. Les réponses envoyées aux juristes apparaissent ici."),
    "why": ("Why", "原因", "Motif"),
    "question": ("Question", "问题", "Question"),
    "said": ("Said", "留言", "Dit"),
    "why_referral": ("sent by a reader", "读者提交", "envoyé par un lecteur"),
    "why_bad_rating": ("not helpful", "评价不佳", "pas utile"),
    "why_withheld": ("statements withheld", "有陈述被隐去", "affirmations retenues"),
    "why_lapsed": ("sign-off lapsed", "审核确认失效", "validation caduque"),
    "export": ("Export", "导出", "Exporter"),
    "export_chosen": ("Export the chosen ones as", "将所选导出为", "Exporter la sélection en"),
    "choose": ("Choose", "选择", "Choisir"),
    "choose_some": ("Choose at least one answer.", "请至少选择一条问答。", "Choisissez au moins une réponse."),
    # mine
    "mine_about": ("Your questions and their answers, newest first.", "您的提问与回答，最新的在前。", "Vos questions et leurs réponses, les plus récentes d’abord."),
    "mine_empty": ("You have not asked anything yet.", "您还没有提问。", "Vous n’avez encore rien demandé."),
    "state": ("State", "状态", "État"),
    "answered": ("answered", "已回答", "répondu"),
    "refused_short": ("not answered", "未予回答", "sans réponse"),
    # usage
    "usage_about": ("What was asked, without names.", "提问情况（不含姓名）。", "Ce qui a été demandé, sans noms."),
    "usage_empty": ("Nothing was asked yet.", "尚无提问。", "Rien n’a encore été demandé."),
    "by_day": ("By day", "按日期", "Par jour"),
    "by_language": ("By language", "按语言", "Par langue"),
    "by_outcome": ("By outcome", "按结果", "Par issue"),
    "by_refusal": ("Refusals by kind", "拒答类型", "Refus par nature"),
    "by_law": ("Laws cited", "引用的法规", "Textes cités"),
    "by_rating": ("Ratings", "评价", "Avis"),
    "outcome_answered": ("answered", "已回答", "répondu"),
    "outcome_refused": ("not answered", "未予回答", "sans réponse"),
    "refusal_out_of_scope": ("outside the subject", "超出范围", "hors du sujet"),
    "refusal_no_such_provision": ("no such provision", "无此条文", "disposition inexistante"),
    "refusal_not_in_corpus": ("not held here", "本库未收", "hors de ce corpus"),
    "refusal_prediction": ("asks for a forecast", "要求预测", "demande une prévision"),
    "refusal_too_vague": ("too vague", "过于笼统", "trop vague"),
    "rating_helpful": ("helpful", "有帮助", "utile"),
    "rating_not_helpful": ("not helpful", "没有帮助", "pas utile"),
    "number": ("Number", "数量", "Nombre"),
    "recent": ("Last questions", "最近的问题", "Dernières questions"),
    "make_case": ("Make a case of it", "转为评测用例", "En faire un cas"),
    "case_about": (
        "A draft of a case for eval/cases. The citations are those of the answer: a person has to say which must be cited, and why.",
        "供 eval/cases 使用的用例草稿。引用取自该回答：须由人确定哪些必须引用及其理由。",
        "Ébauche d’un cas pour eval/cases. Les références sont celles de la réponse : quelqu’un doit dire lesquelles sont requises, et pourquoi.",
    ),
    "copy": ("Copy", "复制", "Copier"),
    # audit
    "audit_about": ("Who did what, newest first. Each entry is bound to the one before.", "操作记录，最新的在前。每条记录都与前一条绑定。", "Qui a fait quoi, les plus récents d’abord. Chaque entrée est liée à la précédente."),
    "audit_whole": ("{n} entries, unbroken. Hash of the last: {hash}", "共{n}条，链条完整。最后一条的哈希：{hash}", "{n} entrées, chaîne intacte. Empreinte de la dernière : {hash}"),
    "audit_broken": ("The trail is broken at entry {n}: it was changed or entries are missing.", "记录在第{n}条处断裂：有改动或缺失。", "Le journal est rompu à l’entrée {n} : modifiée ou manquante."),
    "when": ("When", "时间", "Quand"),
    "who": ("Who", "何人", "Qui"),
    "what": ("What", "操作", "Quoi"),
    "detail": ("Detail", "详情", "Détail"),
    # errors
    "not_allowed": ("Your role does not allow this.", "您的角色无权进行此操作。", "Votre rôle ne le permet pas."),
    "back": ("Back", "返回", "Retour"),
    "kept_not": ("This answer could not be recorded: {why}", "此回答未能存档：{why}", "Cette réponse n’a pas pu être enregistrée : {why}"),
    "actions": ("Rate, print, send to legal", "评价、打印、提交法务", "Noter, imprimer, envoyer aux juristes"),
}  # fmt: skip
_PLACE: dict[Language, int] = {"en": 0, "zh": 1, "fr": 2}


def text(key: str, language: Language, /, **values: object) -> str:
    """A text of these pages, or one of the Library's; KeyError for an unknown key."""
    found = WORDS.get(key) or LIBRARY_WORDS[key]
    said = found[_PLACE[language]]
    return said.format(**values) if values else said
