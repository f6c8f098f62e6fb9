"""The page of a question without a plan: which rules clash, each way out, and what would then be best."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from math import inf, isfinite
from typing import Any

from optimiser.explanation import broken
from optimiser.explanation.then_best import Then, then_best
from optimiser.model.arithmetic import values
from optimiser.model.rules import JUDGED
from optimiser.model.staffing import totals
from optimiser.plan import Plan, evaluate, measures
from optimiser.plan.finished import Run, WithoutPlan
from optimiser.plan.runs import versions
from optimiser.plan.told import told
from optimiser.problem import Problem
from optimiser.problem.words import amount, apart, begun, listed, many_of, short, shown, spoken, whole, within
from optimiser.report import cards, glossary, rests_on, screen, words
from optimiser.report.against_today import gains
from optimiser.report.cards import Card, Line
from optimiser.report.page import parts, tables
from optimiser.report.page.matrix import matrix
from optimiser.report.page.rendering import rendered
from optimiser.report.summary_of_staff import lacks_staff, moved, staff_in_words, year_of

MOST_ON_A_CARD = 4
NOBODY = "at most 0 "


def page_without_plan(run: WithoutPlan, *, scripts: Sequence[str] = (), connect: str = "'none'") -> str:
    """Return the page of a run in which no plan meets every rule; ``scripts`` and ``connect`` as of ``page``."""
    context = _Page(run, run.name.replace("_", " ")).context
    return rendered("no_plan.html.j2", context, more_scripts=scripts, connect=connect)


@dataclass(frozen=True)
class _Page:
    asked: WithoutPlan
    name: str

    @property
    def problem(self) -> Problem:
        return self.asked.problem

    @cached_property
    def sets(self) -> list[list[dict[Any, str]]]:
        """The rules of every clash."""
        return [group.to_dict("records") for _, group in self.asked.clash.groupby("set", sort=False)]

    @cached_property
    def today(self) -> Plan:
        return evaluate(self.problem, self.problem.today)

    @cached_property
    def run(self) -> Run:
        """Today's sites as a run, for what stands of every run: what to know, its references and sources."""
        record = {**self.asked.record, "know_before": told(self.today)}
        return Run(self.name, self.today, self.asked.breaches, record)

    @cached_property
    def about(self) -> list[str]:
        """The services that the rules of a clash are on."""
        names = {name for rows in self.sets for row in rows for name in row["instance"].split(".")}
        return [code for code in self.problem.services if code in names]

    @cached_property
    def ranked(self) -> list[tuple[Mapping[Any, Any], Then | None, tuple[float, ...]]]:
        """Each way out, what would then be best, and what each objective of the question comes to so: the best first.

        Those of which it cannot be worked out what would be best come last.
        """
        found = []
        for row in self.asked.ways_out.to_dict("records"):
            rule, *names = str(row["gives_way"]).split(".")
            then = then_best(self.problem, rule, tuple(names)) if " " not in str(row["gives_way"]) else None
            reached = values(then.plan.problem, then.plan.designated, self.problem.objectives) if then else (inf,)
            found.append((row, then, tuple(round(one, 6) for one in reached)))
        return sorted(found, key=lambda one: one[2])

    @cached_property
    def then(self) -> list[Then | None]:
        """What would be best by each way out; None where that cannot be worked out."""
        return [then for _, then, _ in self.ranked]

    @property
    def _order(self) -> str:
        """Which ways out are best by what the question makes small, which are level, and by how much others are not."""
        known = [(f"way {number}", then, reached) for number, (_, then, reached) in enumerate(self.ranked, 1) if then]
        if len(known) < 2:
            return ""
        said = list[str]()
        for _, found in groupby(known, key=lambda one: one[2]):
            group = list(found)
            level = " (level)" if len(group) > 1 else ""
            longer = self._longer_than(known[0][1], group[0][1])
            said.append(f"{'then ' if said else ''}{listed(way for way, *_ in group)}{level}{longer}")
        return f"{'; '.join(said)}."

    def _longer_than(self, first: Then, other: Then) -> str:
        """Return by how much journeys to the service shown are longer by another way out, to end a clause."""
        if self.shown is None:
            return ""
        mean = [measures.number(one.plan.measures, "mean_minutes", self.shown) for one in (first, other)]
        more = mean[1] - mean[0]
        each = spoken(str(self.problem.services[self.shown].activity)).rpartition(" ")[2]
        return f" (+{apart(more)} per {each})" if isfinite(more) and more > 0 else ""

    @property
    def context(self) -> dict[str, Any]:
        references, known = parts.references(self.run), len(parts.to_know(self.run))
        first = {"sentence": self._sentence(), "cards": list(self._cards()), "ways": list(self._ways())}
        return {
            **first,
            "key": cards.key(references, known, str(first)),
            "unverified": references[known:],
            "title": self.problem.title,
            "years": words.data_years(self.run),
            "data_used": tables.data_used(self.run),
            "run": {"name": self.name},
            "version": versions()["optimiser"],
            "breaches": list(self.run.breaches["message"]),
            "alone": all(" " not in str(row["gives_way"]) for row, *_ in self.ranked),
            "order": self._order,
            "of_all": self._of_all,
            "heads": self._heads() if any(self.then) else [],
            "gained": cards.gained_in_words(self.gained[0]),
            "best_by": words.proved(self.problem)[0][1].removesuffix("."),
            "sets": [[self._clashing(row) for row in one] for one in self.sets],
            "all_known": bool(self.asked.record.get("every_clash_is_known")),
            "before": references[:known],
            "references": references,
            "unverified_numbers": parts.ends([one.number for one in references[known:]]),
            "glossary_words": list(glossary.on_the_page()),
            "confirmed": self.asked.confirmed,
            "source_list": list(parts.sources(self.run)),
            "versions": tables.versions(self.run),
        }

    def _sentence(self) -> str:
        many, shut = len(self.sets[0]), _by_service(self.problem, self._always)
        closes = ""
        if all(self.then) and 0 < len(shut) <= MOST_ON_A_CARD:
            names = {code: words.lower(self.problem.services[code].name) for code in shut}
            each = (
                f"the {names[code]} closes at {words.where(self.problem, at)}{self._not_settled(code, says_what=True)}"
                for code, at in shut.items()
            )
            closes = f" By this model, whichever way out, {'; '.join(each)}."
        if many == 1:
            return f"No plan meets every rule: one rule cannot be met at all.{closes}"
        on = f" on the {words.lower(self.problem.services[self.about[0]].name)}" if len(self.about) == 1 else ""
        return f"No plan meets every rule: {amount(many, 'rules')}{on} clash{self._takes()}.{closes}"

    def _takes(self) -> str:
        """Return what a rule of the clash takes, where all its others hold, and what there is, to end a clause."""
        for row in self.sets[0]:
            rule, *names = row["instance"].split(".")
            there = self._without(row)
            takes = lacks_staff(there, names[0]) if JUDGED[rule].from_staff and names[0] in self.about else ""
            sees = broken.in_short(there, broken.lines(there)) if JUDGED[rule].would_see else ""
            if takes or sees:
                return f": together they need {takes}" if takes else f": {sees}"
        return ""

    def _cards(self) -> Iterator[Card]:
        first, *others = self.sets
        lines = [Line("", f"{self._dated(one['instance'], _said(one['words']))}.") for one in first]
        more = [Line("", f"{amount(len(others), 'more sets')} of rules clash: see below.")] if others else []
        yield Card("Which rules clash?", [*lines, *more])
        yield Card("Is it safe?", list(self._is_it_safe()))
        yield Card("Who loses?", list(self._who_loses()))
        yield Card("How sure are we?", list(self._how_sure()))

    def _dated(self, instance: str, words: str) -> str:
        """Return a rule with who asks for its number, and the year of its staff, where nobody changed them."""
        asks = cards.who_asks(self.today).get(broken.stated(self.problem, instance), "")
        team = next((self.problem.teams[one] for one in instance.split(".") if one in self.problem.teams), None)
        year = year_of(self.problem, team.code) if team else None
        words = words.replace(" are in post in all", f" were in post in all in {year}") if year else words
        said, semicolon, more = words.partition("; ")
        return f"{said}{asks}{semicolon}{more}"

    def _is_it_safe(self) -> Iterator[Line]:
        """Yield what today's sites break, that of the clash first, and what was not looked at in any way out."""
        plans = [then.plan for then in self.then if then]
        if plans:
            yield Line("Not looked at in any way out:", cards.not_looked_at(*plans), caution=True)
            yield from self._how_near(plans)
        if not self.problem.services_with_today:
            yield Line("", "Where services are today is not known.")
            return
        # What the clash is about comes first.
        names = tuple(self.problem.services[code].name for code in self.about)
        lines = sorted(broken.lines(self.today), key=lambda one: not one.startswith(names))
        rules = broken.rules_among(self.problem, map(str, self.today.broken["instance"]))
        yield Line("Today's sites break", f"{amount(rules, 'rules')}, by this model.", caution=True)
        for asked, _, there in (one.partition(": ") for one in lines[:MOST_ON_A_CARD]):
            said = within(asked).removesuffix(" at each site")
            yield Line("Asked:", f"{said}{f'; {there}' if there else ''}.")
        if len(lines) > MOST_ON_A_CARD:
            yield Line("", f"{len(lines) - MOST_ON_A_CARD} more.")

    def _how_near(self, plans: Sequence[Plan]) -> Iterator[Line]:
        """Yield how near the service that comes first is, if that is the same whichever way is taken."""
        main = words.main_service(self.problem)
        if main is None or not self.problem.services_with_today:
            return
        today, *each = (tables.values_of(Run("", plan, plan.measures, {})) for plan in (self.today, *plans))
        found = dict.fromkeys(
            tuple(cards.how_near(plan, values, today, [main])) for plan, values in zip(plans, each, strict=True)
        )
        if len(found) == 1:
            yield from next(iter(found))

    def _how_sure(self) -> Iterator[Line]:
        """Yield what was confirmed, and what was not: the rest stands under how this was checked."""
        if len(self.run.breaches):
            yield Line("The check failed: do not use this.", caution=True)
        said = [f"{one.removesuffix('.')}." for one in filter(None, self.asked.confirmed.split(". "))]
        yield from (Line("", one) for one in dict.fromkeys([*said[:1], *said[-1:]]))
        if not self.asked.record.get("every_clash_is_known"):
            yield Line("", "There may be more sets of rules that clash.", caution=True)
        if not_checked := rests_on.not_checked(self.today):
            yield Line("Arithmetic checked." if said else "", not_checked=not_checked)

    def _ways(self) -> Iterator[dict[str, Any]]:
        """Yield each way out with the best plan that it leads to, where that can be worked out."""
        for (row, then, _), gained in zip(self.ranked, self.gained[1], strict=True):
            found = dict[str, Any](words=begun(str(row["words"])), then=None, matrix=None, asked="", figures=[])
            if then:
                gained = [*gained, *self._none_below(then.plan, str(row["gives_way"]))]
                few = len(self.problem.candidates) <= screen.MOST_IN_A_MATRIX
                found |= {
                    "asked": begun(then.asked),
                    "then": words.answer(then.plan),
                    "figures": self._figures(then.plan, gained, self._then_there(then.plan, str(row["gives_way"]))),
                    "against_today": sorted(
                        cards.against_today(then.plan, self.about), key=lambda one: one.lead.startswith("Longer")
                    ),
                    "matrix": matrix(then.plan, then.plan.measures, {}, halves=1) if few else None,
                }
            yield found

    @cached_property
    def shown(self) -> str | None:
        """The service that ways out are compared by: the first with patients that a clash is about, or of all."""
        counted = self.problem.services_with_patients
        return next((code for code in self.about if code in counted), words.main_service(self.problem))

    @property
    def _of_all(self) -> str:
        """Of how many patients a year the shares are by which ways out are compared; nothing where there are none."""
        plan = next((then.plan for then in self.then if then), None)
        if plan is None or self.shown is None:
            return ""
        patients = whole(measures.number(plan.measures, "patients", self.shown))
        return f"{patients} {many_of(self.problem, self.shown)} a year"

    def _none_below(self, plan: Plan, instance: str) -> Iterator[str]:
        """Yield how many staff each site of a service would have at the least, where a rota gives way and some gain."""
        staff = self._staff_at(plan, instance)
        if staff:
            code, team, unit = instance.split(".")[1:]
            least = min(there for there, _ in staff.values())
            enough = sum(before >= least for _, before in staff.values())
            if enough < len(staff):
                each = staff_in_words(least, self.problem.teams[team].name, unit)
                name = words.lower(self.problem.services[code].name)
                yield f"every {name} would have at least {each} (today {enough} of {len(staff)} have)"

    def _heads(self) -> list[str]:
        """Return the headings over what ways out are compared by."""
        if self.shown is None:
            return []
        service = self.problem.services[self.shown]
        within = f"within {words.limit_of(service):g} minutes"
        journeys = ("its average minutes", within, "treated outside", "longer journeys than today, a year")
        return [f"{service.name} at", *journeys, "Gained", "Staff it rests on"]

    def _then_there(self, plan: Plan, instance: str) -> list[str]:
        """Return how many would be at each site where a rule on a rota gives way; else nothing."""
        staff = self._staff_at(plan, instance)
        each = [f"{short(self.problem.pool_name(site))} {shown(there)}" for site, (there, _) in staff.items()]
        return [f"then at {listed(each)}"] if each else []

    def _staff_at(self, plan: Plan, instance: str) -> dict[str, tuple[float, float]]:
        """Return how many of a team are at each site of a service, and how many are in post there now.

        Of a rule on a rota; of another none.
        """
        rule, *names = instance.split(".")
        if rule not in JUDGED or not JUDGED[rule].from_staff or len(names) != len(("service", "team", "unit")):
            return {}
        code, team, unit = names
        here = plan.staffing_of(team, unit)
        rows = zip(here["site"], here["staff"].tolist(), here["in_post"].tolist(), strict=True)
        found = {str(site): (there, before) for site, there, before in rows}
        return {site: found[site] for site in plan.sites_of(code) if site in found}

    @cached_property
    def gained(self) -> tuple[list[str], list[list[str]]]:
        """What is gained whichever way is taken, and what by each way besides; of one not worked out, nothing."""
        each = [gains(then.plan, in_short=True, today=self.today) if then else [] for then in self.then]
        known = [one for one, then in zip(each, self.then, strict=True) if then]
        common = [said for said in known[0] if all(said in one for one in known)] if known else []
        return common, [[said for said in one if said not in common] for one in each]

    @cached_property
    def _always(self) -> frozenset[tuple[str, str]]:
        """What closes whichever way is taken."""
        shut = [self.problem.today - then.plan.designated for then in self.then if then]
        return frozenset.intersection(*shut) if shut else frozenset()

    def _who_loses(self) -> Iterator[Line]:
        """Yield what closes and who goes longer whichever way is taken, why that is, and then by each way besides."""
        plans = [then.plan for then in self.then if then]
        if not plans:
            yield Line("", "Not worked out here.")
            return
        always = list(self._by_every_way(plans))
        whichever = "Whichever way out:" if len(plans) == len(self.then) else "By each way that was worked out:"
        for code, said in always[:MOST_ON_A_CARD]:
            yield Line(whichever if len(plans) > 1 else "By way 1:", f"{said}.")
            yield from cards.where_it_closes(plans[0], code)
            yield from self._why_it_closes(code)
        if len(always) > MOST_ON_A_CARD:
            yield Line("", f"{len(always) - MOST_ON_A_CARD} more services: see each way out below.")
        also = [
            (f"way {number}", "; ".join([*self._also_closes(then.plan), *self._longer(then.plan, besides=True)]))
            for number, (_, then, _) in enumerate(self.ranked, 1)
            if then
        ]
        for way, said in [one for one in also if one[1]][:MOST_ON_A_CARD]:
            yield Line(f"By {way}, besides:" if always else f"By {way}:", f"{said}.")
        others = [way for way, said in also if not said]
        if others and not (always and len(plans) == 1):
            yield Line(f"By {listed(others)}:", f"nobody{' else' if always else ''}.")

    def _by_every_way(self, plans: Sequence[Plan]) -> Iterator[tuple[str, str]]:
        """Yield the services of which the same closes, or the same patients go longer, whichever way is taken."""
        closes = _by_service(self.problem, self._always)
        for code, service in self.problem.services.items():
            who = {cards.longer_than_today(plan, code).partition(", ")[2] for plan in plans}
            closing = f" closes at {words.where(self.problem, closes[code])}" if code in closes else ""
            longer = f": {who.pop()}" if len(who) == 1 and who != {""} else ""
            if closing or longer:
                yield code, f"{words.lower(service.name)}{closing}{longer}"

    def _why_it_closes(self, service: str) -> Iterator[Line]:
        """Yield which rules that are in no clash today's sites of a service break, and by what it is not settled."""
        clashing = {broken.stated(self.problem, rule["instance"]) for rules in self.sets for rule in rules}
        broken_today = {broken.stated(self.problem, str(one)) for one in self.today.broken["instance"]}
        others = [one for one in broken_today - clashing if service in one[1]]
        not_settled = self._not_settled(service)
        if others:
            said = f"as today's sites break {amount(len(others), 'rules')} outside the clash{not_settled}."
            yield Line("It closes", said, caution=bool(not_settled))

    def _not_settled(self, service: str, *, says_what: bool = False) -> str:
        """Return by which sentences to know it is not settled where a service is, in brackets; else nothing.

        ``says_what`` is whether it is said, too, what would then be best.
        """
        cited = cards.not_settled_of(self.run, service)
        told = cards.in_doubt_by(self.run, cited) if says_what else listed(cited)
        return f" (not settled: {told})" if cited else ""

    def _also_closes(self, plan: Plan) -> Iterator[str]:
        """Yield what closes by one way out and not by every one."""
        for code, at in _by_service(self.problem, self.problem.today - plan.designated - self._always).items():
            name = words.lower(self.problem.services[code].name)
            yield f"{name} closes at {words.where(self.problem, at)}"

    def _longer(self, plan: Plan, *, besides: bool = False) -> Iterator[str]:
        """Yield whose journeys are longer than today by a way out: those of the service shown without its name.

        Of other services, and of what there is ``besides`` of this one too, only if it is not so by every way.
        """
        for code in sorted(self.problem.services_with_patients, key=lambda one: one != self.shown):
            by_each = {cards.longer_than_today(then.plan, code) for then in self.then if then}
            # What is the same by every way stands above them.
            told = len(by_each) > 1 or (code == self.shown and not besides)
            if told and (said := cards.longer_than_today(plan, code)):
                name, _, by = re.sub(" residents' .*? a year", "", said).partition(", and ")[0].partition(", ")
                yield by if code == self.shown else f"{words.lower(name)}: {by}"

    def _figures(self, plan: Plan, gained: list[str], staff: list[str]) -> list[str]:
        """Return what a way out comes to under those headings, with what is gained by it and the staff it takes.

        ``staff`` is how many would then be at each site, where that is told.
        """
        if self.shown is None:
            return []
        names = screen.HEADINGS
        figures = dict(zip(names, screen.figures_of(plan, plan.measures, self.shown), strict=True))
        return [
            f"{words.where(self.problem, plan.sites_of(self.shown))}{self._not_kept(plan)}",
            *(figures[name] for name in names),
            "; ".join(self._longer(plan)) or "nobody else",
            "; ".join(gained) or "nothing else",
            "; ".join([*_staff_to_come(plan), *staff]) or "nothing more",
        ]

    def _not_kept(self, plan: Plan) -> str:
        """Return where the service shown closes by a way out, to end a clause; nothing where it closes nowhere."""
        gone = _by_service(self.problem, self.problem.today - plan.designated).get(str(self.shown), [])
        return f"; closes at {words.where(self.problem, gone)}" if gone else ""

    def _clashing(self, row: Mapping[Any, str]) -> dict[str, str]:
        """Return a rule of a clash in words, and sites with which all the others of it hold."""
        return {"words": _said(row["words"]), "others_hold": words.answer(self._without(row))}

    def _without(self, row: Mapping[Any, str]) -> Plan:
        """Return the plan by which all the other rules of a clash hold."""
        pairs = [one.rpartition(" at ") for one in row["without_it"].split("; ") if one]
        return evaluate(self.problem, frozenset((site, service) for service, _, site in pairs))


def _by_service(problem: Problem, pairs: Collection[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the sites of each service among pairs of both, in the order of the question."""
    at = {code: [site for site in problem.candidates if (site, code) in pairs] for code in problem.services}
    return {code: sites for code, sites in at.items() if sites}


def _said(rule: str) -> str:
    """Return a rule of a clash as it begins a sentence; of none at most, that there are none."""
    return begun(f"no {rule.removeprefix(NOBODY)}" if rule.startswith(NOBODY) else rule)


def _staff_to_come(plan: Plan) -> Iterator[str]:
    """Yield which staff would have to be recruited for a plan, and which would have to move."""
    recruited = {key: number for key, number in totals(plan.staffing, "recruited").items() if number > 0}
    for (team, unit), number in recruited.items():
        yield f"{staff_in_words(float(number), plan.problem.teams[team].name, unit)} recruited"
    if numbers := moved(plan):
        each = (staff_in_words(number, plan.problem.teams[team].name, unit) for (team, unit), number in numbers.items())
        yield f"{listed(each)} moved"
