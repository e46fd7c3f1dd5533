"""Whether one run is worse than another on the same cases, told from chance: exact tests on the pairs.

The tests are one-sided: the question is whether something was lost. Both are exact or fixed by a seed, so a gate that fails
fails again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import binomtest

ALPHA = 0.05
"""A drop counts as significant where its p, corrected for the number of measures compared (Holm 1979), is not above this."""
FLIPS = 10_000
SEED = 20261122


def p_of_loss(gained: int, lost: int) -> float:
    """Exact McNemar test (McNemar 1947) of a yes-or-no measure: as many losses or more, if losses and gains were as likely."""
    if not gained + lost:
        return 1.0
    return float(binomtest(lost, gained + lost, 0.5, alternative="greater").pvalue)


def p_of_drop(before: Sequence[float], now: Sequence[float]) -> float:
    """Sign-flip permutation test of a mean of paired scores: a drop as large or larger, if the two runs were exchangeable."""
    change = np.asarray(now, float) - np.asarray(before, float)
    change = change[change != 0]
    if not len(change):
        return 1.0
    signs = np.random.default_rng(SEED).choice((-1.0, 1.0), size=(FLIPS, len(change)))
    as_low = int(np.sum(signs @ change <= change.sum() + 1e-12))
    return (as_low + 1) / (FLIPS + 1)


def corrected(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction, in the order given."""
    order = np.argsort(p_values, kind="stable")
    found, worst = [1.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        worst = max(worst, min(1.0, p_values[i] * (len(p_values) - rank)))
        found[int(i)] = worst
    return found
