"""How far something rises over its own past.

The log-likelihood ratio of two counts (G²: Dunning 1993, Accurate methods for the statistics of
surprise and coincidence, Computational Linguistics 19): `n` in `now` against `k` in `before`, where
`now` and `before` are what both are counted in (messages, days). With

    e = (n + k) now / (now + before)    f = (n + k) before / (now + before)
    G² = 2 (n ln(n / e) + k ln(k / f))

it is above 10.8 by chance once in a thousand times (χ², one degree of freedom). Small counts need
no other treatment, which is why it is taken and no quotient.
"""

from __future__ import annotations

from math import log


def score(n: float, now: float, k: float, before: float) -> float:
    """G² of what rises; 0 for what does not, or where there is nothing to compare with."""
    if now <= 0 or before <= 0 or n * before <= k * now:
        return 0.0
    e, f = ((n + k) * part / (now + before) for part in (now, before))
    return 2 * (n * log(n / e) + (k * log(k / f) if k else 0.0))


def usual(now: float, k: float, before: float) -> float:
    """How many there would be now, were it as before."""
    return k * now / before if before > 0 else 0.0
