"""The tables of the page. Each cell says what it shows, so that the page can fill it in again for another choice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import isfinite

from optimiser.plan import measures
from optimiser.plan.finished import Run
from optimiser.plan.measures import BANDS, STRAIGHT_THERE
from optimiser.problem import Problem, Service
from optimiser.problem.words import (
    begun,
    change,
    change_in_percent,
    decimals,
    hundredths,
    listed,
    percent,
    short,
    whole,
)
from optimiser.report import words
from optimiser.report.counted import Counted
from optimiser.report.page.question import in_words

Values = Mapping[str, float]
RELATIONS = {">=": "at least", "<=": "at most", "=": "exactly"}


def tenths_of_percent(value: float) -> str:
    """Return a share as a percentage with one decimal."""
    return f"{decimals(100 * value, 1)}%" if isfinite(value) else "–"


FORMS: dict[str, Callable[[float], str]] = {
    "whole": whole,
    "change": change,
    "percent": percent,
    "percent1": tenths_of_percent,
    "fine": hundredths,
    **{f"d{most}": partial(decimals, most=most) for most in range(3)},
}


@dataclass(frozen=True)
class Cell:
    """A cell: its text and, where it follows the choice on the page, which measure it shows in which form."""

    text: str
    key: str = ""
    form: str = ""
    number: bool = True


@dataclass(frozen=True)
class Row:
    """A row of a table under its heading. ``service`` is which one it is about, where a table has several.

    ``group`` stands over all rows that follow each other with the same.
    """

    head: str
    cells: Sequence[Cell]
    service: str | None = None
    group: str = ""


@dataclass(frozen=True)
class Table:
    """A table of the page."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Row] = field(default_factory=list)


def values_of(run: Run, changes: Iterable[tuple[str, str, str, float]] = ()) -> dict[str, float]:
    """Return every measure of a run by its key on the page, with those of who is affected."""
    table = run.measures
    keys = (f"{m}|{s}|{g}" for m, s, g in zip(table["measure"], table["service"], table["group"], strict=True))
    found = dict(zip(keys, table["value"].astype(float), strict=True))
    return found | {f"{measure}|{service}|{group}": value for measure, service, group, value in changes}


def still(values: Values, key: str, form: str = "whole") -> Cell:
    """Return a cell that stays as it is."""
    return Cell(FORMS[form](values.get(key, float("nan"))))


def following(values: Values, key: str, form: str = "whole") -> Cell:
    """Return a cell that follows the choice on the page."""
    return Cell(FORMS[form](values.get(key, float("nan"))), key, form)


# What is called today on the page.
TODAY = "Today, modelled"
# What is shown of a service, if it is measured: the heading of each row, and its key with {} for the service.
SCORES = (
    ("Average journey, minutes", "mean_minutes|{}|"),
    ("Longest journey, minutes", "worst_minutes|{}|"),
    ("Patients treated outside the system", "share_outside|{}|"),
    ("Residents beyond 30 minutes", "people_beyond_30|{}|"),
    ("Residents over 10 minutes longer", "people_more_than_10_longer|{}|"),
    ("Changes from today, all services", "changes_from_today||"),
)
JOURNEYS = (
    ("Average, minutes", "mean_minutes|{}|"),
    ("Average on the road, without waits", "mean_road_minutes|{}|"),
    ("Half of patients arrive within", "median_minutes|{}|"),
    ("95% of patients arrive within", "p95_minutes|{}|"),
    ("Longest, from any area", "worst_minutes|{}|"),
    *((f"Residents within {band} minutes", f"people_within_{band}|{{}}|") for band in BANDS),
    (f"Aged 75 or over within {BANDS[0]} minutes", f"people_within_{BANDS[0]}|{{}}|{measures.AGE_75_PLUS}"),
    ("Patients a year beyond the standard", "patients_beyond_standard|{}|"),
    ("Average of visitors, minutes", "visitors_mean_minutes|{}|"),
    ("Patients a year whom no visitor reaches", "patients_out_of_visitors_reach|{}|"),
)
OF_THOSE_WHO_STAY = ("worst_minutes", "p95_minutes")
# The form of the numbers of a measure that is not shown in whole ones.
FORM_OF = {
    **dict.fromkeys(("mean_minutes", "mean_road_minutes", "visitors_mean_minutes"), "d2"),
    "share_outside": "percent",
}
# The same with the form of its numbers.
AMBULANCES = (
    ("Patients a year taken elsewhere than today", "patients_redirected|{}|", "whole"),
    ("Patients a year sent past a nearer open site", "patients_past_a_nearer_site|{}|", "fine"),
    ("Average minutes, everybody to the nearest", "nearest_mean_minutes|{}|", "fine"),
    ("Transfers a day, suspected ones counted", "transfers_per_day|{}|", "fine"),
    ("Repatriations a year", "repatriations_per_year|{}|", "whole"),
    ("Crew hours a year", "ambulance_hours_per_year|{}|", "whole"),
)
# The heading of each column, its measure and the form of its numbers.
AFFECTED = (
    ("Minutes", "mean_minutes", "d1"),
    ("Change", "mean_change", "change"),
    ("With longer journeys", "people_longer", "whole"),
    ("Their change", "mean_change_of_those_longer", "change"),
    ("Over 10 longer", "people_more_than_10_longer", "whole"),
)


@dataclass(frozen=True)
class OfService:
    """The tables of one service: what is measured today, of the answer, and of the choice on the page."""

    problem: Problem
    service: Service
    today: Values
    answer: Values
    answer_word: str
    counted: Counted | None = None

    def key(self, measure: str, group: str = "") -> str:
        """Return the key of a measure of this service."""
        return f"{measure}|{self.service.code}|{group}"

    def measured(self, shown: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, str, list[Cell]]]:
        """Yield the heading, key, form and cells (today, the answer, the choice on the page) of what is measured."""
        for head, template in shown:
            if template.startswith("share_outside") and not self.service.treated_outside_is_told:
                continue
            key, form = template.format(self.service.code), FORM_OF.get(template.split("|")[0], "whole")
            if key in self.answer:
                head += words.of_those_who_stay(self.problem) if template.startswith(OF_THOSE_WHO_STAY) else ""
                cells = [still(self.today, key, form), still(self.answer, key, form), following(self.answer, key, form)]
                yield head, key, form, cells

    @property
    def scorecard(self) -> Table:
        """The few figures that follow every tick, beside the ticks."""
        rows = [Row(head, cells) for head, _, _, cells in self.measured(SCORES)]
        return Table(self.service.name, ["", TODAY, self.answer_word, "Your choice"], rows)

    @property
    def journeys(self) -> Table:
        """How long journeys take, with those of the other pathway where patients are transferred."""
        heads = ["", TODAY, self.answer_word, "Your choice", *(["Straight there"] if self.service.transfer else [])]
        rows = []
        # Where nobody knows how many live there, patients are counted in place of residents.
        known = self.key(f"people_within_{BANDS[0]}") in self.answer
        of_patients = [
            (head.replace("Residents", "Patients a year"), key.replace("people_", "patients_"))
            for head, key in JOURNEYS
        ]
        for head, key, form, cells in self.measured(JOURNEYS if known else of_patients):
            straight = key.replace("|", f"{STRAIGHT_THERE}|", 1)
            rows.append(Row(head, [*cells, following(self.answer, straight, form)] if self.service.transfer else cells))
        groups = (
            ("people", "", "residents"),
            ("people", measures.AGE_75_PLUS, "aged 75 or over"),
            ("patients", "", "patients a year"),
        )
        keys = [(self.key(measure, group), of) for measure, group, of in groups]
        whose = listed(f"{whole(self.answer[key])} {of}" for key, of in keys if key in self.answer)
        return Table(f"Journeys to {self.service.name}: {whose}", heads, rows)

    @property
    def affected(self) -> Table:
        """Who is affected by the choice on the page against today: everybody, and every group."""
        rows = []
        known = self.key("people") in self.answer
        shown = [one for one in AFFECTED if known or not one[1].startswith("people_")]
        for key in [key for key in self.answer if key.startswith(f"mean_change|{self.service.code}|")]:
            group = key.split("|")[2]
            cells = [following(self.answer, self.key(measure, group), form) for _, measure, form in shown]
            people = [still(self.answer, self.key("people", group))] if known else []
            today = still(self.today, self.key("mean_minutes", group), "d1")
            rows.append(Row(group_in_words(group), [*people, today, *cells]))
        heads = ["", *(["Residents"] if known else []), "Minutes today", *(head for head, _, _ in shown)]
        return Table(f"Who is affected: {self.service.name}", heads, rows)

    @property
    def volumes(self) -> Table:
        """Patients a year at each site that could take them, with what was counted today where that is known."""
        rows, one = [], self.counted
        for site in self.problem.reachable_sites(self.service.code):
            key, outside = self.key("site_patients", site), self.key("site_patients_from_outside", site)
            role = "" if self.problem.sites[site].candidate else " (neighbour)"
            cells = [still(self.today, key), following(self.answer, key), following(self.answer, outside)]
            if one:
                count = one.counts.get(site, float("nan"))
                share = one.modelled[site] / count - 1 if count > 0 else float("nan")
                cells[:1] = [Cell(whole(count)), *cells[:1], Cell(change_in_percent(share))]
            rows.append(Row(short(self.problem.sites[site].name) + role, cells))
        heads = [f"Counted in {one.period}", TODAY, "Model against count"] if one else [TODAY]
        heads += ["Your choice", "Of them from outside"]
        return Table(f"{self.service.name}: patients a year by site", ["", *heads], rows)

    @property
    def ambulances(self) -> Table:
        """What a choice asks of ambulances."""
        keys = [(head, template.format(self.service.code), form) for head, template, form in AMBULANCES]
        rows = [
            Row(head, [still(self.today, key, form), following(self.answer, key, form)])
            for head, key, form in keys
            if key in self.answer
        ]
        way = "seen first elsewhere, then transferred" if self.service.transfer else "taken straight there"
        return Table(f"{self.service.name}: {way}", ["", TODAY, "Your choice"], rows)


def group_in_words(group: str) -> str:
    """Return a group as people say it."""
    if group in ("", measures.AGE_75_PLUS):
        return "Aged 75 or over" if group else "Everybody"
    return group.removeprefix("district ") if group.startswith("district ") else begun(group)


def rotas(run: Run) -> Table | None:
    """Return who is needed, in post, moved and short, by team and site."""
    problem, staffing = run.plan.problem, run.plan.staffing
    if staffing.empty:
        return None
    columns = ("needed", "in_post", "moved_in", "moved_out", "recruited", "staff")
    rows = []
    for row in staffing.to_dict("records"):
        key = f"staff|{row['team']} {row['unit']}|{row['site']}"
        unit = "" if row["unit"] == "people" else f", {row['unit']}"
        head = f"{problem.teams[row['team']].name}{unit}, {short(problem.pool_name(row['site']))}"
        cells = [Cell(hundredths(float(row[column])), f"{key} {column}", "fine") for column in columns]
        spare = float(row["staff"]) - float(row["needed"]) if row["needed"] else float("nan")
        rows.append(Row(begun(head), [*cells, Cell(spare_or_short(spare), f"{key} spare", "spare")]))
    heads = ["", "Needed", "In post", "Moved in", "Moved out", "Recruited", "On the rota", "Spare or short"]
    return Table("Staff by team and site", heads, rows)


def spare_or_short(spare: float) -> str:
    """Return ``2 spare``, ``5 short`` or ``just enough``; ``not needed`` of staff whom no rota needs there."""
    if spare != spare:
        return "not needed"
    if abs(spare) < 1e-9:
        return "just enough"
    return f"{hundredths(abs(spare))} {'spare' if spare > 0 else 'short'}"


def beds(run: Run, answer: Values) -> Table | None:
    """Return beds needed at each candidate, by service."""
    problem = run.plan.problem
    rows = [
        Row(
            f"{service.name}, {short(problem.sites[site].name)}",
            [
                following(answer, f"beds_needed|{code}|{site}"),
                Cell(whole(service.beds.at[site].value) if site in service.beds.at else "not known"),
            ],
        )
        for code, service in problem.services.items()
        if service.beds
        for site in problem.candidates
    ]
    return Table("Beds", ["", "Needed", "There are"], rows) if rows else None


def rules(run: Run) -> Table:
    """Return every instance of every rule of a run, those that break or bind first."""
    frame, short_of_staff = run.plan.rules, run.plan.left_short.set_index("instance")["staff"]
    order = frame.assign(ok=frame["pass"].astype(bool), slack=~frame["binding"].astype(bool))
    rows = [
        Row(
            rule_in_words(run.problem, str(row.instance)),
            [
                Cell(hundredths(float(short_of_staff.get(str(row.instance), float(str(row.left)))))),
                Cell(f"{RELATIONS[str(row.relation)]} {hundredths(float(str(row.right)))}"),
                Cell(str(row.unit), number=False),
                Cell(
                    "breaks" if not row.ok else "short, as it may be" if row.instance in short_of_staff else "holds",
                    number=False,
                ),
                Cell(f"{str(row.source) or '–'}{'' if row.verified else ' (not verified)'}", number=False),
            ],
        )
        for row in order.sort_values(["ok", "slack"], kind="stable").itertuples()
    ]
    return Table("Rules", ["Rule", "Is", "Must be", "Unit", "Holds", "Source"], rows)


def rule_in_words(problem: Problem, instance: str) -> str:
    """Return an instance of a rule, by its name, as the page says it."""
    rule, *names = instance.split(".")
    return in_words(problem, rule, names)


def patterns(run: Run) -> list[Table]:
    """Return the weekly pattern of each rota that has one: weeks down, days across."""
    found = []
    for pattern in run.plan.patterns:
        if not {"rota", "week", "day", "shift"} <= set(pattern.columns):
            continue
        days = list(dict.fromkeys(pattern["day"].astype(str)))
        cells = {
            (str(w), str(d)): str(s) for w, d, s in zip(pattern["week"], pattern["day"], pattern["shift"], strict=True)
        }
        rows = [
            Row(f"Week {week}", [Cell(cells.get((week, day), "") or "–", number=False) for day in days])
            for week in dict.fromkeys(pattern["week"].astype(str))
        ]
        found.append(Table(_rota_in_words(run, str(pattern["rota"].iloc[0])), ["", *days], rows))
    return found


def _rota_in_words(run: Run, rota: str) -> str:
    """Return a rota's code in words: the names of the service and the team, where they are known."""
    problem = run.plan.problem
    known = {code: service.name for code, service in problem.services.items()}
    known |= {code: team.name for code, team in problem.teams.items()}
    return ", ".join(known.get(part, part.replace("_", " ")) for part in rota.split("."))


def data_used(run: Run) -> Table | None:
    """Return of what year the data are that every number rests on, by source."""
    rows = [
        Row(what, [Cell(year or "not stated", number=False), Cell(title, number=False)])
        for what, year, title in words.data_used(run)
    ]
    return Table("How old the data are", ["", "Year of the source", "Source"], rows) if rows else None


def versions(run: Run) -> Table:
    """Return versions, and a fingerprint of every file of the run."""
    record = run.record
    rows = [
        Row(str(name), [Cell(str(text), number=False)]) for name, text in dict(record.get("versions") or {}).items()
    ]
    rows += [Row(str(name), [Cell(str(text), number=False)]) for name, text in dict(record.get("files") or {}).items()]
    return Table("Versions and SHA-256", ["", "Version or fingerprint"], rows)
