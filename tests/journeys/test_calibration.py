"""Minutes on a network as minutes that people take: the line through reference times, and how near to it they are."""

from __future__ import annotations

import pandas as pd
import pytest

from optimiser.journeys.calibration import Calibration, calibration_of

# Minutes on the network from four areas to three sites, 10 to 65, of which every reference time is 5.80 + 1.074 times.
NETWORK = pd.DataFrame(
    [[10, 25, 40], [15, 30, 45], [20, 35, 50], [55, 60, 65]], ["A1", "A2", "A3", "A4"], ["ash", "birch", "elm"]
)
AREAS = pd.DataFrame({"area": ["A1", "A2", "A3", "A4"], "district": ["West", "West", "East", None]})


def reference(**odd: float) -> pd.DataFrame:
    rows = [(area, site, 5.8 + 1.074 * NETWORK.loc[area, site]) for area in NETWORK.index for site in NETWORK]
    minutes = {f"{area}_{site}": minutes for area, site, minutes in rows} | odd
    return pd.DataFrame([(*pair.split("_"), one) for pair, one in minutes.items()], columns=["area", "site", "minutes"])


def found(times: pd.DataFrame, network: pd.DataFrame = NETWORK) -> Calibration:
    line = calibration_of(network * 1000, times, AREAS)
    assert line is not None
    return line


def test_a_line_that_reference_times_lie_on_is_found_again():
    line = found(reference())
    assert (line.plus, line.times, line.words) == (5.8, 1.074, "5.8 + 1.074 × minutes on the network")
    assert line.off["pairs"].to_dict() == {"All districts": 12, "East": 3, "West": 6}
    assert (line.off[["median", "90%", "longer"]].abs() < 1e-9).all(axis=None)


def test_an_odd_time_does_not_bend_it_and_shows_in_its_district():
    line = found(reference(A3_birch=200.0))
    assert (line.plus, line.times) == (5.8, 1.074)
    assert line.off.loc["East", "90%"] > 100 and line.off.loc["West", "90%"] == pytest.approx(0)
    assert list(line.lines)[2] == (
        "West, 6 journeys: half within 0.00 minutes of it, nine in ten within 0.00; in the middle 0.00 longer."
    )


def test_pairs_without_a_way_and_those_that_the_network_has_not_are_left_out():
    times = pd.concat([reference(A1_ash=90.0), pd.DataFrame({"area": ["A9"], "site": ["ash"], "minutes": [1.0]})])
    line = found(times, NETWORK.astype(float).replace(10.0, float("nan")))
    assert (line.plus, line.times, line.off.loc["All districts", "pairs"]) == (5.8, 1.074, 11)


def test_too_few_times_and_times_that_are_no_longer_further_off_have_no_line():
    assert calibration_of(NETWORK * 1000, reference().head(8), AREAS) is None
    assert calibration_of(NETWORK * 1000, reference().assign(minutes=7.0), AREAS) is None
