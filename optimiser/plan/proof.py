"""What is proved of a plan: what each objective came to, and what judging every joint designation found."""

from __future__ import annotations

from dataclasses import dataclass, field

Designations = frozenset[tuple[str, str]]

PROVED, NOT_PROVED, EVALUATED = "proved best", "not proved", "evaluated"


@dataclass(frozen=True)
class Written:
    """An option that somebody wrote down: its code, what it is called, and where it stands. Texts are as stated."""

    code: str
    title: str
    source: str = ""
    verified: bool = False


@dataclass(frozen=True)
class Option:
    """One joint designation and what each objective comes to, in the config's order."""

    values: tuple[float, ...]
    designated: Designations


@dataclass(frozen=True)
class Enumeration:
    """What judging every joint designation found.

    Attributes
    ----------
    listed, lawful
        How many joint designations agree with what is fixed, and how many of those break no rule.
    struck
        How many each rule struck out, in the rules' order, after those before it.
    ranked
        The best options, best first: every objective in turn, then fewest changes from today, fewest sites, site order.
    equal_best
        How many lawful options equal the best on every objective of the config.
    """

    listed: int
    lawful: int
    struck: dict[str, int]
    ranked: tuple[Option, ...]
    equal_best: int


@dataclass(frozen=True)
class Reached:
    """What one objective came to, and how far below it the answer could lie. ``bound`` is None where none is known."""

    name: str
    services: tuple[str, ...]
    value: float
    bound: float | None
    unit: str


@dataclass(frozen=True)
class Proof:
    """How the plan was found and what is proved of it.

    ``outcome`` is "proved best", "not proved" (stopped early) or "evaluated" (people chose it). ``solver`` and
    ``seconds`` say what ran and for how long.
    """

    outcome: str
    objectives: tuple[Reached, ...]
    enumeration: Enumeration | None = None
    solver: dict[str, object] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
