"""Reading a run's ``config.yaml``: every word of it understood, or noted as not.

A group of settings is a table of its keys, each with what reads it; what may be left out says what holds then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
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
from optimiser.checker.question import (
    NONE,
    Across,
    AddedSite,
    Beds,
    Change,
    Excepted,
    Figure,
    Fixed,
    Growth,
    Link,
    Objective,
    Observed,
    Question,
    Rota,
    Service,
    Team,
    Transfer,
)
from optimiser.checker.reading import Reader, brief, number

CHECK, FILE = "config_is_understood", "config.yaml"
UNITS = {"people": "people", "wte": "WTE"}

# What reads a setting: given the reader of the config, the node (nothing where it is left out) and where it stands.
Kind = Callable[["ConfigReader", Any, str], Any]


def text(otherwise: str | None = "", among: Collection[str] | None = None) -> Kind:
    """Return what reads a text, perhaps one of a few; with nothing for ``otherwise`` it must be there."""
    return lambda config, node, where: config.word(otherwise if node is None else node, where, among)


def flag(otherwise: str | None = "false") -> Kind:
    """Return what reads true or false."""
    read = text(otherwise, ("false", "true"))
    return lambda config, node, where: bool(read(config, node, where) == "true")


def figure(
    otherwise: str | None = None,
    fits: Callable[[Fraction], bool] = lambda _: True,
    wish: str = "is out of its range",
    *,
    unlimited: bool = False,
) -> Kind:
    """Return what reads a figure, written as a bare number or with its source, and notes one that does not fit."""

    def read(config: ConfigReader, node: Any, where: str) -> Figure:
        node = otherwise if node is None else node
        cells = config.group(node if isinstance(node, dict) else {"value": node}, where, FIGURE)
        no_limit = unlimited and cells["value"] == "unlimited"
        value = None if no_limit else config.number(cells["value"], where)
        if not fits(value or NONE):
            config.note(where, value, wish)
        return Figure(value, cells["source"], cells["verified"])

    return read


def value(otherwise: str | None = None, *fits: Any) -> Kind:
    """Return what reads a figure of which the number alone counts."""
    read = figure(otherwise, *fits)
    return lambda config, node, where: read(config, node, where).value or NONE


def perhaps(kind: Kind) -> Kind:
    """Return what reads a setting that may be left out."""
    return lambda config, node, where: None if node is None else kind(config, node, where)


def each(kind: Kind, *, blank: bool = True) -> Kind:
    """Return what reads entries by name, of which one may be blank and count, as in ``same_site: {a_service: }``."""

    def read(config: ConfigReader, node: Any, where: str) -> dict[str, Any]:
        kept = config.mapping(node, where)
        every = node if blank and isinstance(node, dict) else kept
        return {name: kind(config, kept.get(name), f"{where}.{name}") for name in every if isinstance(name, str)}

    return read


def group(keys: Mapping[str, Kind], make: Callable[..., Any] = dict) -> Kind:
    """Return what reads a group of settings, and what is made of it."""
    return lambda config, node, where: make(**config.group(node, where, keys))


def listed(config: ConfigReader, node: Any, where: str) -> tuple[str, ...]:
    """Read a list of names."""
    if node is None:
        return ()
    if not isinstance(node, list) or not all(isinstance(item, str) for item in node):
        config.note(where, node, "is not a list of names")
        return ()
    return tuple(node)


def anything(_: ConfigReader, node: Any, __: str) -> Any:
    """Pass on what no check rests on, or what is read further on."""
    return node


def a_number(config: ConfigReader, node: Any, where: str) -> Fraction:
    """Read a bare number."""
    return config.number(node, where)


def all_none_or_listed(config: ConfigReader, node: Any, where: str) -> str | tuple[str, ...]:
    """Read which neighbours take patients."""
    node = "all" if node is None else node
    return config.word(node, where, ("all", "none")) if isinstance(node, str) else listed(config, node, where)


def days(config: ConfigReader, node: Any, where: str) -> tuple[str, ...]:
    """Read days of the week, each once."""
    found = listed(config, node, where)
    if not found or len(set(found)) < len(found):
        config.note(where, "", "should name days, each once")
    config.known(found, DAYS, where)
    return found


def is_share(number: Fraction) -> bool:
    """Whether a number is from 0 to 1."""
    return 0 <= number <= 1


def is_amount(number: Fraction) -> bool:
    """Whether a number is not below zero."""
    return number >= 0


FIGURE: Mapping[str, Kind] = {"value": anything, "source": text(), "verified": flag()}
PROVENANCE: Mapping[str, Kind] = {"source": text(), "verified": flag()}
LINK, OF_A_SERVICE = group(PROVENANCE, Link), group({**PROVENANCE, "service": text(None)}, Link)
SERVICE_FIGURES = (
    "at_least_sites", "at_most_sites", "minimum_patients", "maximum_patients", "longest_journey_minutes",
    "standard_minutes", "share_within_standard", "at_most_share_outside",
)  # fmt: skip
# Rules about patients: they mean nothing for a service that counts none.
PATIENT_FIGURES = SERVICE_FIGURES[2:]
# The figures of a transfer that always hold, and limits, which need not be set.
TRANSFER_FIGURES: Mapping[str, Kind] = {
    "dwell_minutes": figure("0", is_amount),
    "overhead_minutes": perhaps(figure(None, is_amount)),
    "share_transferred": figure("1", is_share),
    "suspected_per_confirmed": figure("1", lambda number: number >= 1),
    "repatriated_share": figure("0", is_share),
    "most_transfers_a_day": perhaps(figure(None, is_amount)),
    "most_repatriations_a_year": perhaps(figure(None, is_amount)),
    "most_ambulance_hours": perhaps(figure(None, is_amount)),
}
OVERHEAD_PARTS = ("call_minutes", "crew_minutes", "handover_minutes")
BEDS: Mapping[str, Kind] = {
    "stay_days": value(None, lambda number: number > 0),
    "blocking": value("0.01", lambda number: 0 < number < 1),
    "other_patients_share": value("0", lambda number: 0 <= number < 1),
    "other_stay_days": value("0"),
    "at": each(figure(None, lambda n: n >= 0 and n.denominator == 1, "is not a whole number of beds"), blank=False),
    "staff_per_bed": each(value(), blank=False),
}
OBSERVED: Mapping[str, Kind] = {
    "period": text(),
    "total": text("scaled", ("scaled",)),
    "held_at_zero": anything,
    "offsets": each(value(), blank=False),
}
BLOCK: Mapping[str, Kind] = {
    "days": days, "start_hour": a_number, "hours": a_number, "people": a_number,
    "kind": text("resident", ("resident", "on_call")), **PROVENANCE,
}  # fmt: skip
SHIFT: Mapping[str, Kind] = {
    "start": text(None),
    "end": text(None),
    "handover_minutes": perhaps(a_number),
    "days": days,
}
ROTA: Mapping[str, Kind] = {
    "people": perhaps(figure()),
    "wte": perhaps(figure()),
    "one_in": perhaps(figure()),
    "may_fall_short": flag(),
    "cover": anything,
    "shifts": each(group(SHIFT, lambda start, end, days, **_: KindOfShift(start, end, days))),
    "only_without": perhaps(OF_A_SERVICE),
    "remote_from": perhaps(OF_A_SERVICE),
    "shared_on_call": perhaps(LINK),
    "consultant_contract": flag("true"),
}
SERVICE: Mapping[str, Kind] = {
    "name": text(),
    "stays_local": anything,
    "activity": perhaps(text()),
    "patients_go_to": text("nearest", ("nearest", "managed", "observed")),
    "observed": perhaps(group(OBSERVED)),
    "travel_by": perhaps(text()),
    "visitors_travel_by": perhaps(text()),
    "neighbours": all_none_or_listed,
    "fixed": each(group({"provided": flag(None), "reason": text(), **PROVENANCE}, Fixed)),
    "same_site": each(LINK),
    "in_reach": each(group({"minutes": figure()}, lambda minutes: minutes)),
    "by_transfer": each(LINK),
    "beds": perhaps(group(BEDS, lambda **found: Beds(*found.values()))),
    "rotas": each(group(ROTA)),
    "pathway": perhaps(text("direct", ("direct", "transfer"))),
    "transfer": perhaps(
        group(
            {
                "first_contact": perhaps(text()),
                "to_neighbours": flag("true"),
                **TRANSFER_FIGURES,
                **dict.fromkeys(OVERHEAD_PARTS, perhaps(figure())),
            }
        )
    ),
    "neighbours_take_at_most": each(figure()),
    **dict.fromkeys(SERVICE_FIGURES, perhaps(figure())),
}
ACROSS: Mapping[str, Kind] = {
    "based_at": text(None), "trips_a_week": figure(), "in_post": perhaps(value()), "travel_by": perhaps(text()),
}  # fmt: skip
TEAM: Mapping[str, Kind] = {
    "name": text(),
    "year": perhaps(a_number),
    "moves_at_most": figure("0", unlimited=True),
    "recruits_at_most": figure("0", unlimited=True),
    "across_sites": perhaps(group(ACROSS, lambda **found: Across(*found.values()))),
    "posts_funded": perhaps(figure()),
}
YEARS = "is not a whole number of years from 0 to 100"
AGES = ("under_65", "from_65", "from_75")
GROWTH: Mapping[str, Kind] = {
    "years": value(None, lambda years: years.denominator == 1 and 0 <= years <= 100, YEARS),
    "by_age": group(dict.fromkeys(AGES, perhaps(value()))),
    "by_activity": each(value(), blank=False),
}
SHARES: Mapping[str, Kind] = dict.fromkeys(AGES, perhaps(value(None, is_share)))
MOST_PLACES = 6
CHANGE: Mapping[str, Kind] = {"value": text(None), "reason": text(None), "source": text(), "verified": flag()}
ADDED_SITE: Mapping[str, Kind] = {
    "name": text(None), **dict.fromkeys(("latitude", "longitude", "easting_m", "northing_m"), perhaps(a_number)),
    "journeys": text("straight_line"), "transfers": text("straight_line"),
    "staff": each(group({"people": perhaps(a_number), "wte": perhaps(a_number)})),
    "fixed": each(flag(None)), "beds": each(figure(None, unlimited=True)), "reason": text(None), **PROVENANCE,
}  # fmt: skip
CALIBRATION: Mapping[str, Kind] = {"plus": value(), "times": value(None, lambda n: n > 0), "applied": flag("true")}
TRAVEL: Mapping[str, Kind] = {
    "factor": value("1"), "allow_missing": anything, "times": each(value(), blank=False), "time": perhaps(text()),
    "decimals": value("6"), "calibration": perhaps(group(CALIBRATION)),
}  # fmt: skip
CONFIG: Mapping[str, Kind] = {
    "title": text(),
    "place": text(None, ("inputs",)),
    "border": text("nearest", ("nearest", "as_today", "closed")),
    "border_pull": perhaps(value(None, is_share)),
    "areas_outside": text("all", ("all", "known_in_full")),
    "travel": group(TRAVEL),
    "roads": group(
        {
            "close": listed,
            "slow": each(value(None, lambda times: times >= 1), blank=False),
            "hour": perhaps(value()),
            "untouched": listed,
        }
    ),
    "demand": group({"year": anything, "growth": perhaps(group(GROWTH)), "ages": each(group(SHARES), blank=False)}),
    "contract": group({**{name: perhaps(figure()) for name in TERMS}, "plain_days": listed}),
    "working_time": group({**{n: perhaps(value()) for n in (*LAW_NAMES, *WEEKENDS)}, "prospective_cover": flag()}),
    "teams": each(group(TEAM)),
    "services": each(group(SERVICE)),
    "today": each(listed),
    "objectives": anything,
    "exceptions": anything,
    "hurdles": listed,  # what they strike out is in no run
    "time_limit_minutes": anything,
    "a_tie_is_within": perhaps(figure()),
    "sites": each(group(ADDED_SITE, AddedSite)),
    "closed_sites": each(group({"reason": text(None), **PROVENANCE})),
    "change": each(group(CHANGE, Change)),
    "know_before": anything,
    "at_most_services_a_site": perhaps(figure()),
    "most_transfers_a_year": perhaps(figure(None, is_amount)),
}
KNOW_BEFORE = {"sentence": text(), "source": text(), "border": text("", ("", "nearest", "as_today", "closed"))}
EXCEPTION = {name: text() for name in ("service", "needs", "site", "reason", "source", "by")}


def nothing(node: object) -> bool:
    """Whether a YAML node says nothing."""
    return node is None or node == ""


class ConfigReader:
    """Walks the config, every scalar a text, and notes everything it does not understand instead of passing over it."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.understood = True

    def note(self, where: str, node: object, message: str) -> None:
        """Note something that is not understood."""
        self.understood = False
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
        return {key: entry for key, entry in node.items() if not nothing(entry)}

    def group(self, node: Any, where: str, keys: Mapping[str, Kind]) -> dict[str, Any]:
        """Return every setting of a group, read."""
        found = self.mapping(node, where, keys)
        inside = "" if where == "config" else f"{where}."
        return {key: kind(self, found.get(key), f"{inside}{key}") for key, kind in keys.items()}

    def word(self, node: Any, where: str, among: Collection[str] | None = None) -> str:
        """Return one text."""
        if not isinstance(node, str) or (among is not None and node not in among):
            self.note(where, node, f"should be {' or '.join(among or ['a text'])}")
            return next(iter(among or [""]))
        return node

    def number(self, node: Any, where: str) -> Fraction:
        """Return a number."""
        try:
            return number(self.word(node, where))
        except ValueError:
            self.note(where, node, "is not a number")
            return NONE

    def known(self, names: Collection[str], among: Collection[str], where: str) -> None:
        """Note every name that is not among those that exist."""
        for name in sorted(set(names) - set(among)):
            self.note(where, name, f'names "{brief(name)}", which does not exist')

    def wrong_if(self, wrong: object, where: str, node: object, message: str) -> None:
        """Note a contradiction where there is one."""
        if wrong:
            self.note(where, node, message)

    def question(self, node: Any) -> Question:
        """Return the whole config."""
        found = self.group(node, "config", CONFIG)
        closed, sites = found["closed_sites"], found["sites"]
        contract, travel, demand = found["contract"], found["travel"], found["demand"]
        undone = travel["calibration"] or {"applied": True}
        undone = {"plus": NONE, "times": Fraction(1)} if undone["applied"] else undone
        terms = {name: contract[name] for name in TERMS if contract[name] is not None}
        self.known([travel["time"]] if travel["time"] else [], travel["times"], "travel.time")
        alone = found["border_pull"] is not None and found["border"] != "as_today"
        self.wrong_if(alone, "border_pull", found["border_pull"], "means nothing but where the border is as_today")
        question = Question(
            title=found["title"],
            border=found["border"],
            pull=found["border_pull"] or NONE,
            known_in_full=found["areas_outside"] == "known_in_full",
            factor=travel["factor"] * (travel["times"].get(travel["time"]) or 1) / (undone["times"] or 1),
            less=undone["plus"],
            taken_back=bool(travel["calibration"] and not travel["calibration"]["applied"]),
            minute_places=self.places(travel["decimals"]),
            allow_missing=self.pairs(travel["allow_missing"], "travel.allow_missing"),
            teams={code: self.team(cells) for code, cells in found["teams"].items()},
            services={
                code: self.closed(self.service(cells, f"services.{code}", terms, contract["plain_days"]), closed)
                for code, cells in self.added(found["services"], sites).items()
            },
            sites=sites,
            closed=frozenset(closed),
            today={code: frozenset(sites) for code, sites in found["today"].items()},
            objectives=self.objectives(found["objectives"], "objectives"),
            exceptions=self.exceptions(found["exceptions"]),
            growth=self.growth(demand["growth"]),
            ages=dict(self.ages(demand["ages"])),
            terms=terms,
            law=law_of(found["working_time"]),
            whole_law=all(limit is not None for limit in found["working_time"].values()),
            services_a_site=found["at_most_services_a_site"],
            transfers_in_all=found["most_transfers_a_year"],
            a_tie_is_within=found["a_tie_is_within"],
            shut_roads=found["roads"]["close"],
            slow_roads=found["roads"]["slow"],
            hour=found["roads"]["hour"],
            untouched=frozenset(found["roads"]["untouched"]),
            changes=found["change"],
            times={name: name == travel["time"] for name in travel["times"]},
            know_before=tuple(self.group(one, "know_before", KNOW_BEFORE) for one in found["know_before"] or ()),
        )
        self.cross_check(question)
        return question

    def added(self, services: Mapping[str, Any], sites: Mapping[str, AddedSite]) -> dict[str, dict[str, Any]]:
        """Return the cells of services with what is fixed, and the beds, at sites that are added."""
        found = {code: dict(cells) for code, cells in services.items()}
        for site, one in sites.items():
            for setting in ("fixed", "beds"):
                self.known(getattr(one, setting), services, f"sites.{site}.{setting}")
            for code, provided in one.fixed.items():
                if code in found:
                    twice = site in found[code]["fixed"]
                    self.wrong_if(twice, f"sites.{site}.fixed.{code}", provided, "is stated under services, too")
                    why = Fixed(provided, one.reason, one.source, one.verified)
                    found[code]["fixed"] = {**found[code]["fixed"], site: why}
            for code, there in one.beds.items():
                beds = found[code]["beds"] if code in found else None
                twice = beds is None or site in beds.at
                self.wrong_if(twice, f"sites.{site}.beds.{code}", "", "means nothing, or is stated under services, too")
                if beds and there.value is not None:
                    found[code]["beds"] = beds._replace(at={**beds.at, site: there})
        return found

    def closed(self, service: Service, sites: Mapping[str, Mapping[str, Any]]) -> Service:
        """Return a service that is at no site that is closed, whatever else is fixed there."""
        return replace(service, fixed={**service.fixed, **{site: Fixed(False, **why) for site, why in sites.items()}})

    def team(self, cells: Mapping[str, Any]) -> Team:
        """Return one team; nobody need move within one team across sites."""
        across = cells["across_sites"]
        moves = Figure(None) if across else cells["moves_at_most"]
        return Team(cells["year"], moves, cells["recruits_at_most"], across, cells["posts_funded"], cells["name"])

    def growth(self, found: Mapping[str, Any] | None) -> Growth | None:
        """Return how demand grows; nothing where it does not."""
        if found is None:
            return None
        by_age = {age: rate for age, rate in found["by_age"].items() if rate is not None}
        missing = by_age and not {"under_65", "from_65"} <= by_age.keys()
        self.wrong_if(missing, "demand.growth.by_age", by_age, "states no rate for under_65 or from_65")
        return Growth(int(found["years"]), by_age, found["by_activity"])

    def ages(self, found: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Fraction]]]:
        """Yield of which ages the patients of an activity are, in shares of them all."""
        for activity, cells in found.items():
            shares = {age: share for age, share in cells.items() if share is not None}
            wrong = not {"under_65", "from_65"} <= shares.keys() or sum(shares.values()) != 1
            self.wrong_if(wrong, f"demand.ages.{activity}", shares, "does not state all patients once, age by age")
            yield activity, shares

    def service(
        self, cells: dict[str, Any], where: str, terms: Mapping[str, Figure], plain_days: tuple[str, ...]
    ) -> Service:
        """Return one service."""
        way, activity, pathway = cells["patients_go_to"], cells["activity"], cells["pathway"]
        figures = {name: cells[name] for name in SERVICE_FIGURES if cells[name] is not None}
        observed, transfer = cells["observed"], cells["transfer"]
        unlike = (way == "observed") != (observed is not None)
        self.wrong_if(unlike, f"{where}.observed", "", "should be there exactly where patients_go_to is observed")
        no_sharing = way == "managed" and (activity is None or pathway == "transfer")
        words = "needs an activity, and patients who go straight to the service"
        self.wrong_if(no_sharing, f"{where}.patients_go_to", way, words)
        beds = ["beds"] if cells["beds"] else []
        beds += ["neighbours_take_at_most"] if cells["neighbours_take_at_most"] else []
        for name in [*beds, *(name for name in figures if name in PATIENT_FIGURES)] if activity is None else ():
            self.note(f"{where}.{name}", "", "means nothing without an activity")
        alone = "share_within_standard" in figures and "standard_minutes" not in figures
        self.wrong_if(alone, f"{where}.share_within_standard", "", "means nothing without standard_minutes")
        nowhere = observed is not None and not observed["offsets"]
        self.wrong_if(nowhere, f"{where}.observed.offsets", "", "states no offset, so nobody knows where patients go")
        apart = (pathway == "transfer" and transfer is None) or (pathway is None and transfer is not None)
        self.wrong_if(apart, f"{where}.pathway", pathway, "and transfer do not go together")
        covers = {
            team: self.asked(rota, f"{where}.rotas.{team}", terms, plain_days)
            for team, rota in cells["rotas"].items()
            if self.states_cover(rota, f"{where}.rotas.{team}")
        }
        return Service(
            **{
                name: cells[name]
                for name in ("name", "neighbours", "fixed", "same_site", "in_reach", "by_transfer", "beds")
            },
            activity=activity,
            figures=figures,
            rotas=dict(self.rotas(cells["rotas"], where, covers)),
            covers=covers,
            observed=Observed(observed["offsets"], observed["period"]) if observed is not None else None,
            transfer=self.transfer(transfer or {}, f"{where}.transfer", used=pathway == "transfer"),
            managed=way == "managed",
            taken_outside=cells["neighbours_take_at_most"],
            travel_by=cells["travel_by"] or None,
            visitors_travel_by=cells["visitors_travel_by"] or None,
        )

    def transfer(self, cells: dict[str, Any], where: str, *, used: bool) -> Transfer | None:
        """Return how patients are transferred, or nothing where they go straight to the service."""
        parts = [cells[name] for name in OVERHEAD_PARTS if cells.get(name)]
        figures = {name: cells[name] for name in TRANSFER_FIGURES if cells.get(name)}
        twice = parts and ("overhead_minutes" in figures or len(parts) < len(OVERHEAD_PARTS))
        words = "should be stated once, as a whole or in all of its parts"
        self.wrong_if(twice, f"{where}.overhead_minutes", "", words)
        figures.setdefault("overhead_minutes", Figure(sum((part.value or NONE for part in parts), NONE)))
        if not used or not cells:
            return None
        self.wrong_if(cells["first_contact"] is None, f"{where}.first_contact", None, "should be a text")
        return Transfer(cells["first_contact"] or "", figures, cells["to_neighbours"])

    def states_cover(self, cells: Mapping[str, Any], where: str) -> bool:
        """Whether a rota says which cover it gives; what means nothing without is noted."""
        for name in ("one_in", "shifts") if not cells["cover"] else ():
            self.wrong_if(cells[name], f"{where}.{name}", "", "means nothing without cover")
        return bool(cells["cover"])

    def rotas(
        self, rotas: Mapping[str, dict[str, Any]], service: str, covers: Mapping[str, Asked]
    ) -> Iterator[tuple[tuple[str, str], Rota]]:
        """Yield what each rota needs, by team and unit."""
        for team, cells in rotas.items():
            where, shared = f"{service}.rotas.{team}", cells["shared_on_call"]
            without, remote = (cells[name] and cells[name].service for name in ("only_without", "remote_from"))
            at_work = remote and (team not in covers or covers[team].resident)
            words = "means nothing but for cover on call from home alone"
            self.wrong_if(at_work, f"{where}.remote_from", remote, words)
            verified = shared is None or shared.verified
            for key, unit in UNITS.items():
                steps = covers[team].needed if team in covers else {}
                needed = worked_out(steps[unit], cells[key]) if unit in steps else cells[key]
                if needed is not None:
                    limits = (without, remote, shared is not None, verified)
                    yield (team, unit), Rota(needed, cells["may_fall_short"], *limits)

    def asked(
        self, cells: dict[str, Any], where: str, terms: Mapping[str, Figure], plain_days: tuple[str, ...]
    ) -> Asked:
        """Return what is asked of one rota, and what follows from it, where all of it is understood."""
        listing, shifts = cells["cover"] if isinstance(cells["cover"], list) else [cells["cover"]], cells["shifts"]
        blocks = tuple(self.block(item, f"{where}.cover {n}") for n, item in enumerate(listing, start=1))
        names = {"people": "people", "WTE": "wte", "one_in": "one_in"}
        stated = {name: cells[key] for name, key in names.items() if cells[key] is not None}
        kinds = {block.kind for block in blocks}
        never = ("on_call" in kinds) > bool(stated) or ("one_in" in stated) > ("on_call" in kinds)
        words = "has a frequency without people on call, or people on call without a need"
        self.wrong_if(never, where, "", words)
        self.wrong_if(
            shifts and "resident" not in kinds, f"{where}.shifts", "", "mean nothing where nobody is resident"
        )
        amounts = {name: figure.value or 0 for name, figure in terms.items()} | {"plain_from_hour": 1}
        partly = set(TERMS) - terms.keys() or any(amount <= 0 for amount in amounts.values())
        self.wrong_if(partly, "contract", "", "does not state every term, above zero")
        if self.understood:
            self.wrong_if(overlapping(blocks), f"{where}.cover", "", "has blocks of one kind that overlap")
        if not self.understood:
            return Asked(blocks, shifts, (), {})
        needed = needed_for(blocks, terms, plain_days, stated, hours_count=cells["consultant_contract"])
        return Asked(blocks, shifts, *needed, stated["one_in"].value if "one_in" in stated else None)

    def block(self, node: Any, where: str) -> Block:
        """Return one block of cover."""
        cells = self.group(node, where, BLOCK)
        start, hours = cells["start_hour"], cells["hours"]
        in_parts = any((60 * each).denominator > 1 for each in (start, hours))
        beyond = in_parts or not (0 <= start < 24 and 0 < hours <= 24)
        words = "does not start and end on a whole minute within a day and the next"
        self.wrong_if(beyond, where, node, words)
        return Block(*cells.values())

    def exceptions(self, node: Any) -> dict[tuple[str, str, str], Excepted]:
        """Return the documented exceptions by service, service needed and site."""
        self.wrong_if(node is not None and not isinstance(node, list), "exceptions", node, "is not a list")
        found: dict[tuple[str, str, str], Excepted] = {}
        for n, entry in enumerate(node if isinstance(node, list) else (), start=1):
            service, needs, site, *why = self.group(entry, f"exceptions {n}", EXCEPTION).values()
            key = (service, needs, site)
            self.wrong_if(key in found, f"exceptions {n}", key, "is listed twice")
            found[key] = Excepted(*why)
        return found

    def objectives(self, node: Any, where: str) -> tuple[Objective, ...]:
        """Return the objectives in order, each a name, or a name with the services it covers."""
        self.wrong_if(node is not None and not isinstance(node, list), where, node, "is not a list")
        found = []
        for n, item in enumerate(node if isinstance(node, list) else (), start=1):
            ((name, services),) = item.items() if isinstance(item, dict) and len(item) == 1 else [(item, None)]
            covered = listed(self, None if nothing(services) else services, f"{where} {n}")
            found.append(Objective(self.word(name, f"{where} {n}"), covered))
        return tuple(found)

    def pairs(self, node: Any, where: str) -> frozenset[tuple[str, str]]:
        """Return the (area, site) pairs that need no journey."""
        items = node if isinstance(node, list) else []
        found = [listed(self, None if nothing(item) else item, where) for item in items]
        strange = (node is not None and not isinstance(node, list)) or any(len(pair) != 2 for pair in found)
        self.wrong_if(strange, where, node, "is not a list of [area, site] pairs")
        return frozenset((pair[0], pair[1]) for pair in found if len(pair) == 2)

    def places(self, node: Any) -> int:
        """Return how many decimals of a minute are kept."""
        kept = node in range(MOST_PLACES + 1)
        self.wrong_if(not kept, "travel.decimals", node, f"is not a whole number from 0 to {MOST_PLACES}")
        return int(node) if kept else MOST_PLACES

    def cross_check(self, question: Question) -> None:
        """Note every name that stands for nothing in the config itself."""
        services = question.services
        for code, added in question.sites.items():
            self.known(added.staff, question.teams, f"sites.{code}.staff")
        self.wrong_if(not services, "services", "", "names no service")
        self.wrong_if(question.factor <= 0, "travel.factor", question.factor, "should be above zero")
        self.modes(question)
        for code, service in services.items():
            where = f"services.{code}"
            for name in ("same_site", "in_reach", "by_transfer"):
                self.known(getattr(service, name), services, f"{where}.{name}")
            self.known({team for team, _ in service.rotas}, question.teams, f"{where}.rotas")
            for (team, _), rota in service.rotas.items():
                linked = {other for other in (rota.only_without, rota.remote_from) if other}
                self.known(linked, set(services) - {code}, f"{where}.rotas.{team}")
                across = team in question.teams and question.teams[team].across and team in service.covers
                alone = rota.shared_on_call and not across
                self.wrong_if(alone, f"{where}.rotas.{team}.shared_on_call", "", "means nothing for this team")
            if service.transfer:
                self.first_contact(services, where, service.activity, service.transfer.first_contact)
        for code, needs, site in question.exceptions:
            self.known([code], services, "exceptions")
            found = services.get(code)
            strange = found and needs not in {**found.same_site, **found.in_reach}
            words = f"is no service that {brief(code)} needs at {brief(site)} or in reach"
            self.wrong_if(strange, "exceptions", needs, words)
        in_shifts = any(asked.shifts for *_, asked in question.covers())
        words = "does not state the whole law that patterns must not break"
        self.wrong_if(in_shifts and not question.whole_law, "working_time", "", words)
        self.known(question.today, services, "today")
        for team in dict.fromkeys(team for team, _ in question.rota_units() if team in question.teams):
            unknown = question.teams[team].year is None
            self.wrong_if(unknown, f"teams.{team}", "", "states no year, so nobody knows which staff to count")
        for objective in question.objectives:
            self.known(objective.services, services, f"objectives.{objective.name}")

    def modes(self, question: Question) -> None:
        """Note modes of travelling where journeys are others than a table has them, and of patients transferred."""
        on_roads = question.shut_roads or question.slow_roads or question.hour is not None
        unknown = question.taken_back or question.sites
        firsts = {one.transfer.first_contact for one in question.services.values() if one.transfer}
        named = {f"teams.{code}": one.across.travel_by for code, one in question.teams.items() if one.across}
        for code, service in question.services.items():
            where, alone = f"services.{code}", service.activity is None
            named |= {where: service.travel_by, f"{where} (visitors)": service.visitors_travel_by}
            some = service.travel_by or service.visitors_travel_by
            self.wrong_if(some and alone, where, some, "has a mode of travelling, which means nothing without patients")
            moved = service.travel_by and (service.transfer is not None or code in firsts)
            self.wrong_if(moved, f"{where}.travel_by", service.travel_by, "is of patients who are transferred")
        words = "is not known beside roads, a calibration taken back or sites that are added"
        for where, mode in named.items():
            on_them = on_roads and mode not in question.untouched
            self.wrong_if(mode and (unknown or on_them), f"{where}.travel_by", mode, words)

    def first_contact(self, services: Mapping[str, Service], where: str, activity: str | None, name: str) -> None:
        """Note a service by transfer whose patients could not be seen first where the config says."""
        place, first = f"{where}.transfer.first_contact", services.get(name)
        self.known([name], services, place)
        elsewhere = first and (first.transfer is not None or first.activity is None or first.managed)
        self.wrong_if(elsewhere, place, name, "is not a service whose patients go straight to the nearest site")
        self.wrong_if(activity is None, f"{where}.pathway", "transfer", "means nothing without an activity")


def worked_out(step: Step, stated: Figure | None) -> Figure:
    """Return what a rota needs as a figure that says that it was worked out."""
    source = "Worked out from cover (rota_needs.csv)"
    if stated is not None:
        said = f"{float(stated.value or 0):g}: {stated.source or 'no source stated'}"
        source = f"The larger of what cover takes (rota_needs.csv) and {said}"
    return Figure(step.exact, source, step.verified)


def law_of(found: Mapping[str, Any]) -> dict[str, object]:
    """Return the law on working time, in the words of the check of patterns."""
    law: dict[str, object] = {LAW_NAMES[n]: limit for n, limit in found.items() if n in LAW_NAMES and limit is not None}
    worked, counted = (found[name] for name in WEEKENDS)
    if worked is not None and counted:
        law |= {"weekends_worked": worked / counted, "weekends_in_a_row": worked if worked < counted else None}
    # A night may end at 24:00, which is the 00:00 of the day after.
    night = {name: (found[f"{name}_hour"] or NONE) % 24 for name in ("night_from", "night_to")}
    # The law here speaks of long shifts, by day or by night.
    return law | night | {"prospective_cover": found["prospective_cover"], "long_nights_are_long_days": True}


def read_question(reader: Reader) -> tuple[Question, ConfigReader]:
    """Read ``config.yaml``, and return with it the reader that notes what is not understood."""
    config = ConfigReader(reader)
    return config.question(reader.yaml(FILE)), config
