"""What belongs to a person within free text, made unreadable: the one place that knows its forms.

Numbers are looked for in a copy of the text in which every digit of every script is one of 0-9, and
by groups, so that neither script nor separators hide one. Each expression has bounded repeats and
each character is looked at a bounded number of times: the time grows with the length alone.
Rules of what stays readable: spec 1.10. Each character hidden is a `*`.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator

from commandwall.surnames import family_of, names

SCAR = "\ufffd"
"""Stands where something unprintable was taken out; as good as nothing between two digits."""
_HAN = dict(zip("〇○零洞一幺壹二两贰三叁四肆五伍六陆七拐柒八捌九勾玖", "00001112223344556677788999",
                strict=True))  # fmt: skip
_SPARE = "\u00ad\u200b-\u200f\u2060-\u2064\ufeff" + SCAR
_GAP = rf"[\s{_SPARE}.,·•\-‐-―－_/\\|~…，、。*()（）\[\]]"
_JOIN = rf"[\s{_SPARE}]{{0,3}}"
_RUN = re.compile(rf"[0-9](?:{_GAP}{{0,3}}[0-9Oo])*")
_LEAST = 7
"""Digits of the shortest number that belongs to a person."""
_MOBILE = re.compile(r"(?:(?:00)?86|0)?(1[3-9]\d)(\d{4})\d{4}")
_AREA = r"(?:(?:00)?86(?=[2-9]|10))?(?:010|02\d|0[3-9]\d\d|(?<=86)(?:10|2\d|[3-9]\d\d))"
_FIXED = [re.compile(rf"{_AREA}([2-8]\d{{{n}}})\d{{4}}") for n in (3, 2)]
_LOCAL = [re.compile(rf"([2-8]\d{{{n}}})\d{{4}}") for n in (3, 2)]
_DAY = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$")
_CITIZEN = re.compile(r"[1-8]\d{5}((?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))\d{3}\d?")
_OLD = re.compile(r"([1-8]\d{5})([2-9]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))\d{3}")
_CARD = re.compile(r"(?:62|4\d|5[1-5])\d\d(\d{8,11})\d{4}")
_RING = re.compile(r"(?:电话|座机|固话|宅电|家里|号码|致电|tel|phone)[^0-9\n]{0,4}$", re.IGNORECASE)
_PIECES = re.compile(r"(?<!\d)1[3-9]\d([^\d]{1,9})(\d{4})([^\d]{1,9})\d{4}(?!\d)")
_LINKS = re.compile(rf"[然后接着中间面前最再是加和跟末尾位数的就呢啊，,、。.：:…{_SPARE}\s]+")
_MONEY = re.compile(r"\d{1,3}(?:,\d{3})+")
_PLATE = re.compile(
    rf"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]{_JOIN}[A-Za-z]"
    rf"[\s{_SPARE}·•.\-－]{{0,3}}((?=[A-Za-z]{{0,4}}\d)[A-Za-z\d]{{1,3}})[A-Za-z\d]{{3}}"
    r"(?![A-Za-z\d])"
    rf"|[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]{_JOIN}[A-Za-z]"
    r"[\s·•.\-－]{0,3}([A-Za-z\d]{2})[A-Za-z\d]{2}[警学挂港澳使领]"
)
_MAIL = re.compile(
    rf"(?<![\w.+-])[A-Za-z\d]([\w.+-]{{0,63}}){_JOIN}(?:@|[(\[]at[)\]]|#(?=qq|163|126)){_JOIN}"
    r"(?:[A-Za-z\d-]{1,63}\.){1,4}[A-Za-z]{2,18}",
    re.ASCII | re.IGNORECASE,
)
_ACCOUNT = re.compile(
    r"(?:微信|薇信|威信|[v微]信|微[xX]|vx|wx|weixin|wechat|抖音|支付宝|qq|扣扣|企鹅|telegram)"
    rf"(?:号码|号|id|账号)?[\s{_SPARE}:：是为=]{{0,4}}([A-Za-z\d][\w-]{{4,24}})",
    re.ASCII | re.IGNORECASE,
)
_BLOCK = r"\d(?:幢|栋|号楼|座|弄|号)"
_STAIR = rf"\d{{1,2}}(?:单元|门|梯){_JOIN}"
_NOT = r"(?![\d年月日元万亿亩米平立吨人次个名%多余楼层])"
_ROOM = re.compile(
    rf"(?<=\d)(?:幢|栋|号楼|座|弄|号|#){_JOIN}-?({_STAIR}\d{{1,4}}){_NOT}"
    rf"|(?<=\d)(?:幢|栋|号楼|座){_JOIN}-?(\d{{3,4}}){_NOT}"
    rf"|(?<!\d)\d{{1,3}}[-－—](\d{{1,2}}[-－—]\d{{3,4}})(?=\s?[室房户])"
    rf"|(?<!\d)(\d{{3,4}})(?=\s?室)"
    rf"|单元{_JOIN}(\d{{2,4}}){_NOT}"
)
Span = tuple[int, int]
Number = tuple[int, int, int, int]
"""Where a number begins and ends, and from where to where it is hidden: places in the text."""
Spans = Iterator[Span]


class _Fold(dict[int, str]):
    """Code point -> what it is read as: one character, so that places stay what they are."""

    def __missing__(self, code: int) -> str:
        self[code] = found = _read(chr(code))
        return found


def _read(sign: str) -> str:
    if sign in _HAN:
        return _HAN[sign]
    if (digit := unicodedata.digit(sign, None)) is not None:
        return str(digit)
    wide = unicodedata.normalize("NFKC", sign)
    return wide if len(wide) == 1 else sign


def _folded(text: str) -> str:
    return text.translate(_FOLD)


_FOLD = _Fold()


def mask(text: str) -> str:
    """The text without what belongs to a person: 138****7719, 320281********1234, 王**先生."""
    read = _folded(text)
    numbers = list(_numbers(read))
    hidden = [*_names(text), *(span for find in _FINDERS for span in find(read))]
    hidden += [number[2:] for number in numbers]
    return _covered(text, hidden, numbers) if hidden else text


def without(text: str, name: str) -> str:
    """The text with a name that is known hidden wherever it stands, whatever little stands between
    its characters: nothing else need tell it for one. All else stays."""
    hidden = _known(text, name) if name else []
    return _covered(text, hidden) if hidden else text


def _covered(text: str, hidden: Iterable[Span], numbers: Iterable[Number] = ()) -> str:
    """Letters and digits of the spans become `*`; within a number nothing stands between them."""
    signs = list(text)
    for start, end in hidden:
        for at in range(start, end):
            if text[at].isalnum():
                signs[at] = "*"
    for first, last, *_ in numbers:
        for at in range(first, last):
            if not text[at].isalnum():
                signs[at] = ""
    return "".join(signs)


# -- numbers --------------------------------------------------------------------------------------


class _Digits:
    """One run of digits: what they are, where each stands, and at which a group begins."""

    def __init__(self, read: str, start: int, end: int) -> None:
        self.at = [i for i in range(start, end) if read[i] in "0123456789Oo"]
        self.line = "".join("0" if read[i] in "Oo" else read[i] for i in self.at)
        whole = [n for n, i in enumerate(self.at) if not n or _apart(read, self.at[n - 1] + 1, i)]
        self.starts = [*whole, len(self.at)]
        self.whole = frozenset(self.starts)
        self.read = read

    def count(self, start: int, end: int) -> int:
        """Of the groups from one digit to another."""
        return bisect_left(self.starts, end) - bisect_left(self.starts, start)

    def groups(self, start: int, end: int) -> bool:
        """Whether a number from one digit to another is made of whole groups, as people set them:
        one by one, or few. Amounts with thousands are none."""
        if start not in self.whole or end not in self.whole:
            return False
        if 7 < self.count(start, end) < end - start - 4:
            return False
        return not _MONEY.fullmatch(self.read, self.at[start], self.at[end - 1] + 1)


def _apart(read: str, start: int, end: int) -> bool:
    """Whether what stands between two digits can be seen."""
    return any(c not in _INVISIBLE for c in read[start:end])


_INVISIBLE = frozenset("\u00ad\ufeff" + SCAR).union(map(chr, (*range(0x200B, 0x2010),
                                                             *range(0x2060, 0x2065))))  # fmt: skip


def _numbers(read: str) -> Iterator[Number]:
    for run in _RUN.finditer(read):
        if run.end() - run.start() >= _LEAST:
            found = _Digits(read, *run.span())
            if len(found.line) >= _LEAST:
                yield from _of_people(found)


def _of_people(d: _Digits) -> Iterator[Number]:
    """The parts to hide of every number of a person in one run. Where one was found only those
    begin that their own digits prove, or that go on behind it: two that follow each other may look
    like another by chance."""
    done = 0
    for start in d.starts[:-1]:
        found = ((kind, kind(d, start)) for kind in _KINDS)
        fit = (s for kind, s in found if s and (start >= done or kind in _SURE or s[0] > done))
        if span := next(fit, None):
            end, own, first, last = span
            done = end if start >= done else done
            yield d.at[own], d.at[end - 1] + 1, d.at[first], d.at[last - 1] + 1


Found = tuple[int, int, int, int] | None
"""Of a number in a run, in digits: where it ends, where it begins after codes of countries and
towns, from where to where it is hidden."""


def _of(*patterns: re.Pattern[str]) -> Callable[[_Digits, int], Found]:
    """The first of the expressions that makes whole groups; its last group is hidden."""

    def find(d: _Digits, start: int) -> Found:
        for found in (pattern.match(d.line, start) for pattern in patterns):
            if found is not None and d.groups(start, found.end()):
                return found.end(), found.start(1), *found.span(found.lastindex or 0)
        return None

    return find


_TOWN = _of(*_LOCAL)


def _citizen(d: _Digits, start: int) -> Found:
    """Eighteen signs, of which the last may be an X and stands after the digits."""
    found = _CITIZEN.match(d.line, start)
    if found is None:
        return None
    if found.end() - start == 17:
        after = d.read[d.at[found.end() - 1] + 1 :][:4].lstrip(_STRIP)
        if after[:1] not in ("X", "x") or not after:
            return None
    return (found.end(), start, *found.span(1)) if d.groups(start, found.end()) else None


_STRIP = " \u3000-－—–.·,，、_/\\|~…*\n" + "".join(sorted(_INVISIBLE))


def _bank(d: _Digits, start: int) -> Found:
    for end in (start + n for n in (16, 17, 18, 19)):
        found = _CARD.fullmatch(d.line, start, end) if end <= len(d.line) else None
        if found and d.groups(start, end) and _luhn(d.line[start:end]):
            return end, start, *found.span(1)
    return None


def _luhn(line: str) -> bool:
    doubled = [int(c) * (1 + i % 2) for i, c in enumerate(reversed(line))]
    return sum(d // 10 + d % 10 for d in doubled) % 10 == 0


def _local(d: _Digits, start: int) -> Found:
    """A number within the town: only where it is told to be one, and never a day."""
    found = _TOWN(d, start)
    if found is None or (d.count(start, found[0]) == 3 and _DAY.fullmatch(d.line, start, found[0])):
        return None
    before = d.read[max(0, d.at[start] - 12) : d.at[start]]
    return found if _RING.search(before) else None


_SURE: tuple[Callable[[_Digits, int], Found], ...] = (_citizen, _bank, _of(_OLD))
"""They hold a day or a sum that proves them."""
_KINDS = (*_SURE, _of(*_FIXED), _of(_MOBILE), _local)


def _pieces(read: str) -> Spans:
    """A mobile number told in three pieces, with words that join them."""
    for found in _PIECES.finditer(read):
        if _LINKS.fullmatch(found.group(1)) and _LINKS.fullmatch(found.group(3)):
            yield found.span(2)


# -- what else leads to a person ------------------------------------------------------------------


def _by(pattern: re.Pattern[str]) -> Callable[[str], Spans]:
    """The groups of an expression that were found."""

    def find(read: str) -> Spans:
        for found in pattern.finditer(read):
            yield from (found.span(n) for n in range(1, pattern.groups + 1) if found.group(n))

    return find


def _names(text: str) -> Spans:
    if text.isascii():  # as most of the log is
        return
    for pattern in names():
        for found in pattern.finditer(text):
            yield found.span("given")


def _known(text: str, name: str) -> list[tuple[int, int]]:
    """Where a name stands, whatever little stands between its characters."""
    signs = [c for c in name if c.isalnum()][:24]
    if len(signs) < 2 or not all(sign in text for sign in signs):
        return []  # most texts do not tell the name: an expression for each would cost a start
    family = family_of("".join(signs))
    parts = [re.escape(c) for c in signs]
    between = rf"{_GAP}{{0,3}}"
    told = between.join(parts[:family]) + between + f"({between.join(parts[family:])})"
    return [found.span(1) for found in re.finditer(told, text)]


_FINDERS: tuple[Callable[[str], Spans], ...] = (
    _pieces, _by(_PLATE), _by(_MAIL), _by(_ACCOUNT), _by(_ROOM),
)  # fmt: skip
