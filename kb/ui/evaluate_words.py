"""The words of the page Evaluate, in three languages. The report itself is in English."""

from __future__ import annotations

from kb.model import Language, Trilingual

WORDS: dict[str, Trilingual] = {
    "evaluate": Trilingual("Evaluate", "评测", "Évaluer"),
    "tagline": Trilingual(
        "Questions with known answers are asked, and what comes back is measured: citations, quotations, refusals.",
        "向系统提出已有标准答案的问题，并衡量其引用、引文与拒答。",
        "Des questions dont la réponse est connue sont posées ; références, citations et refus sont mesurés.",
    ),
    "offline": Trilingual(
        "No judge but the cases themselves: a run gives the same figures again. The report is in English.",
        "仅以案例本身为准，重复运行结果相同。报告为英文。",
        "Aucun juge hors des cas eux-mêmes : une nouvelle exécution donne les mêmes chiffres. Le rapport est en anglais.",
    ),
    "language": Trilingual("Language", "语言", "Langue"),
    "split": Trilingual("Questions", "问题集", "Questions"),
    "split_all": Trilingual("All", "全部", "Toutes"),
    "split_dev": Trilingual(
        "Development (thresholds were set on them)",
        "开发集（阈值据此设定）",
        "Développement (les seuils y ont été réglés)",
    ),
    "split_test": Trilingual("Test (held out)", "测试集（未用于调参）", "Test (mises à part)"),
    "baselines": Trilingual("Compare with simple searches", "与简单检索比较", "Comparer à de simples recherches"),
    "run": Trilingual("Run", "运行", "Lancer"),
    "runs": Trilingual("The last runs compared", "最近几次评测对比", "Les dernières exécutions comparées"),
    "waiting": Trilingual("The language model is loading …", "语言模型正在加载……", "Le modèle de langue se charge …"),
    "running": Trilingual(
        "Running: {done} of {total}. The page can be left; the run goes on.",
        "正在运行：{done}/{total}。可以离开此页，运行会继续。",
        "En cours : {done} sur {total}. Vous pouvez quitter la page, l’exécution continue.",
    ),
    "already": Trilingual(
        "A run is in progress; another can start when it is done.",
        "已有评测在运行，结束后方可再次运行。",
        "Une exécution est en cours ; une autre pourra commencer ensuite.",
    ),
    "done": Trilingual("Done.", "已完成。", "Terminé."),
    "failed": Trilingual("The run failed:", "运行失败：", "L’exécution a échoué :"),
    "none": Trilingual(
        "No report yet. Run one here, or with `kb eval`.",
        "尚无报告。可在此运行，或使用 `kb eval`。",
        "Pas encore de rapport. Lancez-en un ici, ou avec `kb eval`.",
    ),
    "absent": Trilingual(
        "This installation holds no questions: an evaluation runs in a checkout of the project.",
        "本安装不含评测问题；请在项目源码目录中运行评测。",
        "Cette installation ne contient pas de questions : une évaluation se lance dans une copie du projet.",
    ),
    "last": Trilingual("Last report", "最近一次报告", "Dernier rapport"),
    "open": Trilingual("Open the whole report", "打开完整报告", "Ouvrir le rapport entier"),
    "get_html": Trilingual("Download HTML", "下载 HTML", "Télécharger HTML"),
    "get_json": Trilingual("Download JSON", "下载 JSON", "Télécharger JSON"),
    "get_xml": Trilingual("Download JUnit", "下载 JUnit", "Télécharger JUnit"),
}


def word(key: str, language: Language) -> str:
    return WORDS[key][language]
