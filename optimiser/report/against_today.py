"""An answer against today's sites: who is worse off, what is gained, what opens and closes, and whom neighbours see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
import pandas as pd

from optimiser.explanation import broken
from optimiser.model.rules import JUDGED
from optimiser.model.rules.rule import Names
from optimiser.model.staffing import totals
from optimiser.plan import Plan, measures
from optimiser.plan.affected import against, averages, by_patient, one_row_an_area
from optimiser.problem import Problem, worked_out_once
from optimiser.problem.words import (
    PATIENTS,
    amount,
    listed,
    many_of,
    percent,
    places,
    short,
    shown,
    sites_in_words,
    whole,
)
from optimiser.report.counted import Counted, counted_today
from optimiser.report.summary_of_staff import lacks_staff, staff_in_words, year_of
from optimiser.report.words import lower, name_of

# So many services are named on a screen.
MOST_NAMED, EVERY = 3, None
SHORTEST_SAID_MINUTES = 0.05
A_TENTH = 0.1
# By another index others are the most deprived, and what is told may not hold.
OTHER_INDEX = "deprivation_decile_2015"
WORTH_SAYING_PATIENTS = 0.5
# So far from the model's is a counted share said, too.
FAR_FROM_COUNTED = 0.05


def gains_and_losses(plan: Plan, most: int | None = MOST_NAMED, *, brief: bool = False) -> list[str]:
    """Return who is worse off than with today's sites, and what is gained, a line each; nothing where today is unknown.

    Of many services the first ``most`` are named, or all (``EVERY``). In brief, residents alone are, and what each site
    has today is not.
    """
    problem = plan.problem
    known = [code for code in problem.services_with_patients if code in problem.services_with_today]
    if not known:
        return []
    each = [moved(plan, code, brief=brief, by_count=True) for code in known]
    longer, shorter = (list(filter(None, said)) for said in zip(*each, strict=True))
    worse = _numbered(longer, most) if longer else "nobody, by the length of journeys"
    nearer = f"Shorter journeys: {_numbered(shorter, most)}" if shorter else "Nobody's journey is shorter"
    gained = gains(plan, in_short=brief)
    rules = _numbered(gained, most) if gained else _nothing_but(plan)
    twice = (
        " A patient may be counted at more than one service: do not add them up."
        if len(longer) > 1 and not brief
        else ""
    )
    return [f"Worse off than with today's sites, by this model: {worse}.{twice}", f"Gained: {rules}. {nearer}."]


def moved(plan: Plan, service: str, *, brief: bool = False, by_count: bool = False) -> tuple[str, str]:
    """Return whose journeys to a service are longer than with today's sites, and whose shorter, in words.

    ``by_count`` is whether it is said of the first which share was counted where it is lost, if that is another matter.
    """
    if service not in plan.problem.services_with_today:
        return "", ""
    return _moved(plan, service, "longer", brief, by_count), _moved(plan, service, "shorter", brief)


@worked_out_once
def _against_today(plan: Plan, service: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the journeys to a service against those of today, and their means by group."""
    moved = against(plan, plan.today, service)
    return moved, averages(moved)


def _counted(plan: Plan, service: str) -> Counted | None:
    """Return the counts of its sites today, where a service's patients were counted."""
    return next((one for one in counted_today(plan) if service in one.services), None)


def _by_count(plan: Plan, service: str, at_least: float, keep: Sequence[str]) -> str:
    """Return how many were counted at its sites today, and in which other periods other sites than ``keep`` saw enough.

    Nothing where its patients were not counted.
    """
    if (found := _counted(plan, service)) is None:
        return ""
    each = _each(plan.problem, list(found.counts), [whole(one) for one in found.counts.values()])
    others = _other_periods(plan, service, at_least, keep, but_for=found.period)
    return f"; counted in {found.period}: {each}{others}"


def _other_periods(plan: Plan, service: str, at_least: float, keep: Sequence[str], *, but_for: str = "") -> str:
    """Return the periods in which other than ``keep`` of today's sites were counted to see enough, and which did."""
    found, said = _counted(plan, service), dict[tuple[str, str], list[str]]()
    for period, counts in (found.periods if found else {}).items():
        enough = [site for site, count in counts.items() if count >= at_least]
        if set(enough) != set(keep) and period != but_for:
            # Where every site has patients enough, others will ask why any is to close.
            takes = lacks_staff(plan.today, service) if len(enough) == len(counts) else ""
            staff, _, there = takes.partition("; ")
            had = there.replace("there were", "had", 1)
            need = f"; {len(counts)} units need {staff} ({had})" if takes else ""
            which = _which(plan.problem, enough, list(counts)), need
            said.setdefault(which, []).append(period)
    each = [f"{which} in {listed(periods)}{takes}" for (which, takes), periods in said.items()]
    return f"; as counted {', '.join(each)}" if each else ""


@dataclass(frozen=True)
class Busier:
    """A site to which many more patients of a service would come than today: how many a year, then and now."""

    service: str
    site: str
    now: float
    today: float


def busier(plan: Plan) -> list[Busier]:
    """Return where many more patients would come than with today's sites, though nobody said if there is room.

    Of every service, the sites of which no beds are stated that gain a tenth and more.
    """
    problem, found = plan.problem, list[Busier]()
    for code in problem.services_with_patients:
        if code not in problem.services_with_today:
            continue
        beds = problem.services[code].beds
        now, then = (
            {site: measures.number(one.measures, "site_patients", code, site) for site in plan.sites_of(code)}
            for one in (plan, plan.today)
        )
        for site in now:
            today = then[site] if isfinite(then[site]) else 0.0
            if (beds is None or site not in beds.at) and now[site] - today >= max(A_TENTH * now[site], 1):
                found.append(Busier(code, site, now[site], today))
    return found


def room(plan: Plan, most: int | None = EVERY) -> list[str]:
    """Return where many more patients would come than with today's sites, and that nobody asked if there is room.

    Of many the first ``most`` are named.
    """
    problem, by_site = plan.problem, dict[str, list[str]]()
    found = busier(plan)
    for one in found[:most]:
        at = f"{lower(problem.services[one.service].name)} (today {whole(one.today)}{by_count(plan, one)})"
        here = f"{whole(one.now)} {many_of(problem, one.service)} at its {at}"
        by_site.setdefault(short(problem.sites[one.site].name), []).append(here)
    if not by_site:
        return []
    if most and len(found) > most:
        by_site[[*by_site][-1]].append(f"{len(found) - most} more: --full")
    each = "; ".join(f"{site} would see {listed(said)}" for site, said in by_site.items())
    not_checked = "Whether there is room was not checked, since this question states no number of beds"
    return [f"{not_checked}. By this model, a year: {each}."]


def by_count(plan: Plan, one: Busier) -> str:
    """Return how many were counted at a site today, where that is known and another number than the model's."""
    counted = _counted(plan, one.service)
    number = counted.counts.get(one.site) if counted else None
    if counted is None or number is None or round(number) == round(one.today):
        return ""
    return f"; {whole(number)} counted in {counted.period}"


def _numbered(said: list[str], most: int | None) -> str:
    """Return some of what is said, numbered where it is more than one thing."""
    if len(said) == 1:
        return said[0]
    shown = [f"({number}) {one}" for number, one in enumerate(said[:most], start=1)]
    return "; ".join([*shown, *([f"and {len(said) - most} more: --full"] if most and len(said) > most else [])])


def _moved(plan: Plan, service: str, way: str, brief: bool, by_count: bool = False) -> str:
    """Return how many patients have a longer journey to a service (or shorter), by how much, and where it is most."""
    moved, means = _against_today(plan, service)
    every = means[means["group"] == ""].iloc[0]
    number, by = float(every[way]), float(every[f"{way}_by"])
    if not number or by < SHORTEST_SAID_MINUTES:
        return ""
    name, waits = plan.problem.services[service].name, ", assumed waits included" if _waits(every) else ""
    of_all = f"{whole(number)} of {whole(every['number'])} residents' {many_of(plan.problem, service)} a year"
    share = number / float(every["number"])
    of_all += f" ({percent(share)}{_counted_where_lost(plan, service, share) if by_count else ''})"
    if not isfinite(by):
        return f"{name}, {of_all}, of whom some reach no site"
    parted = _by_transfer(moved) if way == "longer" else ""
    said = f"{name}, {of_all}, by {by:.1f} minutes on average{parted or _uneven(moved, by, way)}{waits}"
    if way == "shorter":
        return said
    more = "" if brief else _incomers(plan, service)
    return f"{said}{more}{_hit_hardest(means, plan.problem, service, brief)}"


def _counted_where_lost(plan: Plan, service: str, by_model: float) -> str:
    """Return which share were counted at sites that lose a service, where that is far from who is worse off here."""
    found = _counted(plan, service)
    lost = sum(count for site, count in found.counts.items() if site not in plan.sites_of(service)) if found else 0.0
    if found is None or not lost or abs(lost / sum(found.counts.values()) - by_model) < FAR_FROM_COUNTED:
        return ""
    return f"; counted in {found.period}: {percent(lost / sum(found.counts.values()))}"


def _incomers(plan: Plan, service: str) -> str:
    """Return how many from outside who come in today go longer, and by how much; nothing where none do."""
    transfer = plan.problem.services[service].transfer
    share = transfer.share_transferred.value if transfer else 1.0
    now, today = (one_row_an_area(one, service).set_index("area") for one in (plan, plan.today))
    come = today[~today["resident"].astype(bool) & today["site"].isin(plan.problem.candidates)]
    ways = [((now["spent"].reindex(come.index) - come["spent"]).round(9), come["patients"] * share)]
    if share < 1:
        stay = [_where_seen_first(one, service).reindex(come.index) for one in (plan, plan.today)]
        ways.append(((stay[0] - stay[1]).round(9), come["patients"] * (1 - share)))
    more, patients = pd.concat([way[0] for way in ways]), pd.concat([way[1] for way in ways])
    number = float(patients[more > 0].sum())
    if number < WORTH_SAYING_PATIENTS:
        return ""
    by = float((patients * more)[more > 0].sum()) / number
    everybody = float(patients.sum())
    of_all = "all" if (more > 0).all() else f"{whole(number)} of"
    who = f"{of_all} {whole(everybody)}" if round(everybody) != 1 else "the one a year"
    return f", and {who} from outside, by {by:.1f}"


def _where_seen_first(plan: Plan, service: str) -> pd.Series[float]:
    """Return the minutes of those who are not taken on, by area."""
    rows = plan.journeys_to(service)
    minutes = rows["minutes"].where(rows["site"] == rows["first_site"], rows["first_minutes"])
    return minutes.groupby(rows["area"]).mean()


def _by_transfer(moved: pd.DataFrame) -> str:
    """Return how many of those with longer journeys wait to be taken on and would not today, and the others.

    Each with by how much, where all of an area's patients go one way; else nothing.
    """
    if moved["own_changes"].notna().any() or not (moved["taken_on"] == 1).all():
        return ""
    waits = [(moved[f"spent{ending}"] - moved[f"road{ending}"]).round(6) for ending in ("_before", "_after")]
    longer, here = moved["spent_here_change"] > 0, moved["patients_here"]
    each = [longer & (waits[1] > waits[0]), longer & ~(waits[1] > waits[0])]
    numbers = [float(here[one].sum()) for one in each]
    if not all(number >= WORTH_SAYING_PATIENTS for number in numbers):
        return ""
    by = [float((moved["spent_here_change"] * here)[one].sum()) / n for one, n in zip(each, numbers, strict=True)]
    taken_on, others = (f"{whole(number)} {{}}, by {minutes:.1f}" for number, minutes in zip(numbers, by, strict=True))
    return f" ({taken_on.format('by transfer')}; {others.format('straight there')})"


def _uneven(moved: pd.DataFrame, by: float, way: str) -> str:
    """Return by how many minutes half of them move at most, where the average says little of it; else nothing."""
    each_by, each_here = (pd.concat(one) for one in zip(*by_patient(moved, moved["patients_here"]), strict=True))
    rows = pd.DataFrame({"by": each_by * (1 if way == "longer" else -1), "here": each_here})
    rows = rows[(rows["by"] > 0) & (rows["here"] > 0)].sort_values("by")
    so_far = rows["here"].cumsum()
    half = float(rows["by"][so_far >= so_far.iloc[-1] / 2].iloc[0])
    return "" if by / 2 <= half <= 2 * by else f" (half of them by at most {half:.1f})"


def _waits(every: pd.Series) -> bool:
    """Whether mean minutes hold what somebody waits to be taken on."""
    return any(every[f"road_{when}"] != every[f"mean_{when}"] for when in ("before", "after"))


def _hit_hardest(means: pd.DataFrame, problem: Problem, service: str, brief: bool) -> str:
    """Return the district, or else the deprivation fifth, that loses most minutes in all; nothing where none does.

    Those minutes are how many there go longer, times by how many minutes they do on average.
    """
    for kind in ("district ", "deprivation fifth "):
        here = means[means["group"].str.startswith(kind) & (means["longer"] > 0)]
        if len(here):
            lost = here["longer"] * here["longer_by"]
            worst = here.iloc[int(lost.to_numpy().argmax())]
            name = str(worst["group"]).replace("district ", "the district of ", 1)
            first, *others = here.sort_values("longer_by", ascending=False).to_dict("records")
            clear = all(first["longer_by"] - one["longer_by"] >= A_TENTH for one in others)
            apart = clear and first["group"] != worst["group"]
            each = f", most on average in {first['group'].removeprefix('district ')}" if apart else ""
            some = f"{whole(worst['longer'])} of {whole(worst['number'])} {many_of(problem, service)}"
            if brief:
                return f", most minutes lost in {name}{each}"
            by = f" ({first['longer_by']:.1f})" if each else ""
            return f"; most minutes lost in {name} ({some}, by {worst['longer_by']:.1f} on average){each}{by}"
    return ""


def by_deprivation(plan: Plan, most: int | None = EVERY) -> list[str]:
    """Return by how much average journeys change for who lives in the most and the least deprived fifth of all areas.

    The fifths are of England's areas, so it is said how many of the residents here live in each. Of the services whose
    journeys change for either, or of the first ``most``; nothing where deprivation or today is not known.
    """
    problem, found = plan.problem, list[str]()
    for code in problem.services_with_patients:
        if code not in problem.services_with_today:
            continue
        by = _by_the_ends(_against_today(plan, code)[1])
        if len(by) > 1 and all(map(isfinite, by)) and max(map(abs, by)) >= SHORTEST_SAID_MINUTES:
            told = _most_and_least(by)
            found.append(f"{lower(problem.services[code].name)} {told}{_by_another_index(plan, code, told)}")
    if not found:
        return []
    areas = problem.areas[problem.resident_areas]
    live = {name: members["population"].sum() / areas["population"].sum() for name, members in measures.groups(areas)}
    here = [percent(float(share)) for name, share in live.items() if "deprived" in name]
    more = [f"and {len(found) - most} more: --full"] if most and len(found) > most else []
    who = f"in England's most deprived fifth ({here[0]} of residents) and its least ({here[-1]})"
    return [f"Average minutes change, {who}: {'; '.join([*found[:most], *more])}."]


def _by_another_index(plan: Plan, service: str, told: str) -> str:
    """Return what the same two come to by the index of 2015, as they are told; that it is the same where it is."""
    areas = plan.problem.areas
    if OTHER_INDEX not in areas:
        return ""
    moved = _against_today(plan, service)[0]
    fifth = np.ceil(pd.to_numeric(areas[OTHER_INDEX], errors="coerce") / 2)
    by = _by_the_ends(averages(moved.assign(fifth=moved["area"].map(fifth))))
    if len(by) < 2:
        return ""
    otherwise = _most_and_least(by)
    return " (by either index)" if otherwise == told else f" (2015 index: {otherwise})"


def _by_the_ends(means: pd.DataFrame) -> list[float]:
    """Return by how much average journeys change for the most and the least deprived fifth that somebody lives in."""
    ends = means["group"].str.startswith("deprivation fifth ") & means["group"].str.contains("(", regex=False)
    return means["change"][ends].astype(float).tolist()


def _most_and_least(by: Sequence[float]) -> str:
    return f"{by[0]:+.1f} and {by[-1]:+.1f}"


def gains(plan: Plan, *, in_short: bool = False, by_whom: bool = False, today: Plan | None = None) -> list[str]:
    """Return what would be so that is not with today's sites: of what rules ask, that which today's sites break.

    In short it is said how many of today's sites keep to it, and not what each of them has; ``by_whom`` is whether it
    is said, too, who asks for it. ``today`` is today's sites under another question than the plan's: then what is asked
    otherwise, or no more, is no gain.
    """
    before = today or plan.today
    rules = [
        _gain(plan, rule, whose, instances, in_short, before, by_whom)
        for (rule, whose), instances in _kept_by_a_gain(plan, before).items()
    ]
    return [*rules, *_less_short(plan, in_short)]


def gained_at_all(plan: Plan) -> str:
    """Return in a few words what is gained against today's sites: units of a size, and staff."""
    rules = [JUDGED[rule] for rule, _ in _kept_by_a_gain(plan, plan.today)]
    units = ["units large enough"] if any(one.once_kept for one in rules) else []
    fuller = any(one.from_staff for one in rules) or bool(_less_short(plan, in_short=True))
    are_short = bool((plan.staffing["short"].round(6) > 0).any())
    return listed([*units, *([f"{'fewer' if are_short else 'no'} staff lacking"] if fuller else [])])


def _kept_by_a_gain(plan: Plan, before: Plan) -> dict[tuple[str, Names], list[str]]:
    """Return the rules that another plan breaks and this one keeps, each with where, of those that gain something."""
    asked = {broken.stated(plan.problem, str(instance)) for instance in plan.rules["instance"]}
    return {
        (rule, whose): instances
        for (rule, whose), instances in _no_longer_broken(plan, before).items()
        if JUDGED[rule].is_gain and (rule, whose) in asked and _asks_the_same(plan, before, instances[0])
    }


def _no_longer_broken(plan: Plan, before: Plan) -> dict[tuple[str, Names], list[str]]:
    """Return the rules that another plan breaks and this one does not, each with where it does."""
    found = dict[tuple[str, Names], list[str]]()
    for instance in map(str, before.broken["instance"]):
        found.setdefault(broken.stated(before.problem, instance), []).append(instance)
    for instance in map(str, plan.broken["instance"]):
        found.pop(broken.stated(plan.problem, instance), None)
    return found


def _nothing_but(plan: Plan) -> str:
    """Return that nothing is gained, but for rules kept that ask for no gain, which today's sites break."""
    instances = [one for each in _no_longer_broken(plan, plan.today).values() for one in each]
    return f"nothing but {_kept(plan.problem, instances)}" if instances else "nothing that a rule asks"


def _kept(problem: Problem, instances: list[str]) -> str:
    """Return what is asked where today's sites break a rule that is then kept."""
    asked = dict.fromkeys(broken.asked(problem, one).replace("; ", ", ") for one in instances)
    return f"a rule kept that today's sites break: {'; '.join(asked)}"


def _asks_the_same(plan: Plan, other: Plan, instance: str) -> bool:
    """Whether the questions of two plans ask the same by a rule, whoever is there to meet it."""
    said = [broken.asked(one.problem, instance).partition("; ")[0] for one in (plan, other)]
    return said[0] == said[1]


def _less_short(plan: Plan, in_short: bool) -> list[str]:
    """Return of which staff the rotas that may fall short are less short than with today's sites: in short as one."""
    said = list[str]()
    now, today = (one.staffing.groupby(["team", "unit"], sort=False)["short"].sum() for one in (plan, plan.today))
    for team, unit in plan.problem.team_units:
        before = round(float(today.get((team, unit), 0.0)), 6)
        after = round(float(now.get((team, unit), 0.0)), 6)
        may = any(
            rota.may_fall_short and (rota.team, rota.unit) == (team, unit)
            for service in plan.problem.services.values()
            for rota in service.rotas
        )
        if may and after < before:
            name = plan.problem.teams[team].name
            left = f"only {staff_in_words(after, name, unit)}" if after else f"no {name}"
            of = f"{before:g}{' WTE' if unit == 'WTE' else ''}"
            if in_short:
                said.append(f"{left} ({of})" if said else f"{left} (with today's sites {of})")
            else:
                said.append(f"{left} would be lacking on the rotas that are counted (with today's sites {of})")
    return [f"{listed(said)} would be lacking"] if in_short and said else said


def _gain(
    plan: Plan, rule: str, whose: Names, instances: list[str], in_short: bool, before: Plan, by_whom: bool
) -> str:
    """Return what would be so by a rule: of patients and staff with what is there today, else what it asks."""
    problem, today = before.problem, {str(row["instance"]): row for row in before.broken.to_dict("records")}
    asks = name_of(str(today[instances[0]]["source"])) if by_whom else ""
    asks += "; " if asks else ""
    sites = [broken.site_of(problem, one) for one in instances]
    if once_kept := JUDGED[rule].once_kept:
        has = [broken.has_of(today[one]["left"], today[one]["right"], PATIENTS) for one in instances]
        asked = amount(today[instances[0]]["right"], PATIENTS)
        would_be = once_kept.format(service=lower(problem.services[whose[0]].name), figure=asked)
        would_be = would_be.replace("every ", _every(plan, whose[0]), 1)
        every = _sites_today(problem, whose[0])
        enough = float(today[instances[0]]["right"]), [site for site in every if site not in sites]
        if in_short:
            today_has = f"by this model {_which(problem, enough[1], every)} today"
            return f"{would_be} ({asks}{today_has}{_other_periods(plan, whose[0], *enough)})"
        each = f"{_each(problem, sites, has)}{_by_count(plan, whose[0], *enough)}"
        return f"{would_be} (today, by this model, {each})"
    if rule == "rota_is_filled" and all(site in problem.sites for site in sites):
        (code, team, unit), needed = whose, {float(today[one]["right"]) for one in instances}
        at = _sites_today(problem, code)
        has = [shown(problem.in_post(site, team, unit)) for site in at]  # type: ignore[arg-type]
        if len(needed) == 1:
            staff = f"{shown(needed.pop())} {'' if unit == 'people' else f'{unit} '}{problem.teams[team].name}"
            there = f"{_every(plan, code)}{lower(problem.services[code].name)} would have {staff}"
            each = listed(has) if len(at) == len(problem.candidates) else _each(problem, at, has)
            year = year_of(problem, team)
            if in_short:
                which = _which(problem, [site for site in at if site not in sites], at)
                return f"{there} ({asks}{f'in {year}' if year else 'today'} {which} had)"
            in_post = totals(plan.staffing, "in_post")[team, unit]
            on_it = float(today[instances[0]]["right"]) * len(plan.sites_of(code))
            fewer = (
                f"; {shown(on_it)} of these {shown(in_post)} would be on its rotas"
                if on_it < in_post and len(has) > 1
                else ""
            )
            return f"{there} (in post{f' in {year}' if year else ''}: {each}{fewer})"
    return _kept(problem, instances[:1])


def _which(problem: Problem, some: Sequence[str], every: Sequence[str]) -> str:
    """Return which of some sites they are: by name where they are few and not all."""
    if not some or len(some) == len(every):
        return f"all {len(every)}" if some else f"none of {len(every)}"
    if len(some) > MOST_NAMED:
        return f"{len(some)} of {len(every)}"
    return f"{places(problem, some)}{' alone' if len(some) == 1 else ''}"


def _sites_today(problem: Problem, service: str) -> list[str]:
    return [site for site in problem.candidates if (site, service) in problem.today]


def _every(plan: Plan, service: str) -> str:
    return "the " if len(plan.sites_of(service)) == 1 else "every "


def _each(problem: Problem, sites: list[str], numbers: list[str]) -> str:
    return listed(f"{short(problem.sites[site].name)} {number}" for site, number in zip(sites, numbers, strict=True))


def neighbours(plan: Plan, numbers: pd.DataFrame) -> list[str]:
    """Return how many more patients than with today's sites neighbours treat, by service, where today is stated."""
    rows = numbers[numbers["measure"] == measures.MORE_THAN_TODAY]
    if rows.empty:
        return []
    said = []
    for code, here in rows.groupby("service", sort=False):
        other = here[here["value"].abs() >= WORTH_SAYING_PATIENTS]
        if len(other):
            each = (f"{plan.problem.sites[str(row.group)].name} {row.value:+,.0f}" for row in other.itertuples())
            said.append(f"{plan.problem.services[str(code)].name}: {listed(each)}")
    if not said:
        why = ", by assumption: as many cross the border as today" if plan.problem.border else ""
        return [f"Neighbouring hospitals would treat as many patients as with today's sites{why}."]
    return [f"Neighbouring hospitals, patients a year against today's sites: {'; '.join(said)}."]


def changes(plan: Plan) -> list[str]:
    """Return which services open and close where against today, and what would stay where one closes."""
    problem, found = plan.problem, []
    known = problem.services_with_today
    if not known:
        return ["Today is not stated, so changes are not counted."]
    for code in (code for code in problem.services if code in known):
        name = problem.services[code].name.lower()
        opens = [s for s in plan.sites_of(code) if (s, code) not in problem.today]
        closes = [s for s in problem.candidates if (s, code) in problem.today and (s, code) not in plan.designated]
        found += [f"{name} opens at {sites_in_words(problem, opens)}"] if opens else []
        found += [f"{name} closes at {sites_in_words(problem, closes)}"] if closes else []
    unknown = [service.name.lower() for code, service in problem.services.items() if code not in known]
    but = f" Where {listed(unknown)} {'is' if len(unknown) == 1 else 'are'} today is not stated." if unknown else ""
    return [f"Changes from today: {'; '.join(found) or 'none'}.{but}", *_stays_local(plan)]


def _stays_local(plan: Plan) -> list[str]:
    """Return, for every service that closes somewhere, what its source says would stay; no rule makes it so."""
    problem, lines = plan.problem, []
    for code, service in problem.services.items():
        closes = [s for s in problem.candidates if (s, code) in problem.today and (s, code) not in plan.designated]
        if closes and service.stays_local:
            where = sites_in_words(problem, closes)
            said = f"What stays there by its source, though no rule here asks for it: {service.stays_local}"
            lines.append(f"{service.name} closes at {where}. {said}")
    return lines
