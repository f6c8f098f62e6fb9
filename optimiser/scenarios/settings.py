"""The shape of a sweep file, and reading one with every fault at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictStr, model_validator

from optimiser.errors import Fault, InputError, did_you_mean, quoted, shown
from optimiser.inputs import Question, read_question
from optimiser.inputs.config import Option, read_option
from optimiser.inputs.config.faults import settings_of
from optimiser.inputs.config.figures import Number, Strict, Within, a_number, no_repeats
from optimiser.inputs.config.settings import RoadsSettings
from optimiser.inputs.layers import Origin, Spot, origin_of, read_layers
from optimiser.inputs.roads import event_of, lacks_a_network, problem_with_roads
from optimiser.journeys.network import TABLES
from optimiser.problem import Problem
from optimiser.problem.parameters import Parameter, Value, like_it, number_of, parameters

MOST_SCENARIOS = 1_000_000
FEWEST_DRAWS = 16
ROADS, AS_THEY_ARE = "roads", "as they are"
Whole = Annotated[int, BeforeValidator(a_number)]


class Spread(Strict):
    """How a parameter may turn out, if it is drawn."""

    shape: Literal["uniform", "triangular", "normal"] = Field(description="uniform, triangular, or normal cut off")
    low: Number = Field(description="The least that it may be")
    high: Number = Field(description="The most that it may be")
    mode: Number | None = Field(None, description="The likeliest value, of a triangular shape")
    mean: Number | None = Field(None, description="The mean before it is cut off, of a normal shape")
    sd: Annotated[Number, AfterValidator(Within(0, above=True))] | None = Field(
        None, description="The standard deviation before it is cut off, of a normal shape"
    )
    decimals: Annotated[Whole, AfterValidator(Within(0, 6))] = Field(2, description="Decimals that are drawn")
    source: StrictStr = Field("", description="Where the range comes from")
    verified: StrictBool = Field(False, description="Whether the source was read and states the range")

    @model_validator(mode="after")
    def _holds_together(self) -> Spread:
        if self.low > self.high:
            raise ValueError(f"has low {self.low:g} above high {self.high:g}. Change one of them.")
        needed = {"uniform": (), "triangular": ("mode",), "normal": ("mean", "sd")}[self.shape]
        for name in ("mode", "mean", "sd"):
            if (getattr(self, name) is None) == (name in needed):
                words = f"needs {name}. Add it." if name in needed else f"has no use for {name}. Delete it."
                raise ValueError(f"is {self.shape} and {words}")
        if self.mode is not None and not self.low <= self.mode <= self.high:
            raise ValueError(f"has mode {self.mode:g} outside low to high. Correct it.")
        return self


class Together(Strict):
    """Parameters that a common cause moves together."""

    parameters: Annotated[tuple[StrictStr, ...], Field(min_length=2), AfterValidator(no_repeats)] = Field(
        description="Names of drawn parameters"
    )
    share: Annotated[Number, AfterValidator(Within(0, 1))] = Field(
        description="Share of each one's variance that the common cause has, 0 to 1: their correlation, as normals"
    )
    source: StrictStr = Field("", description="Where that comes from")
    verified: StrictBool = Field(False, description="Whether the source was read and states it")


class SweepSettings(Strict):
    """A sweep: a question, what may turn out otherwise, and which options to follow."""

    title: StrictStr = Field(description="The sweep in one line")
    config: StrictStr = Field(description="The question: a config, from the folder of this file")
    options: tuple[StrictStr, ...] = Field((), description="Options to follow: files, from the folder of this file")
    best_of_base: Annotated[Whole, AfterValidator(Within(1, 50))] = Field(
        5, description="How many of the best of the question as it stands to follow, too"
    )
    grid: dict[str, Annotated[tuple[Number, ...], Field(min_length=1)]] = Field(
        {}, description="Values by parameter: every combination is a scenario"
    )
    scenarios: tuple[dict[str, Number], ...] = Field((), description="Scenarios one by one: values by parameter")
    draws: Annotated[Whole, AfterValidator(Within(1, MOST_SCENARIOS))] | None = Field(
        None, description="How many scenarios to draw at random"
    )
    seed: Annotated[Whole, AfterValidator(Within(0, 2**63))] = Field(1, description="Seed of the draws")
    vary: dict[str, Spread] = Field({}, description="How each parameter is drawn")
    together: tuple[Together, ...] = Field((), description="Which drawn parameters move together")
    sobol: StrictBool = Field(
        False,
        description="Whether to work out which parameters move the answer, alone and with others (Sobol indices): for "
        "each draw there are then two scenarios, and one more for each parameter",
    )
    roads: tuple[RoadsSettings, ...] = Field(
        (),
        description="States of the roads, each as a config says it, in place of what the config says; {} is as they "
        "are. Every scenario is asked in every state",
    )

    @property
    def varied(self) -> list[str]:
        """Names of all parameters that some scenario varies; roads are apart."""
        return list(dict.fromkeys(name for _, name, _ in _named(self)))

    @property
    def size(self) -> int:
        """How many scenarios there are."""
        stated = self.draws or len(self.scenarios) or math.prod(map(len, self.grid.values()))
        return stated * self.a_draw * max(1, len(self.roads))

    @property
    def a_draw(self) -> int:
        """How many scenarios a draw makes: one; of Sobol indices two, and one more for each parameter."""
        return len(self.vary) + 2 if self.sobol else 1

    @property
    def states(self) -> list[str]:
        """The states of the roads in words, in order."""
        return [str(event_of(one)) or AS_THEY_ARE for one in self.roads]


@dataclass(frozen=True)
class Sweep:
    """A sweep as read: its settings, its question, its options, and the question in every state of the roads."""

    settings: SweepSettings
    path: Path
    problem: Problem
    options: tuple[Option, ...]
    on_roads: tuple[Problem, ...] = ()

    def parameters(self) -> dict[str, Parameter]:
        """Return everything that may vary, by name, in the order in which it is changed: the roads first."""
        states = {ROADS: state_of_roads(self.on_roads)} if self.on_roads else {}
        return states | parameters(self.problem, self.settings.varied)


def state_of_roads(states: tuple[Problem, ...]) -> Parameter:
    """Return as a parameter in which state the roads are, 0 for the first. It puts that state's question in place."""

    def apply(_problem: Problem, value: Value) -> Problem:
        return states[int(number_of(value))]

    last = Fraction(len(states) - 1)
    return Parameter(
        ROADS, "state", "The state of the roads", Fraction(0), last, lambda _: Fraction(0), apply, whole=True
    )


def read_sweep(path: str | Path) -> Sweep:
    """Read a sweep file, its config, its tables and its options. Raises ``InputError`` with every fault of all."""
    path = Path(path)
    layers = read_layers(path)
    settings, faults = settings_of(layers, SweepSettings)
    if settings is None:
        raise InputError(faults)
    origins = layers.origins()
    question, options = None, []
    try:
        question = read_question(path.parent / settings.config, with_roads=bool(settings.roads))
    except InputError as error:
        faults += error.faults
    for number, name in enumerate(settings.options):
        try:
            options.append(read_option(path.parent / name))
        except InputError as error:
            faults += error.faults
        codes = [option.code for option in options]
        if options and codes.count(codes[-1]) > 1 and len(options) > number:
            where = str(origin_of(origins, ("options", number)))
            faults.append(Fault(where, f"another option has the code {quoted(codes[-1])} already. Keep one."))
    # What fails only because faulty settings were set aside would puzzle the reader.
    faults += list(_ways(settings, path)) if not faults else []
    states: tuple[Problem, ...] = ()
    if question:
        faults += list(_disagreements(settings, question.problem, origins))
        try:
            states = in_states(question, settings, origins)
        except InputError as error:
            faults += error.faults
    if faults or question is None:
        raise InputError(dict.fromkeys(faults))
    return Sweep(settings, path, question.problem, tuple(options), states)


def read_states(path: str | Path, question: Question) -> dict[str, Problem]:
    """Return a question in every state of the roads that a sweep file says, by the state in words.

    A question whose place has no network, as of a run that says nothing of roads, is asked on that of the sweep's.

    Raises
    ------
    InputError
        With every fault of the sweep's settings, or of what the network cannot do.
    """
    path = Path(path)
    layers = read_layers(path)
    settings, faults = settings_of(layers, SweepSettings)
    if settings is None or faults:
        raise InputError(faults)
    if not settings.roads:
        words = "it says nothing of roads. Say under roads which are shut or slow (docs/sweep.md)."
        raise InputError([Fault(shown(path), words)])
    if lacks_a_network(question.place):
        theirs = read_question(path.parent / settings.config).place
        question = replace(question, place=replace(question.place, **{name: getattr(theirs, name) for name in TABLES}))
    return dict(zip(settings.states, in_states(question, settings, layers.origins()), strict=True))


def in_states(question: Question, settings: SweepSettings, origins: Mapping[Spot, Origin]) -> tuple[Problem, ...]:
    """Return a question in every state of the roads of a sweep. Raises ``InputError`` with the faults of all."""
    found: list[Problem] = []
    faults: list[Fault] = []
    for number, roads in enumerate(settings.roads):

        def where(*spot: str | int, number: int = number) -> str:
            return str(origin_of(origins, (ROADS, number, *spot)))

        try:
            found.append(problem_with_roads(question.config, question.place, roads, where))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return tuple(found)


def _ways(settings: SweepSettings, path: Path) -> Iterator[Fault]:
    ways = [name for name in ("grid", "scenarios", "draws") if getattr(settings, name)]
    if len(ways) > 1 or not (ways or settings.roads):
        said = f"it states {' and '.join(ways)}" if ways else "it states no scenarios"
        yield Fault(shown(path), f"{said}. State one of grid, scenarios, or draws (with vary), or roads.")
    elif bool(settings.draws) != bool(settings.vary):
        yield Fault(shown(path), "draws needs vary, and vary needs draws. Say how many draws, and of what.")
    if settings.sobol:
        draws = settings.draws or 0
        if draws < FEWEST_DRAWS or draws & (draws - 1):
            yield Fault(shown(path), f"sobol needs draws, {FEWEST_DRAWS} or more and a power of 2. State 256, say.")
        if len(settings.vary) < 2:
            yield Fault(shown(path), "sobol needs two parameters under vary, or there is nothing to tell apart.")
        if settings.together or settings.roads:
            said = " and ".join(name for name in ("together", "roads") if getattr(settings, name))
            words = f"sobol is of parameters that vary by themselves and are numbers. Take out {said}, or sobol."
            yield Fault(shown(path), words)


def _disagreements(settings: SweepSettings, problem: Problem, origins: Mapping[Spot, Origin]) -> Iterator[Fault]:
    known = parameters(problem, settings.varied)
    for spot, name, values in _named(settings):
        where = str(origin_of(origins, spot))
        if name not in known:
            hint = did_you_mean(name, like_it(problem, name), list_at_most=40)
            yield Fault(where, f"there is no parameter {quoted(name)} of this question. {hint}".rstrip())
            continue
        if known[name].idle:
            yield Fault(where, f"{name} would change nothing: {known[name].idle}. Take it out, or ask at that time.")
        yield from (Fault(where, words) for value in values if (words := known[name].refuses(value)))
    for number, one in enumerate(settings.together):
        for name in one.parameters:
            if name not in settings.vary:
                where = str(origin_of(origins, ("together", number)))
                yield Fault(where, f"{quoted(name)} is not under vary. {did_you_mean(name, settings.vary)}".rstrip())
    for name in settings.vary:
        share = sum(one.share for one in settings.together if name in one.parameters)
        if share > 1 + 1e-12:
            where = str(origin_of(origins, ("together",)))
            yield Fault(where, f"the shares of {quoted(name)} come to {share:g}, more than 1. Make them smaller.")
    if settings.size > MOST_SCENARIOS:
        where = str(origin_of(origins, ("grid" if settings.grid else ROADS,)))
        words = f"there are {settings.size:,} scenarios; at most {MOST_SCENARIOS:,} are run. State fewer."
        yield Fault(where, words)


def _named(settings: SweepSettings) -> Iterator[tuple[Spot, str, tuple[float, ...]]]:
    for name, values in settings.grid.items():
        yield ("grid", name), name, values
    for number, scenario in enumerate(settings.scenarios):
        for name, value in scenario.items():
            yield ("scenarios", number, name), name, (value,)
    for name, spread in settings.vary.items():
        yield ("vary", name), name, (spread.low, spread.high)
