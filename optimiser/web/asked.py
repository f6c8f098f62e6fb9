"""What the page may ask of the server, and what it is told. Everything from outside is judged here first."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

CODE = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"
MOST_CODES = 200
MOST_DRAWS, MOST_VARIED = 2000, 50
# One line of Latin letters, figures and signs, none of which is hidden or turns the reading direction.
SEEN = r"!-~\u00a1-\u00ac\u00ae-\u024f\u2013\u2014\u2018\u2019\u201c\u201d\u20ac"
TEXT = rf"^[{SEEN}]([ {SEEN}]*[{SEEN}])?$"

State = Literal["waiting", "running", "done", "failed", "stopped"]


def _whole(number: object) -> object:
    """Return a whole number that was written with a point, such as 2.0, as JSON means it."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


Code = Annotated[str, Field(pattern=CODE)]
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=TEXT)]
Reason = Annotated[str, Field(min_length=1, max_length=500, pattern=TEXT)]
Sites = Annotated[list[Code], Field(max_length=MOST_CODES)]
Amount = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=MOST_CODES), BeforeValidator(_whole)]
ParameterName = Annotated[str, Field(pattern=r"^[a-z][A-Za-z0-9_. -]{0,199}$")]
# A number, or how much more, fewer or how many times as many, as a config's ``change`` has it.
Wanted = Annotated[str, Field(pattern=r"^[x+-]?[0-9]{1,9}([.][0-9]{1,6})?$")]
Number = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
Draws = Annotated[int, Field(ge=1, le=MOST_DRAWS), BeforeValidator(_whole)]
VARIED = Field(min_length=1, max_length=MOST_VARIED, json_schema_extra={"additionalProperties": False})
CHANGED = Field(max_length=MOST_CODES, json_schema_extra={"additionalProperties": False})
# In the schema as in the judging: no key but a code.
BY_CODE = Field(max_length=MOST_CODES, json_schema_extra={"additionalProperties": False})


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Change(_Asked):
    """A change makes a new scenario, under a name and with a reason. Nothing is overwritten."""

    name: Name
    reason: Reason


class Evaluate(_Change):
    """Work out what a choice comes to. Services that are not named stay as they are today."""

    designations: Annotated[dict[Code, Sites], BY_CODE]


class ServiceChanges(_Asked):
    """What is asked anew of one service. What is left out stays as it is."""

    at_least_sites: Count | None = None
    at_most_sites: Count | None = None
    minimum_patients: Amount | None = None
    maximum_patients: Amount | None = None
    longest_journey_minutes: Amount | None = None
    open: Sites = []
    shut: Sites = []


class Best(_Change):
    """Find the best plan, with what is changed in the question.

    ``changes`` are settings of services, ``change`` is what may vary in the question by name (docs/change.md), and
    ``time`` is the time of day at which it is asked.
    """

    changes: Annotated[dict[Code, ServiceChanges], BY_CODE] = {}
    change: Annotated[dict[ParameterName, Wanted], CHANGED] = {}
    time: Code | None = None


class Explain(_Asked):
    """Say what it would cost to have a service at a site, or which rules that breaks."""

    service: Code
    site: Code


class Range(_Asked):
    """From the least to the most that something may turn out to be, every value as likely as any other."""

    low: Number
    high: Number


class Sweep(_Change):
    """Ask the question many times over, each time with what may vary drawn anew.

    With ``sobol`` also work out which of it moves the answer; for that ``draws`` is a power of 2, from 16.
    """

    draws: Draws = 200
    vary: Annotated[dict[ParameterName, Range], VARIED]
    sobol: bool = False


class Rename(_Asked):
    """Call a scenario otherwise."""

    name: Name


class Archive(_Asked):
    """Lay a scenario aside, or take it back. It stays in its folder."""

    archived: bool = True


class ParameterTold(BaseModel):
    """Something that may vary in the question, and how far it is looked at unless somebody says otherwise.

    ``idle`` says why it changes nothing, and ``changed`` what the question changed of it already.
    """

    name: str
    unit: str
    meaning: str
    low: float
    high: float
    current: float
    idle: str = ""
    changed: str = ""


class JobTold(BaseModel):
    """How a job stands. ``words`` are for people; ``scenario`` is the one that it made, if it made one.

    ``seconds`` is how long it has been running, or was; ``of`` is 0 where nobody knows how much there is to do.
    """

    id: str
    kind: str
    name: str
    state: State
    told: str = ""
    so_far: int = 0
    of: int = 0
    seconds: int = 0
    words: list[str] = []
    scenario: str | None = None


class ScenarioTold(BaseModel):
    """A scenario: who made it need not be known, why is."""

    id: str
    name: str
    reason: str
    kind: str
    made: str
    outcome: str
    words: list[str]
    archived: bool = False
    has_a_page: bool = False
    has_a_sweep: bool = False


class SweptOption(BaseModel):
    """An option of a sweep: where it provides what, and how it does. Without regret, it meets every rule nowhere."""

    option: str
    designated: dict[str, list[str]]
    won_share: float
    won_alone_share: float
    lawful_share: float
    max_regret: float | None
    mean_regret: float | None


class SweptStep(BaseModel):
    """In how many scenarios each option is best while a figure is from ``low`` to ``high``; blank is no plan."""

    low: float
    high: float
    best: dict[str, int]


class SweptFigure(BaseModel):
    """Something that varied. ``turns`` is how much of the answer goes with it, as a share of all scenarios."""

    name: str
    turns: float
    steps: list[SweptStep]


class SweptShare(BaseModel):
    """What share of the variance ``of`` something goes with a figure alone and with others, and where 95% put each."""

    of: str
    parameter: str
    first_order: float
    first_low: float
    first_high: float
    total_order: float
    total_low: float
    total_high: float


class SweepTold(BaseModel):
    """What a sweep found: regret in ``unit``; ``safest`` is the option that is never further from the best."""

    title: str
    scenarios: int
    without_a_plan: int
    unit: str
    safest: str | None
    options: list[SweptOption]
    varied: list[SweptFigure]
    moves: list[SweptShare]


class StateTold(BaseModel):
    """Every job of this sitting, newest first, and every scenario in the folder.

    A job is stopped after ``most_seconds``.
    """

    most_seconds: float
    jobs: list[JobTold]
    scenarios: list[ScenarioTold]


class FaultTold(BaseModel):
    """One thing wrong with what was asked: where, and what."""

    loc: list[str]
    msg: str


class Refusal(BaseModel):
    """Why something was refused, in words or fault by fault."""

    detail: str | list[FaultTold]
