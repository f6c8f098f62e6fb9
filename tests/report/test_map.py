"""What of a place its map shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from made_up_place import geojson
from worlds import small

from optimiser.inputs.boundaries import merged
from optimiser.report.page.outlines import AROUND, drawing, window


def test_a_map_shows_where_residents_live_and_what_is_near_but_not_areas_far_off():
    # West, south, east and north of two areas of residents, one beside them, and one a hundred kilometres away.
    bounds = np.array([[0, 0, 10, 10], [10, 0, 20, 10], [20, 0, 22, 9], [120, 0, 130, 5]], dtype=float)
    resident = np.array([True, True, False, False])
    assert window(bounds, resident).tolist() == [0, 0, 20 + AROUND * 20, 10]
    # All there is, where that is near.
    assert window(bounds[:3], resident[:3]).tolist() == [0, 0, 22, 10]


OVERLAPPING: dict[str, list[list[list[float]]]] = {
    "over one another": [[[0.5, 50], [1.6, 50.1], [1.5, 51], [0.4, 50.9], [0.5, 50]]],
    "the same": [[[0, 50], [1, 50], [1, 51], [0, 51], [0, 50]]],
    "inside": [[[0.2, 50.2], [0.4, 50.2], [0.3, 50.4], [0.2, 50.2]]],
    "with a sliver between": [[[1.00001, 50.3], [2, 50], [2, 51], [0.99999, 50.7], [1.00001, 50.3]]],
}


@pytest.mark.parametrize("how", OVERLAPPING)
def test_outlines_that_overlap_are_drawn_with_the_name_of_their_district(how: str):
    square: list[list[list[float]]] = [[[0, 50], [1, 50], [1, 51], [0, 51], [0, 50]]]
    mid: list[list[list[float]]] = [[[5, 50], [6, 50], [6, 51], [5, 50]]]
    far: list[list[list[float]]] = [[[8, 50], [9, 50], [9, 51], [8, 50]]]
    outlines = geojson({"east": square, "west": OVERLAPPING[how], "mid": mid, "far": far})
    files = {"inputs/boundaries.geojson": outlines.encode()}
    problem = small()
    areas = problem.areas.assign(district=problem.areas.index.map({"east": "Vale", "west": "Vale", "mid": "Hill"}))
    drawn = drawing(replace(problem, areas=areas, files=files))
    assert drawn is not None and all(drawn.areas)
    assert [label.words for label in drawn.labels] == ["Hill", "Vale"]


def test_outlines_become_one_though_they_overlap_or_cross_themselves():
    one, other = shapely.box(0, 0, 4, 4), shapely.box(3, 3, 6, 6)
    assert merged([one, None, other]).area == 16 + 9 - 1
    assert merged([one, shapely.box(4, 0, 5, 4)]).equals(shapely.box(0, 0, 5, 4))
    bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2), (0, 0)])
    assert not bow_tie.is_valid and merged([one, bow_tie]).equals(one)
