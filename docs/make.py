"""Write the pages that are made from the code: the commands, the config, the rules and the data dictionary.

python docs/make.py            writes them
python docs/make.py --check    says which of them are out of date
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import typer

DOCS = Path(__file__).parent
MADE = "Made by `python docs/make.py`; do not edit by hand."
WIDTH = 96

# The unit of every figure of a config, by the setting's name, where no rule says it. One without is refused below.
SETTING_UNITS = {
    "a_tie_is_within": "minutes a patient",
    "posts_funded": "people or WTE",
    "in_post": "people or WTE",
    "trips_a_week": "trips a week",
    "latitude": "degrees",
    "longitude": "degrees",
    "easting_m": "metres",
    "northing_m": "metres",
    "value": "as the figure it stands in",
    "factor": "times",
    "hour": "hours",
    "decimals": "decimals of a minute",
    "years": "years",
    "under_65": "share a year",
    "from_65": "share a year",
    "from_75": "share a year",
    "year": "year",
    "moves_at_most": "people, and WTE",
    "recruits_at_most": "people, and WTE",
    "people": "people",
    "wte": "WTE",
    "standard_minutes": "minutes",
    "share_within_standard": "share, 0 to 1",
    "at_most_share_outside": "share, 0 to 1",
    "border_pull": "share, 0 to 1",
    "neighbours_take_at_most": "patients a year",
    "time_limit_minutes": "minutes",
    "minutes": "minutes",
    "stay_days": "days",
    "other_patients_share": "share, 0 to 1",
    "other_stay_days": "days",
    "blocking": "share, 0 to 1",
    "dwell_minutes": "minutes",
    "overhead_minutes": "minutes",
    "call_minutes": "minutes",
    "crew_minutes": "minutes",
    "handover_minutes": "minutes",
    "share_transferred": "share, 0 to 1",
    "suspected_per_confirmed": "patients a confirmed patient",
    "repatriated_share": "share, 0 to 1",
    "one_in": "people",
    "start_hour": "hour of the day",
    "hours": "hours",
    "hours_a_plain_pa": "hours",
    "hours_a_premium_pa": "hours",
    "plain_from_hour": "hour of the day",
    "plain_to_hour": "hour of the day",
    "weeks_a_year": "weeks",
    "working_weeks": "weeks",
    "direct_care_pas": "PAs a week",
    "mean_hours": "hours",
    "hours_in_168": "hours",
    "longest_shift_hours": "hours",
    "rest_hours": "hours",
    "long_day_over_hours": "hours",
    "long_days_in_a_row": "days",
    "nights_in_a_row": "days",
    "rest_after_nights_hours": "hours",
    "weekends_worked": "weekends",
    "weekends_counted": "weekends",
    "shifts_in_a_row": "days",
    "night_from_hour": "hour of the day",
    "night_to_hour": "hour of the day",
    "night_least_hours": "hours",
}
PLACES = {
    "Settings": "The whole config",
    "TravelSettings": "`travel`",
    "RoadsSettings": "`roads`",
    "DemandSettings": "`demand`",
    "AgesSettings": "`demand.ages.<activity>`",
    "GrowthSettings": "`demand.growth`",
    "AgeGrowthSettings": "`demand.growth.by_age`",
    "TeamSettings": "`teams.<code>`",
    "AcrossSettings": "`teams.<code>.across_sites`",
    "ServiceSettings": "`services.<code>`",
    "FixedSettings": "`services.<code>.fixed.<site>`",
    "LinkSettings": "`services.<code>.same_site.<service>` and `by_transfer.<service>`",
    "ReachSettings": "`services.<code>.in_reach.<service>`",
    "BedsSettings": "`services.<code>.beds`",
    "ObservedSettings": "`services.<code>.observed`",
    "RotaSettings": "`services.<code>.rotas.<team>`",
    "ExceptionSettings": "An entry of `exceptions`",
    "AddedSiteSettings": "`sites.<site>`",
    "AddedStaffSettings": "`sites.<site>.staff.<team>`",
    "ClosedSettings": "`closed_sites.<site>`",
    "ChangeSettings": "`change.<name>`",
    "TransferSettings": "`services.<code>.transfer`",
    "SaidSettings": "`services.<code>.rotas.<team>.shared_on_call`",
    "RotaLinkSettings": "`services.<code>.rotas.<team>.only_without` and `remote_from`",
    "CoverSettings": "`services.<code>.rotas.<team>.cover`",
    "ShiftSettings": "`services.<code>.rotas.<team>.shifts.<code>`",
    "ContractSettings": "`contract`",
    "WorkingTimeSettings": "`working_time`",
    "StatedFigure": "A figure",
    "StatedLimit": "A limit",
}
# Where the same names count something else.
UNITS_OF_ALL = {"AgesSettings": "share of patients"}
# Measures that are not functions of one service's journeys alone, in words; a measure without words is refused below.
OTHER_MEASURES = {
    "patients_within": "Resident patients a year whose journey takes at most so many minutes.",
    "people_within": "Residents whose journey takes at most so many minutes, patients or not.",
    "people_beyond": "Residents whose journey takes longer than so many minutes, or who reach no site.",
    "patients_beyond_standard": "Resident patients a year whose journey is longer than the service's standard.",
    "patients_outside": "Residents' patients a year who are treated at a neighbour.",
    "share_outside": "Those of all the residents' patients, as a share.",
    "site_patients": "Patients a year who come to a site, from inside and outside the system.",
    "site_patients_from_outside": "Those of them who live outside the system.",
    "patients_more_than_today": "How many more patients a year come to a neighbour than with today's sites.",
    "observed_patients": "Patients counted at a site today, scaled to those whom the model sends to the sites counted.",
    "backcast_patients": "Patients a year whom the offsets send to a site with today's designations.",
    "backcast_error": "How far apart those two are, as a share of those counted.",
    "mean_minutes_straight_there": "Mean minutes if the same patients went straight to the nearest such site.",
    "mean_road_minutes": "Mean minutes on the road of the same patients, without what those who are taken on wait.",
    "transfers_per_day": "Patients taken on in a day, from all areas, suspected ones counted.",
    "repatriations_per_year": "Patients taken on who are later taken back, confirmed ones.",
    "ambulance_hours_per_year": "Hours of ambulances: out, back and overhead a transfer, out and back a repatriation.",
    "site_patients_not_transferred": "Patients a year who stay at a site where they were seen first.",
    "patients_past_a_nearer_site": "Patients a year, from all areas, sent to a site though a nearer one is open.",
    "minutes_past_a_nearer_site": "How much further than to the nearest open site they travel in a year.",
    "nearest_mean_minutes": "`mean_minutes` of the same designations if everybody went to the nearest.",
    "nearest_worst_minutes": "`worst_minutes` of the same.",
    "nearest_patient_minutes": "`patient_minutes` of the same.",
    "nearest_site_patients": "`site_patients` of the same.",
    "visitors_mean_minutes": "Mean minutes by their mode from a resident patient's home to where the patient is, of "
    "those who have a way.",
    "patients_out_of_visitors_reach": "Resident patients a year whose visitors have none.",
    "staff_needed": "What the rotas of a team need, over all sites.",
    "staff_in_post": "What a team has in post, over all candidates.",
    "staff_short": "What the rotas of a team are short of after every move and recruit.",
    "staff_moved": "Staff of a team who move between sites.",
    "staff_posts_funded": "Posts of a team that there is money for, where the config states them.",
    "staff_posts_vacant": "Of those, the posts that nobody fills.",
    "staff_short_with_posts_filled": "What the rotas of a team would be short of if every post were filled.",
    "staff_recruited": "Staff of a team who are newly recruited.",
    "short_with_one_vacancy": "What a rota would be short of if its site lost one of the staff (1 person, or 1 WTE).",
    "changes_from_today": "Designations that open or close, against today.",
    "beds_needed": "Beds that turn away no larger share of arrivals than the config allows; the sites' added up.",
    "beds_available": "Beds that the config says the sites have.",
    "occupancy": "Share of beds taken on average, of those available or, where that is not said, needed.",
    "blocking": "Share of arrivals who find every bed taken, with the same beds.",
    "beds_needed_as_today": "Beds that would be needed at today's sites, with everybody going to the nearest.",
    "beds_today": "Beds at today's sites, where the config says it of each.",
    "beds_beyond_today": "The NHS bed test: beds needed less today's beds; below 0, beds would close.",
    "staff_for_beds": "WTE of a role for the beds needed, where the config says how many a bed needs.",
    "exceptions_used": "Documented exceptions without which the plan would break a rule.",
}


def command_line() -> str:
    """Return the page of commands: what `--help` of each prints."""
    from optimiser import cli

    root: Any = typer.main.get_command(cli.app)
    commands = [(name, command) for name, command in root.commands.items()]
    parts = [
        "# The command line",
        MADE,
        "Results go to stdout, progress and errors to stderr. A run folder is never written over.",
        _help("optimiser", root),
        *(f"## {name}\n\n{_help(f'optimiser {name}', command)}" for name, command in commands),
        "## Exit codes",
        _table(["code", "meaning"], _exit_codes(cli.__doc__ or "")),
    ]
    return _page(parts)


def _help(name: str, command: Any) -> str:
    context = command.context_class(command, info_name=name, terminal_width=WIDTH, max_content_width=WIDTH)
    return f"```text\n{command.get_help(context)}\n```"


def _exit_codes(words: str) -> Iterator[Sequence[str]]:
    """Yield code and meaning from the one sentence in which the command line states them."""
    listed = " ".join(words.split("Exit codes:")[1].split()).removesuffix(".")
    for part in listed.split("; "):
        codes, _, meaning = re.match(r"([\d]+( and \d+)?) (.*)", part).groups()  # type: ignore[union-attr]
        yield codes, meaning if _ is None else f"{meaning} (Ctrl-C, and asked to end)"


def config() -> str:
    """Return the page of every setting of a config."""
    from optimiser.inputs.config import Settings, json_schema

    full = Settings.model_json_schema()
    shapes, stated = (
        {"Settings": schema} | {name: schema["$defs"][name] for name in PLACES if name != "Settings"}
        for schema in (json_schema(), full)
    )
    parts = [
        "# Every setting of a config",
        MADE,
        "A config is one YAML file. A figure is a bare number, or `{value, source, verified}`: a bare number counts as "
        "unverified, and every output says so. A file that is `based_on` another says only what changes: mappings are "
        "merged, lists and single values replace, `null` takes away. `schema: 1` may stand in a config, an option or a "
        "sweep, so that an optimiser that knows only older ones says so and reads no further; it means the form of the "
        "place's tables too. `optimiser schema` prints the same as JSON "
        "Schema, for editors that complete and check.",
        "What is not stated has its default: a dash where nothing is asked, limited or added unless it is stated, and "
        "**must be stated** where there is none. `optimiser validate` lists what is missing, and the `config.yaml` of "
        "every run states everything in full.",
        *(_settings(name, shape, stated[name]) for name, shape in shapes.items()),
        "## Objectives",
        "`objectives` is a list, the most important first. Each entry is a name, which covers all services, or a name "
        "with a list of services: `{worst_journey: [hyper_acute_stroke]}`. [Rules, objectives and measures](rules.md) "
        "says what each counts.",
        "## Options",
        "Options are files of their own: designations that people have written down. Services that an option does not "
        "name stay as they are today.",
        _table(["setting", "kind", "default", "meaning"], _option_rows()),
    ]
    return _page(parts)


def _settings(name: str, shape: Mapping[str, Any], full: Mapping[str, Any]) -> str:
    """Return the table of some settings: in the shape in which a config may state them, and in full with defaults."""
    shape, full = (one if "properties" in one else _with_properties(one) for one in (shape, full))
    rows = [
        (
            f"`{setting}`",
            _kind(stated),
            _unit(name, setting, stated),
            _default(setting, full),
            stated.get("description", ""),
        )
        for setting, stated in shape["properties"].items()
    ]
    about = "" if name == "Settings" else f"\n\n{shape.get('description', '')}".rstrip()
    return f"## {PLACES[name]}{about}\n\n" + _table(["setting", "kind", "unit", "default", "meaning"], rows)


def _with_properties(shape: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(one for one in shape["anyOf"] if "properties" in one)


def _default(setting: str, full: Mapping[str, Any]) -> str:
    """Say what a setting is where nobody states it."""
    if setting in full.get("required", ()):
        return "**must be stated**"
    default = full["properties"].get(setting, {}).get("default")
    if isinstance(default, dict) and "value" in default:
        default = default["value"]
    if isinstance(default, dict) and "name" in default:
        default = default["name"]
    if default in (None, "", [], {}):
        return "–"
    if isinstance(default, bool):
        return "true" if default else "false"
    if isinstance(default, list):
        return f"`[{', '.join(one['name'] if isinstance(one, dict) else one for one in default)}]`"
    return (
        f"`{default}`"
        if isinstance(default, str)
        else f"{default:g}"
        if isinstance(default, int | float)
        else "see below"
    )


def _option_rows() -> Iterator[Sequence[str]]:
    from optimiser.inputs.config import OptionSettings

    shape = OptionSettings.model_json_schema()
    for name, field in shape["properties"].items():
        yield f"`{name}`", _kind(field), _default(name, shape), field.get("description", "")


def _unit(shape: str, setting: str, stated: Any) -> str:
    kind = _kind(stated)
    if not ("number" in kind or "figure" in kind or "limit" in kind):
        return ""
    if shape in UNITS_OF_ALL:
        return UNITS_OF_ALL[shape]
    units = _units_of_rules() | SETTING_UNITS
    if setting not in units:
        where = "open docs/make.py and write its unit in SETTING_UNITS (docs/adding.md, A rule, step 1)"
        raise LookupError(f"{setting}: {where}")
    return units[setting]


def _units_of_rules() -> dict[str, str]:
    """Return in what the figure of a rule is stated, by its setting: as the rule counts, unless it is said above."""
    from optimiser.model.rules import LIMITS

    return {str(getattr(one, "setting", "")): one.sides_in or one.unit for one in LIMITS.values()}


def _kind(stated: Any) -> str:
    """Say in words what may be written for a setting."""
    if "$ref" in stated:
        name = stated["$ref"].split("/")[-1]
        return {"StatedFigure": "figure", "StatedLimit": "limit", "ObjectiveSettings": "objective"}.get(
            name, "settings"
        )
    if "anyOf" in stated:
        kinds = [_kind(one) for one in stated["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "const" in stated:
        return f"`{stated['const']}`"
    if "enum" in stated:
        return " or ".join(f"`{one}`" for one in stated["enum"])
    if stated.get("type") == "array":
        items = _kind(stated["items"]) if "prefixItems" not in stated.get("items", {}) else ""
        return f"list of {items if '`' in items else items.removesuffix('s') + 's'}" if items else "list"
    if stated.get("type") == "object":
        return "settings by code"
    plain = {"string": "text", "boolean": "true or false", "number": "number", "integer": "number"}
    return "code" if "pattern" in stated else plain[stated["type"]]


def rules() -> str:
    """Return the page of every rule, objective, measure and check."""
    from optimiser.checker import CHECKS
    from optimiser.model import objectives
    from optimiser.model.rules import LIMITS, RULES

    parts = [
        "# Rules, objectives, measures and checks",
        MADE,
        "## Rules",
        "Every plan that `optimiser solve` finds obeys every rule. A rule that *may be relaxed* is a standard or a "
        "resource: where no plan meets every rule, the message says by how much it would have to give. The others are "
        "what the words mean, and never give. Data switches a rule on: where the config states no figure, there is "
        "nothing to obey.",
        _table(
            ["rule", "in words", "unit", "may be relaxed"],
            (
                (f"`{n}`", _words(rule), *((LIMITS[n].unit, "yes") if n in LIMITS else ("", "no")))
                for n, rule in RULES.items()
            ),
        ),
        "## Objectives",
        "What a plan may be asked to make as small as possible.",
        _table(
            ["objective", "in words", "unit"],
            ((f"`{n}`", _words(one), objectives.UNITS[n]) for n, one in objectives.OBJECTIVES.items()),
        ),
        "## Measures",
        "Every number of `measures.csv`. Journeys are those of residents.",
        _table(["measure", "in words", "unit", "better", "also by"], _measure_rows()),
        "## Checks",
        "What the independent checker makes sure of, for every run. It is written from the plain words alone and "
        "shares no code with what it checks.",
        _table(["check", "makes sure that"], ((f"`{name}`", words) for name, words in CHECKS.items())),
    ]
    return _page(parts)


def _measure_rows() -> Iterator[Sequence[str]]:
    """Yield every measure that the made-up place publishes: nothing that is published lacks words."""
    import optimiser as op
    from optimiser.plan import measures

    tiny, care_model = (op.read_problem(DOCS.parent / f"configs/{name}.yaml") for name in ("tiny", "care_model"))
    published = measures.table(op.evaluate(_with_counts(tiny), tiny.today))
    # What a place without transfers, beds or exceptions does not publish is shown from places that have them.
    for problem in (_with_a_transfer(tiny), _shared_out(tiny), _visited(tiny), care_model):
        more = measures.table(op.evaluate(problem, problem.today))
        published = pd.concat([published, more[~more["measure"].isin(published["measure"])]])
    for name, rows in published.groupby("measure", sort=False):
        known = measures.JOURNEY_MEASURES.get(str(name))
        words = _words(known.of) if known else OTHER_MEASURES[re.sub(r"_\d+$", "", str(name))]
        units = ", ".join(dict.fromkeys(rows["unit"]))
        yield (
            f"`{name}`",
            words,
            "people or WTE" if "staff" in str(name) or name == "short_with_one_vacancy" else units,
            rows["better"].iloc[0],
            "role" if name == "staff_for_beds" else _groups(rows),
        )


def _with_counts(problem: Any) -> Any:
    """Return the problem with one patient counted at each site today, so that every measure is published."""
    from dataclasses import replace

    from optimiser.problem import Observed

    code = problem.services_with_patients[0]
    counts = {site: 1.0 for site, service in sorted(problem.today) if service == code}
    service = replace(problem.services[code], observed=Observed({}, "a year", counts))
    return replace(problem, services={**problem.services, code: service})


def _with_a_transfer(problem: Any) -> Any:
    """Return the made-up place with its X-ray room reached by way of the walk-in clinic."""
    from optimiser.problem import Transfer

    (first, service), (code, other) = list(problem.services.items())[:2]
    moved = replace(other, activity=service.activity, transfer=Transfer(first))
    roads = pd.DataFrame(10.0, index=list(problem.sites), columns=list(problem.sites))
    return replace(problem, services={**problem.services, code: moved}, transfers=roads)


def _shared_out(problem: Any) -> Any:
    """Return the made-up place with the patients of its walk-in clinic shared out."""
    from dataclasses import replace

    code = problem.services_with_patients[0]
    return replace(problem, services={**problem.services, code: replace(problem.services[code], managed=True)})


def _visited(problem: Any) -> Any:
    """Return the made-up place with visitors at its walk-in clinic, who come as patients do."""
    from dataclasses import replace

    code = problem.services_with_patients[0]
    service = replace(problem.services[code], visitors_travel_by="by_car")
    return replace(problem, services={**problem.services, code: service}, by_mode={"by_car": problem.journeys})


def _groups(rows: Any) -> str:
    found = []
    for words, pattern in (
        ("site", r"^[a-z_]+$"),
        ("pair of sites", r" to "),
        ("team", r"\("),
        ("deprivation fifth", "^deprivation"),
        ("district", "^district"),
        ("age 75+", "^age"),
    ):
        is_team = words == "team" and rows["group"].str.startswith("deprivation").any()
        if rows["group"].str.contains(pattern).any() and not is_team:
            found.append(words)
    return ", ".join(found)


CARE_MODEL = {
    "start": """\
Which services should be where, decided together. Fewest staff short come first, then the shortest journeys of
residents, then the fewest changes; ties go to fewest sites and then to the first in site order.

**Patients.** Strokes are a real table. Emergency attendances and the admissions that follow them are real totals,
spread over areas by people and morbidity. Births, children's and surgical admissions, hip fractures, critical care
and carotid operations are a rate that was read, times people: none of those is verified, and `sources.csv` of the
place says where each was read. No rate was found for complex cardiac, respiratory and renal care or for
interventional radiology, so nothing draws them nearer to anybody, and they stay as they are today unless a rule
moves them. Journeys of the acute medical take and of critical care are shown but not made short: their patients
come through emergency departments, whose journeys count already. Strokes count twice, for both kinds of unit.

**Pathways.** Strokes, emergency surgery and broken hips are seen first at the nearest emergency department and then
taken on to one of the three hospitals, as proposed in 2017; emergency departments are decided together with them.
Of surgical patients only those who have an operation, a quarter, are taken on. Everybody else goes straight to the
nearest site. Every run shows the minutes of both pathways, and `configs/what_if/care_model_straight_there.yaml`
asks the question with everybody taken straight to the service. No source says how many are repatriated, so nobody
is; how the overhead divides into call, crew and handover is not known, so it is one figure.

**The pathway does not decide where hyper-acute stroke is best.** Taken on from an emergency department it is
Basildon; straight there, with everything else alike, it is Basildon too. It did while everybody was sent to the
nearest hospital of all.

**"Closes"** of a hyper-acute stroke unit means that the site, where it is counted as today's, is not to be one: none of
today's three is a hyper-acute unit in this sense.

**The border** is as it is today: as many of each area as in 2019 go to the hospitals outside, for every service that
has patients and neighbours. The shares are of admissions of every kind, so they stand in for each of these services.

**Time and growth** are off here. `configs/what_if/care_model_peak_2025.yaml` asks for both together: the factors of
its times have no source, and the summary says so.""",
    "services": """\
*Today* is what `today` in the config says. What stays local is a note: no rule makes it so, and no staff are
counted for it.""",
    "asks": """\
Rows that are not verified come from a working matrix of co-dependencies, or from convention; the Clinical
Senate's own grid was not read. Replace them before any real use. Of the cells that allow two kinds, the looser
was taken. Every in-reach cell stands for 60 minutes by `transfers.csv` from a site that provides the other
service. Any figure from 34 to 60 gives the same answer; with 33 or 30, nothing is in reach of Broomfield from the
other two. Its emergency department and all that hangs on it would move to Southend, and orthopaedics, children's and
maternity services would leave Broomfield too.""",
    "left out": """\
- Vascular surgeons and interventional radiologists: each rota has a floor of 6, but how many are in post is not
  published.
- Minimum volumes of aneurysms and coronary procedures: how many there are was not found.
- Beds in post: in 2019 only Basildon had beds for the first 72 hours alone, so no hyper-acute unit has a limit, and
  its beds are counted and no rule uses them. Whole stays against all stroke beds are
  `configs/what_if/stroke_beds_2019.yaml`: with 1 in 100 turned away the nearest patients need 54 + 32 + 36 = 122, and
  46 + 32 + 42 = 120 were there, so no plan meets every rule; with 1 in 20 they need 105.
- CT, pathology, blood and anaesthetics are taken to be on all three sites, neurosurgery outside the system.
- Complex respiratory care and interventional radiology have no row in the working matrix, and so no links of
  their own; emergency orthopaedics is given those of planned orthopaedics.
- Critical care may be 60 minutes from a maternity unit, as the matrix allows. Whether that is safe is for
  clinicians to say.""",
    "options": """\
`configs/options/` has every option of 2013 to 2018 that the evidence states, with those cells that it gives. What an
option does not name stays as it is today. The same files serve smaller questions: what a question does not have is
left out, and the run says so. All of them side by side, each checked independently:

    optimiser compare configs/care_model.yaml configs/options/*.yaml

The decision of July 2018 brings two documented exceptions: emergency departments and medical takes where emergency
surgery with a stay is elsewhere (four rows), and thrombolysis where the hyper-acute unit is elsewhere (two). Without
them it would break six rules, as the proposal of 2017 does; `exceptions.csv` of its run lists them with their
reasons. It comes to 12.2 transfers a day: 3.5 suspected strokes, 7.9 for surgery and 0.7 broken hips. The programme
said 14 for all specialties in 2017 and about 25 in 2018, the BBC up to 50. That these are near the first of them
proves little: a quarter of surgical patients taken on is an assumption.""",
}


def care_model() -> str:
    """Return the page of the whole care model: what each service asks, where that is stated, and what stays local."""
    import optimiser as op

    problem = op.read_problem(DOCS.parent / "configs/care_model.yaml")
    asked = (
        (service.name, words, source, "yes" if verified else "no")
        for service in problem.services.values()
        for words, source, verified in _asked(problem, service)
    )
    parts = [
        "# The whole care model",
        f"{MADE} It says what `configs/care_model.yaml` says.",
        CARE_MODEL["start"],
        "## Services",
        CARE_MODEL["services"],
        _table(["service", "patients", "today", "what stays local where it closes"], _in_the_model(problem)),
        "## What each service asks",
        CARE_MODEL["asks"],
        _table(["service", "asks", "where that is stated", "verified"], asked),
        "## What is left out",
        CARE_MODEL["left out"],
        "## Options",
        CARE_MODEL["options"],
    ]
    return _page(parts)


def _in_the_model(problem: Any) -> Iterator[Sequence[str]]:
    """Yield each service with its patients, where it is today, and what stays local."""
    for code, service in problem.services.items():
        today = [problem.sites[site].name for site in problem.candidates if (site, code) in problem.today]
        fixed = " (fixed)" if len(service.fixed) == len(problem.candidates) else ""
        patients = f"`{service.activity}`" if service.activity else "no table of them"
        yield service.name, patients, f"{', '.join(today) or 'none'}{fixed}", service.stays_local


def _asked(problem: Any, service: Any) -> Iterator[tuple[str, str, bool]]:
    """Yield in words what a service asks, with where that is stated and whether it was verified."""
    figures = {
        "at_least_sites": "number of sites: at least {:g}",
        "at_most_sites": "number of sites: at most {:g}",
        "minimum_patients": "at least {:,g} patients a year at a site",
        "maximum_patients": "at most {:,g} patients a year at a site",
        "standard_minutes": "{:g} minutes count as near enough",
    }
    for name, words in figures.items():
        figure = getattr(service, name)
        if figure:
            yield words.format(figure.value), figure.source, figure.verified
    for rota in service.rotas:
        short = ", or counted as short" if rota.may_fall_short else ""
        team = problem.teams[rota.team].name
        needed = f"{rota.needed.value:g} {'' if rota.unit == 'people' else 'WTE '}{team} at a site{short}"
        yield needed, rota.needed.source, rota.needed.verified
    for link in service.same_site:
        yield f"on its site: {problem.services[link.service].name}", link.source, link.verified
    for link in service.in_reach:
        words = f"within {link.minutes.value:g} minutes: {problem.services[link.service].name}"
        yield words, link.minutes.source, link.minutes.verified
    for link in service.by_transfer:
        yield f"by transfer: {problem.services[link.service].name}", link.source, link.verified
    yield from _asked_of_transfer(problem, service.transfer) if service.transfer else ()
    yield from _asked_of_beds(service.beds) if service.beds else ()


def _asked_of_transfer(problem: Any, transfer: Any) -> Iterator[tuple[str, str, bool]]:
    first = problem.services[transfer.first_contact].name
    stated = (
        (
            f"pathway: seen first at the nearest {first[0].lower()}{first[1:]}; minutes there, {{:g}}",
            transfer.dwell_minutes,
        ),
        ("pathway: minutes to ask for a crew, wait, load and hand over, {:g}", transfer.overhead_minutes),
        ("pathway: share of patients taken on, {:g}", transfer.share_transferred),
        ("pathway: taken on for each who is confirmed, {:g}", transfer.suspected_per_confirmed),
        ("pathway: share of those taken on who are taken back, {:g}", transfer.repatriated_share),
    )
    for words, figure in stated:
        yield words.format(figure.value), figure.source or "Not stated anywhere that was read", figure.verified


def _asked_of_beds(beds: Any) -> Iterator[tuple[str, str, bool]]:
    stated = (
        ("beds: days a patient stays, {:g}", beds.days),
        ("beds: {:g} of arrivals have something else", beds.other_share),
        ("beds: days those stay, {:g}", beds.other_days),
        ("beds: at most {:g} of arrivals may find none", beds.blocking),
        *((f"{role.replace('_', ' ')}: {{:g}} WTE a bed", figure) for role, figure in beds.staff_per_bed.items()),
    )
    for words, figure in stated:
        if figure:
            yield words.format(figure.value), figure.source, figure.verified


def data_dictionary() -> str:
    """Return the page of every table and column."""
    from optimiser.inputs import schema

    return schema.data_dictionary()


def glossary() -> str:
    """Return the page of the words that everything shares."""
    from optimiser.report import glossary

    rows = (
        (f"{', '.join(f'**{word}**' for word in row['word'].split(', '))}", row["meaning"]) for row in glossary.rows()
    )
    words = (
        "The words that the code, the tables, the pages and the messages share. Made by `python docs/make.py` from "
        "`optimiser/report/glossary.csv`, which also says what the page tells a leader of each."
    )
    return _page(("# Glossary", words, _table(("word", "meaning"), rows)))


def decisions() -> str:
    """Return the list of decisions that may surprise."""
    pages = sorted((DOCS / "decisions").glob("*.md"))
    titles = (page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ") for page in pages)
    number_and_words = (title.split(". ", 1) for title in titles)
    rows = [
        (number, f"[{said}](decisions/{page.name})")
        for page, (number, said) in zip(pages, number_and_words, strict=True)
    ]
    words = "What may surprise whoever reads the code: each with why, and what it costs. " + MADE
    return _page(("# Decisions", words, _table(("", "decision"), rows)))


PAGES: Mapping[str, Callable[[], str]] = {
    "care_model.md": care_model,
    "cli.md": command_line,
    "config.md": config,
    "data_dictionary.md": data_dictionary,
    "decisions.md": decisions,
    "glossary.md": glossary,
    "rules.md": rules,
}


def _words(function: object) -> str:
    return (function.__doc__ or "").strip().splitlines()[0]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _page(parts: Iterable[str]) -> str:
    text = "\n\n".join(parts)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def outdated() -> list[str]:
    """Return the names of the pages that are not what this makes."""
    return [name for name, page in PAGES.items() if not _is_current(DOCS / name, page())]


def _is_current(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


def main(words: Sequence[str]) -> int:
    """Write or check the pages; return the exit code."""
    if "--check" in words:
        stale = outdated()
        print(f"Out of date: {', '.join(stale)}. Run: python docs/make.py" if stale else "Every page is current.")
        return 1 if stale else 0
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8", newline="\n")
        print(f"Wrote docs/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
