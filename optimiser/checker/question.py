"""The question a run answers, read from its ``config.yaml``: every word of it understood, or noted as not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from optimiser.checker.cover import (
    DAYS,
    LAW_NAMES,
    TERMS,
    WEEKENDS,
    Asked,
    Block,
    KindOfShift,
    Step,
    needed_for,
    overlapping,
)
from optimiser.checker.reading import Reader, brief, number

CHECK = "config_is_understood"
FILE = "config.yaml"
UNITS = {"people": "people", "wte": "WTE"}
FIGURES = (
    "at_least_sites",
    "at_most_sites",
    "minimum_patients",
    "maximum_patients",
    "longest_journey_minutes",
    "standard_minutes",
    "share_within_standard",
)
# Rules about patients: they mean nothing for a service that counts none.
PATIENT_FIGURES = FIGURES[2:]
LINK_KEYS = {"in_reach", "by_transfer", "stays_local"}
BED_KEYS = {
    "stay_days", "other_patients_share", "other_stay_days", "blocking", "at", "staff_per_bed",
}  # fmt: skip
EXCEPTION_KEYS = {"service", "needs", "site", "reason", "source", "by"}
SERVICE_KEYS = {
    "beds",
    *LINK_KEYS,
    "name",
    "activity",
    "patients_go_to",
    "observed",
    "neighbours",
    "fixed",
    "same_site",
    "rotas",
    "pathway",
    "transfer",
    *FIGURES,
}
# The figures of a transfer, and what each is where the config does not say: nothing means that there is no such limit.
TRANSFER_FIGURES = {
    "dwell_minutes": "0",
    "overhead_minutes": "0",
    "share_transferred": "1",
    "suspected_per_confirmed": "1",
    "repatriated_share": "0",
    "most_transfers_a_day": None,
    "most_repatriations_a_year": None,
    "most_ambulance_hours": None,
}
WAYS_TO_GO = ("nearest", "managed", "observed")
OVERHEAD_PARTS = ("call_minutes", "crew_minutes", "handover_minutes")
COVER_KEYS = ("days", "start_hour", "hours", "people", "kind", "source", "verified")
SHIFT_KEYS = ("start", "end", "handover_minutes", "days")
TEAM_KEYS = {"name", "year", "moves_at_most", "recruits_at_most", "across_sites", "posts_funded"}
ROTA_KEYS = (
    "may_fall_short",
    "cover",
    "one_in",
    "shifts",
    "only_without",
    "remote_from",
    "shared_on_call",
    "consultant_contract",
)
CONFIG_KEYS = {
    "title", "place", "border", "travel", "demand", "teams", "services", "today", "objectives", "time_limit_minutes",
    "exceptions", "contract", "working_time", "hurdles",
}  # fmt: skip


class Figure(NamedTuple):
    """A number of the config, or ``None`` for unlimited, with where it comes from."""

    value: Fraction | None
    source: str = ""
    verified: bool = False


class Fixed(NamedTuple):
    """A designation that is not open to decision, and why."""

    provided: bool
    reason: str
    source: str
    verified: bool


class Link(NamedTuple):
    """Where the wish for a service on the same site comes from."""

    source: str
    verified: bool


class Beds(NamedTuple):
    """What patients ask of beds, what sites have by site, and the WTE of each role that a bed needs."""

    days: Fraction
    blocking: Fraction
    other_share: Fraction
    other_days: Fraction
    at: Mapping[str, Figure]
    staff_per_bed: Mapping[str, Fraction]


class Excepted(NamedTuple):
    """Why a link need not hold at a site, and who says so."""

    reason: str
    source: str
    by: str


class Rota(NamedTuple):
    """What a site that provides a service needs of a team in a unit, and the services where it does not."""

    needed: Figure
    may_fall_short: bool
    only_without: str | None = None
    remote_from: str | None = None
    shared_on_call: bool = False
    sharing_is_verified: bool = True


class Across(NamedTuple):
    """One team over all sites: where it is based, its trips to each other site, and its staff where they are stated."""

    base: str
    trips: Figure
    in_post: Fraction | None


class Observed(NamedTuple):
    """Minutes that patients add to each site when they choose, and the period whose counts they are compared with."""

    offsets: Mapping[str, Fraction]
    period: str


class Growth(NamedTuple):
    """Growth of demand: over how many years, and shares a year by age or by activity."""

    years: int
    by_age: Mapping[str, Fraction]
    by_activity: Mapping[str, Fraction]


class Team(NamedTuple):
    """The year whose staff count, and how many may move and be recruited."""

    year: Fraction | None
    moves: Figure
    recruits: Figure
    across: Across | None = None
    posts: Figure | None = None


class Transfer(NamedTuple):
    """Where patients are seen first, and the figures of how they are taken on; limits that are not set are absent."""

    first_contact: str
    figures: Mapping[str, Figure]
    to_neighbours: bool = True

    def value(self, name: str) -> Fraction:
        """Return the value of a figure that is always known."""
        return self.figures[name].value or Fraction(0)


class Objective(NamedTuple):
    """An objective's name and the services it lists; no service listed means all."""

    name: str
    services: tuple[str, ...]


@dataclass(frozen=True)
class Service:
    """A service as the config states it. A figure that is not stated is not in ``figures``."""

    activity: str | None
    neighbours: str | tuple[str, ...]
    fixed: Mapping[str, Fixed]
    figures: Mapping[str, Figure]
    same_site: Mapping[str, Link]
    rotas: Mapping[tuple[str, str], Rota]
    in_reach: Mapping[str, Figure]
    by_transfer: Mapping[str, Link]
    beds: Beds | None
    observed: Observed | None = None
    transfer: Transfer | None = None
    covers: Mapping[str, Asked] = field(default_factory=dict)
    managed: bool = False

    def figure(self, name: str) -> Fraction | None:
        """Return the value of a figure, or nothing if the config does not state it."""
        return self.figures[name].value if name in self.figures else None


@dataclass(frozen=True)
class Question:
    """The whole config."""

    title: str
    border_open: bool
    factor: Fraction
    allow_missing: frozenset[tuple[str, str]]
    teams: Mapping[str, Team]
    services: Mapping[str, Service]
    today: Mapping[str, frozenset[str]]
    objectives: tuple[Objective, ...]
    exceptions: Mapping[tuple[str, str, str], Excepted]
    growth: Growth | None = None
    law: Mapping[str, object] = field(default_factory=dict)
    whole_law: bool = True
    terms: Mapping[str, Figure] = field(default_factory=dict)

    def leans_across_sites(self) -> bool:
        """Whether a service may lean on another at another site, or need not at all: then links.csv is due."""
        across = any(service.in_reach or service.by_transfer for service in self.services.values())
        return across or bool(self.exceptions)

    @property
    def states_cover(self) -> bool:
        """Whether some rota says which cover it gives."""
        return any(service.covers for service in self.services.values())

    @property
    def names_shifts(self) -> bool:
        """Whether some rota says in which shifts it gives its cover."""
        return any(asked.shifts for service in self.services.values() for asked in service.covers.values())

    @property
    def has_patterns(self) -> bool:
        """Whether some rota says how it gives its cover."""
        return any(asked.has_pattern for service in self.services.values() for asked in service.covers.values())

    def rota_units(self) -> list[tuple[str, str]]:
        """Return every (team, unit) that some service's rota needs, in reading order."""
        return list(dict.fromkeys(key for service in self.services.values() for key in service.rotas))


def worked_out(step: Step, stated: Figure | None) -> Figure:
    """Return what a rota needs as a figure that says that it was worked out."""
    source = "Worked out from cover (rota_needs.csv)"
    if stated is not None:
        said = f"{float(stated.value or 0):g}: {stated.source or 'no source stated'}"
        source = f"The larger of what cover takes (rota_needs.csv) and {said}"
    return Figure(step.exact, source, step.verified)


def nothing(node: object) -> bool:
    """Whether a YAML node says nothing."""
    return node is None or node in ("", "~", "null", "Null", "NULL")


class ConfigReader:
    """Walks the config and notes everything it does not understand, instead of passing over it."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.terms: dict[str, Figure] = {}
        self.plain_days: tuple[str, ...] = ()

    def note(self, where: str, node: object, message: str) -> None:
        """Note something that is not understood."""
        self.reader.note(CHECK, f"{FILE} {where}", brief(node), None, f"{FILE}: {where} {message}.")

    def mapping(self, node: Any, where: str, known: Collection[str] | None = None) -> dict[str, Any]:
        """Return a mapping without the entries that say nothing; unknown keys are noted."""
        if nothing(node):
            return {}
        if not isinstance(node, dict) or not all(isinstance(key, str) for key in node):
            self.note(where, node, "is not a mapping of names")
            return {}
        for key in node:
            if known is not None and key not in known:
                self.note(f"{where}.{key}", node[key], "is a setting that no check knows")
        return {key: value for key, value in node.items() if not nothing(value)}

    def entries(self, node: Any, where: str, known: Collection[str] | None = None) -> dict[str, Any]:
        """Return a mapping whose entries may say nothing, as ``same_site: {acute_stroke: }`` may."""
        kept = self.mapping(node, where, known)
        return {key: kept.get(key) for key in node if isinstance(key, str)} if isinstance(node, dict) else {}

    def words(self, node: Any, where: str) -> tuple[str, ...]:
        """Return a list of names."""
        if nothing(node):
            return ()
        if not isinstance(node, list) or not all(isinstance(item, str) for item in node):
            self.note(where, node, "is not a list of names")
            return ()
        return tuple(node)

    def word(self, node: Any, where: str, among: Collection[str] | None = None) -> str:
        """Return one text."""
        if not isinstance(node, str) or (among is not None and node not in among):
            self.note(where, node, f"should be {' or '.join(among or ['a text'])}")
            return next(iter(among or [""]))
        return node

    def flag(self, node: Any, where: str) -> bool:
        """Return true or false."""
        return self.word(node, where, ("false", "true")) == "true"

    def number(self, node: Any, where: str) -> Fraction:
        """Return a number."""
        try:
            return number(self.word(node, where))
        except ValueError:
            self.note(where, node, "is not a number")
            return Fraction(0)

    def figure(self, node: Any, where: str, *, may_be_unlimited: bool = False) -> Figure:
        """Return a figure, written as a bare number or with its source."""
        if not isinstance(node, dict):
            node = {"value": node}
        found = self.mapping(node, where, ("value", "source", "verified"))
        value = found.get("value")
        unlimited = may_be_unlimited and value == "unlimited"
        amount = None if unlimited else self.number(value, where)
        return Figure(amount, *self.provenance(found, where))

    def provenance(self, found: dict[str, Any], where: str) -> tuple[str, bool]:
        """Return where something comes from, and whether that was verified."""
        source = self.word(found.get("source", ""), f"{where}.source")
        return source, self.flag(found.get("verified", "false"), f"{where}.verified")

    def service(self, node: Any, where: str) -> Service:
        """Return one service."""
        found = self.mapping(node, where, SERVICE_KEYS)
        way = self.word(found.get("patients_go_to", "nearest"), f"{where}.patients_go_to", WAYS_TO_GO)
        if (way == "observed") != ("observed" in found):
            self.note(f"{where}.observed", "", "should be there exactly where patients_go_to is observed")
        figures = {name: self.figure(found[name], f"{where}.{name}") for name in FIGURES if name in found}
        activity = self.word(found["activity"], f"{where}.activity") if "activity" in found else None
        if way == "managed" and (activity is None or found.get("pathway") == "transfer"):
            self.note(f"{where}.patients_go_to", way, "needs an activity, and patients who go straight to the service")
        for name in figures:
            if activity is None and name in PATIENT_FIGURES:
                self.note(f"{where}.{name}", found[name], "means nothing without an activity")
        if "share_within_standard" in figures and "standard_minutes" not in figures:
            self.note(f"{where}.share_within_standard", "", "means nothing without standard_minutes")
        covers = self.covers(found.get("rotas"), f"{where}.rotas")
        return Service(
            activity=activity,
            neighbours=self.neighbours(found.get("neighbours", "all"), f"{where}.neighbours"),
            fixed=self.fixed(found.get("fixed"), f"{where}.fixed"),
            figures=figures,
            same_site=self.same_site(found.get("same_site"), f"{where}.same_site"),
            rotas=self.rotas(found.get("rotas"), f"{where}.rotas", covers),
            covers=covers,
            in_reach=self.in_reach(found.get("in_reach"), f"{where}.in_reach"),
            by_transfer=self.same_site(found.get("by_transfer"), f"{where}.by_transfer"),
            beds=self.beds(found["beds"], f"{where}.beds", activity) if "beds" in found else None,
            observed=self.observed(found["observed"], f"{where}.observed") if "observed" in found else None,
            transfer=self.transfer(found, where),
            managed=way == "managed",
        )

    def in_reach(self, node: Any, where: str) -> dict[str, Figure]:
        """Return the longest way from each service that must be in reach."""
        found = {}
        for to, entry in self.entries(node, where).items():
            cells = self.mapping(entry, f"{where}.{to}", ("minutes",))
            found[to] = self.figure(cells.get("minutes"), f"{where}.{to}.minutes")
        return found

    def beds(self, node: Any, where: str, activity: str | None) -> Beds:
        """Return what patients ask of beds, and what there is."""
        found = self.mapping(node, where, BED_KEYS)
        if activity is None:
            self.note(where, node, "means nothing without an activity")
        numbers = {
            name: self.figure(found.get(name, default), f"{where}.{name}").value or Fraction(0)
            for name, default in (
                ("stay_days", None),
                ("blocking", "0.01"),
                ("other_patients_share", "0"),
                ("other_stay_days", "0"),
            )
        }
        days, blocking, share, other_days = numbers.values()
        for name, wrong in (("stay_days", days <= 0), ("blocking", not 0 < blocking < 1)):
            if wrong:
                self.note(f"{where}.{name}", found.get(name), "is out of its range")
        if not 0 <= share < 1:
            self.note(f"{where}.other_patients_share", share, "is out of its range")
            share = Fraction(0)
        there = self.mapping(found.get("at"), f"{where}.at")
        at = {site: self.figure(entry, f"{where}.at.{site}") for site, entry in there.items()}
        roles = self.mapping(found.get("staff_per_bed"), f"{where}.staff_per_bed")
        staff = {role: self.figure(entry, f"{where}.staff_per_bed.{role}") for role, entry in roles.items()}
        for site, figure in at.items():
            if figure.value is None or figure.value < 0 or figure.value.denominator != 1:
                self.note(f"{where}.at.{site}", figure.value, "is not a whole number of beds")
        return Beds(
            days, blocking, share, other_days, at, {role: one.value or Fraction(0) for role, one in staff.items()}
        )

    def exceptions(self, node: Any) -> dict[tuple[str, str, str], Excepted]:
        """Return the documented exceptions by service, service needed and site."""
        if nothing(node):
            return {}
        if not isinstance(node, list):
            self.note("exceptions", node, "is not a list")
            return {}
        found: dict[tuple[str, str, str], Excepted] = {}
        for n, entry in enumerate(node, start=1):
            where = f"exceptions {n}"
            cells = self.mapping(entry, where, EXCEPTION_KEYS)
            words = {name: self.word(cells.get(name, ""), f"{where}.{name}") for name in sorted(EXCEPTION_KEYS)}
            key = (words["service"], words["needs"], words["site"])
            if key in found:
                self.note(where, key, "is listed twice")
            found[key] = Excepted(words["reason"], words["source"], words["by"])
        return found

    def observed(self, node: Any, where: str) -> Observed:
        """Return where patients really go: a run states the offsets, also those that were fitted."""
        found = self.mapping(node, where, ("period", "total", "held_at_zero", "offsets"))
        self.word(found.get("total", "scaled"), f"{where}.total", ("scaled",))
        entries = self.mapping(found.get("offsets"), f"{where}.offsets")
        offsets = {site: self.figure(entry, f"{where}.offsets.{site}").value for site, entry in entries.items()}
        if not offsets:
            self.note(f"{where}.offsets", "", "states no offset, so nobody knows where patients go")
        stated = {site: Fraction(0) if value is None else value for site, value in offsets.items()}
        return Observed(stated, self.word(found.get("period", ""), f"{where}.period"))

    def transfer(self, service: dict[str, Any], where: str) -> Transfer | None:
        """Return how patients are transferred, or nothing where they go straight to the service."""
        pathway = self.word(service.get("pathway", "direct"), f"{where}.pathway", ("direct", "transfer"))
        by_transfer = pathway == "transfer"
        if by_transfer > ("transfer" in service) or ("pathway" not in service and "transfer" in service):
            self.note(f"{where}.pathway", service.get("pathway"), "and transfer do not go together")
        where = f"{where}.transfer"
        known = {"first_contact", "to_neighbours", *TRANSFER_FIGURES, *OVERHEAD_PARTS}
        found = self.mapping(service.get("transfer"), where, known)
        parts = [self.figure(found[name], f"{where}.{name}") for name in OVERHEAD_PARTS if name in found]
        stated = {name: found.get(name, otherwise) for name, otherwise in TRANSFER_FIGURES.items()}
        figures = {name: self.figure(one, f"{where}.{name}") for name, one in stated.items() if one is not None}
        least = {"suspected_per_confirmed": 1}
        most = {"share_transferred": 1, "repatriated_share": 1}
        for name, figure in figures.items():
            value = figure.value or Fraction(0)
            if not least.get(name, 0) <= value <= most.get(name, value):
                self.note(f"{where}.{name}", stated[name], "is out of its range")
        if parts and ("overhead_minutes" in found or len(parts) < len(OVERHEAD_PARTS)):
            self.note(f"{where}.overhead_minutes", "", "should be stated once, as a whole or in all of its parts")
        elif parts:
            figures["overhead_minutes"] = Figure(sum((part.value or Fraction(0) for part in parts), Fraction(0)))
        to_neighbours = self.flag(found.get("to_neighbours", "true"), f"{where}.to_neighbours")
        if not by_transfer:
            return None
        return Transfer(self.word(found.get("first_contact"), f"{where}.first_contact"), figures, to_neighbours)

    def neighbours(self, node: Any, where: str) -> str | tuple[str, ...]:
        """Return ``all``, ``none`` or the codes listed."""
        return self.word(node, where, ("all", "none")) if isinstance(node, str) else self.words(node, where)

    def fixed(self, node: Any, where: str) -> dict[str, Fixed]:
        """Return the designations that are not open to decision."""
        found = {}
        for site, entry in self.entries(node, where).items():
            cells = self.mapping(entry, f"{where}.{site}", ("provided", "reason", "source", "verified"))
            provided = self.flag(cells.get("provided"), f"{where}.{site}.provided")
            reason = self.word(cells.get("reason", ""), f"{where}.{site}.reason")
            found[site] = Fixed(provided, reason, *self.provenance(cells, f"{where}.{site}"))
        return found

    def same_site(self, node: Any, where: str) -> dict[str, Link]:
        """Return the services that must be on the same site."""
        entries = self.entries(node, where)
        cells = {to: self.mapping(entry, f"{where}.{to}", ("source", "verified")) for to, entry in entries.items()}
        return {to: Link(*self.provenance(entry, f"{where}.{to}")) for to, entry in cells.items()}

    def rotas(self, node: Any, where: str, covers: Mapping[str, Asked]) -> dict[tuple[str, str], Rota]:
        """Return what each rota needs, by team and unit."""
        found = {}
        for team, entry in self.entries(node, where).items():
            cells = self.mapping(entry, f"{where}.{team}", (*ROTA_KEYS, *UNITS))
            without, remote = (self.rota_link(cells.get(name), f"{where}.{team}.{name}") for name in ROTA_KEYS[4:6])
            limits = (without, remote, *self.sharing(cells.get("shared_on_call"), f"{where}.{team}.shared_on_call"))
            if remote and (team not in covers or covers[team].resident):
                self.note(f"{where}.{team}.remote_from", remote, "means nothing but for cover on call from home alone")
            may_fall_short = self.flag(cells.get("may_fall_short", "false"), f"{where}.{team}.may_fall_short")
            for key, unit in UNITS.items():
                stated = self.figure(cells[key], f"{where}.{team}.{key}") if key in cells else None
                if team in covers and unit in covers[team].needed:
                    found[team, unit] = Rota(worked_out(covers[team].needed[unit], stated), may_fall_short, *limits)
                elif key in cells:
                    found[team, unit] = Rota(self.figure(cells[key], f"{where}.{team}.{key}"), may_fall_short, *limits)
        return found

    def rota_link(self, node: Any, where: str) -> str | None:
        """Return the service that decides where a rota is needed, if there is one."""
        if nothing(node):
            return None
        found = self.mapping(node, where, ("service", "source", "verified"))
        self.provenance(found, where)
        return self.word(found.get("service"), f"{where}.service")

    def sharing(self, node: Any, where: str) -> tuple[bool, bool]:
        """Return whether one team is on call for all its sites at once, and whether it was verified that it may."""
        if nothing(node) and node != {}:
            return False, True
        return True, self.provenance(self.mapping(node, where, ("source", "verified")), where)[1]

    def covers(self, node: Any, where: str) -> dict[str, Asked]:
        """Return what is asked of each team's rota that states cover."""
        found = {}
        for team, entry in self.entries(node, where).items():
            cells = self.mapping(entry, f"{where}.{team}")
            for name in ("one_in", "shifts"):
                if name in cells and not cells.get("cover"):
                    self.note(f"{where}.{team}.{name}", cells[name], "means nothing without cover")
            if cells.get("cover"):
                found[team] = self.asked(cells, f"{where}.{team}")
        return found

    def asked(self, cells: Mapping[str, Any], where: str) -> Asked:
        """Return what is asked of one rota, and what follows from it."""
        listed = cells["cover"] if isinstance(cells["cover"], list) else [cells["cover"]]
        blocks = tuple(self.block(item, f"{where}.cover {n}") for n, item in enumerate(listed, start=1))
        entries = self.entries(cells.get("shifts"), f"{where}.shifts")
        shifts = {code: self.shift(entry, f"{where}.shifts.{code}") for code, entry in entries.items()}
        if overlapping(blocks):
            self.note(f"{where}.cover", "", "has blocks of one kind that overlap")
        names = {"people": "people", "WTE": "wte", "one_in": "one_in"}
        stated = {name: self.figure(cells[key], f"{where}.{key}") for name, key in names.items() if key in cells}
        kinds = {block.kind for block in blocks}
        if ("on_call" in kinds) > bool({"one_in", "people", "WTE"} & stated.keys()) or ("one_in" in stated) > (
            "on_call" in kinds
        ):
            self.note(where, "", "has a frequency without people on call, or people on call without a need")
        if shifts and "resident" not in kinds:
            self.note(f"{where}.shifts", "", "mean nothing where nobody is resident")
        amounts = {name: figure.value for name, figure in self.terms.items()} | {"plain_from_hour": 1}
        if set(TERMS) - self.terms.keys() or any((amount or 0) <= 0 for amount in amounts.values()):
            self.note("contract", "", "does not state every term, above zero")
            return Asked(blocks, shifts, (), {})
        one_in = stated["one_in"].value if "one_in" in stated else None
        counted = self.flag(cells.get("consultant_contract", "true"), f"{where}.consultant_contract")
        needed = needed_for(blocks, self.terms, self.plain_days, stated, hours_count=counted)
        return Asked(blocks, shifts, *needed, one_in)

    def block(self, node: Any, where: str) -> Block:
        """Return one block of cover."""
        found = self.mapping(node, where, COVER_KEYS)
        start, hours, people = (self.number(found.get(key), f"{where}.{key}") for key in COVER_KEYS[1:4])
        kind = self.word(found.get("kind", "resident"), f"{where}.kind", ("resident", "on_call"))
        if any((60 * value).denominator > 1 for value in (start, hours)) or not (0 <= start < 24 and 0 < hours <= 24):
            self.note(where, node, "does not start and end on a whole minute within a day and the next")
            start, hours = Fraction(0), Fraction(1)
        return Block(self.days(found, where), start, hours, people, kind, *self.provenance(found, where))

    def shift(self, node: Any, where: str) -> KindOfShift:
        """Return one kind of shift."""
        found = self.mapping(node, where, SHIFT_KEYS)
        self.number(found.get("handover_minutes", "0"), f"{where}.handover_minutes")
        start, end = (self.word(found.get(key), f"{where}.{key}") for key in ("start", "end"))
        return KindOfShift(start, end, self.days(found, where))

    def days(self, found: Mapping[str, Any], where: str) -> tuple[str, ...]:
        """Return a list of days of the week, each once."""
        days = self.words(found.get("days"), f"{where}.days")
        if not days or len(set(days)) < len(days):
            self.note(f"{where}.days", "", "should name days, each once")
        self.known(days, DAYS, f"{where}.days")
        return tuple(dict.fromkeys(day for day in days if day in DAYS))

    def contract(self, node: Any) -> None:
        """Keep the terms that turn cover into WTE."""
        found = self.mapping(node, "contract", (*TERMS, "plain_days"))
        self.terms = {name: self.figure(found[name], f"contract.{name}") for name in TERMS if name in found}
        self.plain_days = self.words(found.get("plain_days"), "contract.plain_days")

    def working_time(self, node: Any) -> dict[str, object]:
        """Return the law on working time, in the words of the check of patterns."""
        found = self.mapping(node, "working_time", (*LAW_NAMES, *WEEKENDS, "prospective_cover"))
        figures = {n: self.figure(found[n], f"working_time.{n}").value for n in (*LAW_NAMES, *WEEKENDS) if n in found}
        law: dict[str, object] = {LAW_NAMES[name]: value for name, value in figures.items() if name in LAW_NAMES}
        worked, counted = (figures.get(name) for name in WEEKENDS)
        if worked is not None and counted:
            law["weekends_worked"] = worked / counted
            law["weekends_in_a_row"] = worked if worked < counted else None
        # A night may end at 24:00, which is the 00:00 of the day after.
        for name in ("night_from", "night_to"):
            law[name] = (figures.get(f"{name}_hour") or Fraction(0)) % 24
        law["prospective_cover"] = self.flag(found.get("prospective_cover", "false"), "working_time.prospective_cover")
        # The law here speaks of long shifts, by day or by night.
        return law | {"long_nights_are_long_days": True}

    def team(self, node: Any, where: str) -> Team:
        """Return one team; nobody moves and nobody is recruited unless the config says so."""
        found = self.mapping(node, where, TEAM_KEYS)
        moves, recruits = (
            self.figure(found.get(key, "0"), f"{where}.{key}", may_be_unlimited=True)
            for key in ("moves_at_most", "recruits_at_most")
        )
        year = self.number(found["year"], f"{where}.year") if "year" in found else None
        posts = self.figure(found["posts_funded"], f"{where}.posts_funded") if "posts_funded" in found else None
        across = self.across(found["across_sites"], f"{where}.across_sites") if "across_sites" in found else None
        # Nobody need move within one team.
        return Team(year, Figure(None) if across else moves, recruits, across, posts)

    def across(self, node: Any, where: str) -> Across:
        """Return how one team works over all sites."""
        found = self.mapping(node, where, ("based_at", "trips_a_week", "in_post"))
        in_post = self.figure(found["in_post"], f"{where}.in_post").value if "in_post" in found else None
        trips = self.figure(found.get("trips_a_week"), f"{where}.trips_a_week")
        return Across(self.word(found.get("based_at"), f"{where}.based_at"), trips, in_post)

    def objectives(self, node: Any, where: str) -> tuple[Objective, ...]:
        """Return the objectives in order."""
        if not isinstance(node, list):
            self.note(where, node, "is not a list")
            return ()
        return tuple(self.objective(item, f"{where} {n}") for n, item in enumerate(node, start=1))

    def objective(self, node: Any, where: str) -> Objective:
        """Return one objective: a name, or a name with the services it covers."""
        if isinstance(node, dict) and len(node) == 1:
            ((name, services),) = node.items()
            return Objective(self.word(name, where), self.words(services, where))
        return Objective(self.word(node, where), ())

    def pairs(self, node: Any, where: str) -> frozenset[tuple[str, str]]:
        """Return the (area, site) pairs that need no journey."""
        items = node if isinstance(node, list) else []
        found = [self.words(item, where) for item in items]
        if (not items and not nothing(node) and node != []) or any(len(pair) != 2 for pair in found):
            self.note(where, node, "is not a list of [area, site] pairs")
        return frozenset((pair[0], pair[1]) for pair in found if len(pair) == 2)

    def question(self, node: Any) -> Question:
        """Return the whole config."""
        found = self.mapping(node, "config", CONFIG_KEYS)
        self.word(found.get("place"), "place", ("inputs",))
        travel = self.mapping(found.get("travel"), "travel", ("factor", "allow_missing", "times", "time"))
        teams = self.entries(found.get("teams"), "teams")
        services = self.entries(found.get("services"), "services")
        self.contract(found.get("contract"))
        self.words(found.get("hurdles", []), "hurdles")  # what they strike out is in no run
        today = self.entries(found.get("today"), "today")
        factor = self.figure(travel.get("factor", "1"), "travel.factor").value
        question = Question(
            title=self.word(found.get("title", ""), "title"),
            border_open=self.word(found.get("border", "open"), "border", ("open", "closed")) == "open",
            factor=(Fraction(1) if factor is None else factor) * self.time_of_day(travel),
            allow_missing=self.pairs(travel.get("allow_missing"), "travel.allow_missing"),
            teams={code: self.team(entry, f"teams.{code}") for code, entry in teams.items()},
            services={code: self.service(entry, f"services.{code}") for code, entry in services.items()},
            today={code: frozenset(self.words(entry, f"today.{code}")) for code, entry in today.items()},
            objectives=self.objectives(found.get("objectives", []), "objectives"),
            exceptions=self.exceptions(found.get("exceptions")),
            growth=self.growth(found.get("demand")),
            terms=self.terms,
            law=self.working_time(found.get("working_time")),
            whole_law={*LAW_NAMES, *WEEKENDS} <= set(self.entries(found.get("working_time"), "working_time")),
        )
        self.cross_check(question)
        return question

    def time_of_day(self, travel: dict[str, Any]) -> Fraction:
        """Return the factor of the time that is chosen; 1 where none is."""
        times = self.mapping(travel.get("times"), "travel.times")
        factors = {name: self.figure(entry, f"travel.times.{name}").value for name, entry in times.items()}
        chosen = self.word(travel["time"], "travel.time") if "time" in travel else None
        self.known([chosen] if chosen else [], factors, "travel.time")
        return factors.get(chosen or "") or Fraction(1)

    def growth(self, node: Any) -> Growth | None:
        """Return how demand grows; nothing where it does not."""
        stated = self.mapping(node, "demand", ("year", "growth"))
        if "growth" not in stated:
            return None
        where = "demand.growth"
        found = self.mapping(stated["growth"], where, ("years", "by_age", "by_activity"))
        years = self.number(found.get("years"), f"{where}.years")
        if years.denominator != 1 or not 0 <= years <= 100:
            self.note(f"{where}.years", found.get("years"), "is not a whole number of years from 0 to 100")
            years = Fraction(0)
        by_age = self.mapping(found.get("by_age"), f"{where}.by_age", ("under_65", "from_65", "from_75"))
        if by_age and not {"under_65", "from_65"} <= by_age.keys():
            self.note(f"{where}.by_age", by_age, "states no rate for under_65 or from_65")
            by_age = {}
        rates = {name: self.figure(rate, f"{where}.by_age.{name}").value for name, rate in by_age.items()}
        activities = self.mapping(found.get("by_activity"), f"{where}.by_activity")
        flat = {name: self.figure(rate, f"{where}.by_activity.{name}").value for name, rate in activities.items()}
        return Growth(int(years), _stated(rates), _stated(flat))

    def cross_check(self, question: Question) -> None:
        """Note every name that stands for nothing in the config itself."""
        if not question.services:
            self.note("services", "", "names no service")
        if question.factor <= 0:
            self.note("travel.factor", question.factor, "should be above zero")
        for code, service in question.services.items():
            self.known(service.same_site, question.services, f"services.{code}.same_site")
            self.known({team for team, _ in service.rotas}, question.teams, f"services.{code}.rotas")
            for (team, _), rota in service.rotas.items():
                linked = {other for other in (rota.only_without, rota.remote_from) if other}
                self.known(linked, set(question.services) - {code}, f"services.{code}.rotas.{team}")
                across = team in question.teams and question.teams[team].across
                if rota.shared_on_call and not (across and team in service.covers):
                    self.note(f"services.{code}.rotas.{team}.shared_on_call", "", "means nothing for this team")
            self.known(service.in_reach, question.services, f"services.{code}.in_reach")
            self.known(service.by_transfer, question.services, f"services.{code}.by_transfer")
            self.first_contact(question, code, service)
        for service_code, needs, site in question.exceptions:
            self.known([service_code], question.services, "exceptions")
            found = question.services.get(service_code)
            if found and needs not in found.same_site and needs not in found.in_reach:
                self.note(
                    "exceptions", needs, f"is no service that {brief(service_code)} needs at {brief(site)} or in reach"
                )
        if question.names_shifts and not question.whole_law:
            self.note("working_time", "", "does not state the whole law that patterns must not break")
        self.known(question.today, question.services, "today")
        for team, _ in question.rota_units():
            if team in question.teams and question.teams[team].year is None:
                self.note(f"teams.{team}", "", "states no year, so nobody knows which staff to count")
        for objective in question.objectives:
            self.known(objective.services, question.services, f"objectives.{objective.name}")

    def first_contact(self, question: Question, code: str, service: Service) -> None:
        """Note a service by transfer whose patients could not be seen first where the config says."""
        if service.transfer is None:
            return
        where, name = f"services.{code}.transfer.first_contact", service.transfer.first_contact
        self.known([name], question.services, where)
        first = question.services.get(name)
        if first and (first.transfer is not None or first.activity is None or first.managed):
            self.note(where, name, "is not a service whose patients go straight to the nearest site")
        if service.activity is None:
            self.note(f"services.{code}.pathway", "transfer", "means nothing without an activity")

    def known(self, names: Collection[str], among: Collection[str], where: str) -> None:
        """Note every name that is not among those that exist."""
        for name in sorted(set(names) - set(among)):
            self.note(where, name, f'names "{brief(name)}", which does not exist')


def _stated(figures: Mapping[str, Fraction | None]) -> dict[str, Fraction]:
    return {name: Fraction(0) if value is None else value for name, value in figures.items()}


def read_question(reader: Reader) -> tuple[Question, ConfigReader]:
    """Read ``config.yaml``, and return with it the reader that notes what is not understood."""
    config = ConfigReader(reader)
    return config.question(reader.yaml(FILE)), config
