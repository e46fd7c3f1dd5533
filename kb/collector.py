"""Python's collector of unreachable objects, asked less often: what a process of this program loads, stays.

As it is set by default it looks through the corpus, the index and all modules again and again while they are loaded, and later in the middle
of an answer: 0.2 of the 2.9 seconds of a cold answer, and 2 ms of an answer to a question of several parts, on average.
"""

from __future__ import annotations

import gc

NEW, YOUNG, OLD = 100_000, 50, 100
"""New objects, net of those freed, until it looks through the new ones; such rounds until the young ones; and rounds of these until all."""


def collect_rarely() -> None:
    """For the whole process, so for programs alone: whoever imports this package keeps the collector as it is."""
    gc.set_threshold(NEW, YOUNG, OLD)
