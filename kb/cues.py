"""Words that tell what a question asks for, in three languages: patterns, and nothing that reads the law."""

from __future__ import annotations

import re

from kb.text import word_set

FOLLOW_UP = re.compile(
    r"^\s*(?:and\b|what about|how about|what if|but\b|so\b|then\b|also\b|why\b|same for|et\b|mais\b|alors\b|qu['’]en est-il|et si\b|pourquoi"
    r"|那|那么|如果是|要是|换成|还有|为什么|具体|它|这条|该条|上面|刚才)",
    re.IGNORECASE,
)
PRONOUN = re.compile(
    r"\b(?:it|that|this|those|these|they|them|cela|ça|ceci|celle-ci|celui-ci)\b|这个|那个|这些|该|其", re.IGNORECASE
)
DRAFT = re.compile(
    r"\b(?:the\s+|2023\s+)draft\b|\b(?:the\s+)?(?:2023|former|original|first)\s+(?:proposal|version\s+of\s+the\s+(?:face|facial|FRT)\s+(?:rules|measures))\b|\bproposal\s+of\s+2023\b|\bproposed\s+(?:rules|measures|text)\b|\b(?:la\s+)?proposition\s+de\s+2023\b|\btexte\s+(?:proposé|mis\s+en\s+consultation)\b|\bdraft\s+(?:provisions|rules|regulation|measures|article|version\s+of\s+2023|of\s+2023)\b|\b(?:le|du|au)\s+projet\s+(?:de\s+(?:2023|dispositions|texte|règlement|mesures)|FRT)\b"
    r"|\b(?:projet|draft)\s+(?:de\s+)?(?:2023)\b|\b(?:le|du|au)\s+Projet\b|texte soumis à consultation|consultation (?:draft|version)|征求意见稿|意见稿|2023年?的?草案|草案",
    re.IGNORECASE,
)
COMPARE = re.compile(
    r"\b(?:compar\w*|differ\w*|changed?|changes|versus|vs\.?|instead of|replaced|no longer|dropped|kept|evol\w*|différen\w*|changé|changements?|par rapport|remplac\w*|supprim\w*)\b"
    r"|区别|不同|变化|相比|对比|比较|改了|变了|还保留|取消了|删",
    re.IGNORECASE,
)
FOREIGN = re.compile(
    r"\b(?:GDPR|PDPA|PDPO|APPI|PIPA|nLPD|BDSG|RGPD|CNIL|BIPA|CCPA|CPRA|HIPAA|LGPD|AI Act|Illinois|EU law|European (?:Union|law|rules)|Union européenne|droit (?:français|européen|américain|allemand)"
    r"|loi (?:française|européenne|américaine|suisse)|(?:US|American|German|French|UK|British|Japanese|Singapore|Indian) (?:law|rules|courts?))\b|règlement européen"
    r"|欧盟|《?通用数据保护条例》?|美国(?:法(?!院)|的法律|各州)|(?:德国|法国|日本|英国)法(?!院)|香港(?:的)?(?:法|私隐|条例)|（?私隐）?条例",
    re.IGNORECASE,
)
PREDICTION = re.compile(
    r"\b(?:predict\w*|forecast|how likely|odds|what are (?:my|our|the) chances|chances? (?:of|that)|do you (?:think|believe|expect)|in your opinion|will\b.{0,60}\bbe (?:lowered|raised|changed|amended|abolished|repealed|replaced|tightened|relaxed|loosened|extended|banned|dropped)|will\b.{0,70}\b(?:in|within) (?:a|one|two|three|five|ten|the (?:next|coming)|a few|some|\d+)\b.{0,12}\byears?|would (?:i|we) win|will (?:i|we) win|will (?:china|the cac|the regulator|the government"
    r"|the courts?|a court|the judge|they|beijing|the authorit\w+|the police)\b|will .{0,60}(?:next year|in the future|one day|in 20(?:2[7-9]|3\d))"
    r"|pensez-vous|ser(?:a|ont)\b.{0,40}\b(?:modifié|abaissé|relevé|supprimé|abrogé|durci|assoupli|interdit)\w*|(?:vais-je|va-t-on|allons-nous|puis-je espérer) gagner|dans (?:un|deux|trois|cinq|dix|quelques) ans|croyez-vous|selon vous|à votre avis|va-t-(?:il|elle|on)\b|vont-(?:ils|elles)\b|prédi\w+|prévoyez|l['’]an prochain|l['’]année prochaine|à l['’]avenir|quelles? (?:sont )?(?:mes|nos|les) chances)"
    r"|法官会|会判(?:我|我们|他|她|谁|多)|判我(?:赢|输)|能判(?:我|多少)|会(?:不会)?(?:被)?(?:降低|提高|调低|调高|下调|上调|废止|废除|修改|取消|收紧|放宽)(?:吗|么|？|\?)|过(?:两|三|几|五)年|(?:两|三|几|五)年(?:之)?后|你估计|你觉得|你认为|预测|会不会.{0,14}(?:修改|修订|出台|禁止|放开|取消|收紧|罚)|将来会|未来会|明年|后年|胜算|能不能赢|能赢|能不能胜诉|几率|概率|可能性(?:有)?多大|会怎么判",
    re.IGNORECASE,
)
GENERIC = word_set(
    "legal illegal allow allowed ok okay law rule right possible permit need do help question tell "
    "explain know think say happen thing one case work droit légal loi possible faire permis autorisé "
    "aide question expliquer savoir dire règle cas chose besoin 行 行不行 可以 合法 合规 违法 问题 办 弄 这样 那样 帮 帮忙 告诉 解释 "
    "规定 法律 怎么办 做 搞 没 不 啊 呀 吧 行吗 可不可以 能不能 对 对吗 合不合规 合不合法 违不违法 违不违规 合 规 法 这个 那个 请 请问 谢谢 你好 meeting please thanks thank "
    "hello hi hey bonjour merci salut réunion info information infos informations advice conseil conseils urgent quickly vite some any get give send stuff "
)

FORMERLY = re.compile(
    r"\b(?:once|formerly|used to|originally|at first|at the time|back then|side by side|old (?:text|version|rule|article|number\w*|law)|former (?:text|version|rule|article|number\w*)"
    r"|earlier (?:text|version|rule)|previous (?:text|version|rule|article)|before 2026|before the (?:amendment|renumbering|revision)|(?:rule|text|version)s? of 20(?:17|23|25|26)"
    r"|renumber\w*|old and new|then and now|autrefois|auparavant|à l['’]origine|à l['’]époque|jadis|l['’]ancien(?:ne)?|anciens? (?:texte|article|numéro|version)|renuméroté\w*|avant (?:la réforme|2026|la révision))\b"
    r"|老条文|旧条|旧法|旧版|老版|原来的?(?:条|规定|那条|第)|当初|曾经|新旧|修订前|修改前|修正前|从前|过去的规定|以前的(?:规定|条)|改(?:了)?条号|新版|原第",
    re.IGNORECASE,
)
"""The question looks back at what a rule was before: the draft of it, or its former text."""
NOWADAYS = re.compile(
    r"\b(?:now(?:adays)?|today|currently|at present|these days|still (?:the same|in|there|valid|apply|applies)|toujours|aujourd['’]hui|maintenant|désormais|actuellement|à présent)\b|现在|如今|目前|今天|今年|现行|后来",
    re.IGNORECASE,
)
TAKEN_FOR_GRANTED = re.compile(
    r"\b(?:since|as|because|given that|seeing that|now that|considering|anyway|after all|of course|obviously|surely|right|correct|isn['’]t it|aren['’]t (?:we|they)|don['’]t (?:we|they)|doesn['’]t it|am i right"
    r"|true|so (?:we|i|it|they|that|there|no)|i (?:heard|read|was told|thought|assume|gather|understand)|we (?:heard|were told|thought|assume)|they (?:say|told)|(?:says?|told|claims?|insists?|tells?)\b.{0,20}\b(?:that|me|us)"
    r"|puisque?|vu que|étant donné|comme|car|parce que?|n['’]est-ce pas|pas vrai|d['’]accord|de toute façon|donc|évidemment|paraît|on m['’]a dit|j['’]ai (?:lu|entendu)|(?:dit|prétend|affirme|assure|soutient)\b.{0,6}\b(?:que?|qu['’]))\b"
    r"|, (?:no|non|yes|oui|hein)\s*\?|既然|反正|因为|由于|所以|那就|对吧|对吗|对不对|是吧|是吗|是不是|没错吧|听说|据说|说是|都说|说了|说，|以为|不就|就行|就可以|就不用|不用|当然|已经|吧[？?。]?$",
    re.IGNORECASE,
)
"""Words by which a question lets something pass for true, or asks to have it confirmed."""
UNHELD = re.compile(
    r"\b(?:the |les? |la |l['’]|du |des )?(?P<en>(?:[\w’'-]+ ){1,6}(?:rules|regulations?|law|act|measures|provisions|decree|circular|ordinance|standard|arrêté|règlement|décret|loi|circulaire)) (?:of|de|du) (?P<year>(?:19|20)\d\d)\b",
    re.IGNORECASE,
)
"""An instrument named by what it is and its year."""
ASKS = re.compile(
    r"[?？]$|^(?:and |or |but |et |ou |mais )?(?:what|who|how|when|where|which|why|can|could|may|must|do|does|did|is|are|will|would|should|que|qui|quel(?:le)?s?|quand|comment|où"
    r"|combien|pourquoi|faut|peut|doit|puis|est-ce)\b|吗|呢|什么|怎|如何|多少|多久|谁|哪|几|是否|能否|能不能|可不可以|要不要|算不算|有没有|是不是|会不会",
    re.IGNORECASE,
)
"""A part of a text that asks, not one that tells or tells to do something."""
NOT_YET = re.compile(
    r"\b(?:before|avant|prior to)\b[^.,;:!?()]{3,90}?\b(?:came? into|comes? into|was in|took|takes?|entrée en|kick(?:ed|s) in|n['’]entre en|entre en|start(?:ed|s)|existed|appl(?:y|ied|ies)|adopted)\b[^.,;:!?()]{0,60}"
    r"|还没有?[^，。；、？（）()]{2,24}?的?时候|[^，。；、？（）()]{2,16}(?:还没|尚未|还未|没有)(?:生效|施行|实施|出台|颁布)|[^，。；、？（）()]{2,16}(?:生效|施行|实施|出台|颁布)(?:之|以)?前",
    re.IGNORECASE,
)
"""A law named only to say that it was not there yet: it tells the day, and is not what is asked about."""
THIS_LAW = re.compile(
    r"\b(?:this|that) (?:law|act|regulation|article|provision|rule|paragraph)\b|\bthe (?:first|second|third|last) paragraph\b"
    r"|\bcette (?:loi|disposition|règle)\b|\bcet (?:article|alinéa)\b|\bce (?:règlement|paragraphe)\b"
    r"|(?:这个|该|这部|这条|此)(?:规定|法律?|条例|办法|条款|条|款)",
    re.IGNORECASE,
)
"""An instrument or a place pointed at, without a name."""
SUBJECT = re.compile(
    r"\b(?:fac(?:e|es|ial)|visages?|camera|caméra|biometric|biométri|scan|recogni|reconnaiss|personal|personnel|data|données)|脸|面部|人像|摄像|生物|识别|信息|数据",
    re.IGNORECASE,
)
"""A word of the field: a question that has one is about something, whatever it points at."""
NEXT_PART = re.compile(
    r"(?<=[?？!！。；;])\s*|(?<=[.])\s+"
    r"|,?\s+(?:and|et|ou|or)\s+(?=(?:what|who|how|when|where|which|can|could|may|must|do|does|is|are|will|should"
    r"|que|qui|quel|quelle|quand|comment|où|combien|faut|peut|doit|puis|est-ce|à qui)\b)"
    r"|[，,](?=(?:要|能|可以|怎么|谁|还|又|会|是不是|有没有|需要|应该|得|多久|多少|哪|什么))",
    re.IGNORECASE,
)
"""Where another sentence or another question of the same text begins."""
