"""Rates with Wilson intervals, means with bootstrap intervals, paired differences; nothing here knows of law.

Every bootstrap is fixed by one seed. All figures of a slice are resampled together: a draw is a row of weights (how often each
case was drawn), so that a metric of a thousand draws is one product of matrices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from eval.results import Mean, Rate

if TYPE_CHECKING:
    from numpy.typing import NDArray

Z = 1.959964
"""The 97.5 % point of the normal distribution."""
RESAMPLES = 1_000
SEED = 20261122

Pair = tuple[float, float] | None
"""What a case adds to the numerator and to the denominator of a ratio; None where it adds nothing."""


def rate(successes: int, n: int, reason: str = "nothing to count") -> Rate:
    """A share with Wilson's score interval (Wilson 1927), which stays within 0 and 1 and is not empty at 0 or n successes."""
    if not n:
        return Rate(None, None, None, 0, 0, reason)
    p = successes / n
    centre = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return Rate(p, max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half)), successes, n)


@lru_cache(maxsize=256)
def weights(n: int) -> NDArray[np.float64]:
    """(RESAMPLES, n): how often each of n cases is drawn when n are drawn with replacement."""
    return np.random.default_rng(SEED).multinomial(n, np.full(n, 1 / n), size=RESAMPLES).astype(float)


def ratio(pairs: Sequence[Pair], reason: str = "no case has a score") -> Mean:
    """The sum of the numerators by that of the denominators; the interval is the percentile bootstrap over cases (Efron 1979)."""
    return ratios({"": pairs}, {"": reason})[""]


def ratios(columns: Mapping[str, Sequence[Pair]], reasons: Mapping[str, str]) -> dict[str, Mean]:
    """`ratio` of several columns over the same cases, with the same draws."""
    found: dict[str, Mean] = {}
    for name, pairs in columns.items():
        table = np.array([pair or (0.0, 0.0) for pair in pairs], float).reshape(-1, 2)
        n = sum(pair is not None for pair in pairs)
        over, under = (float(x) for x in table.sum(axis=0))
        if not under:
            found[name] = Mean(None, None, None, n, reasons.get(name, "no case has a score"))
            continue
        low, high = _interval(_divided(weights(len(pairs)) @ table))
        found[name] = Mean(over / under, low, high, n)
    return found


def mean(scores: Sequence[float | None], reason: str = "no case has a score") -> Mean:
    """The mean of the scores there are."""
    return ratio([None if score is None else (score, 1.0) for score in scores], reason)


def harmonic(first: Sequence[Pair], second: Sequence[Pair], reason: str = "no case has a score") -> Mean:
    """The harmonic mean of two ratios over the same cases (F1 of a precision and a recall)."""
    tables = [np.array([pair or (0.0, 0.0) for pair in pairs], float).reshape(-1, 2) for pairs in (first, second)]
    n = sum(a is not None or b is not None for a, b in zip(first, second, strict=True))
    if not all(table[:, 1].sum() for table in tables):
        return Mean(None, None, None, n, reason)
    whole = [table.sum(axis=0) for table in tables]
    drawn = [_divided(weights(len(first)) @ table) for table in tables]
    value = _f1(np.array([whole[0][0] / whole[0][1]]), np.array([whole[1][0] / whole[1][1]]))[0]
    both = ~np.isnan(drawn[0]) & ~np.isnan(drawn[1])
    low, high = _interval(_f1(drawn[0][both], drawn[1][both]))
    return Mean(float(value), low, high, n)


def percentile(values: Sequence[float], q: float, reason: str = "nothing was timed") -> Mean:
    """The q-th hundredth of the values (linear interpolation), with a bootstrap interval."""
    if not values:
        return Mean(None, None, None, 0, reason)
    data = np.asarray(values, float)
    drawn = data[np.random.default_rng(SEED).integers(len(data), size=(RESAMPLES, len(data)))]
    low, high = _interval(np.percentile(drawn, q, axis=1))
    return Mean(float(np.percentile(data, q)), low, high, len(data))


def paired_difference(
    ours: Sequence[float | None], theirs: Sequence[float | None], clusters: Sequence[str]
) -> tuple[Mean, int]:
    """The mean of ours less theirs over the cases that have both, and the number of clusters.

    Cases of one cluster hang together, so whole clusters are drawn with replacement (Cameron, Gelbach and Miller 2008). With one
    cluster nothing can be drawn: the interval is None.
    """
    both = [(a - b, c) for a, b, c in zip(ours, theirs, clusters, strict=True) if a is not None and b is not None]
    if not both:
        return Mean(None, None, None, 0, "no case has a score of both"), 0
    names = sorted({cluster for _, cluster in both})
    sums, counts = np.zeros(len(names)), np.zeros(len(names))
    for change, cluster in both:
        sums[names.index(cluster)] += change
        counts[names.index(cluster)] += 1
    value = float(sums.sum() / counts.sum())
    if len(names) == 1:
        return Mean(value, None, None, len(both), "one cluster: nothing to draw"), 1
    drawn = weights(len(names))
    low, high = _interval((drawn @ sums) / (drawn @ counts))
    return Mean(value, low, high, len(both)), len(names)


def _divided(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 2) → (n,) numerators by denominators; NaN, which `_interval` leaves out, where a draw has nothing to divide by."""
    over, under = sums[:, 0], sums[:, 1]
    return np.asarray(np.divide(over, under, out=np.full(len(over), np.nan), where=under > 0))


def _f1(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    total = a + b
    return np.asarray(np.divide(2 * a * b, total, out=np.zeros(len(total)), where=total > 0))


def _interval(drawn: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.percentile(drawn[~np.isnan(drawn)], [2.5, 97.5])
    return float(low), float(high)
