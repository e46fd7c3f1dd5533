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
    r"|\b(?:projet|draft|texte|consultation)\s+(?:de\s+)?(?:2023)\b|\b2023\s+(?:text|rules|paper|consultation|version)\b|\b(?:texte|version)\s+(?:de\s+|d['’])(?:août\s+)?2023\b|\b(?:version|texte)\s+(?:de\s+2023\s+)?soumise?\s+à\b|\b(?:text|version) of (?:August )?2023\b|2023年(?:8月)?的?(?:那个|那份|那版|这版)?(?:文本|版本|稿子?|版)(?!权)|\b(?:le|du|au)\s+Projet\b|texte soumis à consultation|consultation (?:draft|version)|征求意见稿|意见稿|2023年?的?草案|草案",
    re.IGNORECASE,
)
COMPARE = re.compile(
    r"\b(?:compar\w*|differ\w*|changed?|changes|versus|vs\.?|instead of|replaced|no longer|dropped|kept|evol\w*|différen\w*|changé|changements?|par rapport|remplac\w*|supprim\w*)\b"
    r"|区别|不同|变化|相比|对比|比较|改了|变了|还保留|取消了|删",
    re.IGNORECASE,
)
FOREIGN = re.compile(
    r"(?<![A-Za-z])(?:GDPR|PDPA|PDPO|APPI|PIPA|nLPD|BDSG|RGPD|CNIL|BIPA|CCPA|CPRA|HIPAA|LGPD|AI Act|Illinois)(?![A-Za-z])|\b(?:EU law|European (?:Union|law|rules)|Union européenne|droit (?:français|européen|américain|allemand)"
    r"|loi (?:française|européenne|américaine|suisse)|(?:US|American|German|French|UK|British|Japanese|Singapore|Indian) (?:law|rules|courts?))\b|règlement européen"
    r"|欧盟|《?通用数据保护条例》?|美国(?:法(?!院)|的法律|各州)|(?:德国|法国|日本|英国)法(?!院)|香港(?:的)?(?:法|私隐|条例)|（?私隐）?条例",
    re.IGNORECASE,
)
DOMESTIC = re.compile(
    r"\b(?:in|within|under) (?:mainland )?(?:China|PRC)\b|\bChinese (?:law|rules)|\bdroit chinois\b|\bloi chinoise\b|\ben Chine\b|国内|我国|中国(?:的)?(?:法|大陆|境内|这边)",
    re.IGNORECASE,
)
"""The law here, beside which foreign law may be named."""
PREDICTION = re.compile(
    r"\b(?:predict\w*|forecast|how likely|odds|what are (?:my|our|the) chances|chances? (?:of|that)|do you (?:think|believe|expect)|in your opinion|will\b.{0,60}\bbe (?:lowered|raised|changed|amended|abolished|repealed|replaced|tightened|relaxed|loosened|extended|banned|dropped)|will\b.{0,70}\b(?:in|within) (?:a|one|two|three|five|ten|the (?:next|coming)|a few|some|\d+)\b.{0,12}\byears?|would (?:i|we) win|will (?:i|we) win|will (?:china|the cac|the regulator|the government"
    r"|the courts?|a court|the judge|they|beijing|the authorit\w+|the police)\b|will .{0,60}(?:next year|in the future|one day|in 20(?:2[7-9]|3\d))"
    r"|pensez-vous|ser(?:a|ont)\b.{0,40}\b(?:modifié|abaissé|relevé|supprimé|abrogé|durci|assoupli|interdit)\w*|(?:vais-je|va-t-on|allons-nous|puis-je espérer) gagner|dans (?:un|deux|trois|cinq|dix|quelques) ans|croyez-vous|selon vous|à votre avis|va-t-(?:il|elle|on)\b|vont-(?:ils|elles)\b|prédi\w+|prévoyez|l['’]an prochain|l['’]année prochaine|à l['’]avenir|quelles? (?:sont )?(?:mes|nos|les) chances)"
    r"|法官会|会判(?:我|我们|他|她|谁|多)|判我(?:赢|输)|能判(?:我|多少)|会(?:不会)?(?:被)?(?:降低|提高|调低|调高|下调|上调|废止|废除|修改|取消|收紧|放宽)(?:吗|么|？|\?)|过(?:两|三|几|五)年|(?:两|三|几|五)年(?:之)?后|你估计|你觉得|你认为|预测|会不会[^？?，。；]{0,14}(?:修改|修订|出台|禁止|放开|取消|收紧)|将来会|未来会|明年|后年|胜算|能不能赢|能赢|能不能胜诉|几率|概率|可能性(?:有)?多大|会怎么判",
    re.IGNORECASE,
)
GENERIC = word_set(
    "legal illegal allow allowed ok okay law rule right possible permit need do help question tell "
    "explain know think say happen thing one case work droit légal loi possible faire permis autorisé "
    "aide question expliquer savoir dire règle cas chose besoin 行 行不行 可以 合法 合规 违法 问题 办 弄 这样 那样 帮 帮忙 告诉 解释 "
    "规定 法律 怎么办 做 搞 没 不 啊 呀 吧 行吗 可不可以 能不能 对 对吗 合不合规 合不合法 违不违法 违不违规 合 规 法 这个 那个 请 请问 谢谢 你好 meeting please thanks thank "
    "hello hi hey bonjour merci salut réunion info information infos informations advice conseil conseils urgent quickly vite some any get give send stuff "
)

PRODUCT = re.compile(
    r"\b(?:which|what|best|recommend\w*)\b.{0,24}\b(?:brands?|makes?|models?|products?|suppliers?|vendors?|manufacturers?)\b.{0,60}\b(?:buy|choose|recommend|best|suggest|cheap\w*|go for|get)\b"
    r"|\b(?:better|best|good) (?:value|deal|buy)\b|\bvalue for money\b|\b(?:VAT|tax) (?:deduct\w*|refund|credit)|\bdeduct\b.{0,20}\b(?:VAT|tax)\b|\bopen[- ]source (?:model|library|software)\b|\bfalse (?:accept\w*|reject\w*|match) rate"
    r"|\b(?:quelle?s?|meilleure?s?)\b.{0,24}\b(?:marques?|modèles?|produits?|fournisseurs?|fabricants?)\b.{0,60}\b(?:acheter|choisir|conseill\w+|recommand\w+|prendre)\b|\brapport qualité[- ]prix\b|\b(?:récupérer|déduire)\b.{0,12}\bTVA\b"
    r"|(?:哪个|哪家|哪种|什么|推荐).{0,8}(?:牌子|品牌|厂家|厂商|型号|供应商|产品)|(?:牌子|品牌|厂家|厂商|型号|供应商|产品).{0,10}(?:推荐|好用|便宜|性价比|哪个好|哪家好)|性价比|进项税|抵扣|开发票|发票怎么|误识率|识别率|开源模型|哪个模型",
    re.IGNORECASE,
)
"""Which product to buy, what it costs in taxes, how to set it: no question of this law."""
SITUATION = word_set(
    "letter contract late due overdue material materials pls quick bon bonne contrat lettre courrier refuse refused refuses rejected reject missing miss form forms article articles clause clauses deadline deadlines period term terms limit limits condition conditions exception exceptions option options choice choose reason reasons fact facts detail details example examples name names number numbers list lists part parts type types kind kinds sort level levels stage phase step steps owner result results something anything nothing everything boss manager management director colleague colleagues team teams lawyer consultant partner partners company firm office business people someone somebody everybody "
    "anybody everyone anyone nobody friend week weeks month months year years day days today tomorrow yesterday morning evening end start beginning begin soon late later time times last next new old first "
    "put install installed set up run use used using start started stop stopped change changed keep go going come make made making take taking look looking see saw check ask asked asking "
    "said says tell told talk talked mean meant want wanted wants wish like plan planned planning plans idea project system systems tool tools stuff device machine app application software thing things way ways "
    "situation situations matter matters point answer reply solution procedure process practice setup arrangement approach version feature change issue issues problems trouble concern concerned worry "
    "worried risk risks risky danger dangerous safe fine good bad better worse wrong right correct correctly true false compliant compliance comply complies cover covered covers forbid forbidden prohibited banned approval "
    "approve approved required requirement requirements require necessary mandatory compulsory obligatory obligation obliged lawful lawfully unlawful legally illegally valid enough sufficient still already yet "
    "even really exactly actually anyway quickly maybe perhaps probably sure apply applies happen happens deal handle proceed continue wait decide decided okay proper properly whether done doing supposed "
    "heard hear read wrote write sent send email mail document documents paper papers file finished ready plus else instead here there now again soon before after "
    "patron chef directeur directrice collègue collègues équipe avocat juriste boîte société entreprise bureau gens situation souci soucis problème problèmes truc trucs machin façon manière système systèmes outil outils projet "
    "idée plan point dossier semaine semaines mois an ans année années jour jours hier demain bientôt fin début mettre mis installer installé lancer lancé utiliser utilisé changer change changé garder fait faites fais va vais aller "
    "venir vient voir vu regarder regardez demander demandé demande dit dites sait savez sais vouloir veut veux voulons besoin faut raison tort vrai faux juste bien mal correct conforme conformité couvert couverts interdit "
    "interdite défendu autorisation approbation obligatoire nécessaire requis risque risques danger grave applique s’applique encore déjà aussi même vraiment exactement nouveau nouvelle nouveaux ancien ancienne chez "
    "passe passé passer marche marcher comme ça cela ceci ici là maintenant après avant suite cas truc dossier réponse solution refusé refuser refusent refuse rejeté manque formulaire article articles clause délai délais durée limite limites condition conditions exception option choix raison raisons détail détails exemple nom nombre liste partie type genre sorte niveau étape étapes urgent résultat tout tous rien quelque quelqu quelqu’un chose choses "
    "领导 老板 经理 主管 同事 公司 单位 部门 团队 律师 顾问 别人 人家 大家 有人 情况 事 事情 东西 这事 那事 这件 那件 件 说 说是 看 看看 问 问问 先 后 再 要 不要 要不要 想 用 使用 装 装上 上 上线 弄好 处理 改 变 换 停 停掉 留 放 走 来 去 好 坏 "
    "错 合规性 违规 合法性 违法 风险 有没有 需要 必须 应该 应当 审批 批准 允许 禁止 麻烦 严重 最近 上周 下周 上个月 下个月 今天 明天 昨天 年底 月底 年初 之前 之后 以前 以后 马上 尽快 怎么样 怎样 怎么 咋办 咋 如何 他们 她们 咱们 咱 自己 方案 系统 "
    "设备 机器 软件 项目 计划 流程 做法 搞法 办法 方法 措施 到底 究竟 还是 是不是 算 算不算 算是 没事 有事 没问题 有问题 靠谱 行得通 继续 开始 结束 已经 还 就 才 刚 刚刚 之类 等等 一些 一下 一个 个 这里 那里 哪里 现在 目前 有 没有 能 会 被 把 给 跟 让 叫 到 我 我们 你 你们 您 他 她 它 它们 那 这 那个 这个 这样 那样 这么 那么 行 行不行 啊 呢 吗 吧 的 了 可以 可不可以 能不能 是 是否 对 对不对 弄 办 怎么办 做 搞 合规 合法 合不合规 合不合法 请 请问 谢谢 你好 和 与 也 都 很 不 没 请教 咨询 时候 时间 超过 超 补 补哪些 材料 合同 信 函 啊 嘛 期限 多久 属于 哪一种 哪种 哪个 哪些 什么 注意 要求 条 条款 文件 材料 表 表格 这边 那边 对方 结果 通过 拒绝 驳回 被拒 退回 缺 快 慢 多 少 些 点 得 过 着 完 出 下 里 外 中 "
)
"""Words of a situation that tell nothing of the matter: a question made of these alone can be about anything."""
HINTS = re.compile(
    r"^(?:what|how) about\b|^et pour\b|^quid\b|\byou know (?:what|which|who)\b|\bce que vous savez\b|\bvous voyez (?:de quoi|ce que)\b|你懂的|那个啥|你知道的那个",
    re.IGNORECASE,
)
"""The asker hints at something, or goes on from what was not said here."""
SANCTION = re.compile(
    r"\b(?:fines?|fined|penalt\w+|sanction\w*|punish\w*|what do we risk|do (?:we|i) risk|at risk of|liable|own pocket|money is at stake|de (?:sa|ma|leur) poche|amendes?|pénalités?|risqu(?:e|ent|ons|ez)[- ](?:t-)?(?:on|nous|il|elle|elles|ils|je|la|le|l['’])|que risqu\w+|qu['’]est-ce qu['’](?:on|il|elle) risque|puni\w*|encour\w+)\b"
    r"|罚|处分|处罚|什么后果|有啥后果|拘留|坐牢|追责|法律责任|负什么责任|承担什么责任",
    re.IGNORECASE,
)
"""Asks what a breach costs."""
ALREADY = re.compile(
    r"\b(?:already|any (?:law|rule|text|other)|back then|at the time|déjà|un texte|une loi|à l['’]époque|existing)\b|当时|那时|已经|有没有(?:别的|其他|什么)?(?:法|规定)|是否已",
    re.IGNORECASE,
)
"""Asks what stood on the day, whatever came later."""
NUMBER_NOW = re.compile(
    r"\b(?:which|what) (?:article|number)\b.{0,50}\b(?:now|today|currently|nowadays)\b|\b(?:now|today)\b.{0,40}\b(?:which|what) (?:article|number)\b|\b(?:sous quel|quel) (?:numéro|article)\b.{0,50}\b(?:aujourd['’]hui|maintenant|désormais|actuel\w*)"
    r"|\b(?:new|current|today['’]s) (?:article )?number|\b(?:nouveau|actuel) numéro|现在.{0,8}(?:第几条|哪一?条|几条)|(?:新|现行)的?(?:条号|条文号|条款号)|(?:改成|变成|对应|挪到)(?:了)?(?:现在)?(?:的)?(?:第几条|哪一?条)",
    re.IGNORECASE,
)
"""Asks under which number a rule stands today."""
OLD_NUMBER = re.compile(
    r"\b(?:numbers?|numéros?)\b.{0,12}\b(?:dead|outdated|out of date|obsolete|stale|périmés?|obsolètes?|dépassés?|changed?|changé)\b|\brenumbered\b|\brenuméroté|条号.{0,4}[变改]|[老旧原](?:的|版)?《?(?:网安法|网络安全法)|\b(?:old|former|previous|original|2017|then) (?:CSL )?(?:article|art\.?) ?\d|\b(?:used to be|was once|formerly) (?:article|art\.?|number)\b|\b(?:article|art\.?) \d+ of the (?:old|former|previous|2017|original)\b"
    r"|\b(?:l['’]ancien|ex-?) ?(?:article|art\.?) ?\d|\b(?:article|art\.?) \d+ de l['’]ancienne|(?:老|旧|原|原来|以前|过去)(?:的|版的?|法的?)?第[一二三四五六七八九十百\d]+条",
    re.IGNORECASE,
)
"""Says of an article number that it is an old one."""
ASKS_START = re.compile(
    r"\b(?:(?:from|as of|since|starting) when|when (?:does|do|did|will)\b.{0,40}\b(?:start|begin|apply)|à partir de quand|à compter de quand|depuis quand)\b|\breach(?:es)? back\b|\bretroactiv|\brétroacti|\bappl(?:y|ies) to (?:what|things|events|acts|earlier|those|that|the past|my)\b|溯及|管得[到着]|管不管|从(?:什么时候|何时|哪天)|何时起|什么时候(?:开始|起)",
    re.IGNORECASE,
)
"""Asks since when a rule applies, or whether it reaches back."""
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
    r"|combien|pourquoi|faut|peut|doit|puis|est-ce)\b|^(?:second|third|another|separate|also|plus|finally|ensuite|aussi|par ailleurs|enfin|autre chose|另外|还有|再就是|第[二三四])|吗|呢|什么|怎|如何|多少|多久|谁|哪|几|是否|能否|能不能|可不可以|要不要|算不算|有没有|是不是|会不会|行不行|合不合",
    re.IGNORECASE,
)
"""A part of a text that asks, or adds another point; not one that tells or tells to do something."""
NOT_YET = re.compile(
    r"\b(?:before|avant|prior to)\b[^.,;:!?()]{3,90}?\b(?:came? into|comes? into|was in|took|takes?|entrée en|kick(?:ed|s) in|n['’]entre en|entre en|start(?:ed|s)|existed|appl(?:y|ied|ies)|adopted)\b[^.,;:!?()]{0,60}"
    r"|还没有?[^，。；、？（）()]{2,24}?的?时候|[^，。；、？（）()]{2,16}(?:还没|尚未|还未|没有)(?:生效|施行|实施|出台|颁布)|[^，。；、？（）()]{2,16}(?:生效|施行|实施|出台|颁布)(?:之|以)?前",
    re.IGNORECASE,
)
"""A law named only to say that it was not there yet: it tells the day, and is not what is asked about."""
UNTIL = re.compile(
    r"(?:\b(?:before|until|prior to|avant|jusqu['’](?:à|aux?))\s+(?:the\s+|les\s+|la\s+|le\s+|l['’])?(?:(?:new|final|current|nouvelles?|2025)\s+)?|(?:没有?|还没))[“\"《]?$",
    re.IGNORECASE,
)
"""What stands before the name of a law that was not there yet: "before the Measures"."""
THIS_LAW = re.compile(
    r"\b(?:this|that) (?:law|act|regulation|article|provision|rule|paragraph)\b|\bthe (?:first|second|third|last) paragraph\b"
    r"|\bcette (?:loi|disposition|règle)\b|\bcet (?:article|alinéa)\b|\bce (?:règlement|paragraphe)\b"
    r"|(?:这个|该|这部|这条|此)(?:规定|法律?|条例|办法|条款|条|款)",
    re.IGNORECASE,
)
"""An instrument or a place pointed at, without a name."""
POINTS = re.compile(
    r"\b(?:the|that|this) thing\b|\bwhat (?:\w+ ){1,3}(?:sent|said|gave)\b|\btout (?:ça|cela)\b|\ben question\b|\b(?:ce|le) (?:truc|machin)\b|\bcette histoire\b|[那这](?:件事|个东西|玩意|回事)|上次(?:说|讲|提|谈)的",
    re.IGNORECASE,
)
"""A matter pointed at, without a name."""
SUBJECT = re.compile(
    r"\b(?:fac(?:e|es|ial)|visages?|camera|caméra|biometric|biométri|scan|recogni|reconnaiss|personal|personnel|data|données)|脸|面部|人像|摄像|生物|识别|信息|数据",
    re.IGNORECASE,
)
"""A word of the field: a question that has one is about something, whatever it points at."""
_INVERTED = r"(?:que (?:peut|peuvent|doit|doivent|faut|faire|dire|risqu\w+)|\w+-(?:t-)?(?:il|elle|ils|elles|on|nous|vous|je|ce))\b"
NEXT_PART = re.compile(
    r"(?<=[?？!！。；;])\s*|(?<=[.])\s+"
    r"|,?\s+(?:and|or|but|et|ou|mais)\s+(?=(?:what|who|whom|how|when|where|which|why|can|could|may|must|do|does|did|is|are|was|were|has|have|will|would|should"
    rf"|que|qui|quel(?:le)?s?|quand|comment|où|combien|pourquoi|faut|peut|doit|puis|est-ce|à qui|(?:de|à|dans|pour|sous|pendant|en) (?:quel(?:le)?s?|combien|quoi))\b|{_INVERTED})"
    r"|,\s+(?=(?:what|how|why|can|could|may|must|do|does|did|(?:is|are) (?:the|a|an|we|they|it|there|this|that|our|my)|will|would|should|to whom|by when|for how"
    rf"|quel(?:le)?s?|comment|combien|pourquoi|faut-il|est-ce|à qui|(?:de|à|dans|pour|sous|pendant|en) (?:quel(?:le)?s?|combien))\b|{_INVERTED})"
    r"|\s*(?:(?<![\w.])\(?[1-9a-d]\)|[①②③④⑤])\s*|[，,](?=(?:要|能|可以|怎么|谁|还|又|会|是不是|有没有|需要|应该|得|多久|多少|哪|什么))|、(?=要不要|能不能|可不可以|是不是|有没有|会不会|需不需要|怎么|多久|多少|哪)",
    re.IGNORECASE,
)
"""Where another sentence or another question of the same text begins."""
