"""A table without quotation marks is read in C, and comes to the same as one read cell by cell."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pandera.errors
import pytest
import shapely
from drawing import draws
from hypothesis import given
from hypothesis import strategies as st
from made_up_place import write_place

from optimiser.errors import TooLarge
from optimiser.inputs import boundaries
from optimiser.inputs.schema import frame_schema, keeps, place_table
from optimiser.inputs.tables import sheets

CELLS = (
    *("A1", "A2", " A1", "A 1", "é", "", "ash", "=ash", "a\u2028b"),
    *("10", "10.0", "1e3", "-1", "NaN", "nan", "999999", "007", "TRUE", "12,5"),
)
ROWS = st.lists(st.lists(st.sampled_from(CELLS), min_size=0, max_size=5), max_size=12)


def read(folder: Path, text: str) -> tuple[object, ...]:
    (folder / "journeys.csv").write_text(text, encoding="utf-8", newline="")
    try:
        sheet = sheets.read_sheet(folder, place_table("journeys"), {("A1", "ash")})
    except TooLarge as error:
        return (str(error),)
    frame = sheet.frame
    faulty = {column: sorted(rows) for column, rows in sheet.faulty.items()}
    texts = {name: [one.distinct[n] for n in one.which] for name, one in sheet.texts.items()}
    distinct = {name: one.distinct for name, one in sheet.texts.items()}
    return (
        [str(fault) for fault in sheet.listed()],
        sheet.taken,
        faulty,
        sheet.passed_over,
        frame.index.tolist(),
        frame.dtypes.to_dict(),
        frame.astype(object).where(frame.notna(), None).to_dict("list"),
        texts,
        distinct,
    )


def both(folder: Path, text: str) -> tuple[tuple[object, ...], tuple[object, ...]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheets, "_even_columns_of", lambda *_: None)
        slow = read(folder, text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheets, "ROWS_IN_C_AT_A_TIME", 5)
        return read(folder, text), slow


@draws(80)
@given(
    ROWS, st.sampled_from(["\n", "\r\n", "\r"]), st.booleans(), st.sampled_from(["area,site,minutes", "area,minutes,x"])
)
def test_whatever_the_rows_both_ways_of_reading_find_the_same(tmp_path_factory, rows, ending, ends, header):
    folder = tmp_path_factory.mktemp("place")
    quick, slow = both(folder, ending.join([header, *(",".join(row) for row in rows)]) + ending * ends)
    assert quick == slow


@draws(40)
@given(st.lists(st.tuples(*(st.sampled_from(CELLS[:-1]) for _ in range(3))), min_size=1, max_size=40), st.booleans())
def test_rows_as_wide_as_the_header_are_read_alike_and_in_c(tmp_path_factory, rows, ends):
    text = "\n".join(["area,site,minutes", *(",".join(row) for row in rows)]) + "\n" * ends
    folder = tmp_path_factory.mktemp("place")
    quick, slow = both(folder, text)
    assert quick == slow
    if all(row[0] for row in rows):
        assert sheets._even_columns_of(text, 3) is not None


@draws(60)
@given(
    st.sampled_from([("areas", "population"), ("journeys", "minutes"), ("sites", "role"), ("journeys", "area")]),
    st.lists(st.sampled_from([0.0, -1.0, 1.5, 7.0, 1e9, None, "A1", "1A", "", "candidate", "neighbour"]), max_size=4),
    st.booleans(),
)
def test_what_is_kept_without_pandera_is_what_pandera_accepts(where, cells, leave_one_out):
    table, column = place_table(where[0]), where[1]
    numeric = table[column].numeric
    cells = [cell for cell in cells if cell is None or isinstance(cell, float) == numeric]
    plain = {"code": "A1", "text": "A", "choice": "candidate", "boolean": True}
    frame = pd.DataFrame({one.name: [plain.get(one.kind, 5.0)] * len(cells) for one in table.columns})
    frame[column] = pd.Series(cells, dtype="float64" if numeric else "str")
    frame[table.key[0]] = frame[table.key[0]] if column == table.key[0] else [f"A{n}" for n in range(len(cells))]
    frame = frame.drop(columns=table.required_names[-1]) if leave_one_out else frame
    try:
        frame_schema(table).validate(frame, lazy=True)
        accepted = True
    except pandera.errors.SchemaErrors as error:
        accepted = set(error.failure_cases["check"]) == {"multiple_fields_uniqueness"}
    assert keeps(table, frame) == accepted


def test_sound_tables_without_roads_are_read_without_what_is_slow_to_load(tmp_path):
    reading = "from optimiser.inputs.tables import read_place; import optimiser.inputs; read_place(sys.argv[1])"
    code = f"import sys; {reading}; print(sorted({{'pandera', 'networkx', 'scipy'}} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code, write_place(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    "rows",
    [
        "A1,ash\nA1,ash,1,2\n",
        "A1,ash,1,2\nA1,ash\n",
        "A1,ash,1\n\nA2,ash,2\n",
        ",,\n",
        "A1,ash,1,\n",
        "\n\n",
        "A1,ash\n",
    ],
)
def test_rows_that_are_not_as_wide_as_the_header_are_read_cell_by_cell(tmp_path, rows):
    text = f"area,site,minutes\n{rows}"
    assert sheets._even_columns_of(text, 3) is None
    quick, slow = both(tmp_path, text)
    assert quick == slow


def test_a_cell_too_long_for_csv_is_refused_either_way(tmp_path):
    quick, slow = both(tmp_path, f"area,site,minutes\nA1,ash,1\n{'A' * (csv.field_size_limit() + 1)},ash,2\n")
    assert quick == slow
    assert "cannot be split into cells" in str(quick[0])


def test_too_many_rows_are_refused_either_way(tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "MAX_ROWS", 40)
    quick, slow = both(tmp_path, "area,site,minutes\n" + "".join(f"A{n},ash,{n}\n" for n in range(41)))
    assert quick == slow
    assert "more than 40 rows" in str(quick[0])


def test_a_row_many_times_over_names_the_first(tmp_path):
    rows = "A2,ash,9\n" + "A1,ash,10\n" * 100_000
    (tmp_path / "journeys.csv").write_text(f"area,site,minutes\n{rows}", encoding="utf-8")
    faults = sheets.read_sheet(tmp_path, place_table("journeys")).listed()
    assert 'row 4: area "A1", site "ash" is here again; it is already in row 3. Delete one of the two.' in str(
        faults[0]
    )
    assert "and 99979 more like this" in str(faults[-1])


RING = [[0, 0], [2, 0], [2, 2], [0, 0]]
ODD_RINGS = (
    [RING],
    [RING, [[1, 0.5], [1.5, 0.5], [1.5, 1], [1, 0.5]]],
    *([[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]], [RING[:3]], [RING[:2]], [[]], [], RING, "RING", None, [RING, None]),
    *([[[0, 0], *RING[1:-1], [0, bad]]] for bad in (True, "0", None, 1e999, 91, -181, 10**400, [0])),
    *([[*RING[:2], bad, RING[0]]] for bad in ([1], [1, 2, 3], {}, "12", 5)),
)


@draws(120)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(ODD_RINGS),
            st.sampled_from(["Polygon", "Polygon", "Polygon", "MultiPolygon", "Point", None]),
            st.sampled_from(["A1", "A2", "A3", " A4", "", None, 5]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_outlines_made_at_once_are_those_made_one_by_one(tmp_path_factory, drawn):
    features = [
        {"type": "Feature", "properties": {"area": area}, "geometry": {"type": kind, "coordinates": rings}}
        for rings, kind, area in drawn
    ]
    path = tmp_path_factory.mktemp("place") / "boundaries.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}).replace("Infinity", "1e999"))

    def found() -> tuple[object, ...]:
        one = boundaries.look_at_boundaries(path)
        wkb = {area: shapely.to_wkb(outline) for area, outline in one.by_area.items()}
        return list(wkb.items()), one.faults, one.taken, one.mended, one.not_in_degrees

    quick = found()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boundaries, "_sound_polygons", lambda _: {})
        assert found() == quick


def test_sound_outlines_are_made_at_once(tmp_path):
    features = [
        {"properties": {}, "geometry": {"type": "Polygon", "coordinates": ODD_RINGS[number]}} for number in (0, 1)
    ]
    assert len(boundaries._sound_polygons(features)) == 2
