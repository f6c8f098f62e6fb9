"""What a summary says of staff: who is short, who moves, whose cover comes from elsewhere, which rota is fragile."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd

from optimiser.model.staffing import on_no_rota, rotas_needed
from optimiser.plan import Plan, measures
from optimiser.problem import ACROSS_SITES, Problem, RotaNeed
from optimiser.problem.words import listed, shown, sites_in_words
from optimiser.problem.words import short as short_name
from optimiser.report.counted import table_of

# Of a team at so many sites it is said how many it has at each.
MOST_POOLS_TOLD = 6
BREAKS_A_RULE = "; that breaks a rule"


def short(plan: Plan, *, again: bool = True) -> list[str]:
    """Return what each team is short of, and at which sites: ``again`` where a broken rule says that already."""
    found = []
    for team, unit in plan.problem.team_units:
        here = plan.staffing_of(team, unit)
        if (short := round(here["short"].sum(), 6)) > 0:
            words = f"Short of {_staff(plan, short, team, unit)}{_at_which(plan, here)}"
            allowed, posts = _allowed(plan, team, unit), _posts(plan, here)
            if again or posts or allowed != BREAKS_A_RULE:
                found.append(f"{words}{allowed}.{posts}")
    return [*found, *_short_by_grade(plan)]


def _short_by_grade(plan: Plan) -> list[str]:
    """Return what each grade is short of, over teams, where more than one is."""
    short: dict[tuple[str, str], float] = {}
    for row in plan.staffing.to_dict("records"):
        grade = plan.problem.teams[row["team"]].grade
        if grade and round(row["short"], 6) > 0:
            short[grade, row["unit"]] = short.get((grade, row["unit"]), 0.0) + row["short"]
    if len({grade for grade, _ in short}) < 2:
        return []
    said = (f"{number:g} {unit} of the grade {grade.replace('_', ' ')}" for (grade, unit), number in short.items())
    return [f"By grade it is short of {', '.join(said)}."]


def _allowed(plan: Plan, team: str, unit: str) -> str:
    """Return whether the question lets a team's rotas that are needed fall short, or a rule is broken."""
    needed = (rota for _, rota, *_ in rotas_needed(plan.problem, plan.designated))
    may = {rota.may_fall_short for rota in needed if (rota.team, rota.unit) == (team, unit)}
    if len(may) > 1:
        return ""
    return "; this question allows it" if True in may else BREAKS_A_RULE


def _at_which(plan: Plan, here: pd.DataFrame) -> str:
    """Return how the shortfall of a team is spread over sites; nothing where it is one team over all of them."""
    lacking = here[(here["short"].round(6) > 0) & (here["site"] != ACROSS_SITES)]
    where = zip(lacking["site"], lacking["short"].round(6), strict=True)
    each = [f"{short:g} at {plan.problem.pool_name(str(site))}" for site, short in where]
    return f": {', '.join(each)}" if each else ""


def _posts(plan: Plan, here: pd.DataFrame) -> str:
    """Return what a team would be short of if every post that is funded were filled, where those are known."""
    posts = plan.problem.teams[str(here["team"].iloc[0])].posts_funded
    if posts is None:
        return ""
    vacant, short = max(0.0, posts.value - here["in_post"].sum()), max(0.0, here["needed"].sum() - posts.value)
    return f" Of {posts.value:g} posts funded {vacant:g} are vacant; with all filled it would be short of {short:g}."


def moves(plan: Plan) -> list[str]:
    """Say who moves between sites, for a plan may rest on it, and whether anybody said how many may."""
    numbers, teams = moved(plan), plan.problem.teams
    if not numbers:
        return []
    unlimited = [teams[team].name for team, _ in numbers if teams[team].moves_at_most is None]
    each = [_staff(plan, number, team, unit) for (team, unit), number in numbers.items()]
    assumed = (
        f" That {' and '.join(unlimited)} may move without limit is an unverified assumption." if unlimited else ""
    )
    return [f"It rests on moves between sites: {' and '.join(each)}.{assumed}"]


def where_from(plan: Plan) -> list[str]:
    """Say between which sites staff move and what is left there, where sites are few; nothing where nobody moves."""
    teams, said, by_order = plan.problem.teams, list[str](), list[str]()
    for (team, unit), number in moved(plan).items():
        here = plan.staffing_of(team, unit)
        rows = here[(here["moved_in"] > 0) | (here["moved_out"] > 0)].to_dict("records")
        each = [f"{short_name(plan.problem.pool_name(row['site']))} {_from_to(row)}" for row in rows]
        if len(here) <= MOST_POOLS_TOLD:
            said.append(f"{teams[team].name} at {listed(each)}")
            by_order += [teams[team].name] if _others_could_go(here, number) else []
    where = f"From which sites {listed(by_order)} come, of those with some to spare"
    order = f" {where}, is by the order of their codes, which is arbitrary." if by_order else ""
    return [f"By these moves there are {'; '.join(said)}.{order}"] if said else []


def _others_could_go(here: pd.DataFrame, number: float) -> bool:
    """Whether more of a team are to spare than move, at more than one site: then others might go in their place."""
    spare = (here["in_post"] - here["needed"]).clip(lower=0)
    return int((spare > 0).sum()) > 1 and round(float(spare.sum()) - number, 6) > 0


def _from_to(row: Mapping[Hashable, Any]) -> str:
    """Return how many are in post at a site, and how many after moves."""
    before = float(row["in_post"])
    return f"from {shown(before)} to {shown(before + row['moved_in'] - row['moved_out'])}"


def year_of(problem: Problem, team: str) -> int | None:
    """Return of which year the staff of a team are; None where that is not known, or a config changed them."""
    is_changed = any(one.name.startswith(f"staff.{team}.") for one in problem.changed)
    return None if is_changed else problem.teams[team].year


def moved(plan: Plan) -> dict[tuple[str, str], float]:
    """Return how many of each team move between sites, by team and unit; no team of which nobody does."""
    found: dict[tuple[str, str], float] = {}
    for team, unit in plan.problem.team_units:
        here = plan.staffing_of(team, unit)
        if (number := round(float(here["moved_in"].sum()), 6)) > 0:
            found[team, unit] = number
    return found


def _staff(plan: Plan, number: float, team: str, unit: str) -> str:
    return staff_in_words(number, plan.problem.teams[team].name, unit)


def staff_in_words(number: float, team: str, unit: str) -> str:
    """Return so many of a team, whose name is a plural."""
    if unit == "WTE":
        return f"{number:g} WTE {team}"
    return f"1 of the {team}" if number == 1 else f"{number:g} {team}"


def lacks_staff(plan: Plan, service: str) -> str:
    """Return how many staff the rotas of a plan need of a team that a service needs, if so many are not in post."""
    for rota, needed, there in _lacking(plan, service):
        staff = staff_in_words(needed, plan.problem.teams[rota.team].name, rota.unit)
        year = year_of(plan.problem, rota.team)
        by_year = {str(year): there} | _in_other_years(plan.problem, rota.team, rota.unit)
        when = [f"{shown(number)} in {one}" for one, number in by_year.items()]
        return f"{staff}; {f'there were {listed(when)}' if year else f'{shown(there)} are in post'}"
    return ""


def staff_at_each(plan: Plan, service: str) -> str:
    """Return how many staff each site needs for a service, of the team that is lacking; nothing where sites differ."""
    for rota, *_ in _lacking(plan, service):
        here = plan.staffing_of(rota.team, rota.unit)
        each = {round(float(one), 2) for one in here["needed"][here["site"].isin(plan.sites_of(service))]}
        return staff_in_words(each.pop(), plan.problem.teams[rota.team].name, rota.unit) if len(each) == 1 else ""
    return ""


def _lacking(plan: Plan, service: str) -> Iterator[tuple[RotaNeed, float, float]]:
    """Yield the rotas of a service whose teams are too few for a plan: how many it needs, and how many there are."""
    for rota in plan.problem.services[service].rotas:
        here = plan.staffing_of(rota.team, rota.unit)
        needed, there = (round(float(here[name].sum()), 2) for name in ("needed", "in_post"))
        if needed > there:
            yield rota, needed, there


def _in_other_years(problem: Problem, team: str, unit: str) -> dict[str, float]:
    """Return how many of a team were in post in all in other years, by year: of those that staff.csv has of each site.

    ``unit`` is the column that they are counted in.
    """
    found: dict[str, dict[str, float]] = {}
    for row in table_of(problem.files, "staff"):
        if row["team"] == team and row["site"] in problem.candidates and row.get(unit.lower()):
            here = found.setdefault(row["year"], {})
            here[row["site"]] = here.get(row["site"], 0.0) + float(row[unit.lower()])
    others = {year: here for year, here in found.items() if year != str(problem.teams[team].year)}
    return {year: sum(here.values()) for year, here in sorted(others.items()) if len(here) == len(problem.candidates)}


def cover_from_elsewhere(plan: Plan) -> list[str]:
    """Say of each service whose cover on call is given from elsewhere by whom, and whether that was verified."""
    said = {}
    for code, service in plan.problem.services.items():
        for rota in service.rotas:
            link = rota.remote_from
            givers = plan.sites_of(link.service) if link else ()
            sites = [site for site in plan.sites_of(code) if site not in givers]
            if link and givers and sites:
                here, there = (sites_in_words(plan.problem, where) for where in (sites, givers))
                who = f"{plan.problem.services[link.service].name.lower()} at {there}"
                unread = "" if link.verified else "; that a standard allows it is not verified"
                said[code, rota.team] = f"{service.name} at {here} is covered on call by {who}{unread}."
    return list(said.values())


def rotas(plan: Plan) -> list[str]:
    """Say where the weekly patterns are, and name the rotas that have none."""
    rotas = [
        (code, rota) for code, service in plan.problem.services.items() if plan.sites_of(code) for rota in service.rotas
    ]
    if not any(rota.roster for _, rota in rotas):
        return []
    without = dict.fromkeys(f"{code}.{rota.team}" for code, rota in rotas if not rota.roster)
    none = f" None is written for {', '.join(without)}, whose cover is not stated." if without else ""
    said = f"Weekly patterns of the rotas that it relies on: rotas.csv, drawn by `optimiser rotas RUN`.{none}"
    return [said, *_larger_patterns(plan)]


def _larger_patterns(plan: Plan) -> list[str]:
    """Say of each rota whose weekly pattern takes more people than the rota needs that its need is too small."""
    needed: dict[str, float] = {}
    for code, rota, _, people in rotas_needed(plan.problem, plan.designated):
        if rota.unit == "people":
            needed[f"{code}.{rota.team}"] = max(people, needed.get(f"{code}.{rota.team}", 0))
    if plan.rotas is None:
        return []
    patterns = plan.rotas.groupby("rota", sort=False)["week"].max()
    return [
        f"The weekly pattern of {name} takes {weeks} people within the law; the rota asks for {needed[name]:g} only."
        for name, weeks in patterns.items()
        if name in needed and weeks > needed[name]
    ]


def fragile(plan: Plan, numbers: pd.DataFrame) -> list[str]:
    """Return a sentence on the rotas that one vacancy would leave short."""
    found = numbers[(numbers["measure"] == measures.VACANCY) & (numbers["value"] > 0)]
    said = []
    for row in found.itertuples():
        site, team, _ = str(row.group).split(" ")
        service, where = plan.problem.services[str(row.service)].name, plan.problem.pool_name(site)
        who = staff_in_words(float(f"{row.value:.4g}"), plan.problem.teams[team].name, str(row.unit))
        said.append(f"{service.lower()} at {where} short of {who}")
    spare = listed(to_spare(plan))
    asked = "other units may need them, which no rule here asks"
    help_ = f" On no rota of this question are {spare}, who could move there; {asked}." if spare else ""
    return [f"Fragile: one vacancy would leave {', '.join(said)}.{help_}"] if said else []


def vacancies(numbers: pd.DataFrame) -> tuple[int, int]:
    """Return how many rotas one vacancy would leave short, and how many there are."""
    rotas = numbers[numbers["measure"] == measures.VACANCY]
    return int((rotas["value"] > 0).sum()), len(rotas)


def to_spare(plan: Plan) -> list[str]:
    """Return how many of each team that a vacancy would leave short no rota needs, and could move there."""
    found = plan.measures[(plan.measures["measure"] == measures.VACANCY) & (plan.measures["value"] > 0)]
    teams = dict.fromkeys(tuple(str(group).split(" ", 1)[1].split(" ", 1)) for group in found["group"])
    left, spare = on_no_rota(plan.staffing), []
    for team, counted in teams:
        unit, most = counted.strip("()"), plan.problem.teams[team].moves_at_most
        if left[team, unit] > 0 and (most is None or most.value > 0):
            spare.append(_staff(plan, left[team, unit], team, unit))
    return spare
