"""Who gains and who loses between two answers: frames in, frames out, from the tables of runs alone.

An answer is a mapping of frames by name, as ``comparison.tables_of`` and ``runs.read_tables`` give: the tables of a run
folder (``designations``, ``journeys``, ``measures``, ``rules``) and of its inputs (``areas``, ``sites``, ``services``).

Only resident areas that both answers know are counted, and patients are those of the first answer, so that a change of
demand is not taken for a change of journeys. People are those who live in an area; patients are those a year. Where
some patients are transferred, ``minutes`` are those of a patient who is, and means count the others as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from optimiser.inputs.tables import unverified_activities
from optimiser.plan import Plan
from optimiser.plan.asked import designated_in, is_true, resident_areas, settings_of
from optimiser.plan.measures import AGE_75_PLUS, BANDS, as_patients_go, groups, mean, stays, who_stay
from optimiser.problem import STAYS, Problem, worked_out_once
from optimiser.problem.words import many, without_sites

Answer = Mapping[str, pd.DataFrame]

THRESHOLDS = (1, 5, 10)
WORST_AREAS = 10
CLIFF_MINUTES = 1
QUIET_MINUTES, LOUD_MINUTES = 2, 10
PATIENTS, OLDER = "patients a year", "people aged 75 and over"
SUFFIXES = ("_before", "_after")
# Groups that a page shows first: everybody, and those aged 75 and over.
SHOWN_FIRST = ("", AGE_75_PLUS)

Row = tuple[str, str, str, float]
# A way that some of an area's patients go: where, in how many minutes, and which share of them.
Way = tuple[str, float, float]
DUST = 1e-12
# What says which area a row is of, and where it goes: of no use to count who is affected.
OF_AN_AREA = ["area", "name", "site_before", "site_after", "own_changes"]
# What ``areas`` is worked out from and does not show.
INNER = ["own_changes", "stay_before", "stay_after"]


def openings(base: Answer, other: Answer) -> pd.DataFrame:
    """Return what the other has and the first has not, or the reverse, of services that both know.

    Columns: service, site, change ("opens" or "closes", against the first), today (whether it is there today, "true" or
    "false"; empty where that is not known).
    """
    before, after = ({(code, site) for site, code in designated_in(answer)} for answer in (base, other))
    both = set(base["services"]["service"]) & set(other["services"]["service"])
    before, after = ({pair for pair in chosen if pair[0] in both} for chosen in (before, after))
    known = _today(base) | _today(other)
    rows = [(*pair, "opens" if pair in after else "closes", known.get(pair, "")) for pair in sorted(before ^ after)]
    return pd.DataFrame(rows, columns=["service", "site", "change", "today"])


def areas(base: Answer, other: Answer) -> pd.DataFrame:
    """Return every resident area's journey in both answers, one row a service and area.

    Columns: service, area, name, district, fifth (by deprivation), people, people_75_plus, patients (a year), site and
    minutes (_before and _after; infinite where no site is reached), change (minutes), and spent (_before and _after:
    the minutes that the area's patients spend on average). Where patients leave whatever is designated, site, minutes,
    change and spent_here are those of the others. taken_on is which share of those seen first elsewhere are taken on (1
    where the answers differ on it). patients_here is how many leave in neither answer, and leave (_before
    and _after) how many leave in each. Unknown districts and fifths are blank.
    """
    return _moved(base, other).drop(columns=INNER)


def _moved(base: Answer, other: Answer) -> pd.DataFrame:
    """Return ``areas``, and ``INNER`` columns beside them, as ``_between``."""
    return _between(_journeys(base), _journeys(other), base["areas"])


def _between(base: pd.DataFrame, other: pd.DataFrame, known_of_areas: pd.DataFrame) -> pd.DataFrame:
    """Return ``areas`` of the journeys of two answers.

    And ``own_changes``: where the patients of an area who do not leave go several ways in either answer, by how many
    minutes the journey of which share of them changes; None where they all go one way in both. And ``stay``: which
    share of an area's people do not leave in each, if they go as its patients do.
    """
    keys = ["service", "area"]
    before, after = (journeys.set_index(keys) for journeys in (base, other))
    both = before.merge(after, left_index=True, right_index=True, suffixes=SUFFIXES).reset_index()
    for name in ("minutes", "spent", "spent_here"):
        change = "change" if name == "minutes" else f"{name}_change"
        both[change] = _less(both[f"{name}_after"], both[f"{name}_before"])
    here = [both["patients_here_before"], _of_as_many(both)]
    both["patients_here"] = np.minimum(here[0], here[1])
    for ending, stay in zip(SUFFIXES, here, strict=True):
        both[f"leave{ending}"] = (both["patients_before"] - stay).clip(lower=0)
    both["taken_on"] = both["taken_on_before"].where(both["taken_on_before"] == both["taken_on_after"], 1.0)
    each = [
        None if one is None and other is None else own_changes(one or alone, other or also_alone)
        for one, other, alone, also_alone in zip(
            *(both[f"ways{ending}"] for ending in SUFFIXES),
            *(_one_way(both, ending) for ending in SUFFIXES),
            strict=True,
        )
    ]
    both["own_changes"] = pd.Series(each, both.index, dtype=object)
    both = both.drop(columns=[f"ways{ending}" for ending in SUFFIXES])
    both = both.rename(columns={"patients_before": "patients"}).drop(columns=["taken_on_before", "taken_on_after"])
    both = both.drop(columns=["patients_after", "patients_here_before", "patients_here_after"])
    known = both[["area"]].join(_known_of_areas(known_of_areas), on="area").drop(columns="area")
    return pd.concat([both[keys], known, both.drop(columns=keys)], axis=1)


def _one_way(both: pd.DataFrame, ending: str) -> Iterator[list[Way]]:
    """Yield for each area the one way that all of its patients go, if they do."""
    for site, minutes in zip(both[f"site{ending}"].tolist(), both[f"spent_here{ending}"].tolist(), strict=True):
        yield [(str(site), float(minutes), 1.0)]


def own_changes(before: Sequence[Way], after: Sequence[Way]) -> list[tuple[float, float]]:
    """Return by how many minutes the journey changes of which share of an area's patients, given their ways in both.

    As many as can go the same way in both do. Of the others whoever had the shortest journey has the shortest after.
    """
    left: list[dict[str, tuple[float, float]]] = [{}, {}]
    found = list[tuple[float, float]]()
    for ways, of in zip((before, after), left, strict=True):
        for way, minutes, share in ways:
            of[way] = (minutes, of.get(way, (minutes, 0.0))[1] + share)
    for way in left[0].keys() & left[1].keys():
        stay = min(of[way][1] for of in left)
        found.append((_apart(left[0][way][0], left[1][way][0]), stay))
        for of in left:
            of[way] = (of[way][0], of[way][1] - stay)
    rest = [sorted(one for one in of.values() if one[1] > DUST) for of in left]
    while all(rest):
        (before_it, many), (after_it, others) = rest[0][0], rest[1][0]
        share = min(many, others)
        found.append((_apart(before_it, after_it), share))
        for queue, (minutes, had) in zip(rest, ((before_it, many), (after_it, others)), strict=True):
            queue[0] = (minutes, had - share)
            if queue[0][1] <= DUST:
                queue.pop(0)
    return found


def _apart(before: float, after: float) -> float:
    """Return how many minutes more the second journey takes; 0 where both are without end."""
    return 0.0 if before == after else round(after - before, 9)


def gains_and_losses(moved: pd.DataFrame) -> pd.DataFrame:
    """Return how many people and patients travel longer, and shorter, by more than 1, 5 and 10 minutes.

    One row a service, group and number of minutes, with all ``people`` of the group. ``moved`` is what ``areas``
    returns. Of the group "age 75+" it is people of that age, and how many patients they are is not known.
    """
    rows = []
    for service, group, counted, members in grouped(moved):
        for minutes in THRESHOLDS:
            longer, shorter = members["change"] > minutes, members["change"] < -minutes
            people = "people_75_plus" if counted == OLDER else "people"
            sums = [_sum(members[people], chosen) for chosen in (longer, shorter)]
            each = by_patient(members, members["patients_here"])
            patients = [
                np.nan if counted == OLDER else sum(float(here[way * by > minutes].sum()) for by, here in each)
                for way in (1, -1)
            ]
            everybody = members[people].sum(min_count=1)
            rows.append((service, group, minutes, everybody, sums[0], patients[0], sums[1], patients[1]))
    columns = ["people", "people_longer", "patients_longer", "people_shorter", "patients_shorter"]
    return _rounded(pd.DataFrame(rows, columns=["service", "group", "by_more_than_minutes", *columns]))


def by_patient(moved: pd.DataFrame, here: pd.Series[float]) -> list[tuple[pd.Series[float], pd.Series[float]]]:
    """Return by how many minutes the journeys of areas change, and whose: ``here`` is how many there are of each area.

    Where some are taken on and the others stay where they are seen first, each of the two has its own change; so has
    each share of an area's patients who are shared out over sites (``own_changes``).
    """
    own = moved["own_changes"] if "own_changes" in moved else pd.Series(None, moved.index, dtype=object)
    parted = own.notna()
    found = []
    if parted.any():
        parts = [
            (by, many * share) for changes, many in zip(own[parted], here[parted], strict=True) for by, share in changes
        ]
        by, whose = (pd.Series(one, dtype=float) for one in zip(*parts, strict=True))
        found.append((by, whose))
        moved, here = moved[~parted], here[~parted]
    share = moved["taken_on"]
    if (share == 1).all():
        return [*found, (moved["spent_here_change"], here)]
    stay = ((moved["spent_here_change"] - share * moved["change"]) / (1 - share)).round(9)
    finite = np.isfinite(moved["change"]) & (share < 1)
    staying = (stay.where(finite, moved["change"]), here * (1 - share))
    return [*found, (moved["change"], here * share), staying]


def averages(moved: pd.DataFrame) -> pd.DataFrame:
    """Return mean journeys of all, and how many travel longer and how many shorter, by how much.

    One row a service and group: who is ``counted`` and their ``number``, ``mean_before``, ``mean_after`` and
    ``change``; ``road_before`` and ``road_after``, without what those who are taken on wait. Of those ``here``, who
    leave for a neighbour whatever is designated in neither answer: how many are ``longer`` and ``shorter`` on the way
    at all, and by how many minutes on average (``longer_by``, ``shorter_by``; NaN where nobody is), and how many take
    the ``same``. ``leave`` is how many are not ``here``; ``leave_before`` and ``leave_after`` are how many leave in
    each. Of people aged 75 and over as many leave an area as of its patients.
    """
    rows = []
    for service, group, counted, members in grouped(moved):
        older = counted == OLDER
        weight = members["people_75_plus" if older else "patients"]
        road = [mean(members[f"road{ending}"], weight) for ending in SUFFIXES]
        stay = [weight * members[f"stay{ending}"] for ending in SUFFIXES]
        here = stay[0].clip(upper=stay[1]) if older else members["patients_here"]
        each_by, each_here = (pd.concat(one) for one in zip(*by_patient(members, here), strict=True))
        moved_on = [
            (each_here[one].sum(), mean(each_by[one].abs(), each_here[one])) for one in (each_by > 0, each_by < 0)
        ]
        leave = [
            (weight - some if older else members[f"leave{ending}"]).sum()
            for ending, some in zip(SUFFIXES, stay, strict=True)
        ]
        same = each_here[each_by == 0].sum()
        each = (here.sum(), *moved_on[0], *moved_on[1], same, weight.sum() - here.sum(), *leave)
        rows.append((service, group, counted, *_means(members, weight), *road, *each))
    found = ["number", "mean_before", "mean_after", "change", "road_before", "road_after"]
    either = ["here", "longer", "longer_by", "shorter", "shorter_by", "same", "leave", "leave_before", "leave_after"]
    return _rounded(pd.DataFrame(rows, columns=["service", "group", "counted", *found, *either]))


def worst_areas(moved: pd.DataFrame, most: int = WORST_AREAS) -> pd.DataFrame:
    """Return the areas whose journeys grow longest, named, the worst first: at most ``most`` a service.

    ``as_long`` is how many areas' journeys grow by as much as that, it among them.
    """
    longer = moved[moved["change"] > 0]
    longer = longer.assign(as_long=longer.groupby(["service", longer["change"].round(6)])["area"].transform("size"))
    ranked = longer.sort_values(["change", "area"], ascending=[False, True], kind="stable")
    found = [ranked[ranked["service"] == service].head(most) for service in moved["service"].unique()]
    frame = pd.concat(found, ignore_index=True) if found else ranked
    rank = frame.groupby("service").cumcount() + 1
    columns = ["people", "patients", "site_before", "site_after", "minutes_before", "minutes_after"]
    columns += ["change", "as_long"]
    return frame[["service"]].assign(rank=rank).join(frame[["area", "name", "district", *columns]])


def cliffs(answer: Answer) -> pd.DataFrame:
    """Return how many live within a minute of a standard, just inside it and just beyond it.

    One row a service and number of minutes: those of the service's own standard, and the bands of 30, 45 and 60. Just
    inside is up to a minute less, the standard itself included; just beyond is up to a minute more.
    """
    found = _journeys(answer).join(_known_of_areas(answer["areas"]), on="area")
    own = dict(zip(answer["services"]["service"], answer["services"]["standard_minutes"], strict=True))
    rows = []
    for service, here in found.groupby("service", sort=False):
        standard = own.get(service, np.nan)
        for minutes in sorted({*BANDS, *([standard] if standard == standard else [])}):
            past = here["minutes"] - minutes
            inside, beyond = (past > -CLIFF_MINUTES) & (past <= 0), (past > 0) & (past <= CLIFF_MINUTES)
            sums = [_sum(here[column], part) for part in (inside, beyond) for column in ("people", "patients_here")]
            rows.append((service, minutes, minutes == standard, *sums))
    columns = ["people_just_inside", "patients_just_inside", "people_just_beyond", "patients_just_beyond"]
    return _rounded(pd.DataFrame(rows, columns=["service", "minutes", "is_its_standard", *columns]))


def volumes(base: Answer, other: Answer) -> pd.DataFrame:
    """Return the patients a year at every site in both answers, neighbours marked: one row a service and site.

    Columns: service, site, name, neighbour, patients (_before and _after: all who are counted), change, and residents
    (_before and _after: those of them who live in an area that is resident in both).
    """
    areas = resident_areas(base) & resident_areas(other)
    every = [_site_patients(answer).join(_residents_at(answer, areas)) for answer in (base, other)]
    both = every[0].merge(every[1], how="outer", left_index=True, right_index=True, suffixes=SUFFIXES).fillna(0.0)
    both["change"] = both["patients_after"] - both["patients_before"]
    names = both.join(sites_of_both(base, other), on="site").reset_index()
    of_patients = ["patients_before", "patients_after", "change", "residents_before", "residents_after"]
    columns = ["service", "site", "name", "neighbour", *of_patients]
    order = {service: place for place, service in enumerate(base["services"]["service"])}
    by_service = names[columns].sort_values("site").sort_values("service", key=lambda s: s.map(order), kind="stable")
    return _rounded(by_service.reset_index(drop=True))


def sites_of_both(base: Answer, other: Answer) -> pd.DataFrame:
    """Return the sites of two answers (index: code): name, by the first that has it, and whether neighbour in both."""
    sites = pd.concat([base["sites"], other["sites"]]).groupby("site", sort=False)
    return sites.agg(name=("name", "first"), neighbour=("neighbour", "all"))


def broken(base: Answer, other: Answer) -> pd.DataFrame:
    """Return the rules that either answer breaks, in how many places and by how much in all.

    Columns: rule (its code without those of sites), unit, of_sites (whether it is of single sites), places and short
    (_before and _after; 0 where it is kept), and left and right (both sides of it, where it is broken in one place).
    """
    sites = sites_of_both(base, other).index
    found, sides = [], []
    for answer, ending in zip((base, other), SUFFIXES, strict=True):
        rows = answer["rules"][~is_true(answer["rules"]["pass"])]
        of_rule = rows.assign(rule=[without_sites(str(one), sites) for one in rows["instance"]], short=-rows["spare"])
        each = of_rule.groupby(["rule", "unit"], sort=False)["short"]
        found.append(pd.DataFrame({f"places{ending}": each.size(), f"short{ending}": each.sum()}).astype(float))
        alone = of_rule[~of_rule.duplicated(["rule", "unit"], keep=False)].set_index(["rule", "unit"])
        sides.append(alone[["left", "right"]].astype(float).add_suffix(ending))
    both = pd.concat([pd.concat(found, axis=1).fillna(0.0), *sides], axis=1)
    both = both.rename_axis(["rule", "unit"]).reset_index()
    instances = {str(one) for answer in (base, other) for one in answer["rules"]["instance"]}
    both.insert(2, "of_sites", ~both["rule"].isin(instances))
    return _rounded(both)


def short(base: Answer, other: Answer) -> pd.DataFrame:
    """Return how many staff each answer is short of, where that is allowed: of teams with no rota that breaks a rule.

    One row a team and unit of which either is short: team, unit, short_before, short_after (people or WTE).
    """
    found = []
    for answer in (base, other):
        rows, rules = answer["measures"], answer["rules"]
        each = rows[rows["measure"] == "staff_short"].set_index("group")["value"].astype(float)
        broken_rules = rules["instance"][~is_true(rules["pass"])].astype(str)
        rotas = (one.split(".")[-2:] for one in broken_rules if one.startswith("rota_is_filled."))
        found.append(each[~each.index.isin([f"{team} ({unit})" for team, unit in rotas])])
    both = pd.concat(found, axis=1, keys=[f"short{ending}" for ending in SUFFIXES]).fillna(0.0)
    both = both[(both > 0).any(axis=1)]
    names = pd.Series(both.index, index=both.index, dtype=str).str.extract(r"^(?P<team>.*) \((?P<unit>.*)\)$")
    return _rounded(pd.concat([names, both], axis=1).reset_index(drop=True))


def taken_on(base: Answer, other: Answer) -> pd.DataFrame:
    """Return how many residents' patients are taken on from where they are seen first, and how many stay there.

    One row a service of which some are seen first elsewhere: taken_on and stay (_before and _after, patients a year).
    """
    areas, found = resident_areas(base) & resident_areas(other), []
    for answer, ending in zip((base, other), SUFFIXES, strict=True):
        rows = _journey_rows(answer)
        rows = rows[rows["area"].isin(areas)]
        elsewhere = rows["patients"].where(rows["moved"], 0.0)
        each = {"taken_on": elsewhere * rows["share"], "stay": elsewhere * (1 - rows["share"])}
        found += [one.groupby(rows["service"], sort=False).sum().rename(f"{way}{ending}") for way, one in each.items()]
    both = pd.concat(found, axis=1, join="inner")
    return _rounded(both[(both > 0).any(axis=1)].rename_axis("service").reset_index())


def demand(base: Answer, other: Answer) -> pd.DataFrame:
    """Return the residents' patients a year that each answer counts: service, patients_before, patients_after.

    ``counted`` is what they are counted as, ``worked_out`` whether nobody verified how many there are by area.
    """
    before, after = (_journeys(answer).groupby("service", sort=False)["patients"].sum() for answer in (base, other))
    both = pd.concat([before.rename("patients_before"), after.rename("patients_after")], axis=1, join="inner")
    of_base = base["services"].set_index("service")[["counted", "worked_out"]]
    return _rounded(both.join(of_base).rename_axis("service").reset_index())


def treated_outside(base: Answer, other: Answer) -> pd.DataFrame:
    """Return the share of residents' patients whom neighbours treat in both answers: service, _before and _after."""
    both = []
    for answer in (base, other):
        rows = answer["measures"]
        shares = rows[(rows["measure"] == "share_outside") & (rows["group"] == "")].set_index("service")["value"]
        both.append(shares.astype(float))
    found = pd.concat(both, axis=1, join="inner", keys=["share_before", "share_after"])
    return _rounded(found.rename_axis("service").reset_index())


def warnings(means: pd.DataFrame) -> pd.DataFrame:
    """Return the groups that a mean hides: theirs moves more than 10 minutes, and it less than half of that.

    ``means`` is what ``averages`` returns. One row a service and group: change (of the group's mean), change_of_all.
    """
    of_all = means[means["group"] == ""].set_index("service")["change"]
    each = means[means["group"] != ""].assign(change_of_all=lambda rows: rows["service"].map(of_all))
    of_its_way = each["change_of_all"].where(each["change"] > 0, -each["change_of_all"])
    hidden = (each["change"].abs() > LOUD_MINUTES) & (of_its_way < each["change"].abs() / 2)
    columns = ["service", "group", "counted", "number", "change", "change_of_all"]
    return each.loc[hidden, columns].reset_index(drop=True)


def between(base: Answer, other: Answer) -> dict[str, pd.DataFrame]:
    """Return every frame of this module for two answers, by name."""
    moved = _moved(base, other)
    means = averages(moved)
    return {
        "openings": openings(base, other),
        "broken": broken(base, other),
        "short": short(base, other),
        "areas": moved.drop(columns=INNER),
        "gains_and_losses": gains_and_losses(moved),
        "averages": means,
        "worst_areas": worst_areas(moved),
        "cliffs": cliffs(other),
        "volumes": volumes(base, other),
        "taken_on": taken_on(base, other),
        "demand": demand(base, other),
        "outside": treated_outside(base, other),
        "warnings": warnings(means),
    }


# Between two plans, as a page shows it ------------------------------------------------------------------------------


def of_plans(plan: Plan, before: Plan, service: str) -> Iterator[Row]:
    """Yield (measure, service, group, value) of the journeys of ``plan`` against those of ``before``.

    People count residents, and means are of patients, or of people for those aged 75 or over, in minutes.
    Names and meanings are those of ``affectedMeasures`` in ``page/evaluate.js``, which works the same out on the page.
    ``mean_change_of_those_longer`` is over those whose journey gets longer, and NaN where nobody's does; who leaves for
    a neighbour in any case is none of them.
    ``patients_redirected`` are those of every area who arrive first at another site than before.
    """
    moved = against(plan, before, service).drop(columns=OF_AN_AREA)
    groups = sorted(
        grouped(moved), key=lambda found: SHOWN_FIRST.index(found[1]) if found[1] in SHOWN_FIRST else len(SHOWN_FIRST)
    )
    for _, group, counted, members in groups:
        older = counted == OLDER
        yield from _rows(service, group, members, "people_75_plus" if older else "people", older)
    yield "patients_redirected", service, "", _redirected(plan, before, service)


def against(plan: Plan, before: Plan, service: str) -> pd.DataFrame:
    """Return ``areas`` of the journeys of a plan to a service against those of another plan of the same question."""
    return _between(_journeys_of(before, service), _journeys_of(plan, service), _areas_of(before.problem))


@worked_out_once
def one_row_an_area(plan: Plan, service: str) -> pd.DataFrame:
    """Return area, resident, minutes (infinite where no site is reached) and site, that of most patients, by area."""
    rows = plan.journeys_to(service)
    named = rows.rename(columns={"patients_per_year": "patients"}).fillna({"site": "", "minutes": float("inf")})
    columns = ["service", "area", "patients", "site", "minutes", "spent", *(["how"] if "how" in named else [])]
    found = split_areas_together(named.assign(spent=named["minutes"])[columns])
    return found.join(plan.problem.areas["resident"], on="area")


def _rows(service: str, group: str, members: pd.DataFrame, people: str, older: bool) -> Iterator[Row]:
    number, change = members[people], members["spent_here_change"]
    stay = np.minimum(members["stay_before"], members["stay_after"])
    weight, here = (number, number * stay) if older else (members["patients"], members["patients_here"])
    longer = change > 0
    if number.notna().all():
        yield "people", service, group, float(number.sum())
        yield "people_longer", service, group, float(number[longer].sum())
        yield "people_more_than_10_longer", service, group, float(number[change > THRESHOLDS[-1]].sum())
        yield "people_more_than_10_shorter", service, group, float(number[change < -THRESHOLDS[-1]].sum())
    yield "mean_change", service, group, mean(members["spent_change"], weight)
    yield "mean_change_of_those_longer", service, group, mean(change[longer], here[longer])


def _of_as_many(both: pd.DataFrame) -> pd.Series[float]:
    """Return how many do not leave in the second answer, if as many patients are counted as in the first."""
    share = (both["patients_here_after"] / both["patients_after"]).fillna(1.0)
    as_many = both["patients_after"] == both["patients_before"]
    return both["patients_here_after"].where(as_many, both["patients_before"] * share)


def _redirected(plan: Plan, before: Plan, service: str) -> float:
    arriving = [
        one.journeys_to(service).fillna({"first_site": ""}).groupby(["area", "first_site"])["patients_per_year"].sum()
        for one in (plan, before)
    ]
    both = pd.concat(arriving, axis=1).fillna(0.0)
    return float((both.iloc[:, 0] - both.min(axis=1)).sum())


@worked_out_once
def _journeys_of(plan: Plan, service: str) -> pd.DataFrame:
    return _journeys({"journeys": plan.journeys_to(service), **_there_is(plan.problem)})


def asked_about(problem: Problem) -> dict[str, pd.DataFrame]:
    """Return what a question says of its areas, sites and services, and all its settings, as frames by those names."""
    return {**_there_is(problem), "settings": settings_of(problem.files)}


def _there_is(problem: Problem) -> dict[str, pd.DataFrame]:
    sites = [(site.code, site.name, not site.candidate) for site in problem.sites.values()]
    shares = {code: one.transfer.share_transferred.value for code, one in problem.services.items() if one.transfer}
    return {
        "areas": _areas_of(problem),
        "sites": pd.DataFrame(sites, columns=["site", "name", "neighbour"]),
        "services": of_services(problem.services, shares, problem.files),
        **({"border": problem.border.ways} if problem.border else {}),
    }


def of_services(
    services: Mapping[str, Any],
    shares: Mapping[str, float],
    files: Mapping[str, bytes],
) -> pd.DataFrame:
    """Return the services of a question, a row each, of which so large shares are taken on, where not all are.

    ``counted`` is what its patients are counted as, and ``worked_out`` whether nobody verified how many there are by
    area.
    """
    activities = {code: one.activity or "" for code, one in services.items()}
    not_counted = unverified_activities(files, dict.fromkeys(filter(None, activities.values())))
    rows = [
        (
            code,
            one.name,
            one.standard_minutes.value if one.standard_minutes else np.nan,
            shares.get(code, 1.0),
            many(activities[code]) if activities[code] else "",
            activities[code] in not_counted,
        )
        for code, one in services.items()
    ]
    columns = ["service", "name", "standard_minutes", "share_transferred", "counted", "worked_out"]
    return pd.DataFrame(rows, columns=columns)


def _areas_of(problem: Problem) -> pd.DataFrame:
    return problem.areas.rename_axis("area").reset_index()


# What stands in a run ---------------------------------------------------------------------------------------------


def _today(answer: Answer) -> dict[tuple[str, str], str]:
    rows = answer["designations"]
    stated = rows["today"].astype(str).str.lower().where(rows["today"].notna(), "")
    found = zip(zip(rows["service"], rows["site"], strict=True), stated, strict=True)
    return {pair: today for pair, today in found if today}


def _journeys(answer: Answer) -> pd.DataFrame:
    """Return residents' journeys: service, area, patients, site, minutes, and the means spent and on the road."""
    every = _journey_rows(answer)
    together = split_areas_together(every.drop(columns=["share", "moved"]))
    shares = answer["services"].set_index("service")["share_transferred"]
    together["taken_on"] = together["service"].map(shares).fillna(1.0).astype(float)
    staying = who_stay(every)
    ways = _several_ways(staying)
    keys = zip(together["service"].tolist(), together["area"].tolist(), strict=True)
    together["ways"] = pd.Series([ways.get(key) for key in keys], together.index, dtype=object)
    stay = staying.groupby(["service", "area"])["going"].sum()
    together["stay"] = stay.reindex(pd.MultiIndex.from_frame(together[["service", "area"]])).to_numpy()
    everybody = {f"{name}_here": together[name] for name in ("patients", "spent")}
    return together if "patients_here" in together else together.assign(**everybody)


def _several_ways(rows: pd.DataFrame) -> dict[tuple[str, str], list[Way]]:
    """Return the ways of the patients of each service and area who do not all go one way, with their shares.

    Not of a service of which only some are taken on: there each of the two has its own minutes already.
    """
    keys = ["service", "area"]
    rows = rows[rows.duplicated(keys, keep=False) & (rows["share"] == 1)]
    # Whoever goes to the nearest of all goes another way than who stays, though it be to the same site.
    how = (rows["how"] if "how" in rows else pd.Series(STAYS, rows.index)).where(lambda one: one != STAYS, "")
    total = rows.groupby(keys)["patients"].transform("sum")
    rows = rows.assign(way=how + rows["site"], part=rows["patients"] / total)[total > 0]
    found: dict[tuple[str, str], list[Way]] = {}
    for service, area, way, minutes, part in zip(*(rows[c] for c in (*keys, "way", "spent", "part")), strict=True):
        found.setdefault((service, area), []).append((way, float(minutes), float(part)))
    return found


def _journey_rows(answer: Answer) -> pd.DataFrame:
    """Return residents' journeys, row by row; ``moved`` where patients are seen first elsewhere, by which ``share``."""
    rows = answer["journeys"]
    rows = rows[is_true(rows["resident"])]
    found = rows[["service", "area"]].assign(
        patients=_numbers(rows["patients_per_year"]), site=rows["site"].fillna(""), minutes=_times(rows["minutes"])
    )
    first = _times(rows["first_minutes"])
    shares = answer["services"].set_index("service")["share_transferred"]
    share = rows["service"].map(shares).fillna(1.0).astype(float)
    moved = np.isfinite(found["minutes"]) & (rows["site"] != rows["first_site"])
    found["spent"] = found["minutes"].where(~moved, first + share * (found["minutes"] - first))
    found["road"] = found["minutes"].where(~moved, first + share * _times(rows["transfer_minutes"]))
    found = found.assign(how=rows["how"]) if "how" in rows else found
    going = as_patients_go(found.rename(columns={"patients": "patients_per_year"}), answer.get("border"))
    return found.assign(share=share, moved=moved, going=going).reset_index(drop=True)


def split_areas_together(found: pd.DataFrame) -> pd.DataFrame:
    """Where an area is split between sites, take the mean minutes of its patients and the site of most of them.

    Patients who leave whatever is designated count in ``spent``, ``road`` and ``patients`` alone; ``spent_here`` and
    ``patients_here``, where there are some, are without them. Where an area has no patients, means are of its people:
    ``going`` says which share of them goes which way.
    """
    which = found.groupby(["service", "area"], sort=False).ngroup().to_numpy()
    going = found["going"].to_numpy(dtype=float) if "going" in found else np.ones(len(found))
    every = _together(found, which, np.arange(len(found)), going)
    if "how" not in found:
        return every.reset_index(drop=True)
    stay = np.flatnonzero(stays(found))
    here = _together(found, which, stay, np.ones(len(found)))
    of_all = every[[name for name in ("patients", "spent", "road") if name in every]].loc[here.index]
    without = {f"{name}_here": here[name] for name in ("spent", "patients")}
    return here.assign(**without, **of_all).reset_index(drop=True)


def _together(
    found: pd.DataFrame, which: npt.NDArray[np.integer], rows: npt.NDArray[np.integer], going: npt.NDArray[np.float64]
) -> pd.DataFrame:
    """Return the areas of some rows, numbered by ``which`` of a service and area they are, as they first appear."""
    of, areas = pd.factorize(which[rows])
    means = [name for name in ("minutes", "spent", "road") if name in found]
    patients, times = found["patients"].to_numpy(dtype=float)[rows], found[means].to_numpy(dtype=float)[rows]

    def total(many: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.bincount(of, many, len(areas)).astype(float)

    most = np.argsort(-patients, kind="stable")
    most = most[np.unique(of[most], return_index=True)[1]]
    known = found[["service", "area", "patients", "site"]].take(rows[most]).set_axis(areas)
    if len(areas) == len(rows):
        return known.assign(**dict(zip(means, times.T, strict=True)))
    weight = np.where(total(patients)[of] > 0, patients, going[rows])
    counted = np.where(weight > 0, times.T, 0.0) * weight
    with np.errstate(invalid="ignore"):
        found_means = {name: total(some) / total(weight) for name, some in zip(means, counted, strict=True)}
    return known.assign(patients=total(patients), **found_means)


def _known_of_areas(table: pd.DataFrame) -> pd.DataFrame:
    by_code = table.set_index("area")
    decile = _numbers(by_code["deprivation_decile"]) if "deprivation_decile" in by_code else np.nan
    return pd.DataFrame(
        {
            "name": by_code.get("name", by_code.index),
            "district": by_code["district"].fillna("") if "district" in by_code else "",
            "fifth": np.ceil(decile / 2),
            "people": _numbers(by_code["population"]) if "population" in by_code else np.nan,
            "people_75_plus": _numbers(by_code["population_75_plus"]) if "population_75_plus" in by_code else np.nan,
        },
        index=by_code.index,
    )


def _site_patients(answer: Answer) -> pd.DataFrame:
    rows = answer["measures"][answer["measures"]["measure"] == "site_patients"]
    found = rows.rename(columns={"group": "site", "value": "patients"}).set_index(["service", "site"])
    return found[["patients"]].astype(float)


def _residents_at(answer: Answer, areas: set[str]) -> pd.Series[float]:
    """Return how many patients of some areas end up at each site, by service and site."""
    rows = _journey_rows(answer)
    ending = rows["patients"] * rows["share"].where(rows["moved"], 1.0)
    return ending[rows["area"].isin(areas)].groupby([rows["service"], rows["site"]]).sum().rename("residents")


def _numbers(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column, errors="coerce").astype(float)


def _times(column: pd.Series) -> pd.Series:
    return _numbers(column).fillna(np.inf)


# Groups and means -------------------------------------------------------------------------------------------------


def grouped(moved: pd.DataFrame) -> Iterator[tuple[str, str, str, pd.DataFrame]]:
    """Yield service, group, who is counted and the areas: all, then fifths, districts and those aged 75 and over."""
    for service, rows in moved.groupby("service", sort=False):
        code = str(service)
        yield code, "", PATIENTS, rows
        yield from ((code, group, PATIENTS, members) for group, members in groups(rows))
        if rows["people_75_plus"].notna().any():
            yield code, AGE_75_PLUS, OLDER, rows.fillna({"people_75_plus": 0})


def _means(members: pd.DataFrame, weight: pd.Series) -> tuple[float, float, float, float]:
    """Return how many are counted, and their mean minutes before, after and in between."""
    total = float(weight.sum())
    before, after = (mean(members[name], weight) for name in ("spent_before", "spent_after"))
    return total, before, after, after - before if before != after else 0.0 if before == before else np.nan


def _sum(number: pd.Series, chosen: pd.Series) -> float:
    """Return the sum over some; NaN where the numbers are not known."""
    return float(number[chosen].sum()) if number.notna().all() else np.nan


def _less(after: pd.Series, before: pd.Series) -> pd.Series:
    """Return after less before; 0 where both are infinite."""
    return (after - before).where(after != before, 0.0).round(9)


def _rounded(frame: pd.DataFrame) -> pd.DataFrame:
    floats = [name for name in frame.columns if pd.api.types.is_float_dtype(frame[name])]
    return frame.assign(**{name: frame[name].round(9) for name in floats})
