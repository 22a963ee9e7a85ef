"""Interleaved measurement: every contender in turn, round after round, and the middle of what came."""

import os
import statistics
from dataclasses import dataclass, field
from typing import Callable

from .load import Sample


@dataclass
class Contender:
    """Somebody who does the work of a row: a server, perhaps in one of several ways."""

    name: str
    run: Callable[[int], Sample]  # with the number of the round


@dataclass
class Figures:
    """The middle of all rounds."""

    rate: float
    cpu_us: float
    p99_us: float
    samples: list[Sample] = field(default_factory=list)


def interleaved(contenders: list[Contender], rounds: int, synced: bool = False) -> dict[str, Figures]:
    """`synced`: everybody begins on a disk that has nothing more to write. What a server does not sync is written while the
    next one is measured, else."""
    samples: dict[str, list[Sample]] = {one.name: [] for one in contenders}
    for turn in range(rounds):
        # Every other round backwards, so that nobody always comes after the same one.
        for one in contenders if turn % 2 == 0 else reversed(contenders):
            if synced:
                os.sync()
            samples[one.name].append(one.run(turn))
    return {name: Figures(statistics.median(one.rate for one in found), statistics.median(one.cpu_us for one in found),
                          statistics.median(one.p99_us for one in found), found)
            for name, found in samples.items()}


def ratio(one: Figures, other: Figures, what: str) -> float:
    """The middle of the rounds' ratios: what else the machine does makes a round slower for both."""
    return statistics.median(getattr(mine, what) / getattr(theirs, what) for mine, theirs in zip(one.samples, other.samples))


@dataclass
class Claim:
    """One promise of a row: what was measured, what it had to be, whether it holds."""

    what: str
    measured: str
    target: str
    holds: bool | None  # None: it could not be measured here


def at_most(what: str, measured: float, limit: float, unit: str = "×") -> Claim:
    return Claim(what, f"{measured:.3g} {unit}", f"≤ {limit:.3g} {unit}", measured <= limit)


def at_least(what: str, measured: float, limit: float, unit: str = "×") -> Claim:
    return Claim(what, f"{measured:.3g} {unit}", f"≥ {limit:.3g} {unit}", measured >= limit)


def missing(what: str, target: str, why: str) -> Claim:
    return Claim(what, f"not measured: {why}", target, None)


@dataclass
class Row:
    """One work: the figures of all who did it, and the promises about berth."""

    title: str
    figures: dict[str, Figures]
    claims: list[Claim]
    unit: str = "requests"
    notes: dict[str, str] = field(default_factory=dict)  # name: more to say, like syncs
