"""The checker finds no fault in a true run, and each of many false ones under the name of what it breaks.

The run is solved by hand. Two candidates, ashby and brook, and a neighbour, yonder. Minutes:

    area     patients   ashby  brook  yonder   goes to
    north    100          10     30      50    ashby
    middle    50.5        20     20      40    ashby: equal minutes, so by code
    south     80          40     35      35    brook: equal minutes, so a candidate before a neighbour
    outer     20 (outside) 50    20.5    25    brook: counts towards its volume, nothing else

So stroke sees 150.5 at ashby and 80 + 20 = 100 at brook. Residents: 230.5 patients, 1000 + 1010 + 2800 = 4810
minutes, mean 4810 / 230.5; within the standard of 20 minutes 150.5, a share of 0.6529. Each stroke site needs 3
doctors; there are 4 and 2, so one moves. Each rehab site needs 2.5 WTE nurses; there are 3 and 2, nobody may move, and
0.25 may be recruited, which leaves brook 0.25 short, as it may be.

A stroke patient stays a hundredth of a year, and so does one other for each: 150.5 / 50 = 3.01 beds are taken at ashby
and 2 at brook. At most a fifth may be turned away. At brook 3 beds turn away 4 of 19, so it needs its 4, which turn
away 2 of 21; ashby needs 5 of its 6. Today ashby has the only unit, and outsiders and south go to yonder: 5 again.

Burns is at brook only, 20 minutes from ashby. Rehab must have it within 20; stroke within 10, but for exceptions at
both its sites, of which ashby's is put to use.
"""

from __future__ import annotations

import ast
import hashlib
import json
import random
import tomllib
from math import factorial
from pathlib import Path

import pandas as pd
import pytest
from forgotten import nothing_is_forgotten

from optimiser import checker
from optimiser.checker import CHECKS, RULE_CHECKS, check, examined, record
from optimiser.checker.claims import OBJECTIVES
from optimiser.checker.inputs import KNOWN_FILES, read_asked, read_run
from optimiser.checker.patterns import ON_CALL_CHECKS, PATTERN_CHECKS
from optimiser.checker.reading import Reader, Row, read_files
from optimiser.checker.rules import RULES, facts_of, is_lawful
from optimiser.checker.run import Run
from optimiser.checker.sentences import SENTENCE_CHECKS
from optimiser.checker.sharing import SHARING_CHECKS
from optimiser.checker.standings import STANDING_CHECKS
from optimiser.checker.tried import Trial, staffing
from optimiser.errors import InputError
from optimiser.model import solver
from optimiser.model.objectives import UNITS
from optimiser.model.rules import transfers
from optimiser.plan.runs import LIBRARIES
from optimiser.search.enumeration import KEPT


def turned_away(beds: int, load: float) -> float:
    """Return the share of arrivals who find every bed taken: the last term of a sum over the whole of it."""
    terms = [load**n / factorial(n) for n in range(beds + 1)]
    return terms[-1] / sum(terms)


def bed_measures(
    *, brook: float = 100, needed: tuple[int, int] = (5, 4), there: tuple[int, int] = (6, 4), as_today: int = 5
) -> str:
    """Return the rows about beds, with so many patients at brook: a hundredth of a year each, and as many others."""
    loads = (150.5 / 50, brook / 50)
    lost = [load * turned_away(beds, load) for load, beds in zip(loads, there, strict=True)]
    rows = []
    for site, load, gone, need, beds in zip(("ashby", "brook"), loads, lost, needed, there, strict=True):
        rows += [f"beds_needed,stroke,{site},{need},beds,lower", f"beds_available,stroke,{site},{beds},beds,neither"]
        rows += [f"occupancy,stroke,{site},{(load - gone) / beds:.15f},share of beds,neither"]
        rows += [f"blocking,stroke,{site},{gone / load:.15f},share of arrivals,lower"]
    rows += [f"beds_needed,stroke,,{sum(needed)},beds,lower", f"beds_available,stroke,,{sum(there)},beds,neither"]
    rows += [f"occupancy,stroke,,{(sum(loads) - sum(lost)) / sum(there):.15f},share of beds,neither"]
    rows += [f"blocking,stroke,,{sum(lost) / sum(loads):.15f},share of arrivals,lower"]
    rows += [f"beds_needed_as_today,stroke,,{as_today},beds,neither", f"beds_today,stroke,,{there[0]},beds,neither"]
    rows += [f"beds_beyond_today,stroke,,{sum(needed) - there[0]},beds,neither"]
    rows += [f"staff_for_beds,stroke,nurses,{sum(needed) * 2.9:.10g},WTE,neither"]
    return "".join(f"{row}\n" for row in rows)


BED_MEASURES = bed_measures()

CONFIG = """\
title: "Where should stroke go?"
place: inputs
border: nearest
travel:
  factor: {value: 1.0, source: "", verified: false}
  allow_missing: []
teams:
  doctors:
    name: Doctors
    year: 2019
    moves_at_most: {value: 1, source: agreed, verified: true}
    recruits_at_most: {value: 0, source: "", verified: false}
  nurses:
    name: Nurses
    year: 2020
    moves_at_most: {value: 0, source: "", verified: false}
    recruits_at_most: {value: 0.25, source: "", verified: false}
services:
  stroke:
    name: Stroke unit
    activity: stroke_admission
    patients_go_to: nearest
    neighbours: all
    fixed: {}
    at_least_sites: {value: 2, source: "", verified: false}
    at_most_sites: {value: 2, source: "", verified: false}
    minimum_patients: {value: 90, source: guideline, verified: true}
    maximum_patients: {value: 160, source: "", verified: false}
    longest_journey_minutes: {value: 45, source: "", verified: false}
    standard_minutes: {value: 20, source: "", verified: false}
    share_within_standard: {value: 0.6, source: "", verified: false}
    at_most_share_outside: {value: 0.1, source: "", verified: false}
    neighbours_take_at_most: {yonder: {value: 5, source: letter, verified: true}}
    same_site: {rehab: {source: guideline, verified: true}}
    in_reach: {burns: {minutes: {value: 10, source: map, verified: true}}}
    stays_local: A clinic.
    beds:
      stay_days: {value: 3.65, source: audit, verified: true}
      other_patients_share: {value: 0.5, source: "", verified: false}
      other_stay_days: {value: 3.65, source: "", verified: false}
      blocking: {value: 0.2, source: "", verified: false}
      at:
        ashby: {value: 6, source: count, verified: true}
        brook: {value: 4, source: count, verified: true}
      staff_per_bed: {nurses: {value: 2.9, source: "", verified: false}}
    rotas: {doctors: {people: {value: 3, source: "", verified: false}, may_fall_short: false}}
  rehab:
    name: Rehabilitation
    fixed: {ashby: {provided: true, reason: built, source: "", verified: false}}
    rotas: {nurses: {wte: {value: 2.5, source: "", verified: false}, may_fall_short: true}}
    same_site: {}
    in_reach: {burns: {minutes: {value: 20, source: "", verified: false}}}
    by_transfer: {stroke: {source: custom, verified: true}}
  burns:
    name: Burns
    fixed: {brook: {provided: true, reason: built, source: "", verified: false}}
today:
  stroke: [ashby]
exceptions:
  - {service: stroke, needs: burns, site: ashby, reason: A van goes daily, source: minutes, by: the board}
  - {service: stroke, needs: burns, site: brook, reason: To be safe, source: "", by: ""}
objectives:
  - patient_minutes
  - worst_journey: [stroke]
  - patients_beyond_standard
  - deprived_patient_minutes
  - staff_short
  - changes_from_today
time_limit_minutes: {value: 10, source: "", verified: false}
at_most_services_a_site: {value: 3, source: plan, verified: true}
"""
FILES = {
    "config.yaml": CONFIG,
    "inputs/areas.csv": """\
area,name,resident,population,district,population_75_plus,deprivation_decile
north,North,true,1000,Hillside,100,1
middle,Middle,true,500,Hillside,80,2
south,South,true,800,Shore,50,9
outer,Outer,false,300,Away,30,5
""",
    "inputs/sites.csv": "site,name,role\nashby,Ashby,candidate\nbrook,Brook,candidate\nyonder,Yonder,neighbour\n",
    "inputs/journeys.csv": """\
area,site,minutes
north,ashby,10
north,brook,30
north,yonder,50
middle,ashby,20
middle,brook,20
middle,yonder,40
south,ashby,40
south,brook,35
south,yonder,35
outer,ashby,50
outer,brook,20.5
outer,yonder,25
""",
    "inputs/demand.csv": """\
area,activity,patients_per_year
north,stroke_admission,100
middle,stroke_admission,50.5
south,stroke_admission,80
outer,stroke_admission,20
""",
    "inputs/staff.csv": """\
site,team,year,people,wte
ashby,doctors,2019,4,
brook,doctors,2019,2,
brook,doctors,2018,9,
ashby,nurses,2020,,3
brook,nurses,2020,5,2
""",
    "inputs/transfers.csv": """\
from_site,to_site,minutes
ashby,brook,18
brook,ashby,20
ashby,yonder,33
brook,yonder,34
yonder,ashby,35
yonder,brook,36
""",
    "links.csv": """\
service,site,needs,kind,provider,minutes,at_most,met,excepted,source,verified
stroke,ashby,rehab,same_site,ashby,0,,true,false,guideline,true
stroke,ashby,burns,in_reach,brook,20,10,false,true,map,true
stroke,brook,rehab,same_site,brook,0,,true,false,guideline,true
stroke,brook,burns,in_reach,brook,0,10,true,true,map,true
rehab,ashby,burns,in_reach,brook,20,20,true,false,,false
rehab,ashby,stroke,by_transfer,ashby,0,,,false,custom,true
rehab,brook,burns,in_reach,brook,0,20,true,false,,false
rehab,brook,stroke,by_transfer,brook,0,,,false,custom,true
""",
    "exceptions.csv": """\
service,needs,site,reason,source,by,would_have_broken
stroke,burns,ashby,A van goes daily,minutes,the board,true
stroke,burns,brook,To be safe,,,false
""",
    "designations.csv": """\
service,site,designated,today,fixed,reason
stroke,ashby,true,true,false,
stroke,brook,true,false,false,
rehab,ashby,true,,true,built
rehab,brook,true,,false,
burns,ashby,false,,false,
burns,brook,true,,true,built
""",
    "journeys.csv": """\
service,area,resident,site,minutes,patients_per_year,first_site,first_minutes,transfer_minutes
stroke,north,true,ashby,10.0,100.0,ashby,10,0
stroke,middle,true,ashby,20.0,50.5,ashby,20,0
stroke,south,true,brook,35.0,80.0,brook,35,0
stroke,outer,false,brook,20.5,20.0,brook,20.5,0
""",
    "staffing.csv": """\
team,unit,site,in_post,moved_in,moved_out,recruited,staff,needed,short
doctors,people,ashby,4,0,1,0,3,3,0
doctors,people,brook,2,1,0,0,3,3,0
nurses,WTE,ashby,3,0,0,0,3,2.5,0
nurses,WTE,brook,2,0,0,0.25,2.25,2.5,0.25
""",
    "measures.csv": f"""\
measure,service,group,value,unit,better
mean_minutes,stroke,,20.867678958785249,minutes,lower
median_minutes,stroke,,20,minutes,lower
p95_minutes,stroke,,35,minutes,lower
worst_minutes,stroke,,35,minutes,lower
patients,stroke,,230.5,patients a year,neither
patient_minutes,stroke,,4810,patient-minutes a year,lower
patients_within_30,stroke,,150.5,patients a year,higher
patients_within_45,stroke,,230.5,patients a year,higher
patients_within_60,stroke,,230.5,patients a year,higher
people_within_30,stroke,,1500,people,higher
people_within_45,stroke,,2300,people,higher
people_within_60,stroke,,2300,people,higher
people_beyond_30,stroke,,800,people,lower
people_beyond_45,stroke,,0,people,lower
people_beyond_60,stroke,,0,people,lower
patients_beyond_standard,stroke,,80,patients a year,lower
mean_minutes,stroke,deprivation fifth 1 (most deprived),13.355481727574751,minutes,lower
patients,stroke,deprivation fifth 1 (most deprived),150.5,patients a year,neither
worst_minutes,stroke,deprivation fifth 1 (most deprived),20,minutes,lower
mean_minutes,stroke,deprivation fifth 5 (least deprived),35,minutes,lower
patients,stroke,deprivation fifth 5 (least deprived),80,patients a year,neither
worst_minutes,stroke,deprivation fifth 5 (least deprived),35,minutes,lower
mean_minutes,stroke,district Hillside,13.355481727574751,minutes,lower
patients,stroke,district Hillside,150.5,patients a year,neither
worst_minutes,stroke,district Hillside,20,minutes,lower
mean_minutes,stroke,district Shore,35,minutes,lower
patients,stroke,district Shore,80,patients a year,neither
worst_minutes,stroke,district Shore,35,minutes,lower
mean_minutes,stroke,age 75+,18.913043478260869,minutes,lower
people_within_30,stroke,age 75+,180,people,higher
people_within_45,stroke,age 75+,230,people,higher
people_within_60,stroke,age 75+,230,people,higher
patients_outside,stroke,,0,patients a year,lower
share_outside,stroke,,0,share of patients,lower
site_patients,stroke,ashby,150.5,patients a year,neither
site_patients,stroke,brook,100,patients a year,neither
site_patients,stroke,yonder,0,patients a year,neither
site_patients_from_outside,stroke,ashby,0,patients a year,neither
site_patients_from_outside,stroke,brook,20,patients a year,neither
site_patients_from_outside,stroke,yonder,0,patients a year,neither
patients_more_than_today,stroke,yonder,-100,patients a year,lower
{BED_MEASURES}exceptions_used,,,1,exceptions,lower
staff_needed,,doctors (people),6,people,neither
staff_in_post,,doctors (people),6,people,neither
staff_short,,doctors (people),0,people,lower
staff_moved,,doctors (people),1,people,lower
staff_recruited,,doctors (people),0,people,lower
staff_needed,,nurses (WTE),5,WTE,neither
staff_in_post,,nurses (WTE),5,WTE,neither
staff_short,,nurses (WTE),0.25,WTE,lower
staff_moved,,nurses (WTE),0,WTE,lower
staff_recruited,,nurses (WTE),0.25,WTE,lower
short_with_one_vacancy,stroke,ashby doctors (people),1,people,lower
short_with_one_vacancy,stroke,brook doctors (people),1,people,lower
short_with_one_vacancy,rehab,ashby nurses (WTE),0.5,WTE,lower
short_with_one_vacancy,rehab,brook nurses (WTE),1.25,WTE,lower
changes_from_today,,,1,changes,lower
changes_from_today,stroke,,1,changes,lower
""",
    "rules.csv": """\
rule,instance,left,relation,right,unit,spare,binding,pass,source,verified
fixed_designations_stand,rehab.ashby,1,=,1,designated,0,true,true,,false
fixed_designations_stand,burns.brook,1,=,1,designated,0,true,true,,false
enough_sites,stroke,2,>=,2,sites,0,true,true,,false
not_too_many_sites,stroke,2,<=,2,sites,0,true,true,,false
no_site_provides_too_many,ashby,2,<=,3,services,1,false,true,plan,true
no_site_provides_too_many,brook,3,<=,3,services,0,true,true,plan,true
every_site_has_enough_patients,stroke.ashby,150.5,>=,90,patients a year,60.5,false,true,guideline,true
every_site_has_enough_patients,stroke.brook,100,>=,90,patients a year,10,false,true,guideline,true
no_site_has_too_many_patients,stroke.ashby,150.5,<=,160,patients a year,9.5,false,true,,false
no_site_has_too_many_patients,stroke.brook,100,<=,160,patients a year,60,false,true,,false
beds_are_enough,stroke.ashby,6,>=,5,beds,1,false,true,count,true
beds_are_enough,stroke.brook,4,>=,4,beds,0,true,true,count,true
nobody_travels_too_far,stroke,35,<=,45,minutes,10,false,true,,false
enough_patients_within_standard,stroke,0.6529284164859002,>=,0.6,share of patients,0.0529284164859002,false,true,,false
few_enough_are_treated_outside,stroke,0,<=,23.05,patients a year,23.05,false,true,,false
neighbours_are_not_sent_too_many,stroke.yonder,0,<=,5,patients a year,5,false,true,letter,true
services_share_a_site,stroke.ashby.rehab,1,>=,1,designated,0,true,true,guideline,true
services_share_a_site,stroke.brook.rehab,1,>=,1,designated,0,true,true,guideline,true
services_are_within_reach,rehab.ashby.burns,20,<=,20,minutes,0,true,true,,false
services_are_within_reach,rehab.brook.burns,0,<=,20,minutes,20,false,true,,false
every_area_is_served,stroke,0,=,0,areas,0,true,true,,true
rota_is_filled,stroke.ashby.doctors.people,3,>=,3,people,0,true,true,,false
rota_is_filled,stroke.brook.doctors.people,3,>=,3,people,0,true,true,,false
rota_is_filled,rehab.ashby.nurses.WTE,3,>=,2.5,WTE,0.5,false,true,,false
rota_is_filled,rehab.brook.nurses.WTE,2.5,>=,2.5,WTE,0,true,true,,false
moves_within_limit,doctors.people,1,<=,1,people,0,true,true,agreed,true
moves_within_limit,nurses.WTE,0,<=,0,WTE,0,true,true,,false
recruitment_within_limit,doctors.people,0,<=,0,people,0,true,true,,false
recruitment_within_limit,nurses.WTE,0.25,<=,0.25,WTE,0,true,true,,false
""",
}
VERSIONS = dict.fromkeys(("python", "optimiser", "numpy", "pandas", "pulp"), "1.2")
TRIAL_MODELS = {
    "whole and continuous share a demand": 28.2,
    "continuous is cheaper than whole": 9.0,
    "a dear switch stays off": 20.0,
    "an equation ties whole to continuous": 64.0,
    "rows become parallel": 1.0,
}
SOLVER = {
    "name": "HiGHS",
    "version": "1.15.1",
    "options": {"threads": 1, "mip_rel_gap": 0.0, "mip_abs_gap": 0.0}
    | {f"{kind}_feasibility_tolerance": 1e-9 for kind in ("mip", "primal", "dual")},
    "canaries": [{"name": name, "best": best, "found": best + 4e-15} for name, best in TRIAL_MODELS.items()],
}
RUN_JSON = {
    "format": 1,
    "date": "2026-11-21",
    "question": "Where should stroke go?",
    "outcome": "proved best",
    "objectives": [
        {"name": name, "services": services, "value": value, "bound": value, "unit": unit}
        for name, services, value, unit in (
            ("patient_minutes", [], 4810.0, "patient-minutes a year"),
            ("worst_journey", ["stroke"], 35.0, "minutes"),
            ("patients_beyond_standard", [], 80.0, "patients a year"),
            ("deprived_patient_minutes", [], 2010.0, "patient-minutes a year"),
            ("staff_short", [], 0.25, "people or WTE"),
            ("changes_from_today", [], 1, "changes"),
        )
    ],
    "ties": None,
    "enumeration": None,
    "solver": SOLVER,
    "versions": VERSIONS | {"highspy": "1.15.1"},
    "seconds": {"solve": 1.2e-05},
}

Edit = tuple[str, str, str]
"""A file, a text that stands in it exactly once, and what to write instead."""


def sealed(files: dict[str, bytes], result: str | None = None) -> dict[str, bytes]:
    """Give a run a ``run.json`` with the true hashes of its files."""
    result = json.dumps(RUN_JSON) if result is None else result
    contents = {name: content for name, content in files.items() if name != "run.json"}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    return {**contents, "run.json": f'{result.rstrip()[:-1]}, "files": {json.dumps(hashes)}}}'.encode()}


def run_with(*edits: Edit) -> dict[str, bytes]:
    """Return the hand-solved run, edited and sealed again: somebody lies, but seals the lie properly."""
    texts = {**FILES, "run.json": json.dumps(RUN_JSON)}
    for name, old, new in edits:
        texts.setdefault(name, "")
        assert texts[name].count(old) == 1, f"{old!r} is in {name} {texts[name].count(old)} times"
        texts[name] = texts[name].replace(old, new)
    result = texts.pop("run.json")
    return sealed({name: text.encode() for name, text in texts.items()}, result)


def names(run: dict[str, bytes]) -> set[str]:
    return set(check(run)["check"])


def rules(old: str, new: str) -> Edit:
    return ("rules.csv", old, new)


def config(old: str, new: str) -> Edit:
    return ("config.yaml", old, new)


VALUES = [4810.0, 35.0, 80.0, 2010.0, 0.25, 1]
PAIRS = [["ashby", "stroke"], ["brook", "stroke"], ["ashby", "rehab"], ["brook", "rehab"], ["brook", "burns"]]


def second_opinion(**how: object) -> Edit:
    """Add that another solver agrees, or what is said of it instead."""
    said = {"solver": "CBC", "version": "2.10.3", "answer": "agrees", "values": VALUES, "designated": PAIRS} | how
    return ("run.json", '"ties"', f'"second_opinion": {json.dumps(said)}, "ties"')


EVALUATED = ("run.json", '"proved best"', '"evaluated"')


def test_a_true_run_has_no_breach() -> None:
    found = check(run_with())
    assert list(found.columns) == ["check", "where", "claimed", "found", "message"]
    assert found.empty, "\n".join(found["message"])


def test_a_true_second_opinion_is_no_breach() -> None:
    assert not names(run_with(second_opinion()))
    silent = second_opinion(answer="out of time", values=[], designated=[])
    assert not names(run_with(silent))


def test_a_listed_file_that_no_check_reads_is_named_and_no_other() -> None:
    beside = {"endorsement.csv": b"who\nNHS England\n", "inputs/letter.txt": b"All is well."}
    files = {name: text.encode() for name, text in FILES.items()}
    assert examined(sealed(files | beside)).unread == ("endorsement.csv", "inputs/letter.txt")
    assert examined(sealed(files)).unread == ()
    # Of a run that is not so it is no question.
    assert examined(run_with(("run.json", "2026-11-21", "9999-12-31"))).unread == ()


def test_a_folder_is_checked_like_a_mapping(tmp_path: Path) -> None:
    for name, content in run_with(("journeys.csv", "20.5,20.0", "20.5,21.0")).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    expected = check(run_with(("journeys.csv", "20.5,20.0", "20.5,21.0")))
    pd.testing.assert_frame_equal(check(tmp_path), expected)
    assert list(expected["check"]) == ["patients_are_the_tables"]


def test_a_breach_says_where_what_is_claimed_and_what_is_so() -> None:
    found = check(run_with(("measures.csv", "p95_minutes,stroke,,35", "p95_minutes,stroke,,20"))).iloc[0]
    assert found["where"] == "measures.csv row 4 value"
    assert (found["claimed"], found["found"]) == ("20", "35")
    assert found["message"] == "measures.csv row 4: value of p95_minutes, stroke is 20, but should be 35."


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such run folder"):
        check(tmp_path / "nothing")


def test_a_link_is_not_a_file_of_the_run(tmp_path: Path) -> None:
    for name, content in run_with().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    elsewhere = tmp_path.parent / f"{tmp_path.name}-measures.csv"
    (tmp_path / "measures.csv").rename(elsewhere)
    (tmp_path / "measures.csv").symlink_to(elsewhere)
    assert "files_are_as_listed" in set(check(tmp_path)["check"])


# Each rule broken, with every table honest about it: the config's figure, and the rows that follow from it.
NURSES_SHORT = "rota_is_filled,rehab.brook.nurses.WTE,"
BROKEN: dict[str, list[Edit]] = {
    "fixed_designations_stand": [
        config("brook: {provided: true", "brook: {provided: false"),
        rules("burns.brook,1,=,1,designated,0,true,true", "burns.brook,1,=,0,designated,-1,false,false"),
    ],
    "enough_sites": [
        config("at_least_sites: {value: 2", "at_least_sites: {value: 3"),
        rules("enough_sites,stroke,2,>=,2,sites,0,true,true", "enough_sites,stroke,2,>=,3,sites,-1,false,false"),
    ],
    "not_too_many_sites": [
        config("at_most_sites: {value: 2", "at_most_sites: {value: 1"),
        rules("stroke,2,<=,2,sites,0,true,true", "stroke,2,<=,1,sites,-1,false,false"),
    ],
    "no_site_provides_too_many": [
        config("a_site: {value: 3", "a_site: {value: 2"),
        rules("ashby,2,<=,3,services,1,false,true", "ashby,2,<=,2,services,0,true,true"),
        rules("brook,3,<=,3,services,0,true,true", "brook,3,<=,2,services,-1,false,false"),
    ],
    "every_site_has_enough_patients": [
        config("minimum_patients: {value: 90", "minimum_patients: {value: 120"),
        rules("150.5,>=,90,patients a year,60.5", "150.5,>=,120,patients a year,30.5"),
        rules("100,>=,90,patients a year,10,false,true", "100,>=,120,patients a year,-20,false,false"),
    ],
    "no_site_has_too_many_patients": [
        config("maximum_patients: {value: 160", "maximum_patients: {value: 150"),
        rules("150.5,<=,160,patients a year,9.5,false,true", "150.5,<=,150,patients a year,-0.5,false,false"),
        rules("100,<=,160,patients a year,60", "100,<=,150,patients a year,50"),
    ],
    "nobody_travels_too_far": [
        config("journey_minutes: {value: 45", "journey_minutes: {value: 34.9"),
        rules("35,<=,45,minutes,10,false,true", "35,<=,34.9,minutes,-0.1,false,false"),
    ],
    "enough_patients_within_standard": [
        config("standard: {value: 0.6", "standard: {value: 0.66"),
        rules(
            ">=,0.6,share of patients,0.0529284164859002,false,true",
            ">=,0.66,share of patients,-0.0070715835140998,false,false",
        ),
    ],
    "few_enough_are_treated_outside": [
        config("outside: {value: 0.1", "outside: {value: -0.1"),
        rules("0,<=,23.05,patients a year,23.05,false,true", "0,<=,-23.05,patients a year,-23.05,false,false"),
    ],
    "neighbours_are_not_sent_too_many": [
        config("yonder: {value: 5", "yonder: {value: -5"),
        rules("0,<=,5,patients a year,5,false,true", "0,<=,-5,patients a year,-5,false,false"),
    ],
    "services_share_a_site": [
        config("    same_site: {}\n", "    same_site: {burns: }\n"),
        ("links.csv", "rehab,ashby,b", "rehab,ashby,burns,same_site,brook,20,,false,false,,false\nrehab,ashby,b"),
        ("links.csv", "rehab,brook,b", "rehab,brook,burns,same_site,brook,0,,true,false,,false\nrehab,brook,b"),
        rules(
            "every_area_is_served,",
            "services_share_a_site,rehab.ashby.burns,0,>=,1,designated,-1,false,false,,false\n"
            "services_share_a_site,rehab.brook.burns,1,>=,1,designated,0,true,true,,false\n"
            "every_area_is_served,",
        ),
    ],
    # Nobody can reach outer, or come from it: brook is left with its 80 residents.
    "every_area_is_served": [
        config("allow_missing: []", "allow_missing: [[outer, ashby], [outer, brook], [outer, yonder]]"),
        ("inputs/journeys.csv", "outer,ashby,50\nouter,brook,20.5\nouter,yonder,25\n", ""),
        ("journeys.csv", "outer,false,brook,20.5,20.0,brook,20.5,0", "outer,false,,,20.0,,,"),
        ("measures.csv", "site_patients,stroke,brook,100", "site_patients,stroke,brook,80"),
        ("measures.csv", "outside,stroke,brook,20", "outside,stroke,brook,0"),
        ("measures.csv", "more_than_today,stroke,yonder,-100", "more_than_today,stroke,yonder,-80"),
        ("measures.csv", BED_MEASURES, bed_measures(brook=80, needed=(5, 3))),
        rules("stroke.brook,4,>=,4,beds,0,true", "stroke.brook,4,>=,3,beds,1,false"),
        config("minimum_patients: {value: 90", "minimum_patients: {value: 80"),
        rules("150.5,>=,90,patients a year,60.5", "150.5,>=,80,patients a year,70.5"),
        rules("100,>=,90,patients a year,10,false", "80,>=,80,patients a year,0,true"),
        rules("100,<=,160,patients a year,60", "80,<=,160,patients a year,80"),
        rules("stroke,0,=,0,areas,0,true,true", "stroke,1,=,0,areas,-1,false,false"),
    ],
    "beds_are_enough": [
        config("brook: {value: 4", "brook: {value: 3"),
        ("measures.csv", BED_MEASURES, bed_measures(there=(6, 3))),
        rules("stroke.brook,4,>=,4,beds,0,true,true", "stroke.brook,3,>=,4,beds,-1,false,false"),
    ],
    "services_are_within_reach": [
        config("burns: {minutes: {value: 20", "burns: {minutes: {value: 19.5"),
        ("links.csv", "brook,20,20,true", "brook,20,19.5,false"),
        ("links.csv", "brook,0,20,true", "brook,0,19.5,true"),
        rules("burns,20,<=,20,minutes,0,true,true", "burns,20,<=,19.5,minutes,-0.5,false,false"),
        rules("burns,0,<=,20,minutes,20", "burns,0,<=,19.5,minutes,19.5"),
    ],
    "rota_is_filled": [
        config("may_fall_short: true", "may_fall_short: false"),
        rules(f"{NURSES_SHORT}2.5,>=,2.5,WTE,0,true,true", f"{NURSES_SHORT}2.25,>=,2.5,WTE,-0.25,false,false"),
    ],
    "moves_within_limit": [
        config("moves_at_most: {value: 1", "moves_at_most: {value: 0"),
        rules("doctors.people,1,<=,1,people,0,true,true", "doctors.people,1,<=,0,people,-1,false,false"),
    ],
    "recruitment_within_limit": [
        config("recruits_at_most: {value: 0.25", "recruits_at_most: {value: 0.2"),
        rules("0.25,<=,0.25,WTE,0,true,true", "0.25,<=,0.2,WTE,-0.05,false,false"),
    ],
}


# Rules of a run in which patients are transferred: tests/journeys/test_by_transfer.py breaks them.
BROKEN_THERE = set(RULE_CHECKS) & set(vars(transfers))


def test_every_rule_is_broken_below() -> None:
    forgotten = set(RULE_CHECKS) - set(BROKEN) - BROKEN_THERE
    nothing_is_forgotten(forgotten, "A rule, step 4", "tests/checker/test_checker.py, BROKEN")
    assert set(BROKEN) | BROKEN_THERE == set(RULE_CHECKS)


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_is_reported_under_its_own_name(rule: str) -> None:
    found = check(run_with(*BROKEN[rule]))
    assert list(found["check"]) == [rule], "\n".join(found["message"])
    assert "is broken" in found["message"].iloc[0]


@pytest.mark.parametrize("rule", BROKEN)
def test_an_option_may_break_a_rule_if_it_says_so(rule: str) -> None:
    found = check(run_with(*BROKEN[rule], EVALUATED))
    assert found.empty, "\n".join(found["message"])


@pytest.mark.parametrize("rule", BROKEN)
def test_a_forged_pass_is_reported_under_the_name_of_the_rule(rule: str) -> None:
    forged = [
        (name, old, new.replace("false,false", "false,true") if name == "rules.csv" else new)
        for name, old, new in BROKEN[rule]
    ]
    assert names(run_with(*forged, EVALUATED)) == {rule}


@pytest.mark.parametrize("rule", BROKEN)
@pytest.mark.parametrize(
    "column", ["left", "relation", "right", "unit", "spare", "binding", "pass", "source", "verified"]
)
def test_every_cell_of_a_rule_is_checked(rule: str, column: str) -> None:
    lines = FILES["rules.csv"].splitlines()
    cells = dict(
        zip(lines[0].split(","), (old := next(x for x in lines if x.startswith(rule))).split(","), strict=True)
    )
    lies = {
        "unit": "furlongs",
        "relation": "<",
        "binding": "false",
        "pass": "false",
        "source": "hearsay",
        "verified": "false",
    }
    cells[column] = lies.get(column, "7") if cells[column] != "false" else "true"
    assert names(run_with(rules(old, ",".join(cells.values())))) == {rule}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_missing_an_extra_and_a_repeated_row_are_reported_under_the_rule(rule: str) -> None:
    old = next(line + "\n" for line in FILES["rules.csv"].splitlines() if line.startswith(f"{rule},"))
    name, instance, rest = old.split(",", 2)
    assert names(run_with(rules(old, ""))) == {rule}
    assert names(run_with(rules(old, old + old))) == {rule}
    assert names(run_with(rules(old, f"{old}{name},{instance}.elsewhere,{rest}"))) == {rule}


def test_an_instance_may_carry_the_name_of_its_rule() -> None:
    assert check(run_with(rules("moves_within_limit,doctors", "moves_within_limit,moves_within_limit.doctors"))).empty


# What is as true of a run as before: limits of nothing, a figure that was read, and nobody to travel.
AS_TRUE: dict[str, list[Edit]] = {
    "a neighbour takes nobody": [
        config("yonder: {value: 5", "yonder: {value: 0"),
        rules("0,<=,5,patients a year,5,false,true", "0,<=,0,patients a year,0,true,true"),
    ],
    "what must be in reach must be on the site": [
        EVALUATED,
        config("burns: {minutes: {value: 20", "burns: {minutes: {value: 0"),
        ("links.csv", "brook,20,20,true", "brook,20,0,false"),
        ("links.csv", "brook,0,20,true", "brook,0,0,true"),
        rules("burns,20,<=,20,minutes,0,true,true", "burns,20,<=,0,minutes,-20,false,false"),
        rules("burns,0,<=,20,minutes,20,false,true", "burns,0,<=,0,minutes,0,true,true"),
    ],
    "what a rota needs was read": [
        config('people: {value: 3, source: "", verified: false}', "people: {value: 3, source: a book, verified: true}"),
        rules(
            "ashby.doctors.people,3,>=,3,people,0,true,true,,false",
            "ashby.doctors.people,3,>=,3,people,0,true,true,a book,true",
        ),
        rules(
            "brook.doctors.people,3,>=,3,people,0,true,true,,false",
            "brook.doctors.people,3,>=,3,people,0,true,true,a book,true",
        ),
    ],
}


@pytest.mark.parametrize("what", AS_TRUE)
def test_a_run_that_is_as_true_has_no_breach(what: str) -> None:
    found = check(run_with(*AS_TRUE[what]))
    assert found.empty, "\n".join(found["message"])


SWAPPED = [
    ("journeys.csv", "north,true,ashby", "north,true,brook"),
    ("journeys.csv", "south,true,brook", "south,true,ashby"),
]
# What is done to the run, and under which names it must be found: exactly these, no other.
# Brook is drawn half a minute nearer, so that middle (equal minutes) goes there, and both provide the service today.
# Counted are 100 and 100.4; the model sends 100 and 150.5, 250.5 in all, of which 125 and 125.5 are due.
COUNTED = """\
site,activity,period,count
ashby,stroke_admission,2019,100
brook,stroke_admission,2019,100.4
brook,stroke_admission,2018,7
"""
BEDS_BLOCK = """\
    beds:
      stay_days: {value: 3.65, source: audit, verified: true}
      other_patients_share: {value: 0.5, source: "", verified: false}
      other_stay_days: {value: 3.65, source: "", verified: false}
      blocking: {value: 0.2, source: "", verified: false}
      at:
        ashby: {value: 6, source: count, verified: true}
        brook: {value: 4, source: count, verified: true}
      staff_per_bed: {nurses: {value: 2.9, source: "", verified: false}}
"""
NO_BEDS: list[Edit] = [
    config(BEDS_BLOCK, ""),
    ("measures.csv", bed_measures(), ""),
    rules("beds_are_enough,stroke.ashby,6,>=,5,beds,1,false,true,count,true\n", ""),
    rules("beds_are_enough,stroke.brook,4,>=,4,beds,0,true,true,count,true\n", ""),
]
OBSERVED: list[Edit] = [
    *NO_BEDS,
    ("inputs/activity.csv", "", COUNTED),
    config("go_to: nearest", "go_to: observed\n    observed: {period: '2019', offsets: {brook: {value: -0.5}}}"),
    config("today:\n  stroke: [ashby]", "today:\n  stroke: [ashby, brook]"),
    ("measures.csv", "more_than_today,stroke,yonder,-100", "more_than_today,stroke,yonder,0"),
    ("designations.csv", "stroke,brook,true,false", "stroke,brook,true,true"),
    ("journeys.csv", "stroke,middle,true,ashby,20.0,50.5,ashby,20,0", "stroke,middle,true,brook,20.0,50.5,brook,20,0"),
    ("measures.csv", "site_patients,stroke,ashby,150.5", "site_patients,stroke,ashby,100"),
    ("measures.csv", "site_patients,stroke,brook,100,", "site_patients,stroke,brook,150.5,"),
    (
        "measures.csv",
        "staff_needed,,doctors",
        "observed_patients,stroke,ashby,125,patients a year,neither\n"
        "backcast_patients,stroke,ashby,100,patients a year,neither\n"
        "backcast_error,stroke,ashby,0.2,share of patients,lower\n"
        "observed_patients,stroke,brook,125.5,patients a year,neither\n"
        "backcast_patients,stroke,brook,150.5,patients a year,neither\n"
        "backcast_error,stroke,brook,0.199203187251,share of patients,lower\n"
        "staff_needed,,doctors",
    ),
    ("measures.csv", "changes_from_today,,,1", "changes_from_today,,,0"),
    ("measures.csv", "changes_from_today,stroke,,1", "changes_from_today,stroke,,0"),
    rules("150.5,>=,90,patients a year,60.5", "100,>=,90,patients a year,10"),
    rules("stroke.brook,100,>=,90,patients a year,10", "stroke.brook,150.5,>=,90,patients a year,60.5"),
    rules("150.5,<=,160,patients a year,9.5", "100,<=,160,patients a year,60"),
    rules("stroke.brook,100,<=,160,patients a year,60", "stroke.brook,150.5,<=,160,patients a year,9.5"),
    ("run.json", '"services": [], "value": 1, "bound": 1', '"services": [], "value": 0, "bound": 0'),
]


def test_a_true_run_with_offsets_has_no_breach() -> None:
    found = check(run_with(*OBSERVED))
    assert found.empty, "\n".join(found["message"])


DOUBLED = "demand: {year: 2030, growth: {years: 1, by_activity: {stroke_admission: {value: 1}}}}\n"
DOUBLED_BY_AGE = "demand: {growth: {years: 1, by_age: {under_65: 1, from_65: 1}}}\n"
AGES_KNOWN = """\
area,name,resident,population,district,population_65_plus,population_75_plus,deprivation_decile
north,North,true,1000,Hillside,200,100,1
middle,Middle,true,500,Hillside,90,80,2
south,South,true,800,Shore,50,50,9
outer,Outer,false,300,Away,60,30,5
"""


def older(shares: str) -> list[Edit]:
    """Have twice as many people aged 65 and over, where such shares of the patients are of each age."""
    growth = "growth: {years: 1, by_age: {under_65: 0, from_65: 1}}"
    said = f"demand: {{{growth}, ages: {{stroke_admission: {{{shares}}}}}}}\nteams:\n  doctors"
    return [("inputs/areas.csv", FILES["inputs/areas.csv"], AGES_KNOWN), config("teams:\n  doctors", said)]


def test_a_true_run_has_no_more_patients_where_none_of_them_is_old() -> None:
    found = check(run_with(*older("under_65: 1, from_65: 0")))
    assert found.empty, "\n".join(found["message"])


VOLUMES = ("every_site_has_enough_patients", "no_site_has_too_many_patients")


FAULTS: dict[str, tuple[set[str], list[Edit]]] = {
    "an area left out of the journeys": (
        {"journeys_are_complete"},
        [("journeys.csv", "stroke,middle,true,ashby,20.0,50.5,ashby,20,0\n", "")],
    ),
    "an area twice in the journeys": (
        {"journeys_are_complete"},
        [("journeys.csv", "stroke,outer", "stroke,north,true,ashby,10.0,100.0,ashby,10,0\nstroke,outer")],
    ),
    "journeys of a service without patients": (
        {"journeys_are_complete"},
        [("journeys.csv", "stroke,outer", "rehab,north,true,ashby,10.0,0,ashby,10,0\nstroke,outer")],
    ),
    "two sites swapped": ({"everyone_goes_to_the_nearest_site", "minutes_are_the_tables"}, SWAPPED),
    "a tie settled against the code order": (
        {"everyone_goes_to_the_nearest_site"},
        [("journeys.csv", "middle,true,ashby", "middle,true,brook")],
    ),
    "a tie settled for the neighbour": (
        {"everyone_goes_to_the_nearest_site"},
        [("journeys.csv", "south,true,brook", "south,true,yonder")],
    ),
    "a site nobody knows": (
        {"everyone_goes_to_the_nearest_site", "minutes_are_the_tables"},
        [("journeys.csv", "south,true,brook", "south,true,nowhere")],
    ),
    "seen first somewhere else": (
        {"first_contact_is_at_the_nearest_site"},
        [("journeys.csv", "100.0,ashby,10", "100.0,brook,10")],
    ),
    "a first minute altered": (
        {"first_contact_is_at_the_nearest_site"},
        [("journeys.csv", "100.0,ashby,10", "100.0,ashby,9")],
    ),
    "a transfer that nobody makes": (
        {"first_contact_is_at_the_nearest_site"},
        [("journeys.csv", "100.0,ashby,10,0", "100.0,ashby,10,5")],
    ),
    "a pathway without its transfer": (
        {"config_is_understood"},
        [config("    activity:", "    pathway: transfer\n    activity:")],
    ),
    "a minute altered": ({"minutes_are_the_tables"}, [("journeys.csv", "ashby,10.0", "ashby,10.000001")]),
    "a minute left out": ({"minutes_are_the_tables"}, [("journeys.csv", "ashby,10.0", "ashby,")]),
    "patients altered": ({"patients_are_the_tables"}, [("journeys.csv", "20.0,50.5", "20.0,50.500001")]),
    "a resident called an outsider": (
        {"patients_are_the_tables"},
        [("journeys.csv", "middle,true", "middle,false")],
    ),
    "minutes not a number": (
        {"files_can_be_read", "journeys_are_complete"},
        [("journeys.csv", "ashby,10.0", "ashby,NaN")],
    ),
    "a row cut short": (
        {"files_can_be_read", "journeys_are_complete"},
        [("journeys.csv", "ashby,10.0,100.0,ashby,10,0", "ashby,10.0")],
    ),
    "a column renamed": ({"files_can_be_read"}, [("journeys.csv", ",minutes,", ",hours,")]),
    "a column too many": ({"files_can_be_read"}, [("measures.csv", "unit,better", "unit,better,note")]),
    "a designation nobody asked about": (
        {"designations_are_complete"},
        [("designations.csv", "burns,ashby", "burns,yonder,false,,false,\nburns,ashby")],
    ),
    "a designation left out": (
        {"designations_are_complete"},
        [("designations.csv", "burns,ashby,false,,false,\n", "")],
    ),
    "a designation twice": (
        {"designations_are_complete"},
        [("designations.csv", "burns,ashby", "burns,brook,true,,true,built\nburns,ashby")],
    ),
    "today altered": ({"today_is_as_configured"}, [("designations.csv", "brook,true,false", "brook,true,true")]),
    "today made up": ({"today_is_as_configured"}, [("designations.csv", "rehab,brook,true,", "rehab,brook,true,true")]),
    "fixed altered": (
        {"fixed_is_as_configured"},
        [("designations.csv", "rehab,brook,true,,false", "rehab,brook,true,,true")],
    ),
    "a reason altered": (
        {"fixed_is_as_configured"},
        [("designations.csv", "burns,brook,true,,true,built", "burns,brook,true,,true,wish")],
    ),
    "a WTE more in post": (
        {"staff_in_post_is_the_tables"},
        [("staffing.csv", "nurses,WTE,ashby,3", "nurses,WTE,ashby,4")],
    ),
    "staff that do not add up": ({"staff_adds_up"}, [("staffing.csv", "0.25,2.25", "0.25,2.5")]),
    "a need altered": ({"staff_needed_is_right"}, [("staffing.csv", "2.25,2.5", "2.25,2.25")]),
    "a shortfall hidden": ({"staff_short_is_right"}, [("staffing.csv", "2.25,2.5,0.25", "2.25,2.5,0")]),
    "staffing of a unit nobody needs": (
        {"staffing_is_complete"},
        [("staffing.csv", "nurses,WTE,brook", "nurses,people,brook,5,0,0,0,5,0,0\nnurses,WTE,brook")],
    ),
    "staffing left out where nothing is decided": (
        {"staffing_is_complete"},
        [("staffing.csv", "nurses,WTE,ashby,3,0,0,0,3,2.5,0\n", "")],
    ),
    "half a nurse who moves out to nowhere": (
        {"moves_balance"},
        [
            ("staffing.csv", "ashby,3,0,0,0,3,2.5", "ashby,3,0,0.5,0,2.5,2.5"),
            rules("3,>=,2.5,WTE,0.5,false", "2.5,>=,2.5,WTE,0,true"),
            ("measures.csv", "ashby nurses (WTE),0.5", "ashby nurses (WTE),1"),
        ],
    ),
    "half a person": (
        {
            "people_are_whole",
            "rota_is_filled",
            "staff_short_is_right",
            "moves_within_limit",
            "measures_are_right",
            "objective_values_are_right",
        },
        [("staffing.csv", "4,0,1,0,3", "4,0,0.5,0,3.5"), ("staffing.csv", "2,1,0,0,3", "2,0.5,0,0,2.5")],
    ),
    # Nobody is recruited though a quarter of a nurse may be: the shortfall doubles, and every limit is kept to.
    "a recruit who is kept away": (
        {
            "staff_go_where_they_are_missing",
            "measures_are_right",
            "objective_values_are_right",
            "recruitment_within_limit",
        },
        [("staffing.csv", "2,0,0,0.25,2.25,2.5,0.25", "2,0,0,0,2,2.5,0.5")],
    ),
    "fewer than nobody": (
        {"nobody_is_negative"},
        [
            ("staffing.csv", "nurses,WTE,ashby,3,0,0", "nurses,WTE,ashby,3,-1,-1"),
            ("staffing.csv", "nurses,WTE,brook,2,0,0", "nurses,WTE,brook,2,1,1"),
        ],
    ),
    "a bed more than are needed": (
        {"measures_are_right"},
        [("measures.csv", "beds_needed,stroke,brook,4", "beds_needed,stroke,brook,5")],
    ),
    "a link that is not as near as it says": (
        {"links_are_right"},
        [
            (
                "links.csv",
                "stroke,ashby,burns,in_reach,brook,20,10,false",
                "stroke,ashby,burns,in_reach,brook,10,10,true",
            )
        ],
    ),
    "a link left out": (
        {"links_are_right"},
        [("links.csv", "rehab,brook,burns,in_reach,brook,0,20,true,false,,false\n", "")],
    ),
    "a transfer said to be asked for": (
        {"links_are_right"},
        [("links.csv", "rehab,ashby,stroke,by_transfer,ashby,0,,,", "rehab,ashby,stroke,by_transfer,ashby,0,,true,")],
    ),
    "an exception kept quiet": (
        {"exceptions_are_right"},
        [("exceptions.csv", "stroke,burns,ashby,A van goes daily,minutes,the board,true\n", "")],
    ),
    "an exception called needless": (
        {"exceptions_are_right"},
        [("exceptions.csv", "the board,true", "the board,false")],
    ),
    "an exception nobody documented": (
        {"exceptions_are_right"},
        [("exceptions.csv", "stroke,burns,brook", "rehab,burns,brook,So there,,,false\nstroke,burns,brook")],
    ),
    "an exception from nothing": (
        {"config_is_understood"},
        [config("needs: burns, site: brook", "needs: stroke, site: brook")],
    ),
    "half a bed": ({"config_is_understood"}, [config("brook: {value: 4", "brook: {value: 4.5")]),
    "everybody turned away": ({"config_is_understood"}, [config("blocking: {value: 0.2", "blocking: {value: 1")]),
    "no transfers table": ({"files_can_be_read"}, [("inputs/transfers.csv", FILES["inputs/transfers.csv"], "")]),
    "a measure altered": ({"measures_are_right"}, [("measures.csv", "20.867678958785249", "20.8676790")]),
    "the ninth decimal altered": (
        {"measures_are_right"},
        [("measures.csv", "age 75+,18.913043478260869", "age 75+,18.913043479")],
    ),
    "a measure left out": ({"measures_are_right"}, [("measures.csv", "median_minutes,stroke,,20,minutes,lower\n", "")]),
    "a measure nobody can check": (
        {"measures_are_right"},
        [("measures.csv", "median_minutes", "joy,stroke,,20,smiles,higher\nmedian_minutes")],
    ),
    "a measure of nothing": (
        {"measures_are_right"},
        [("measures.csv", "median_minutes", "patients,burns,,9,patients a year,neither\nmedian_minutes")],
    ),
    "a neighbour sent more than is said": (
        {"measures_are_right"},
        # With ashby alone, as today, brook's 80 and the 20 from outside go to yonder.
        [("measures.csv", "more_than_today,stroke,yonder,-100", "more_than_today,stroke,yonder,-101")],
    ),
    "a measure twice": (
        {"measures_are_right"},
        [("measures.csv", "changes_from_today,,,1", "changes_from_today,,,1,changes,lower\nchanges_from_today,,,1")],
    ),
    "a unit altered": (
        {"measures_are_right"},
        [("measures.csv", "median_minutes,stroke,,20,minutes", "median_minutes,stroke,,20,hours")],
    ),
    "worse called better": (
        {"measures_are_right"},
        [("measures.csv", "230.5,patients a year,neither", "230.5,patients a year,higher")],
    ),
    "a rule nobody knows": (
        {"every_rule_is_known"},
        [rules("enough_sites,", "nobody_waits,stroke,1,=,1,days,0,true,true,,false\nenough_sites,")],
    ),
    "a guess called verified": (
        {"enough_sites"},
        [rules("stroke,2,>=,2,sites,0,true,true,,false", "stroke,2,>=,2,sites,0,true,true,,true")],
    ),
    "a source made up": ({"nobody_travels_too_far"}, [rules("minutes,10,false,true,", "minutes,10,false,true,NICE")]),
    "an objective's value": (
        {"objective_values_are_right", "bounds_are_honest"},
        [("run.json", '"value": 4810.0', '"value": 4809.9')],
    ),
    "a value that is a word": ({"objective_values_are_right"}, [("run.json", '"value": 4810.0', '"value": "4810"')]),
    "a bound above its value": ({"bounds_are_honest"}, [("run.json", '"bound": 4810.0', '"bound": 4811.0')]),
    "a proof with a gap": ({"bounds_are_honest"}, [("run.json", '"bound": 4810.0', '"bound": 4809.9')]),
    "a proof without a bound": ({"bounds_are_honest"}, [("run.json", '"bound": 4810.0', '"bound": null')]),
    "an objective left out": (
        {"objectives_are_as_asked"},
        [
            (
                "run.json",
                ', {"name": "changes_from_today", "services": [], "value": 1, "bound": 1, "unit": "changes"}',
                "",
            )
        ],
    ),
    "an objective narrowed": (
        {"objectives_are_as_asked"},
        [("run.json", '"worst_journey", "services": ["stroke"]', '"worst_journey", "services": []')],
    ),
    "an objective nobody can check": (
        {"objectives_are_as_asked"},
        [("run.json", '"staff_short"', '"joy"'), config("- staff_short", "- joy")],
    ),
    "a ranking of nothing": (
        {
            "the_ranking_starts_with_the_plan",
            "the_list_adds_up",
            "the_record_is_sound",
            "few_designations_are_all_tried",
        },
        [("run.json", '"enumeration": null', '"enumeration": {"best": []}')],
    ),
    "a day that is not": ({"the_record_is_sound"}, [("run.json", "2026-11-21", "1999-13-45")]),
    "a day to come": ({"the_record_is_sound"}, [("run.json", "2026-11-21", "9999-12-31")]),
    "a day before there was a program": ({"the_record_is_sound"}, [("run.json", "2026-11-21", "1999-01-01")]),
    "an option that people wrote down, and solved": (
        {"the_record_is_sound"},
        [("run.json", '"ties"', '"option": {"code": "a", "title": "A", "source": "", "verified": true}, "ties"')],
    ),
    "less than no time": ({"the_record_is_sound"}, [("run.json", '"solve": 1.2e-05', '"solve": -1')]),
    "time that is no list of times": ({"the_record_is_sound"}, [("run.json", '{"solve": 1.2e-05}', "-1")]),
    "a word for a count": (
        {"the_record_is_sound", "equal_plans_are_counted"},
        [("run.json", '"ties": null', '"ties": "x"')],
    ),
    "an entry that nobody knows": ({"the_record_is_sound"}, [("run.json", '"ties"', '"saved": 1, "ties"')]),
    "an entry left out": ({"the_record_is_sound"}, [("run.json", '"ties": null, ', "")]),
    "an objective that says more": (
        {"the_record_is_sound"},
        [("run.json", '"unit": "changes"', '"unit": "changes", "a": 1')],
    ),
    "a library without a version": ({"the_record_is_sound"}, [("run.json", '"numpy": "1.2"', '"numpy": "new"')]),
    "hours for minutes": ({"objectives_have_their_units"}, [("run.json", '"unit": "minutes"', '"unit": "hours"')]),
    "another solver": ({"the_solver_can_be_believed"}, [("run.json", '"HiGHS"', '"LowS"')]),
    "a version nobody made": ({"the_solver_can_be_believed"}, [("run.json", '"version": "1.15.1"', '"version": "9"')]),
    "a version known to be wrong": (
        {"the_solver_can_be_believed"},
        [
            ("run.json", '"version": "1.15.1"', '"version": "1.14.0"'),
            ("run.json", '"highspy": "1.15.1"', '"highspy": "1.14.0"'),
        ],
    ),
    "two versions": ({"the_solver_can_be_believed"}, [("run.json", '"highspy": "1.15.1"', '"highspy": "1.15.2"')]),
    "a gap allowed": ({"the_solver_can_be_believed"}, [("run.json", '"mip_rel_gap": 0.0', '"mip_rel_gap": 0.5')]),
    "an option by which the solver ends early": (
        {"the_solver_can_be_believed"},
        [("run.json", '"threads": 1', '"threads": 1, "objective_bound": 1')],
    ),
    "threads that are true": ({"the_solver_can_be_believed"}, [("run.json", '"threads": 1', '"threads": true')]),
    "a trial model that is not ours": (
        {"the_solver_can_be_believed"},
        [("run.json", '"canaries": [', '"canaries": [{"name": "ours", "best": 1, "found": 2}, ')],
    ),
    "a trial model twice": (
        {"the_solver_can_be_believed"},
        [("run.json", '"canaries": [', '"canaries": [{"name": "a dear switch stays off", "best": 2}, ')],
    ),
    "loose tolerances": (
        {"the_solver_can_be_believed"},
        [("run.json", '"dual_feasibility_tolerance": 1e-09', '"dual_feasibility_tolerance": 0.1')],
    ),
    "another solver that disagrees": (
        {"the_second_opinion_agrees"},
        [second_opinion(answer="DISAGREES")],
    ),
    "another solver that finds less": (
        {"the_second_opinion_agrees"},
        [second_opinion(values=[4809.0, *VALUES[1:]])],
    ),
    "another solver whose plan breaks a rule": (
        {"the_second_opinion_agrees"},
        [second_opinion(designated=PAIRS[1:])],
    ),
    "another solver whose plan is elsewhere": (
        {"the_second_opinion_agrees"},
        [second_opinion(designated=[*PAIRS, ["nowhere", "burns"]])],
    ),
    "another solver whose values are too few": ({"the_second_opinion_agrees"}, [second_opinion(values=VALUES[1:])]),
    "another solver of another name": ({"the_record_is_sound"}, [second_opinion(solver="HiGHS")]),
    "another solver that says maybe": ({"the_record_is_sound"}, [second_opinion(answer="maybe")]),
    "another solver that was late with a plan": ({"the_record_is_sound"}, [second_opinion(answer="out of time")]),
    "another solver of a plan that is not proved": (
        {"the_second_opinion_agrees"},
        [second_opinion(), ("run.json", '"proved best"', '"not proved"')],
    ),
    "no trial models": (
        {"the_solver_can_be_believed"},
        [("run.json", json.dumps(SOLVER["canaries"]), "[]")],
    ),
    "a trial model gone wrong": (
        {"the_solver_can_be_believed"},
        [("run.json", '"best": 28.2, "found": 28.200000000000003', '"best": 28.2, "found": 3')],
    ),
    "a trial model gone wrong, and said to be right": (
        {"the_solver_can_be_believed"},
        [("run.json", '"best": 28.2, "found": 28.200000000000003', '"best": 3, "found": 3')],
    ),
    "a proof a thousandth short": (
        {"bounds_are_honest"},
        [("run.json", '"bound": 4810.0', '"bound": 4809.999')],
    ),
    "an outcome there is not": ({"run_says_how_it_ended"}, [("run.json", '"proved best"', '"best"')]),
    "a certificate of nothing": ({"the_certificate_proves_it"}, [("certificate.json", "", "{}")]),
    "another question": ({"run_says_how_it_ended"}, [("run.json", "Where should stroke go?", "Where should it go?")]),
    "a newer format": ({"files_can_be_read"}, [("run.json", '"format": 1', '"format": 2')]),
    "another format": ({"run_says_how_it_ended"}, [("run.json", '"format": 1', '"format": true')]),
    "run.json cut short": ({"files_can_be_read"}, [("run.json", '"ties"', '"ties')]),
    "a key twice in run.json": ({"files_can_be_read"}, [("run.json", '"ties"', '"outcome": "evaluated", "ties"')]),
    "a setting nobody knows": ({"config_is_understood"}, [config("    activity:", "    wards: 9\n    activity:")]),
    "another way for patients to go": ({"config_is_understood"}, [config("go_to: nearest", "go_to: anywhere")]),
    "observed without an offset": (
        {"config_is_understood"},
        [config("go_to: nearest", "go_to: observed\n    observed: {period: '2019'}")],
    ),
    "offsets while the nearest is chosen": (
        {"config_is_understood"},
        [config("go_to: nearest", "go_to: nearest\n    observed: {offsets: {brook: 1}}")],
    ),
    "an offset at a site nobody has": (
        {"config_is_understood"},
        [config("go_to: nearest", "go_to: observed\n    observed: {offsets: {spa: 1}}")],
    ),
    "a period without a count": (
        {"config_is_understood"},
        [*OBSERVED, ("inputs/activity.csv", "ashby,stroke_admission,2019", "ashby,stroke_admission,2018")],
    ),
    "an offset that sends middle elsewhere": (
        {"everyone_goes_to_the_nearest_site"},
        [*OBSERVED, ("journeys.csv", "stroke,middle,true,brook", "stroke,middle,true,ashby")],
    ),
    "a back-cast error that flatters": (
        {"measures_are_right"},
        [*OBSERVED, ("measures.csv", "error,stroke,ashby,0.2", "error,stroke,ashby,0.1")],
    ),
    "growth that the journeys do not have": (
        {"patients_are_the_tables", "measures_are_right", "objective_values_are_right", *VOLUMES}
        | {"few_enough_are_treated_outside"},
        [*NO_BEDS, config("teams:\n  doctors", f"{DOUBLED}teams:\n  doctors")],
    ),
    "growth by ages that nobody counted": (
        {"inputs_are_complete"},
        [config("teams:\n  doctors", f"{DOUBLED_BY_AGE}teams:\n  doctors")],
    ),
    "patients who do not follow the people of their age": (
        {"patients_are_the_tables", "measures_are_right", "objective_values_are_right", *VOLUMES}
        | {"few_enough_are_treated_outside", "enough_patients_within_standard"},
        [*NO_BEDS, *older("under_65: 0.25, from_65: 0.25, from_75: 0.5")],
    ),
    "patients of whom some are of no age": ({"config_is_understood"}, older("under_65: 1, from_75: 0")),
    "patients who are counted twice": ({"config_is_understood"}, older("under_65: 1, from_65: 0, from_75: 0.01")),
    "ages of patients whom nobody counts": (
        {"config_is_understood"},
        [config("teams:\n  doctors", "demand: {ages: {strokes: {under_65: 1, from_65: 0}}}\nteams:\n  doctors")],
    ),
    "growth for half a year": (
        {"config_is_understood"},
        [config("teams:\n  doctors", "demand: {growth: {years: 0.5, by_activity: {}}}\nteams:\n  doctors")],
    ),
    "a time that has no factor": (
        {"config_is_understood"},
        [config("  allow_missing: []", "  times: {peak: 2}\n  time: dawn\n  allow_missing: []")],
    ),
    "a time that the journeys do not know": (
        {"minutes_are_the_tables", "measures_are_right", "objective_values_are_right", "nobody_travels_too_far"}
        | {"enough_patients_within_standard", "services_are_within_reach", "links_are_right"}
        | {"first_contact_is_at_the_nearest_site"},
        [config("  allow_missing: []", "  times: {peak: 2}\n  time: peak\n  allow_missing: []")],
    ),
    "a site nobody has": (
        {"config_is_understood"},
        [config("today:\n  stroke: [ashby]", "today:\n  stroke: [ashby, spa]")],
    ),
    "a team nobody has": ({"config_is_understood"}, [config("rotas: {nurses", "rotas: {porters")]),
    "words for a number": ({"config_is_understood"}, [config("{value: 0.6", "{value: most")]),
    "a share without a standard": (
        {"config_is_understood"},
        [config('    standard_minutes: {value: 20, source: "", verified: false}\n', "")],
    ),
    "a key twice in the config": (
        {"files_can_be_read"},
        [config("border: nearest", "border: nearest\nborder: closed")],
    ),
    "a journey left out of the inputs": ({"inputs_are_complete"}, [("inputs/journeys.csv", "north,yonder,50\n", "")]),
    "a journey from nowhere": (
        {"inputs_are_complete"},
        [("inputs/journeys.csv", "north,yonder", "nowhere,yonder,5\nnorth,yonder")],
    ),
    "a journey twice": (
        {"inputs_are_complete"},
        [("inputs/journeys.csv", "north,yonder", "north,brook,30\nnorth,yonder")],
    ),
    "a negative journey": (
        {"files_can_be_read"},
        [("inputs/journeys.csv", "north,yonder,50", "north,yonder,-50")],
    ),
    "a role there is not": (
        {"inputs_are_complete"},
        [("inputs/sites.csv", "Yonder,neighbour", "Yonder,friend")],
    ),
    "staff where there is no site": (
        {"inputs_are_complete"},
        [("inputs/staff.csv", "brook,doctors,2018", "nowhere,doctors,2019")],
    ),
    "an eleventh tenth": (
        {"files_can_be_read"},
        [("inputs/areas.csv", "300,Away,30,5", "300,Away,30,11")],
    ),
    "no staff table": ({"files_can_be_read"}, [("inputs/staff.csv", FILES["inputs/staff.csv"], "")]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_is_found_under_its_own_name(fault: str) -> None:
    expected, edits = FAULTS[fault]
    found = check(run_with(*edits))
    assert set(found["check"]) == expected, "\n".join(found["message"])


def test_a_flipped_designation_is_found() -> None:
    """Closing brook in one cell leaves journeys, rotas, measures and objectives that no longer follow from it."""
    found = names(run_with(("designations.csv", "stroke,brook,true", "stroke,brook,false")))
    assert {"everyone_goes_to_the_nearest_site", "rota_is_filled", "measures_are_right"} <= found
    assert {"objective_values_are_right", "enough_sites", "no_site_has_too_many_patients"} <= found


@pytest.mark.parametrize("name", [*FILES, "run.json"])
def test_a_changed_byte_is_found_in_every_file(name: str) -> None:
    run = run_with()
    run[name] = run[name] + b"\n"
    expected = set() if name == "run.json" else {"files_are_as_listed"}
    assert names(run) >= expected
    run[name] = run[name].replace(b"o", b"O", 1)
    assert names(run)


@pytest.mark.parametrize("name", [*FILES, "run.json"])
def test_a_missing_file_is_found(name: str) -> None:
    run = run_with()
    del run[name]
    assert "files_can_be_read" in names(run)
    if name != "run.json":
        assert "files_are_as_listed" in names(run)


def test_a_wrong_hash_and_an_unlisted_input_are_found() -> None:
    run = run_with()
    digest = hashlib.sha256(run["rules.csv"]).hexdigest().encode()
    wrong = {**run, "run.json": run["run.json"].replace(digest, b"0" * 64)}
    assert list(check(wrong)["where"]) == ["rules.csv"]
    assert list(check({**run, "inputs/more.csv": b"x"})["check"]) == ["files_are_as_listed"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"\x00", b"[" * 1_500, b'"', b"a,b\n", b"null", b"{}"])
@pytest.mark.parametrize("name", [*FILES, "run.json"])
def test_a_malformed_file_is_a_breach_never_a_traceback(name: str, content: bytes) -> None:
    run = {**run_with(), name: content}
    assert names(run)
    assert names(sealed(run)) or name == "run.json"


def test_no_damage_ends_in_a_traceback() -> None:
    chance = random.Random(2)
    clean = run_with()
    for _ in range(60):
        name = chance.choice(sorted(clean))
        content = clean[name]
        start, length = chance.randrange(len(content)), chance.choice([1, 1, 2, 5, 30])
        new = bytes(chance.choice(b"0179.-,:{}[]\"'\n aex#&*!") for _ in range(chance.choice([0, 1, 2])))
        damaged = content[:start] + new + content[start + length :]
        assert damaged == content or not check({**clean, name: damaged}).empty or name == "run.json"
        check(sealed({**clean, name: damaged}, None if name != "run.json" else damaged.decode("utf-8", "replace")))


def test_a_resident_whom_nobody_serves_travels_for_ever() -> None:
    """Without any journey from north, its 100 patients are beyond every limit and the mean is infinite."""
    gone = [("inputs/journeys.csv", "north,ashby,10\nnorth,brook,30\nnorth,yonder,50\n", "")]
    found = check(run_with(*gone, EVALUATED)).set_index("where")
    assert found.loc["measures.csv row 2 value", "found"] == "inf"
    assert found.loc["measures.csv row 17 value", "found"] == "180"
    assert "inf" in set(found.loc[found["check"] == "nobody_travels_too_far", "found"])


def test_a_closed_border_leaves_no_neighbours_and_no_outside_areas() -> None:
    closed = [
        config("border: nearest", "border: closed"),
        rules("neighbours_are_not_sent_too_many,stroke.yonder,0,<=,5,patients a year,5,false,true,letter,true\n", ""),
        ("journeys.csv", "stroke,outer,false,brook,20.5,20.0,brook,20.5,0\n", ""),
        ("measures.csv", "site_patients,stroke,brook,100", "site_patients,stroke,brook,80"),
        ("measures.csv", "site_patients,stroke,yonder,0,patients a year,neither\n", ""),
        ("measures.csv", "site_patients_from_outside,stroke,yonder,0,patients a year,neither\n", ""),
        ("measures.csv", "patients_more_than_today,stroke,yonder,-100,patients a year,lower\n", ""),
        ("measures.csv", "outside,stroke,brook,20", "outside,stroke,brook,0"),
        # With nobody else open today, all 230.5 residents would come to ashby: 4.61 beds taken, and 6 needed.
        ("measures.csv", BED_MEASURES, bed_measures(brook=80, needed=(5, 3), as_today=6)),
        rules("stroke.brook,4,>=,4,beds,0,true", "stroke.brook,4,>=,3,beds,1,false"),
        config("minimum_patients: {value: 90", "minimum_patients: {value: 80"),
        rules("150.5,>=,90,patients a year,60.5", "150.5,>=,80,patients a year,70.5"),
        rules("100,>=,90,patients a year,10,false", "80,>=,80,patients a year,0,true"),
        rules("100,<=,160,patients a year,60", "80,<=,160,patients a year,80"),
    ]
    found = check(run_with(*closed))
    assert found.empty, "\n".join(found["message"])


def test_groups_are_absent_when_their_columns_are() -> None:
    bare = "area,name,resident,population\nnorth,N,true,1000\nmiddle,M,true,500\nsouth,S,true,800\nouter,O,false,300\n"
    rows = FILES["measures.csv"].splitlines(keepends=True)
    kept = "".join(row for row in rows if not any(word in row for word in ("deprivation", "district", "75+")))
    found = check(
        run_with(("inputs/areas.csv", FILES["inputs/areas.csv"], bare), ("measures.csv", "".join(rows), kept))
    )
    # Only the objective that rests on deprivation is left without its column.
    of_objectives = {"objectives_are_as_asked", "objective_values_are_right"}
    assert set(found["check"]) == {*of_objectives, "few_designations_are_all_tried"}


def test_people_are_not_counted_where_areas_do_not_say_how_many_there_are() -> None:
    bare = FILES["inputs/areas.csv"].splitlines()
    place = bare[0].split(",").index("population")
    without = "".join(",".join([*row.split(",")[:place], *row.split(",")[place + 1 :]]) + "\n" for row in bare)
    edit = ("inputs/areas.csv", FILES["inputs/areas.csv"], without)
    assert "measures_are_right" in set(check(run_with(edit))["check"])
    rows = FILES["measures.csv"].splitlines(keepends=True)
    kept = "".join(row for row in rows if not row.startswith("people_") or "75+" in row)
    assert check(run_with(edit, ("measures.csv", "".join(rows), kept))).empty


def test_minutes_times_the_factor_are_rounded_to_six_decimals() -> None:
    edits = [
        config("factor: {value: 1.0", "factor: {value: 1.0000001"),
        ("inputs/journeys.csv", "outer,brook,20.5", "outer,brook,20"),
        ("journeys.csv", "brook,20.5,20.0,brook,20.5", "brook,20.000002,20.0,brook,20.000002"),
    ]
    found = check(run_with(*edits))
    # 20 × 1.0000001 = 20.000002 in full; north's 10 is now 10.000001.
    assert "minutes_are_the_tables" in set(found["check"])
    assert not any("outer" in where or "row 5" in where for where in found["where"] if where.startswith("journeys"))


# Spellings of the same inputs that a table may have, each with what is written in place of what.
SPELLINGS: dict[str, list[Edit]] = {
    "TRUE": [("inputs/areas.csv", "north,North,true", "north,North,TRUE")],
    "True": [("inputs/areas.csv", "middle,Middle,true", "middle,Middle,True")],
    "FALSE": [("inputs/areas.csv", "outer,Outer,false", "outer,Outer,FALSE")],
    "False": [("inputs/areas.csv", "outer,Outer,false", "outer,Outer,False")],
    "a blank row": [("inputs/areas.csv", "middle,Middle", ",,,,,,\nmiddle,Middle")],
    "a row of one blank cell": [("inputs/sites.csv", "brook,Brook", '""\nbrook,Brook')],
    "an empty line": [("inputs/demand.csv", "south,stroke", "\nsouth,stroke")],
    "an empty last line": [("inputs/journeys.csv", "outer,yonder,25\n", "outer,yonder,25\n\n")],
    "no last line end": [("inputs/journeys.csv", "outer,yonder,25\n", "outer,yonder,25")],
    "blank cells at the end of a row": [("inputs/staff.csv", "ashby,nurses,2020,,3", "ashby,nurses,2020,,3,,")],
    "no digit after the point": [("inputs/journeys.csv", "north,ashby,10", "north,ashby,10.")],
    "no digit before the point": [("inputs/staff.csv", "brook,doctors,2018,9", "brook,doctors,2018,.5")],
    "an exponent": [("inputs/demand.csv", "north,stroke_admission,100", "north,stroke_admission,1.0E+0002")],
    "a plus sign": [("inputs/demand.csv", "south,stroke_admission,80", "south,stroke_admission,+80")],
    "many digits": [("inputs/journeys.csv", "outer,brook,20.5", f"outer,brook,20.5{'0' * 300}")],
    "carriage returns": [
        ("inputs/journeys.csv", FILES["inputs/journeys.csv"], FILES["inputs/journeys.csv"].replace("\n", "\r\n"))
    ],
    "a byte order mark": [("inputs/areas.csv", "area,name", "\ufeffarea,name")],
    "a tenth left blank": [("inputs/areas.csv", "Away,30,5", "Away,30,")],
    "a district left blank": [("inputs/areas.csv", "300,Away,30", "300,,30")],
    "people of 75 left blank": [("inputs/areas.csv", "300,Away,30,5", "300,Away,,5")],
    "a figure with an exponent": [
        config("longest_journey_minutes: {value: 45,", "longest_journey_minutes: {value: 4.5e+01,")
    ],
    "a figure without a digit before the point": [config("{value: 0.6,", "{value: .6,")],
    "an enormous figure": [
        config("maximum_patients: {value: 160,", "maximum_patients: {value: 1.0e+31,"),
        rules("150.5,<=,160,patients a year,9.5", "150.5,<=,1e31,patients a year,1e31"),
        rules("100,<=,160,patients a year,60", "100,<=,1e31,patients a year,1e31"),
    ],
    "a figure of 300 digits": [
        config("maximum_patients: {value: 160,", f"maximum_patients: {{value: 1{'0' * 299},"),
        rules("150.5,<=,160,patients a year,9.5", "150.5,<=,1e299,patients a year,1e299"),
        rules("100,<=,160,patients a year,60", "100,<=,1e299,patients a year,1e299"),
    ],
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_sound_input_may_be_spelled_otherwise(spelling: str) -> None:
    found = check(run_with(*SPELLINGS[spelling]))
    assert found.empty, "\n".join(found["message"])


def test_an_area_without_a_tenth_or_a_district_belongs_to_no_such_group() -> None:
    """South is the only one in its tenth and its district: without them those groups are gone, and only those."""
    rows = FILES["measures.csv"].splitlines(keepends=True)
    kept = "".join(row for row in rows if "fifth 5" not in row and "Shore" not in row)
    edits = [("inputs/areas.csv", "800,Shore,50,9", "800,,50,"), ("measures.csv", "".join(rows), kept)]
    found = check(run_with(*edits))
    assert found.empty, "\n".join(found["message"])


def test_blank_people_of_75_are_nobody() -> None:
    """South's 50 left out: all 180 are within 30 minutes, on average (100 × 10 + 80 × 20) / 180."""
    edits = [
        ("inputs/areas.csv", "800,Shore,50,9", "800,Shore,,9"),
        ("measures.csv", "age 75+,18.913043478260869", "age 75+,14.444444444444445"),
        ("measures.csv", "people_within_45,stroke,age 75+,230", "people_within_45,stroke,age 75+,180"),
        ("measures.csv", "people_within_60,stroke,age 75+,230", "people_within_60,stroke,age 75+,180"),
    ]
    found = check(run_with(*edits))
    assert found.empty, "\n".join(found["message"])


def test_what_a_team_is_short_of_counts_the_needs_of_every_service() -> None:
    """Burns needs 1 nurse at brook, where 2.25 stand; what the team is short of is 0.25, for rehab's 2.5."""
    edits = [
        config(
            "    name: Burns\n",
            "    name: Burns\n    rotas: {nurses: {wte: {value: 1, source: '', verified: false}}}\n",
        ),
        rules(
            "moves_within_limit,doctors",
            "rota_is_filled,burns.brook.nurses.WTE,2.25,>=,1,WTE,1.25,false,true,,false\nmoves_within_limit,doctors",
        ),
        (
            "measures.csv",
            "short_with_one_vacancy,rehab,brook nurses (WTE),1.25,WTE,lower\n",
            "short_with_one_vacancy,rehab,brook nurses (WTE),1.25,WTE,lower\n"
            "short_with_one_vacancy,burns,brook nurses (WTE),0,WTE,lower\n",
        ),
        config("  - staff_short\n", "  - staff_short: [burns]\n"),
        ("run.json", '"staff_short", "services": []', '"staff_short", "services": ["burns"]'),
    ]
    found = check(run_with(*edits))
    assert found.empty, "\n".join(found["message"])


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "a bomb": BOMB,
    "an anchor": CONFIG.replace("title: ", "title: &t "),
    "a deep nest": f"{'[' * 60}{']' * 60}",
    "a name without end": f"{'k' * 300}: 1\n{CONFIG}",
    "too many bytes": f"{CONFIG}# {'x' * 2 * 1024**2}\n",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=list(HOSTILE))
def test_a_config_made_to_keep_a_reader_busy_is_refused(content: str) -> None:
    found = check(run_with(config(CONFIG, content)))
    assert list(found["check"]) == ["files_can_be_read"]
    assert found["message"].str.len().max() < 300


def test_what_is_not_understood_is_quoted_in_brief() -> None:
    found = check(run_with(config("{value: 0.6", f"{{value: {'most' * 1000}")))
    assert list(found["check"]) == ["config_is_understood"]
    assert len(found.loc[0, "claimed"]) < 100
    found = check(run_with(config("border: nearest", f"border: [{', '.join(['x'] * 10_000)}]")))
    assert len(found.loc[0, "claimed"]) < 100


def test_beds_beyond_counting_do_not_keep_the_checker_busy() -> None:
    """So many beds turn nobody away; so long a stay takes more beds than anybody counts."""
    assert "measures_are_right" in names(run_with(config("ashby: {value: 6,", "ashby: {value: 1.0e+31,")))
    long_stay = config("      stay_days: {value: 3.65,", "      stay_days: {value: 1.0e+31,")
    assert names(run_with(long_stay)) == {"config_is_understood"}


def in_folder(folder: Path, run: dict[str, bytes]) -> Path:
    for name, content in run.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_only_files_of_the_run_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in the folder that is not listed is named; what stands elsewhere is not looked at."""
    folder = in_folder(tmp_path / "run", run_with())
    in_folder(folder, {"notes.txt": b"x", "report.html": b"x", "a.XLSX": b"x", ".hidden": b"x", "more/notes.txt": b"x"})
    opened: list[str] = []
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: (opened.append(path.name), read(path))[1])
    found = check(folder)
    assert list(found["check"]) == ["files_are_as_listed"]
    assert list(found["where"]) == ["notes.txt"]
    assert opened[0] == "run.json"
    assert not {"notes.txt", "report.html", "a.XLSX", ".hidden"} & set(opened)


def test_an_unlisted_file_is_found_in_memory_too() -> None:
    found = check(
        {**run_with(), "notes.txt": b"x", "report.html": b"x", ".hidden": b"x", "map.gpkg": b"", "a.zip": b""}
    )
    assert list(found["where"]) == ["notes.txt"]


def test_a_listed_file_outside_the_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_bytes(b"x")
    run = run_with()
    run["run.json"] = run["run.json"].replace(b'"files": {', b'"files": {"../secret.txt": "0", "/etc/hosts": "0", ')
    found = check(in_folder(tmp_path / "run", run))
    assert set(found["found"]) == {"no file"}


def test_a_file_over_the_limit_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optimiser.checker.reading.MOST_BYTES", 10_000)
    run = sealed({**run_with(), "inputs/demand.csv": b"x" * 10_001})
    for given in (run, in_folder(tmp_path, run)):
        found = check(given)
        assert set(found["check"]) == {"files_are_as_listed", "files_can_be_read"}
        assert set(found["where"]) == {"inputs/demand.csv"}


PLAN = [["ashby", "rehab"], ["ashby", "stroke"], ["brook", "burns"], ["brook", "rehab"], ["brook", "stroke"]]
REACHED = [4810.0, 35.0, 80.0, 2010.0, 0.25, 1]
# Of 16 designations that agree with what is fixed, 12 have stroke at fewer than two sites, and 2 no rehab beside it.
# The two that are left differ in burns at ashby, on which no objective rests.
BOTH = [{"values": REACHED, "designated": PLAN}, {"values": REACHED, "designated": [["ashby", "burns"], *PLAN]}]
STRUCK = {"enough_sites": 12, "services_share_a_site": 2}
LISTED = {"listed": 16, "struck_out_by": STRUCK, "lawful": 2, "best": BOTH}


def listing(ties: object = 2, **changes: object) -> Edit:
    """Return the edit that puts the true list in, but for what is changed."""
    new = f'"ties": {json.dumps(ties)}, "enumeration": {json.dumps(LISTED | changes)}'
    return ("run.json", '"ties": null, "enumeration": null', new)


def best(*options: tuple[list[float], list[list[str]]]) -> Edit:
    """Return the true list with other options as the best."""
    return listing(best=[{"values": values, "designated": designated} for values, designated in options])


SECOND = ([4810.0, 35.0, 81.0, 0.0, 0.0, 0.0], PLAN[1:])


def test_a_true_list_has_no_breach() -> None:
    found = check(run_with(listing()))
    assert found.empty, "\n".join(found["message"])


@pytest.mark.parametrize(
    "edit",
    [
        best(),
        best(SECOND),
        best((REACHED, PLAN[1:])),
        best(([4809.0, *REACHED[1:]], PLAN)),
        best((REACHED, PLAN), ([4810.0, 35.0, 79.0, 9999.0, 9.0, 9.0], PLAN)),
        best((REACHED[:3], PLAN)),
        best((REACHED, [["ashby"]])),
        listing(best=[7]),
        ("run.json", '"enumeration": null', '"enumeration": [7]'),
    ],
)
def test_a_ranking_that_is_not_one_is_found(edit: Edit) -> None:
    assert "the_ranking_starts_with_the_plan" in names(run_with(edit))


# What is said of the list and of the solver, altered: each is found under these names, whatever else is found.
ALTERED: dict[str, tuple[str, Edit]] = {
    "one lawful option more": ("the_list_adds_up", listing(lawful=3)),
    "one option more": ("the_list_adds_up", listing(listed=17)),
    "both, and struck out as well": (
        "few_designations_are_all_tried",
        listing(
            lawful=3, struck_out_by={**STRUCK, "enough_sites": 11}, best=[*BOTH, {**BOTH[0], "designated": PLAN[1:]}]
        ),
    ),
    "a rule nobody has": ("the_list_adds_up", listing(struck_out_by={"enough_sites": 12, "luck": 2})),
    "what is fixed, struck out": (
        "the_list_adds_up",
        listing(struck_out_by={"enough_sites": 12, "fixed_designations_stand": 2}),
    ),
    "half an option": ("the_list_adds_up", listing(struck_out_by={"enough_sites": 12.5, "services_share_a_site": 1.5})),
    "the best cut": ("the_list_adds_up", listing(best=BOTH[:1])),
    "one option twice": ("the_list_adds_up", listing(best=[BOTH[0], BOTH[0]])),
    "an option against what is fixed": (
        "the_list_adds_up",
        listing(best=[BOTH[0], {"values": REACHED, "designated": [*PLAN[:2], *PLAN[3:]]}]),
    ),
    "an option that breaks a rule": ("listed_options_are_lawful", best((REACHED, PLAN), (REACHED, PLAN[1:]))),
    "an option that comes to more": (
        "listed_options_are_lawful",
        listing(best=[BOTH[0], {**BOTH[1], "values": [4811.0, *REACHED[1:]]}]),
    ),
    "fewer ties": ("equal_plans_are_counted", listing(1)),
    "more ties": ("equal_plans_are_counted", listing(3)),
    "no ties": ("equal_plans_are_counted", listing(None)),
    "ties of no list": ("equal_plans_are_counted", ("run.json", '"ties": null', '"ties": 1')),
    "equal plans the other way round": ("equal_plans_are_counted", listing(best=BOTH[::-1])),
}


@pytest.mark.parametrize("name", ALTERED)
def test_a_count_that_cannot_be_is_found(name: str) -> None:
    expected, edit = ALTERED[name]
    assert expected in names(run_with(edit))


def test_only_what_is_proved_best_has_a_list() -> None:
    assert names(run_with(listing(), EVALUATED)) == {"the_list_adds_up"}


def test_a_plan_that_is_not_the_best_is_found_by_trying_every_other() -> None:
    """If one site is enough, ashby alone has as few minutes, and is short of nobody."""
    one_is_enough = [
        config("at_least_sites: {value: 2", "at_least_sites: {value: 1"),
        rules("stroke,2,>=,2,sites,0,true", "stroke,2,>=,1,sites,1,false"),
        # South's 80 would then go to yonder.
        config("outside: {value: 0.1", "outside: {value: 1"),
        rules("0,<=,23.05,patients a year,23.05", "0,<=,230.5,patients a year,230.5"),
        config("yonder: {value: 5", "yonder: {value: 80"),
        rules("0,<=,5,patients a year,5", "0,<=,80,patients a year,80"),
    ]
    found = check(run_with(*one_is_enough))
    assert list(found["check"]) == ["few_designations_are_all_tried"]
    assert "which another plan can come to" in found.loc[0, "message"]
    assert names(run_with(*one_is_enough, EVALUATED)) == set()


@pytest.mark.parametrize("rule", [None, *BROKEN])
def test_what_is_tried_is_judged_by_every_rule_there_is(rule: str | None) -> None:
    """All 64 designations, judged one after another by one trial, and each by facts that nobody kept."""
    trial = Trial(*read_asked(Reader(read_files(run_with(*BROKEN.get(rule or "", [])), KNOWN_FILES))))
    pairs = [(service, site) for service in trial.question.services for site in ("ashby", "brook")]
    verdicts = set()
    for chosen in range(2 ** len(pairs)):
        designated = frozenset(pair for n, pair in enumerate(pairs) if chosen >> n & 1)
        rows = {pair: Row("", {"designated": True}) for pair in designated}
        run = Run(trial.question, trial._nothing.inputs, trial._nothing.result, rows)
        of_staff = any(staffing(run, *key).lacking > 0 for key in trial.question.rota_units())
        broken = {
            name
            for name, one in RULES.items()
            if one.kind != "staff" and any(one.spare(f) < 0 for f in facts_of(name, run))
        }
        assert trial.breaks_a_rule(designated) == bool(broken or of_staff)
        verdicts |= broken
    assert rule not in RULES or RULES[rule].kind == "staff" or rule in verdicts or rule == "every_area_is_served"


@pytest.mark.parametrize("rule", [None, *BROKEN])
def test_a_run_is_lawful_if_it_breaks_no_rule(rule: str | None) -> None:
    # Many rules of the true run hold with nothing to spare.
    run = read_run(Reader(read_files(run_with(*BROKEN.get(rule or "", [])), KNOWN_FILES)))
    assert is_lawful(run) == (rule is None)


def test_many_designations_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optimiser.checker.tried.MOST_TRIED", 1)
    assert names(run_with(listing(3, lawful=3, struck_out_by={**STRUCK, "enough_sites": 11}))) == {"the_list_adds_up"}


def test_the_versions_and_trial_models_are_those_of_the_project() -> None:
    stated = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    (said,) = (one for one in stated["project"]["dependencies"] if one.startswith("highspy"))
    since, before, *wrong = (".".join(map(str, numbers)) for numbers in (record.SINCE, record.BEFORE, *record.WRONG))
    assert said == f"highspy>={since},<{before}" + "".join(f",!={one}.*" for one in wrong)
    assert tuple(f"{one}." for one in wrong) == solver.WRONG_VERSIONS
    assert {one.name: one.best for one in solver.CANARIES} == {n: float(b) for n, b in record.TRIAL_MODELS.items()}
    assert {name: aim.unit for name, aim in OBJECTIVES.items()} == UNITS
    assert record.can_be_believed(solver.installed_version())
    strict = {*record.NO_GAP, *record.TOLERANCES}
    assert {n: value for n, value in solver.OPTIONS.items() if n not in strict} == record.OTHER_OPTIONS
    assert set(record.LIBRARIES) == {"python", "optimiser", *LIBRARIES}
    assert record.RANKED == KEPT


def test_every_check_has_words_and_a_seeded_fault() -> None:
    seeded = (
        set(BROKEN)
        | BROKEN_THERE
        | {name for expected, _ in FAULTS.values() for name in expected}
        | {"files_are_as_listed"}
        | {name for name, _ in ALTERED.values()}
    )
    # Those of cover, patterns, sharing, sentences, ties, changes, branches and of who crosses the border are elsewhere.
    of_rotas = {"rota_needs_are_worked_out", "rotas_are_those_asked_for", *PATTERN_CHECKS, *ON_CALL_CHECKS}
    of_sharing = {one.__name__ for one in (*SHARING_CHECKS, *SENTENCE_CHECKS, *STANDING_CHECKS)}
    of_border = {"as_many_cross_the_border_as_today", "changes_come_to_what_is_said", "tried_by_branches"}
    of_border |= {"changes_are_those_of_the_config", "added_sites_are_those_of_the_config"}
    # So has what is said where there is no plan: test_no_plan.py.
    without_plan = {"no_plan_meets_every_rule", "rules_clash_as_said", "ways_out_are_enough"}
    asked = set(CHECKS) - of_rotas - of_sharing - of_border - without_plan
    here = "tests/checker/test_checker.py: BROKEN of a rule, FAULTS of any other check"
    nothing_is_forgotten(asked - seeded, "A rule, step 4", here)
    assert seeded == asked
    assert all(words.endswith(".") and len(words) > 20 for words in CHECKS.values())


def test_each_rule_is_a_function_by_its_name() -> None:
    for name in RULE_CHECKS:
        assert getattr(checker.rules, name).__doc__.startswith(CHECKS[name])


def test_the_checker_shares_no_code_with_what_it_checks() -> None:
    yaml = {"ruamel.yaml", "ruamel.yaml.constructor", "ruamel.yaml.events", "ruamel.yaml.parser"}
    allowed = {*yaml, "pandas", "optimiser.errors"}
    for path in Path(checker.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            ours = {
                m for m in modules if m.split(".")[0] in ("optimiser", "numpy", "pulp", "highspy", "pandas", "ruamel")
            }
            assert {m for m in ours if not m.startswith("optimiser.checker")} <= allowed, path.name
