"""What a decision is asked about, and what a run answers of it: decision.html and monitor.csv of a pack.

Headings are those that could be read: the five tests of NHS England, what Clinical Senates and others asked of earlier
plans, what a business case is to show, and analytical assurance. A cell is filled from the run, or says that nothing
here shows it, or that it is for people to write.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import isfinite
from typing import Any

import pandas as pd

from optimiser.explanation import broken
from optimiser.plan import measures
from optimiser.plan.finished import Run
from optimiser.problem.parameters import Parameter, parameters
from optimiser.problem.words import amount, begun, decimals, listed, short, whole
from optimiser.report import words
from optimiser.report.against_today import gains_and_losses, neighbours, room
from optimiser.report.counted import Counted, counted_today, in_words
from optimiser.report.how_sure import how_sure
from optimiser.report.register import in_text
from optimiser.report.summary_of_staff import fragile, moves
from optimiser.report.summary_of_staff import short as short_of_staff

FROM_THE_RUN, IN_PART, NOT_SHOWN, YOURS = "from the run", "in part", "not shown by this", "yours to write"
FIVE_TESTS = (
    "NHS England's five tests of service change, as quoted in Parliament, and the title of its guidance: Planning, "
    "assuring and delivering service change for patients, 2018."
)
SENATES_ASKED = (
    "What one Clinical Senate, the East of England's, asked of a system of three hospitals from 2016 to 2018, and what "
    "councils, courts and review panels asked of such plans elsewhere, as accounts of these reviews report it. The "
    "reviews themselves, and any list of headings that Senates keep, were not read."
)
BUSINESS_CASE = (
    "What a business case for service change is to show, after the titles and openings of NHS England's guidance of "
    "2018 and its addendum. The text of the Green Book was not read for this."
)
AQUA = "The AQuA Book's roles and kinds of assurance, as pages on gov.uk tell of them; the book was not read for this."
TESTED = (
    "verify.py worked out rules and numbers of the run again when this was packed. It says what it did not check.",
)
MONITOR = (
    *("measure", "what", "service", "group", "unit", "value_by_model", "today_by_model"),
    *("counted", "counted_in", "counted_by", "asked_for", "would_turn_the_answer"),
)
MOST_SAID = 3
ALOUD = {
    "worst_minutes": "longest journey, in minutes",
    "p95_minutes": "minutes within which 95% of patients are there:",
    "transfers_per_day": "transfers a day",
    "repatriations_per_year": "repatriations a year",
    "ambulance_hours_per_year": "hours of ambulances a year",
}
TO_WATCH = ("transfers_per_day", "repatriations_per_year", "ambulance_hours_per_year")


@dataclass(frozen=True)
class Cell:
    """One heading: what the run says of it, what is left, whether that is for people to write, and the file to see."""

    heading: str
    said: tuple[str, ...] = ()
    left: str = ""
    yours: bool = False
    where: str = ""

    @property
    def state(self) -> str:
        """Whether it is filled from the run, in part or not at all."""
        if self.said:
            return IN_PART if self.left else FROM_THE_RUN
        return YOURS if self.yours else NOT_SHOWN


@dataclass(frozen=True)
class Part:
    """Headings that belong together, and where they come from."""

    title: str
    source: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Decision:
    """What a run says under each heading. ``register`` is the pack's register of assumptions, as rows."""

    run: Run
    register: Sequence[Mapping[str, Any]]

    def parts(self, there: Container[str]) -> list[Part]:
        """Return all parts in order; files are named only if they are among those ``there``."""
        every = (self._five_tests(), self._senates(), self._appraisal(), self._assurance())
        return [
            replace(part, cells=tuple(one if one.where in there else replace(one, where="") for one in part.cells))
            for part in every
        ]

    @cached_property
    def monitor(self) -> pd.DataFrame:
        """What to watch once it is decided, columns ``MONITOR``: one row a measure, service and site or team."""
        return in_text(self._watched(), MONITOR)

    # Parts ------------------------------------------------------------------------------------------------------------

    def _five_tests(self) -> Part:
        engaged = "Who was asked, what they said and what changed for it."
        cells = (
            Cell("1. Strong public and patient engagement", left=engaged, yours=True),
            Cell(
                "2. Consistency with patients' choice",
                left="Nobody's choice is modelled: patients go where the config says.",
            ),
            Cell("3. A clear clinical evidence base", self._evidence, "Outcomes are not estimated.", where="rules.csv"),
            Cell("4. Clinical commissioners' support", left="Who supports it, and where they said so.", yours=True),
            Cell(
                "5. Beds: alternative provision with its workforce, or new treatments that spare admissions, or a "
                "credible plan for beds used badly",
                self._beds,
                "Whether beds close, and what stands in for them.",
                True,
                "distribution.csv",
            ),
        )
        return Part("The five tests, with that of beds", FIVE_TESTS, cells)

    def _senates(self) -> Part:
        pace = "In which order services move, and whether each step is safe."
        visitors = "Public transport, visitors' journeys and a process for going home."
        cells = (
            Cell(
                "Is the whole effect of transfers worked through?",
                self._transfers,
                "What is done on the way."
                if self._transfers
                else "No service of this question is reached by transfer.",
                where="transfers.csv",
            ),
            Cell(
                "Is the ambulance service's part assessed?",
                self._ambulances,
                "Whether an ambulance is free; whether the service agrees.",
                True,
                "transfers.csv",
            ),
            Cell("Were other sites appraised?", tuple(how_sure(self.run.plan)[:1]), where="near_best.csv"),
            Cell(
                "Is the workforce there when it is decided?",
                self._staff,
                "Recruitment by year, training posts, and who would stay.",
                True,
                "rotas.csv",
            ),
            Cell("Can the site that receives them take them?", self._room, "Critical care, theatres and diagnostics."),
            Cell("Are neighbours destabilised?", self._neighbours, "Whether they could take them."),
            Cell(
                "Who is hit behind the average: deprived and older people?",
                self._groups,
                "People without a car.",
                where="distribution.csv",
            ),
            Cell("How long is the longest way?", self._longest, where="distribution.csv"),
            Cell("Transport, visitors and repatriation", self._repatriations, visitors),
            Cell("Is the pace of change safe?", left=pace),
            Cell(
                "Was the method changed late?",
                self._frozen,
                "When the criteria were fixed, and what was changed since.",
                True,
                "manifest.json",
            ),
        )
        return Part("What Clinical Senates and others asked of earlier plans", SENATES_ASKED, cells)

    def _appraisal(self) -> Part:
        watch = (f"{len(self.monitor)} measures to watch, with what each is by this model.",)
        cells = (
            Cell(
                "Case for change and objectives",
                (words.aims(self.run.plan.problem),),
                "Why anything should change.",
                True,
                "objective.csv",
            ),
            Cell("Do nothing", self._today, where="decisions.csv"),
            Cell(
                "Long list, hurdles, short list",
                self._hurdles,
                "Who chose the hurdles, and when they were fixed.",
                True,
                "near_best.csv",
            ),
            Cell(
                "Benefits and losses",
                tuple(gains_and_losses(self.run.plan)),
                "What the minutes do to a patient.",
                where="distribution.csv",
            ),
            Cell(
                "Costs, value for money, affordability",
                left="No money is counted: neither building nor running costs, nor optimism bias.",
            ),
            Cell("Services that lean on each other", self._links, where="rules.csv"),
            Cell("Sensitivity and switching values", self._sensitivity, where="assumptions.csv"),
            Cell(
                "Equality and health inequality",
                ("By age and deprivation: under the heading of who is hit, above.",) if self._groups else (),
                "Protected characteristics but age: the assessment is the decider's.",
                True,
                "distribution.csv",
            ),
            Cell("Sustainability", left="Carbon is not counted."),
            Cell(
                "Deliverability and the risk of the way there",
                left="What happens to staff and patients while it changes.",
            ),
            Cell("Monitoring and review", watch, "Who watches, and how often.", True, "monitor.csv"),
        )
        return Part("Summary for an options appraisal", BUSINESS_CASE, cells)

    def _assurance(self) -> Part:
        counted = tuple(in_words(self.run.plan, one) for one in counted_today(self.run.plan))
        cells = (
            Cell("Commissioner, analyst, analytical assurer", left="Their names.", yours=True, where="qa_log.csv"),
            Cell("Analysts' own tests", TESTED, where="VERIFY_OUTPUT.txt"),
            Cell("Peer review", left="Who reviewed it, and what they found.", yours=True, where="reviewer_sheet.csv"),
            Cell(
                "Reconciled to independent sources",
                counted,
                "" if counted else "Nothing was counted at the sites of today.",
                where="monitor.csv",
            ),
            Cell("What is uncertain", self._sensitivity[:1], where="assumptions.csv"),
            Cell("Limits stated", ("not_modelled.md lists what no number here speaks of.",), where="not_modelled.md"),
        )
        return Part("Analytical assurance", AQUA, cells)

    # Cells ------------------------------------------------------------------------------------------------------------

    @property
    def _evidence(self) -> tuple[str, ...]:
        rules = self.run.plan.rules
        stated = rules[rules["source"].astype(str) != ""].drop_duplicates(["rule", "source"])
        sure = int(stated["verified"].astype(bool).sum())
        said = (
            f"Of {len(stated)} figures of rules with a source, {sure} are marked as read there and found (rules.csv)."
        )
        return (said,) if len(stated) else ()

    @property
    def _beds(self) -> tuple[str, ...]:
        return (*self._room, *moves(self.run.plan)) if self._room else ()

    @property
    def _room(self) -> tuple[str, ...]:
        return tuple(room(self.run.plan))

    @property
    def _staff(self) -> tuple[str, ...]:
        plan = self.run.plan
        return (*short_of_staff(plan), *moves(plan), *fragile(plan, self.run.measures))

    @property
    def _neighbours(self) -> tuple[str, ...]:
        return tuple(neighbours(self.run.plan, self.run.measures))

    @property
    def _transfers(self) -> tuple[str, ...]:
        return self._each("transfers_per_day")

    @property
    def _ambulances(self) -> tuple[str, ...]:
        return self._each("ambulance_hours_per_year")

    @property
    def _repatriations(self) -> tuple[str, ...]:
        return self._each("repatriations_per_year")

    @property
    def _longest(self) -> tuple[str, ...]:
        return self._each("worst_minutes", "p95_minutes")

    @property
    def _groups(self) -> tuple[str, ...]:
        table = self.run.measures
        named = table["group"].fillna("").str.match("deprivation fifth 1|age 75")
        of_groups = table[(table["measure"] == "mean_minutes") & named]
        return tuple(
            f"{self._name(row['service'])}: {row['group']}, {decimals(row['value'], 1)} minutes on average"
            f"{self._with_today('mean_minutes', row['service'], row['group'], 1)}; "
            f"all residents' patients {decimals(measures.number(table, 'mean_minutes', row['service']), 1)}."
            for row in of_groups.to_dict("records")
        )

    @property
    def _frozen(self) -> tuple[str, ...]:
        digest = self.run.record["files"].get("config.yaml", "")
        said = f"run/config.yaml has every rule and weight; its SHA-256 begins {digest[:16]}."
        return (said,) if digest else ()

    @property
    def _today(self) -> tuple[str, ...]:
        plan = self.run.plan
        if not plan.problem.services_with_today:
            return ()
        today = plan.today
        breaks = f"break {broken.how_many(today)}" if len(today.broken) else "break no rule"
        return (f"Today's sites {breaks}, by this model.", *(f"{line}." for line in broken.lines(today)[:MOST_SAID]))

    @property
    def _hurdles(self) -> tuple[str, ...]:
        listing = self.run.plan.proof.enumeration
        return (f"Of {whole(listing.listed)} options {whole(listing.lawful)} break no rule.",) if listing else ()

    @property
    def _links(self) -> tuple[str, ...]:
        rules = self.run.plan.rules
        links = rules[rules["rule"].isin(("services_share_a_site", "services_are_within_reach"))]
        bad = int((~links["pass"].astype(bool)).sum())
        return (f"{len(links)} cases of rules on what must be near; {bad or 'none'} broken.",) if len(links) else ()

    @property
    def _sensitivity(self) -> tuple[str, ...]:
        tried = [row for row in self.register if row["turns"]]
        turn = [row for row in tried if row["turns"] == "true"]
        some = f": {listed(row['setting'] for row in turn)}" if turn else ""
        alone = (
            f"Each alone, a tenth either way (a convention), {len(turn)} of {len(tried)} figures turn the answer{some}."
        )
        found = (alone,) if tried else ()
        known = dict.fromkeys(row["would_change"] for row in self.register if row["would_change"])
        return (*found, *[*known][:MOST_SAID])

    def _each(self, *names: str) -> tuple[str, ...]:
        """Return a sentence for each row of some measures that is of a whole service, beside today's."""
        table = self.run.measures
        rows = table[table["measure"].isin(names) & (table["group"].fillna("") == "")].to_dict("records")
        return tuple(
            f"{self._name(row['service'])}: {ALOUD[row['measure']]} {decimals(row['value'], 1)}"
            f"{self._with_today(row['measure'], row['service'], '', 1)}."
            for row in rows
        )

    def _name(self, service: object) -> str:
        known = self.run.plan.problem.services
        return known[str(service)].name if service in known else "All services"

    def _with_today(self, measure: str, service: str, group: str, places: int) -> str:
        value = self.today.get((measure, service, group), float("nan"))
        return f" (today, by this model, {decimals(value, places)})" if isfinite(value) else ""

    @cached_property
    def _parameters(self) -> Mapping[str, Parameter]:
        return parameters(self.run.plan.problem)

    @cached_property
    def today(self) -> dict[tuple[str, str, str], float]:
        """What today's sites come to, by measure, service and group, where today's are known."""
        problem = self.run.plan.problem
        known = [code for code in problem.services_with_patients if code in problem.services_with_today]
        return {
            (name, service, group): round(float(value), 9)
            for code in known
            for name, service, group, value, *_ in measures.of_service(self.run.plan.today, code)
        }

    # What to watch ----------------------------------------------------------------------------------------------------

    def _watched(self) -> Iterator[tuple[Any, ...]]:
        plan = self.run.plan
        counted = counted_today(plan)
        for code in plan.problem.services_with_patients:
            service = plan.problem.services[code]
            name = service.name
            yield from self._row(
                "patients",
                f"Patients of {name}, residents'",
                code,
                turn=self._turn(f"demand_factor.{service.activity}"),
            )
            for site in plan.sites_of(code):
                what = f"Patients at {short(plan.problem.sites[site].name)}, {name}"
                yield from self._row("site_patients", what, code, site, counted=counted, asked=self._asked(code, site))
            for outside in self._who_take(code):
                what = f"Patients at {short(plan.problem.sites[outside].name)}, {name}"
                yield from self._row("site_patients", what, code, outside)
            yield from self._row(
                "share_outside", f"Share treated outside, {name}", code, turn=self._turn("border_pull", f"{name}: ")
            )
            yield from self._row("mean_minutes", f"Minutes on average, {name}", code, turn=self._turn("journey_factor"))
            yield from self._row("patients_beyond_standard", f"Patients beyond the standard, {name}", code)
            for measure in TO_WATCH:
                yield from self._row(measure, f"{begun(ALOUD[measure])}, {name}", code)
        for team, unit in plan.problem.team_units:
            called = plan.problem.teams[team].name
            for measure, what in (("staff_in_post", "In post"), ("staff_short", "Short"), ("staff_moved", "Moved")):
                turn = self._turn(f"staff.{team}.{unit}") if measure == "staff_in_post" else ""
                yield from self._row(measure, f"{what}: {called} ({unit})", "", f"{team} ({unit})", turn=turn)

    def _who_take(self, code: str) -> Iterator[str]:
        """Yield the neighbours that treat patients of a service, in this plan or today."""
        for outside in self.run.plan.problem.services[code].neighbours:
            here = measures.number(self.run.measures, "site_patients", code, outside)
            if here > 0 or self.today.get(("site_patients", code, outside), 0) > 0:
                yield outside

    def _row(
        self,
        measure: str,
        what: str,
        service: str,
        group: str = "",
        *,
        counted: Iterable[Counted] = (),
        asked: str = "",
        turn: str = "",
    ) -> Iterator[tuple[Any, ...]]:
        """Yield what to watch of a measure; nothing where the run has no such measure."""
        table = self.run.measures
        same = (table["measure"] == measure) & (table["service"].fillna("") == service)
        rows = table[same & (table["group"].fillna("") == group)].to_dict("records")
        if not rows:
            return
        unit, value = rows[0]["unit"], rows[0]["value"]
        today = self.today.get((measure, service, group), "")
        count = next((one for one in counted if service in one.services and group in one.counts), None)
        known = (count.counts[group], count.period, count.source) if count else ("", "", "")
        yield (measure, what, service, group, unit, value, today, *known, asked, turn)

    def _asked(self, code: str, site: str) -> str:
        rules = self.run.plan.rules
        volumes = [
            f"{rule}.{code}.{site}" for rule in ("every_site_has_enough_patients", "no_site_has_too_many_patients")
        ]
        rows = rules[rules["instance"].isin(volumes)].to_dict("records")
        relations = {">=": "at least", "<=": "at most"}
        return "; ".join(f"{relations[row['relation']]} {amount(row['right'], row['unit'])}" for row in rows)

    def _turn(self, setting: str, service: str = "") -> str:
        """Return what would turn the answer, of one service if named, and beside the next best."""
        changes = (self.run.record.get("would_change") or {}).get("changes", ())
        said = [one["words"] for one in changes if one["what"] == setting and one["words"].startswith(service)]
        row = next((row for row in self.register if row["setting"] == setting), None)
        known = self._parameters.get(setting)
        at = "at {0} and {1}" if known and known.whole else "{1} {0}"
        ends = [at.format(row[f"switches_{w}"], w) for w in ("below", "above") if row and row[f"switches_{w}"]]
        if row and ends:
            beyond = f"{listed(ends)} ({row['unit']}; now {row['value']})"
            said.append(f"The plan and the next best change places, or one breaks a rule, {beyond}.")
        return " ".join(said)
