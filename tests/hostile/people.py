"""Texts that hold what belongs to a person, in the forms in which people write it.

Written before the expressions that mask, and knowing none of them. Each text names its secrets, and
`leaks` looks for them as a reader in the hall would: whatever stands between the characters, in
whatever script the digits are.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

SEED = 20261126
HAN = ["〇一二三四五六七八九",
       "零一二三四五六七八九", "零幺二三四五六七八九", "零壹贰叁肆伍陆柒捌玖",
       "○一二三四五六七八九", "洞幺两三四五六拐八勾"]  # fmt: skip
SHAPES = [
    "0123456789", "０１２３４５６７８９", "⓪①②③④⑤⑥⑦⑧⑨", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗", "٠١٢٣٤٥٦٧٨٩", "⁰¹²³⁴⁵⁶⁷⁸⁹",
    "O123456789", *HAN,
]  # fmt: skip
BETWEEN = ["",
           " ", "-", ".", "  ", "—", "－", "·", "\u200b", "\u2060", "\u00ad", "\ufeff", "　", "_",
           "/", "*", ",", "，", "、", "\n", "…", "~", "|"]  # fmt: skip
WORDS = ["然后", "，中间", "，接着是", " 后面 ", "，再", "，最后"]
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡"
)
SURNAMES += "贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段"
COMPOUND = [
    "欧阳",
    "司马",
    "上官",
    "诸葛",
    "东方",
    "皇甫",
    "尉迟",
    "公孙",
    "慕容",
    "令狐",
    "司徒",
    "端木",
]
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛霞秀桂鑫淑琴浩宇轩梓涵欣怡雨晨婷雪倩鹏飞玉珍建国志明翠兰"
TROUBLE = [
    "路灯不亮",
    "井盖坏了",
    "楼上漏水",
    "夜里施工很吵",
    "垃圾没有清运",
    "水管爆了",
    "有人乱停车",
]
PLACES = ["花园路", "人民医院门口", "澄江街道", "市民广场北侧", "滨江菜场"]
ENDS = ["，请尽快处理。", "。", "，谢谢", "！！", "（急）", ""]


@dataclass(frozen=True, slots=True)
class Told:
    """A text, what of it nobody may read, and the reporter's name where the record has it."""

    kind: str
    text: str
    secrets: tuple[str, ...]
    person: str = ""


# -- the judge: one reader for everything that is written -----------------------------------------

_DIGIT = {c: str(i) for row in HAN for i, c in enumerate(row)} | {"O": "0", "o": "0"}
_MASKS = "*＊●"


def read(text: str) -> str:
    """The text as one who wants to know reads it: digits as digits, nothing between characters."""
    out = []
    for sign in text:
        for c in unicodedata.normalize("NFKC", _DIGIT.get(sign, sign)):
            if c.isdecimal():
                out.append(str(unicodedata.decimal(c)))
            elif c.isalpha() or c in "@*":
                out.append(_DIGIT.get(c, c).lower())
    return "".join(out)


def leaks(told: Told, shown: str) -> list[str]:
    """Which secrets of `told` can be read in `shown`."""
    plain = read(shown)
    for word in sorted({read(w) for w in WORDS}, key=len, reverse=True):
        plain = plain.replace(word, "")
    return [s for s in told.secrets if read(s) in plain]


# -- numbers --------------------------------------------------------------------------------------


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choices("0123456789", k=count))


def _mobile(rng: random.Random) -> str:
    return "1" + rng.choice("3456789") + _digits(rng, 9)


def _written(rng: random.Random, digits: str, groups: list[list[int]]) -> str:
    """The digits in some script, in some grouping, with something between the groups."""
    shape = rng.choice(SHAPES)
    between = rng.choice(BETWEEN)
    group, parts, at = rng.choice([*groups, [1] * len(digits)]), [], 0
    for size in group:
        parts.append(digits[at : at + size])
        at += size
    return between.join(
        "".join(shape[int(c)] if c.isdigit() else c for c in part) for part in parts
    )


def _inner(number: str, keep: int = 3, tail: int = 4) -> str:
    """What of a number is secret: the digits that no rule lets stand."""
    return number[keep - 1 : len(number) - tail + 1]


def mobile(rng: random.Random) -> Told:
    number = _mobile(rng)
    text = _written(rng, number, [[11], [3, 4, 4], [4, 3, 4], [3, 8], [5, 6], [2] * 5 + [1]])
    text = rng.choice(["", "", "+86", "+86 ", "0086", "86-", "（+86）", "＋86-", "0"]) + text
    lead = rng.choice(
        ["电话", "手机", "请回", "打给我 ", "tel:", "联系", "", "号码是", "Phone ", "TEL："]
    )
    return Told("mobile", lead + text, (number, number[2:9]))


def split(rng: random.Random) -> Told:
    """A number told in pieces, with words between them."""
    number = _mobile(rng)
    a, b = rng.sample(WORDS, 2)
    text = f"手机前三位{number[:3]}{a}{number[3:7]}{b}{number[7:]}"
    return Told("split", text, (number, number[:8]))


def mixed(rng: random.Random) -> Told:
    """Each digit in a script of its own."""
    number = _mobile(rng)
    text = "".join(rng.choice(SHAPES)[int(c)] for c in number)
    return Told("mixed", f"打{text}找我", (number, number[2:9]))


def landline(rng: random.Random) -> Told:
    area = rng.choice(["0510", "010", "021", "0755", "025", "0871"])
    own = rng.choice("2345678") + _digits(rng, rng.choice([6, 7]) if len(area) == 4 else 7)
    shape = rng.choice(SHAPES[:4])
    forms = ["{a}-{o}",
             "({a}){o}", "（{a}）{o}", "{a} {o}", "{a}{o}", "+86-{b}-{o}", "{a}－{h} {t}",
             "{a}—{o}", "{a}.{o}", "{a}/{o}", "区号{a}，{o}", "0086 {b} {o}"]  # fmt: skip
    text = rng.choice(forms).format(a=area, b=area[1:], o=own, h=own[:-4], t=own[-4:])
    text = "".join(shape[int(c)] if c.isdigit() else c for c in text)
    text += rng.choice(["", "", "转802", "-802", "分机8021", " ext. 88", "×66", "转 3"])
    return Told("landline", rng.choice(["电话", "家里", "座机：", "办公室"]) + text, (own,))


def local(rng: random.Random) -> Told:
    own = rng.choice("2345678") + _digits(rng, rng.choice([6, 7]))
    lead = rng.choice(
        ["电话：", "家里电话", "座机", "座机号码是", "联系电话 ", "电话号码", "固话："]
    )
    return Told("local", lead + _written(rng, own, [[len(own)], [4, len(own) - 4]]), (own,))


_WEIGHT = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _identity(rng: random.Random) -> str:
    born = f"{rng.randint(1930, 2019)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
    head = rng.choice(["320281", "110105", "440106", "510104", "350203"]) + born + _digits(rng, 3)
    return head + "10X98765432"[sum(int(c) * w for c, w in zip(head, _WEIGHT, strict=True)) % 11]


def identity(rng: random.Random) -> Told:
    number = _identity(rng)
    if rng.random() < 0.15:  # mistyped, or as an old card has it
        number = (
            number[:6] + number[8:17]
            if number[6:8] == "19" and rng.random() < 0.5
            else number[:17] + _digits(rng, 1)
        )
    sizes = [[18], [6, 8, 4], [6, 4, 4, 4], [3, 3, 4, 4, 4]]
    text = _written(rng, number, sizes if len(number) == 18 else [[15], [6, 6, 3]])
    text = text.replace("X", rng.choice(["X", "x", "Ｘ", "ｘ"]))
    lead = rng.choice(["身份证", "身份证号码：", "证件 ", "", "ID ", "本人"])
    secret = number[6:14] if len(number) == 18 else number[6:12]
    if secret == number[:6]:  # which may be read: nobody could tell the two apart
        return Told("identity", lead + text, (number,))
    return Told("identity", lead + text, (number, secret))


def bank(rng: random.Random) -> Told:
    head = rng.choice(["6222", "6217", "6228", "6214", "4367", "5187"]) + _digits(
        rng, rng.choice([11, 12, 14])
    )
    doubled = [int(c) * (2 - i % 2) for i, c in enumerate(reversed(head))]
    number = head + str(-sum(d // 10 + d % 10 for d in doubled) % 10)
    size = [4] * (len(number) // 4) + ([len(number) % 4] if len(number) % 4 else [])
    lead = rng.choice(["卡号", "银行卡：", "打到", "工行 "])
    return Told("bank", lead + _written(rng, number, [[len(number)], size]), (number, number[5:13]))


def plate(rng: random.Random) -> Told:
    tail = "".join(rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", k=5))
    tail = rng.choice([tail[:4] + "7", _digits(rng, 5), rng.choice("DF") + _digits(rng, 5)])
    home = rng.choice("苏京沪粤浙皖鲁渝") + rng.choice("ABCDEFG")
    text = home + rng.choice(["", "·", " ", "-", "•", "."]) + tail
    text = rng.choice([text, text.lower(), _wide(text)])
    lead = rng.choice(["车牌", "车牌号：", "一辆", "", "有车"])
    return Told("plate", f"{lead}{text}堵住门口", (home + tail, tail))


def _wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


# -- names ----------------------------------------------------------------------------------------


def _name(rng: random.Random) -> tuple[str, str]:
    family = rng.choice(SURNAMES) if rng.random() < 0.8 else rng.choice(COMPOUND)
    return family, "".join(rng.sample(GIVEN, rng.choice([1, 2, 2, 2])))


NAMED = [
    "我叫{}，{t}", "我是{}，{t}", "本人{}，{t}", "联系人：{} {t}", "联系人{}，{t}", "投诉人{}，{t}",
    "姓名：{}，{t}",
    "市民{}反映{t}", "{}先生反映{t}", "{}女士来电称{t}", "请找{}老师，{t}", "{}同志说{t}",
    "业主{}：{t}",
    "住户{}家{t}", "反映人：{}（{t}）", "我的名字是{}，{t}", "{}师傅不来，{t}", "诉求人{}，{t}",
    "举报人 {} {t}",
    "我名叫{}。{t}", "找{}医生，{t}", "{t}，户主{}", "{t}。此致 {}", "{t}，报警人{}", "姓名{}，{t}",
    "{t}，落款：{}", "当事人{}，{t}", "来电人：{}，{t}", "{}阿姨说{t}", "患者{}，{t}",
    "{t}，来电人姓名：{}",
]  # fmt: skip


def named(rng: random.Random) -> Told:
    family, given = _name(rng)
    name = rng.choice(["", "", "", " ", "\u200b"]).join([family, given])
    text = rng.choice(NAMED).replace("{t}", rng.choice(TROUBLE)).format(name)
    return Told("named", text, (family + given,))


def reporter(rng: random.Random) -> Told:
    """The record knows who reported: the name stands anywhere, with nothing to tell it by."""
    family, given = _name(rng)
    given = given if len(given) > 1 else given + "鑫"
    between = rng.choice(["", "", " ", "　", "\u200b", "·"])
    text = rng.choice(
        ["{n}家{t}", "{t}{n}已来过", "{t}，{n}", "已回复{n}：{t}", "对{n}的答复：{t}"]
    )
    text = text.format(n=between.join(family + given), t=rng.choice(TROUBLE))
    return Told("reporter", text, (family + given,), family + given)


# -- what else leads to a person ------------------------------------------------------------------


def account(rng: random.Random) -> Told:
    word = "".join(rng.choices("abcdefghijkmnpqrstuvwyz", k=6)) + _digits(rng, 3)
    number = rng.choice("123456789") + _digits(rng, rng.choice([6, 7, 8, 9]))
    text, secret = rng.choice(
        [
            (f"邮箱{word}@163.com", word), (f"{word}＠qq.com", word), (f"{number}@qq.com", number),
            (f"发到 {word}.li@mail.example.cn ", word), (f"微信号：{word}", word),
            (f"微信{word}", word),
            (f"加我VX {word}", word), (f"wx:{word}", word), (f"V信：{word}", word),
            (f"QQ{number}", number),
            (f"QQ号：{number}", number), (f"扣扣 {number}", number),
            (f"qq群外联系qq：{number}", number),
            (f"weixin:{word}", word), (f"Wechat {word}", word), (f"邮箱 {word} @ 126.com", word),
            (f"抖音号：{word}", word), (f"{word}（at）163.com", word),
        ]
    )  # fmt: skip
    return Told("account", text, (secret,))


def home(rng: random.Random) -> Told:
    block, stair = rng.randint(1, 40), rng.randint(1, 6)
    room = f"{rng.randint(1, 32)}{rng.randint(1, 4):02d}"
    spelt = "".join(HAN[1][int(c)] for c in room)
    text, secret = rng.choice(
        [
            (f"锦绣家园{block}幢{stair}单元{room}室", room), (f"滨江花园{block}栋{room}", room),
            (f"新华小区{block}号楼{stair}单元{room}", room), (f"朝阳新村{block}幢{room}室", room),
            (f"长江路{block}号{stair}单元{room}户", room),
            (f"家住{block}幢{stair}单元 {room} 室", room),
            (f"锦绣家园{block}-{stair}-{room}室", room),
            (f"阳光苑{block}栋{stair}单元{spelt}室", spelt),
            (f"我家是{block}号楼{room}房", room), (f"{block}座{stair}门{room}号", room),
        ]
    )  # fmt: skip
    return Told("home", text, (f"{room}室", f"单元{room}", f"幢{room}", f"栋{room}", f"楼{room}",
                               f"{stair}{room}") if secret == room else (f"{spelt}室",
                               ))  # fmt: skip


MAKERS: tuple[Callable[[random.Random], Told], ...] = (
    mobile, mobile, split, mixed, landline, local, identity, identity, bank, plate, named, named,
    named, reporter, account, home,
)  # fmt: skip

OTHERS = [make for make in MAKERS if make is not reporter]  # a record has one reporter


def texts(count: int, seed: int = SEED) -> Iterator[Told]:
    """`count` texts, the same for the same seed; one in four tells two things of a person."""
    rng = random.Random(seed)
    for n in range(count):
        told = MAKERS[n % len(MAKERS)](rng)
        more = rng.choice(OTHERS)(rng) if rng.random() < 0.25 else None
        yield _among(rng, told, more)


def _among(rng: random.Random, told: Told, more: Told | None) -> Told:
    before = f"{rng.choice(PLACES)}{rng.choice(TROUBLE)}{rng.choice('，。； ')}"
    text = (before if rng.random() < 0.7 else "") + told.text
    if more is not None:
        text += rng.choice("，；。\n") + more.text
    secrets = told.secrets + (more.secrets if more is not None else ())
    return Told(told.kind, text + rng.choice(ENDS), secrets, told.person)


# -- what is nobody's -----------------------------------------------------------------------------

INNOCENT = [
    "请拨打12345", "拨打110报警", "119已出动", "拨96196", "热线12345转3", "客服400-820-8820",
    "客服4008208820",
    "请致电95598报修", "95588来电", "共1380户停水", "2026年11月26日 14:30", "20261126",
    "2026-11-26 08:00:05",
    "2026/11/26", "26.11.2026", "金额12345.67元", "¥1,234,567.00", "合计1,380,000,771元",
    "超标3.5倍",
    "一千三百八十户", "三百二十八", "二〇二六年十一月二十六日", "一九八八年建成",
    "第十三五八次会议", "十三五规划",
    "G2京沪高速K1138+200", "S340省道", "编号 EV-20261126-000123", "传感器 WS-3202-0012",
    "村码320281001001",
    "镇码320281001", "网格320281001001003", "坐标120.28471,31.91052", "31.910520, 120.284710",
    "10.0.12.255",
    "COD 12.5 mg/L", "水位4.52米", "DN1200管道", "PM2.5 35", "3号楼东侧", "5幢北面路灯",
    "12栋外墙脱落", "人民路128号",
    "1-3号泵", "8:00-17:30", "0.5公里", "第1、2、3、4组", "一、二、三号泵站", "100%", "版本1.2.10",
    "R-3 2/16",
    "张家港市", "王府井大街", "李家村", "黄河路", "马上处理", "金额", "于是", "高度重视", "万元",
    "方便", "石油公司",
    "小区业主反映", "业主委员会", "有老师反映", "一位先生说", "女士们先生们", "市民反映强烈",
    "我是本小区居民", "我是业主", "东门居民来电", "西门学生反映下课拥堵", "接到南宫群众举报",
    "东门居民来电反映路灯不亮",
    "本人多次反映", "联系人：社区", "投诉人要求回复", "姓名：不详", "我叫了三次", "联系人未接",
    "小学老师", "患者较多",
    "建筑面积1234567平方米", "投资13800万元", "流量13812立方米", "1.38亿", "苏州", "苏北大道",
    "沪宁线", "京沪铁路",
    "GB 50016-2014", "GB/T 35273-2020", "流水号 000123", "UTF-8", "K12+300", "110kV线路", "220千伏",
    "公交612路",
]  # fmt: skip
"""Each has to stand as it is: masking it would hide the matter and protect nobody."""
