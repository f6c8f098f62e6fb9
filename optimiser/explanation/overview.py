"""What a plan rests on: the rules that bind, what each rule costs, and the nearest rivals."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from optimiser.errors import Fault, InputError, did_you_mean, quoted
from optimiser.explanation.broken import hangs_in_words
from optimiser.explanation.costs import Change, Cost, Designations, changes, changes_in_words, means_in_words
from optimiser.explanation.prices import price_of_rules, prices_in_words
from optimiser.explanation.why_not import WhyNotOption, WhyNotSite, explain_option, explain_site
from optimiser.model.rules import JUDGED, demand_of, in_words
from optimiser.model.staffing import on_no_rota
from optimiser.plan import Plan, evaluate
from optimiser.plan.proof import PROVED
from optimiser.problem.words import code_called, listed, short, shown

MOST_RIVALS = 5


@dataclass(frozen=True)
class Rival:
    """A lawful plan next in the ranking: who provides what, what it changes, and what it costs."""

    place: int
    designated: Designations
    changes: tuple[Change, ...]
    costs: tuple[Cost, ...]


@dataclass(frozen=True)
class Overview:
    """What a plan rests on.

    ``binding`` has the rules that a plan meets with nothing to spare; ``short`` the rotas that it leaves short, as they
    may be; ``prices`` what each rule costs, as ``price_of_rules`` gives it; ``rivals`` the next best plans, none where
    options are too many to list.
    """

    plan: Plan
    binding: pd.DataFrame
    short: pd.DataFrame
    prices: pd.DataFrame
    rivals: tuple[Rival, ...]

    def __str__(self) -> str:
        """Return the overview as a paragraph."""
        lines = ["Rules that are met exactly:" if len(self.binding) else "No rule is met exactly."]
        lines += [f"  - {row.words} ({row.instance})" for row in self.binding.itertuples()]
        lines += hangs_in_words(self.plan)
        lines += ["Rotas that are short of staff, as this question allows:"] if len(self.short) else []
        for told, rows in self.short.groupby("words", sort=False):
            there = zip(map(str, rows["site"]), rows["staff"].astype(float), strict=True)
            has = [f"{short(self.plan.problem.pool_name(site))} {shown(staff)}" for site, staff in there]
            lines.append(f"  - {told}: {listed(has)}")
        lines += ["What rules cost, by solving again without them:", *prices_in_words(self.prices)]
        lines.append(self._rivals_are())
        for rival in self.rivals:
            changed = changes_in_words(self.plan.problem, rival.changes)
            means = means_in_words(self.plan, evaluate(self.plan.problem, rival.designated))
            lines.append(f"  {rival.place}. {changed}: {'; '.join([*means, *map(str, rival.costs)])}")
        return "\n".join(lines)

    @property
    def _others(self) -> int:
        listing = self.plan.proof.enumeration
        return max(len(self.rivals), len(listing.ranked) - 1 if listing else 0)

    def _cut_in_a_tie(self) -> str:
        """Return how many plans are as near as the last that is shown, where others that are not shown are."""
        listing = self.plan.proof.enumeration
        if listing is None or len(listing.ranked) <= len(self.rivals) + 1:
            return ""
        values = [one.values for one in listing.ranked[1:]]
        last = values[len(self.rivals) - 1]
        if values[len(self.rivals)] != last:
            return ""
        alike, shown = values.count(last), values[: len(self.rivals)].count(last)
        at_least = "at least " if values[-1] == last and listing.lawful > len(listing.ranked) else ""
        where = "" if shown == len(self.rivals) else f"from place {values.index(last) + 2} on, "
        return f"; {where}{at_least}{alike} are equally near, and {shown} of them are shown"

    def _rivals_are(self) -> str:
        if self.rivals:
            return f"Nearest rivals{self._cut_in_a_tie()}:" if self._others > 1 else "The only rival:"
        if self.plan.proof.enumeration:
            return "There is no rival: no other option meets every rule."
        return "Rivals are not listed: there are too many options."


def explain(
    plan: Plan,
    *,
    service: str | None = None,
    site: str | None = None,
    option: Collection[tuple[str, str]] | None = None,
    called: str = "",
) -> WhyNotSite | WhyNotOption | Overview:
    """Explain a plan: why a service is (not) at a site, why it is not some option, or else what it rests on.

    Parameters
    ----------
    plan
        The best plan of a question, as ``solve`` returns it.
    service, site
        Why is this service not at this site; or, where the plan has it there, why is it? Give both, by code or name.
    option
        Designations as (site, service) pairs: why are they not the plan?
    called
        What people call that option.

    Raises
    ------
    InputError
        When there is no such service or candidate, or only one of the two is given.
    ValueError
        When the plan was not found by ``solve``: only a best plan can be explained.
    """
    if plan.proof.outcome != PROVED:
        raise ValueError("Only a plan that is proved best can be explained. Solve the question first.")
    if option is not None:
        return explain_option(plan, option, called=called)
    if service is None and site is None:
        return overview(plan)
    problem, faults, codes = plan.problem, [], []
    services = {code: one.name for code, one in problem.services.items()}
    sites = {code: problem.sites[code].name for code in problem.candidates}
    for what, given, known in (("service", service, services), ("candidate", site, sites)):
        codes.append(code_called(given or "", known) or "")
        if not codes[-1]:
            hint = did_you_mean(given or "", [*known, *known.values()], list_at_most=20)
            faults.append(Fault("explain", f"{_unknown(what, given)} {hint}".rstrip()))
    if faults:
        raise InputError(faults)
    return explain_site(plan, *codes)


def overview(plan: Plan) -> Overview:
    """Return what a plan rests on: rules that bind, the price of each rule, and the nearest rivals."""
    listing = plan.proof.enumeration
    ranked = listing.ranked[1 : MOST_RIVALS + 1] if listing else ()
    rivals = tuple(
        Rival(place, one.designated, changes(plan.problem, plan.designated, one.designated), _costs(plan, one.values))
        for place, one in enumerate(ranked, start=2)
    )
    words = [_words(plan, str(instance)) for instance in plan.left_short["instance"]]
    return Overview(plan, binding(plan), plan.left_short.assign(words=words), price_of_rules(plan), rivals)


def _spare(plan: Plan, instance: str) -> str:
    """Return how many of a rota's team no rota needs: none more are moved than are missing; nothing of other rules."""
    rule, *names = instance.split(".")
    if rule != "rota_is_filled":
        return ""
    left = on_no_rota(plan.staffing)[names[-2], names[-1]]
    return f", and the plan's rotas could do without {shown(left)} of them" if left > 0 else ""


def binding(plan: Plan) -> pd.DataFrame:
    """Return the rules that a plan meets with nothing to spare, in words; not what is fixed or holds of every plan.

    A rota that may fall short, and does, is not met.
    """
    may_bind = plan.rules["rule"].map(lambda rule: JUDGED[rule].binds).astype(bool)
    is_met = ~plan.rules["instance"].isin(plan.left_short["instance"])
    rows = plan.rules[plan.rules["binding"].astype(bool) & may_bind & is_met]
    words = [f"{_words(plan, str(instance))}{_spare(plan, str(instance))}" for instance in rows["instance"]]
    return rows.assign(words=words)[["rule", "instance", "words", "left", "right", "unit"]].reset_index(drop=True)


def _words(plan: Plan, instance: str) -> str:
    rule, *names = instance.split(".")
    return in_words(plan.problem, demand_of(rule, tuple(names)))


def _costs(plan: Plan, values: tuple[float, ...]) -> tuple[Cost, ...]:
    reached = zip(plan.proof.objectives, values, strict=True)
    return tuple(Cost(one.name, one.unit, one.value, there) for one, there in reached)


def _unknown(what: str, given: str | None) -> str:
    return f"say which {what}." if given is None else f"there is no {what} {quoted(given)}."
