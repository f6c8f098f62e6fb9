"""The question a run answers, read from its ``config.yaml``: every word of it understood, or noted as not."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from optimiser.checker.cover import LAW_NAMES, WEEKENDS
from optimiser.checker.nodes import FILE, nothing
from optimiser.checker.reading import Reader, brief
from optimiser.checker.rota_settings import RotaReader
from optimiser.checker.stated import (
    Beds,
    Excepted,
    Figure,
    Fixed,
    Growth,
    Link,
    Objective,
    Observed,
    Question,
    Service,
    Transfer,
)

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
CONFIG_KEYS = {
    "title", "place", "border", "travel", "demand", "teams", "services", "today", "objectives", "time_limit_minutes",
    "exceptions", "contract", "working_time", "hurdles", "at_most_services_a_site",
}  # fmt: skip


class ConfigReader(RotaReader):
    """Walks the config and notes everything it does not understand, instead of passing over it."""

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
            services_a_site=self.figure(found["at_most_services_a_site"], "at_most_services_a_site")
            if "at_most_services_a_site" in found
            else None,
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


def _stated(figures: Mapping[str, Fraction | None]) -> dict[str, Fraction]:
    return {name: Fraction(0) if value is None else value for name, value in figures.items()}


def read_question(reader: Reader) -> tuple[Question, ConfigReader]:
    """Read ``config.yaml``, and return with it the reader that notes what is not understood."""
    config = ConfigReader(reader)
    return config.question(reader.yaml(FILE)), config
