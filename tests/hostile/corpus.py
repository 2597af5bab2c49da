"""Texts that have stopped, frozen or fooled programs (domain/reliability 0.1, S-05 to S-08)."""

from __future__ import annotations

MILLION = 1_000_000
MARKUP = [
    "报警<img src='/dev/zero'>",
    "报警<img src='/proc/self/fd/0'>",
    "<table><tr><td>" * 18,
    "<table><tr><td>" * 400,
    "a<b 且 c>d",
    "<h1 style='font-size:400px'>大</h1>",
    "<a href='file:///etc/passwd'>点这里</a>",
    "<script>alert(1)</script><svg onload=alert(1)>",
    "<b>粗</b>&lt;b&gt;&amp;&#x1F4A3;",
    "<!--<qt>",
    "<p>" * 5000,
]
TEMPLATES = [
    "{0} {name} {words!r:>99999999}",
    "%s %n %1 %99999999d %L1",
    "${jndi:ldap://x} `id` $(id)",
    "&加速键 &&",
    "C:\\新\\n\\u0000 \\\\",
]
SQL = [
    "'; DROP TABLE event; --",
    '" OR 1=1 --',
    "%",
    "_____",
    "title DESC; --",
    'title: NEAR("a" b, 3) OR *',
    "-水 AND NOT ( ^",
    '=HYPERLINK("http://x")',
]
UNSEEN = [
    "停\u202e水\u202c",
    "停\u2066水\u2069",
    "停\u200b\u200d水\ufeff",
    "停\x07水\x1b[31m\x9b2J",
    "停\n\r\n\t水\u2028换\u2029行",
    "停" + "\u0336\u0489" * 300 + "水",
    "ﷺ﷽𒐫" * 60,
    "p\u0430ypal раураl",
    "\ue000\U000f0000\ufdd0\u0378",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466\U0001f1e8\U0001f1f3" * 30,
    "مرحبا 停水 עברית" * 10,
    "\u200b",
    " ",
    "",
]
PERSONAL = [
    "致电13800007719 张三",
    "+86 138 0000 7719",
    "1\u200b3\u200b8\u200b0\u200b0\u200b0\u200b0\u200b7\u200b7\u200b1\u200b9",
    "身份证320281199001011234",
    "家 0510-86281234",
]
NUMBERS = ("13800007719", "19900101", "86281234", "80000771")
"""What of them must never be seen, whatever stands between the digits."""
LONG = [
    "长" * MILLION,
    "W" * MILLION,
    "\u0336" * MILLION,
    "<b>" * (MILLION // 3),
    "1 " * (MILLION // 2),
]
WITHOUT_LONG = [*MARKUP, *TEMPLATES, *SQL, *UNSEEN, *PERSONAL]
POOL = [*WITHOUT_LONG, *LONG]
"""What a PostgreSQL text can hold."""
BROKEN = ["停\x00水", "\x00", "停\ud800水", "\udfff\ud800", "\ud83d", "\x00\ud800" * 100]
"""What a person's paste or another program may hand over beside those."""
ALL = [*POOL, *BROKEN]


def label(text: str) -> str:
    """A name for a test's case."""
    return f"{ascii(text[:12])[1:-1]}-{len(text)}"
