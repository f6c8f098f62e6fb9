"""What is proved of a plan: what each objective came to, and what judging every joint designation found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Designations = frozenset[tuple[str, str]]

PROVED, NOT_PROVED, EVALUATED = "proved best", "not proved", "evaluated"


@dataclass(frozen=True)
class Written:
    """An option that somebody wrote down: its code, what it is called, where it stands, and what to know of it.

    Texts are as stated. ``pathway`` says that it was written for patients who are taken on by transfer, where here they
    are not; ``scope`` what of it is left out of the question, and what of the question it does not speak of.
    """

    code: str
    title: str
    source: str = ""
    verified: bool = False
    note: str = ""
    pathway: str = ""
    scope: str = ""

    @property
    def to_know(self) -> list[str]:
        """What to know of it before its numbers are repeated, in sentences; first where it is judged otherwise."""
        note = f"Note of the option: {self.note}" if self.note else ""
        return [said for said in (self.pathway, note, self.scope) if said]

    @property
    def in_short(self) -> str:
        """Its title up to the first comma, as it is called where there is little room."""
        return self.title.partition(",")[0].strip() or self.code


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
class Rival:
    """A lawful plan that is level with the best in one service, and what both come to there: measure, best, rival."""

    designated: Designations
    figures: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Standing:
    """How the best plan stands in one service, every other service with patients being where it is.

    ``runner_up`` is the lawful plan with other sites whose average journey is nearest to that of the best, and
    ``margin`` how much longer it is there (below 0: shorter), in minutes a patient; both None: there is no such plan.
    ``within`` is how far apart average journeys may be and still be level; ``rivals`` are the plans that are level,
    nearest first.
    """

    service: str
    within: float
    margin: float | None
    rivals: tuple[Rival, ...] = ()
    runner_up: Designations | None = None


@dataclass(frozen=True)
class Reached:
    """What one objective came to, and how far below it the answer could lie. ``bound`` is None where none is known."""

    name: str
    services: tuple[str, ...]
    value: float
    bound: float | None
    unit: str


AGREES, DISAGREES, OUT_OF_TIME, FAILED = "agrees", "DISAGREES", "out of time", "failed"


@dataclass(frozen=True)
class SecondOpinion:
    """What another solver said of the same question, asked anew.

    ``answer`` is "agrees", "DISAGREES", "out of time" or "failed" (it ended without an answer that can be used).
    ``values`` is what each objective comes to, by arithmetic, under the plan that it calls best, which is
    ``designated``; both empty where it has none, as where it agrees that no plan meets every rule.
    """

    solver: str
    version: str
    answer: str
    values: tuple[float, ...] = ()
    designated: Designations = frozenset()

    @property
    def record(self) -> dict[str, object]:
        """The same as plain data, as ``run.json`` has it."""
        return {
            "solver": self.solver,
            "version": self.version,
            "answer": self.answer,
            "values": list(self.values),
            "designated": sorted(map(list, self.designated)),
        }

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> SecondOpinion:
        """Return what a record of it says."""
        pairs = frozenset((str(site), str(code)) for site, code in record["designated"])
        return cls(record["solver"], record["version"], record["answer"], tuple(record["values"]), pairs)


@dataclass(frozen=True)
class Proof:
    """How the plan was found and what is proved of it.

    ``outcome`` is "proved best", "not proved" (stopped early) or "evaluated" (people chose it). ``solver`` and
    ``seconds`` say what ran and for how long. ``standings`` has one entry a service that is open to decision and has
    patients; None where that was not looked for. ``certificate`` is plain data by which anybody can add up again that
    the first objective cannot be lower; None where there is none. ``second_opinion`` is None where none was asked for.
    """

    outcome: str
    objectives: tuple[Reached, ...]
    enumeration: Enumeration | None = None
    solver: dict[str, object] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    standings: tuple[Standing, ...] | None = field(default=None, compare=False)
    certificate: Mapping[str, object] | None = field(default=None, compare=False)
    second_opinion: SecondOpinion | None = field(default=None, compare=False)
