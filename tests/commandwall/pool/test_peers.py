"""Two stations with a line to each other, and a pool that comes and goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hall import Post, until
from station import exchange

from commandwall import directives


def test_lines_that_come_both_ways_are_folded_once_and_a_pool_that_is_back_gets_all(
    pool: Any, tmp_path: Path
) -> None:
    names = (("back", "chief"), ("front", "front"), ("third", "p1"))
    back, front, third = posts = [Post(tmp_path / name, role) for name, role in names]
    back.knows(front)
    front.knows(back)
    with pool.client() as one, pool.client() as two, pool.client() as three:
        links = [post.meet(client) for post, client in zip(posts, (one, two, three), strict=True)]
        back.begin()
        front.begin(back)
        both = back.order("两路都到")
        exchange(links[0])  # while the other line brings it too
        exchange(links[1])
        until("it at the front", lambda: back.state(both) == "DELIVERED")
        alone = back.order("池不在")
        until("it at the front", lambda: back.state(alone) == "DELIVERED")
        front.do(directives.acknowledge, directive=alone)
        until("the answer", lambda: back.state(alone) == "ACKED")
        for at in (1, 2, 0, 1, 2, 0):  # the pool is back; who answered is there before who asked
            exchange(links[at])
        assert one.heads() == back.heads() == front.heads() == third.heads()
        assert [post.state(alone) for post in posts] == ["ACKED"] * len(posts)
        assert not any(post.conflicts() for post in posts)
    for post in posts:
        post.close()
