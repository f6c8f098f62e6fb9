"""What of a place its map shows."""

from __future__ import annotations

import numpy as np

from optimiser.report.page.outlines import AROUND, window


def test_a_map_shows_where_residents_live_and_what_is_near_but_not_areas_far_off():
    # West, south, east and north of two areas of residents, one beside them, and one a hundred kilometres away.
    bounds = np.array([[0, 0, 10, 10], [10, 0, 20, 10], [20, 0, 22, 9], [120, 0, 130, 5]], dtype=float)
    resident = np.array([True, True, False, False])
    assert window(bounds, resident).tolist() == [0, 0, 20 + AROUND * 20, 10]
    # All there is, where that is near.
    assert window(bounds[:3], resident[:3]).tolist() == [0, 0, 22, 10]
