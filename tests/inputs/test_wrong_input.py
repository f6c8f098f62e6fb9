"""Wrong input is refused with the place and the remedy, and everything wrong is said at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from made_up_place import CONFIG, TABLES, write_config, write_question

from optimiser.errors import InputError
from optimiser.inputs import read_problem, read_question
from optimiser.inputs.schema import place_table

VRT = "<OGRVRTDataSource><OGRVRTLayer><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"


def spoil(table: str, old: str, new: str) -> Callable[[Path], Path]:
    """Return what writes a question with one thing replaced in one table."""

    def write(root: Path) -> Path:
        assert old in TABLES[table]
        return write_question(root, **{table: TABLES[table].replace(old, new, 1)})

    return write


def with_file(name: str, content: bytes) -> Callable[[Path], Path]:
    """Return what writes a question in which one file holds these bytes."""

    def write(root: Path) -> Path:
        config = write_question(root)
        (root / "place" / name).write_bytes(content)
        return config

    return write


TEN_KINDS = {
    "missing pair": (
        spoil("journeys", "A1,birch,20.5\n", ""),
        "place/journeys.csv, after row 3: there is no journey from A1 to birch. "
        "Add it, or list the pair under travel.allow_missing.",
    ),
    "duplicate area": (
        spoil("areas", "A3,Crossing", "A1,Copse,true,1,,\nA3,Crossing"),
        'place/areas.csv, row 4: area "A1" is here again; it is already in row 2. Delete one of the two.',
    ),
    "negative time": (
        spoil("journeys", "A1,ash,10", "A1,ash,-10"),
        'place/journeys.csv, row 2: minutes is "-10": it is below 0, the least that it can be. Correct it.',
    ),
    "unknown site": (
        spoil("journeys", "A1,birch,20.5", "A1,brich,20.5"),
        'place/journeys.csv, row 3: there is no site "brich" in sites.csv. Did you mean "birch"?',
    ),
    "NaN": (
        spoil("demand", "A2,visit,4.333333", "A2,visit,NaN"),
        'place/demand.csv, row 3: patients_per_year is "NaN", which is not a number. '
        "Find the figure; if it is not known, the row cannot be used.",
    ),
    "hours for minutes": (
        lambda root: write_question(
            root,
            journeys="area,site,minutes\n" + "".join(f"A{a},{s},0.5\n" for a in "123" for s in ("ash", "birch", "elm")),
        ),
        "place/journeys.csv: half of the times are at most 0.5 minutes: these look like hours. Multiply them by 60, "
        "or: optimiser import journeys place/journeys.csv --into place --replace --unit hours",
    ),
    "no time at all": (
        lambda root: write_question(
            root,
            journeys="area,site,minutes\n" + "".join(f"A{a},{s},0\n" for a in "123" for s in ("ash", "birch", "elm")),
        ),
        "place/journeys.csv: half of the times are 0 minutes. Write how long each takes.",
    ),
    "typo in a key": (
        lambda root: write_question(root, CONFIG.replace("minimum_patients", "minimum_patiens")),
        'configs/base.yaml, line 10: "minimum_patiens" is not a setting here. Did you mean "minimum_patients"?',
    ),
    "empty file": (
        with_file("sites.csv", b""),
        "place/sites.csv: the file is empty. It needs a header row with site, name, role, and rows below it.",
    ),
    "wrong encoding": (
        with_file("areas.csv", TABLES["areas"].replace("Brook", "Brôok").encode("cp1252")),
        "place/areas.csv, row 3: byte 92 (0xF4) is not UTF-8, so its letters cannot be told. "
        'Save it as "CSV UTF-8 (comma delimited)". '
        "Or bring it in as it is: optimiser import areas place/areas.csv --into place --replace",
    ),
    "a VRT named .geojson": (
        with_file("boundaries.geojson", VRT.encode()),
        "place/boundaries.geojson: this is not GeoJSON but XML or a web page. Export the areas again as GeoJSON.",
    ),
}


@pytest.mark.parametrize("kind", TEN_KINDS)
def test_each_kind_is_refused_alone_with_place_and_remedy(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write, expected = TEN_KINDS[kind]
    config = write(tmp_path)
    with pytest.raises(InputError) as refusal:
        read_problem(config)
    assert [str(fault) for fault in refusal.value.faults] == [expected]
    assert refusal.value.exit_code == 3


def test_faults_of_config_tables_and_boundaries_are_all_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = CONFIG.replace("activity: visit", "activity: vist").replace("people: 2", "peple: 2")
    write_question(
        tmp_path,
        config,
        areas=TABLES["areas"].replace("2000", "two thousand"),
        journeys=TABLES["journeys"].replace("A1,ash,10\n", "A1,ash,\n"),
        staff=TABLES["staff"].replace("birch,doctors", "bich,doctors"),
        columns=TABLES["columns"].replace("made_up", "madeup"),
    )
    (tmp_path / "place" / "boundaries.geojson").write_text("{}")
    with pytest.raises(InputError) as refusal:
        read_problem(tmp_path / "configs" / "base.yaml")
    places = [fault.place for fault in refusal.value.faults]
    assert places == [
        "configs/base.yaml, line 12",
        "place/areas.csv, row 3",
        "place/journeys.csv, row 2",
        "place/staff.csv, row 4",
        "place/columns.csv, row 2",
        "place/boundaries.geojson",
    ]


def test_a_config_is_compared_with_a_place_that_has_other_faults(tmp_path: Path) -> None:
    config = write_question(
        tmp_path,
        CONFIG.replace("activity: visit", "activity: vist"),
        journeys=TABLES["journeys"].replace("A1,birch,20.5\n", ""),
    )
    with pytest.raises(InputError, match=r'(?s)no activity "vist".*Did you mean "visit"\?') as refusal:
        read_problem(config)
    assert "there is no journey from A1 to birch" in str(refusal.value)


NAMES_NOT_IN_THE_PLACE = {
    "fixed at a site that is not there": (
        ("      ash: {provided", "      ahs: {provided"),
        'line 16: there is no site "ahs" in sites.csv. Did you mean "ash"?',
    ),
    "fixed at a neighbour": (
        ("      ash: {provided", "      elm: {provided"),
        'line 16: "elm" is a neighbour, and neighbours are never decided on. Take it out.',
    ),
    "a candidate as neighbour": (
        ("    activity: visit", "    activity: visit\n    neighbours: [elm, ash]"),
        'line 9: "ash" is a candidate, not a neighbour. Take it out.',
    ),
    "today at a site that is not there": (
        ("[ash, birch]", "[ash, brch]"),
        'line 18: there is no site "brch" in sites.csv. Did you mean "birch"?',
    ),
    "flows of a period that was not counted": (
        ("activity: visit", 'activity: visit\n    patients_go_to: observed\n    observed: {period: "2020/21"}'),
        'line 10: activity.csv counts no visit at ash, birch in "2020/21". Periods there: 2024/25.',
    ),
    "flows to a site that was not counted": (
        ("activity: visit", 'activity: visit\n    patients_go_to: observed\n    observed: {period: "2024/25"}'),
        'line 10: activity.csv counts no visit at birch in "2024/25". Periods there: 2024/25.',
    ),
    "an offset at a site that is not there": (
        ("activity: visit", "activity: visit\n    patients_go_to: observed\n    observed: {offsets: {elme: 1}}"),
        'line 10: there is no site "elme" in sites.csv. Did you mean "elm"?',
    ),
    "growth of an activity that is not there": (
        ("teams:", "demand: {growth: {years: 2, by_activity: {visits: 0.01}}}\nteams:"),
        'line 3: there is no activity "visits" in demand.csv. Did you mean "visit"?',
    ),
    "an activity like no other": (
        ("activity: visit", "activity: endoscopy"),
        'line 8: there is no activity "endoscopy" in demand.csv. Known here: visit. '
        "Name one that is there, or add its rows there, one for every resident area.",
    ),
    "a site like no other": (
        ("[ash, birch]", "[ash, mordor]"),
        'line 18: there is no site "mordor" in sites.csv. Known here: ash, birch. '
        "Name one that is there, or add its row to sites.csv, and its journeys.",
    ),
    "growth by an age that is not counted": (
        ("teams:", "demand: {growth: {years: 2, by_age: {under_65: 0.01, from_65: 0.02}}}\nteams:"),
        "line 3: areas.csv has no population_65_plus for some area. Fill it in there, or state by_activity.",
    ),
    "patients of an age that is not counted": (
        ("teams:", "demand: {ages: {visit: {under_65: 0.25, from_65: 0.75}}}\nteams:"),
        "line 3: areas.csv has no population_65_plus for some area. Fill it in there, or take ages out.",
    ),
    "growth without end": (
        ("teams:", "demand: {growth: {years: 100, by_activity: {visit: 1}}}\nteams:"),
        "line 3: visit could grow to more than 1,000,000 patients a year in an area, the most that are counted. "
        "State fewer years, or a lower rate.",
    ),
    "more beds than are counted": (
        (
            "activity: visit",
            "activity: visit\n    beds: {stay_days: 9000, other_patients_share: 0.9999, other_stay_days: 9000}",
        ),
        "line 9: with everybody at one site 3,534,246 beds would be taken, and 100,000 are the most that are counted. "
        "Shorten the stay.",
    ),
    "a team that staff.csv does not have": (
        ("doctors", "docters"),
        'line 4: there is no team "docters" in staff.csv. Did you mean "doctors"?',
    ),
    "a year that staff.csv does not have": (
        ("year: 2025", "year: 2026"),
        "line 4: staff.csv has no 2026 for doctors. Years there: 2024, 2025.",
    ),
    "a rota in a unit that is not counted": (
        ("people: 2", "wte: 2"),
        "line 12: the rota needs wte of doctors, but wte is blank for birch (place/staff.csv, row 4). "
        "Fill it in, or state people instead.",
    ),
    "a pair allowed to be missing that is none": (
        ("teams:", "travel: {allow_missing: [[A11, ash]]}\nteams:"),
        'line 3: there is no area "A11" in areas.csv. Did you mean "A1"?',
    ),
}


def faults_with_staff(root: Path, staff: str) -> list[str]:
    """Return what is wrong with the made-up question where staff.csv has these rows; nothing where it is sound."""
    try:
        read_problem(write_question(root, staff=f"site,team,year,people,wte\n{staff}"))
    except InputError as error:
        return [str(fault) for fault in error.faults]
    return []


ALL_DOCTORS = "ash,doctors,2025,4,\nbirch,doctors,2025,2,\n"


@pytest.mark.parametrize("slip", ["docs", "doctor", "docters", "Doctors", "dcotors"])
def test_a_misspelt_team_of_staff_is_not_passed_over(
    slip: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With the slip ash would have nobody, the rota would seem to need four more, and nothing would say why.
    monkeypatch.chdir(tmp_path)
    assert faults_with_staff(tmp_path, ALL_DOCTORS) == []
    assert faults_with_staff(tmp_path, ALL_DOCTORS.replace("ash,doctors", f"ash,{slip}")) == [
        f'place/staff.csv, row 2: no team of the config is "{slip}", and ash has no row of "doctors" in 2025. '
        'Did you mean "doctors"? If not, give ash a row of doctors there too, with 0.'
    ]


@pytest.mark.parametrize(
    "others",
    [
        "ash,docs,2025,3,\n",
        "ash,nurses,2025,3,\n",
        "elm,docs,2025,3,\n",
        "birch,docs,2024,3,\n",
        "ash,doctors_by_night,2025,3,\n",
    ],
    ids=["beside the other", "unlike", "at a neighbour", "another year", "two words more"],
)
def test_a_place_may_have_more_teams_than_a_config(others: str, tmp_path: Path) -> None:
    assert faults_with_staff(tmp_path, ALL_DOCTORS + others) == []


@pytest.mark.parametrize(
    "others",
    ["ash,nurses,2025,3,\n", "ash,docs,2024,3,\n", "ash,docs,2025,3,\nash,doctors,2025,0,\n", "ash,doctors2,2025,3,\n"],
    ids=["unlike", "another year", "nobody, said out loud", "numbered"],
)
def test_a_candidate_may_have_none_of_a_team(others: str, tmp_path: Path) -> None:
    assert faults_with_staff(tmp_path, ALL_DOCTORS.replace("ash,doctors,2025,4,\n", "") + others) == []


@pytest.mark.parametrize("case", NAMES_NOT_IN_THE_PLACE)
def test_a_name_in_the_config_must_be_in_the_tables(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (old, new), expected = NAMES_NOT_IN_THE_PLACE[case]
    assert old in CONFIG
    config = write_question(tmp_path, CONFIG.replace(old, new))
    with pytest.raises(InputError) as refusal:
        read_problem(config)
    assert [str(fault) for fault in refusal.value.faults] == [f"configs/base.yaml, {expected}"]


def test_a_place_that_is_not_there_is_said_at_the_line_that_names_it(tmp_path: Path) -> None:
    config = write_config(tmp_path, "lost.yaml", CONFIG.replace("../place", "../plaice"))
    with pytest.raises(InputError, match=r'lost.yaml, line 2: there is no folder "../plaice" beside this file'):
        read_problem(config)


def resting_on_every_table(root: Path, **tables: str) -> Path:
    """Write a question that makes use of every table: growth by age, counts, transfers, and one team across sites."""
    said = CONFIG.replace(
        "doctors: {name: Doctors,", "doctors: {name: Doctors, across_sites: {based_at: ash, trips_a_week: 1},"
    )
    said = said.replace(", moves_at_most: unlimited", "")
    said = said.replace(
        "    at_least_sites: 1\n",
        "    at_least_sites: 1\n    patients_go_to: observed\n    observed: {period: 2024/25}\n",
    )
    said = said.replace("    name: Laboratories\n", "    name: Laboratories\n    in_reach: {care: {minutes: 30}}\n")
    said += "demand: {growth: {years: 5, by_age: {under_65: 0.01, from_65: 0.02}}}\n"
    areas = TABLES["areas"].splitlines()
    older = ["population_65_plus", "100", "200", "50"]
    grown = "\n".join(f"{line},{more}" for line, more in zip(areas, older, strict=True)) + "\n"
    activity = TABLES["activity"] + "birch,visit,2024/25,5\n"
    config = write_question(root, **{"areas": grown, "activity": activity} | tables)
    config.write_text(said, encoding="utf-8")
    return config


@pytest.mark.parametrize("table", TABLES)
def test_a_table_with_any_column_misnamed_is_refused_or_said_to_be_passed_over(tmp_path: Path, table: str):
    assert read_problem(resting_on_every_table(tmp_path / "sound")).services["care"].observed
    text = (tmp_path / "sound/place" / f"{table}.csv").read_text(encoding="utf-8")
    header, rows = text.split("\n", maxsplit=1)
    for number, name in enumerate(header.split(",")):
        spoilt = ",".join("x" if name == column else column for column in header.split(","))
        question = resting_on_every_table(tmp_path / str(number), **{table: f"{spoilt}\n{rows}"})
        if place_table(table)[name].required:
            with pytest.raises(InputError, match='"x" is not a column of this table'):
                read_problem(question)
        elif name in ("population", "population_65_plus", "people"):
            with pytest.raises(InputError, match=f"{name} for some area|both people and wte are blank"):
                read_problem(question)
        else:
            assert 'passed over 1 column that no table here has: "x"' in "".join(read_question(question).taken)
