"""Teams, rotas, their cover and the law, read from a config."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

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
from optimiser.checker.nodes import NodeReader, nothing
from optimiser.checker.reading import Reader
from optimiser.checker.stated import UNITS, Across, Figure, Rota, Team

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


def worked_out(step: Step, stated: Figure | None) -> Figure:
    """Return what a rota needs as a figure that says that it was worked out."""
    source = "Worked out from cover (rota_needs.csv)"
    if stated is not None:
        said = f"{float(stated.value or 0):g}: {stated.source or 'no source stated'}"
        source = f"The larger of what cover takes (rota_needs.csv) and {said}"
    return Figure(step.exact, source, step.verified)


class RotaReader(NodeReader):
    """Reads teams and rotas, and works out what their cover needs."""

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader)
        self.terms: dict[str, Figure] = {}
        self.plain_days: tuple[str, ...] = ()

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
