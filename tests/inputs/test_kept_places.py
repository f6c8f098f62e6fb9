"""A large place that was found sound is kept, and is as it would be if judged anew; any other is judged anew."""

from __future__ import annotations

import os
from dataclasses import fields
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest
from made_up_place import TABLES, geojson, square, write_place, write_question
from pandas.testing import assert_frame_equal

from optimiser.cli.questions import validate
from optimiser.errors import InputError
from optimiser.inputs import read_question
from optimiser.inputs.tables import Place, kept, look_at_place

PAIRS = [("A3", "ash")]
MARKS = {
    "areas": TABLES["areas"].replace("A3,Crossing,false,500,,", "A3,Crossing,no,500,,").replace("1000", "1000.0"),
    "journeys": TABLES["journeys"].replace("A3,ash,50", "A3,ash,none").replace("20.5", "0.1"),
    "staff": TABLES["staff"].replace("2024,3,", "2023/24,3,"),
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPTIMISER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(kept, "LEAST_BYTES", 0)
    return tmp_path / "cache" / "places"


def place_in(folder: Path, **tables: str) -> Path:
    place = write_place(folder / "place", **{**MARKS, **tables})
    crossed = [[[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]]
    (place / "boundaries.geojson").write_text(geojson({"A1": crossed, "A2": square(2, 0), "A3": square(4, 0)}))
    return place


def look(place: Path, *, anew: bool = False, pairs: list[tuple[str, str]] = PAIRS) -> Place:
    found, faults = look_at_place(place, allow_missing=pairs, anew=anew)
    assert found is not None and not faults
    return found


def times_judged(place: Path, **how: object) -> int:
    """How often the tables were judged in looking at a place once."""
    with pytest.MonkeyPatch.context() as patch:
        times, check = [], look_at_place.__globals__["check_together"]
        patch.setitem(look_at_place.__globals__, "check_together", lambda *all: (times.append(1), check(*all)))
        look(place, **how)
    return len(times)


def test_what_was_kept_is_what_is_found_anew_cell_by_cell(tmp_path: Path, home: Path) -> None:
    place = place_in(tmp_path)
    anew = look(place, anew=True)
    assert not home.exists()
    assert times_judged(place) == 1 and len(list(home.iterdir())) == 1
    assert times_judged(place) == 0
    again = look(place)
    assert len(anew.taken) >= 4 and anew.mended
    for field in fields(Place):
        one, other = getattr(anew, field.name), getattr(again, field.name)
        if isinstance(one, pd.DataFrame):
            assert_frame_equal(one, other, check_exact=True)
            assert one.index.dtype == other.index.dtype
        else:
            assert one == other, field.name


def test_what_can_hardly_be_is_said_again_by_the_name_of_another_folder(tmp_path: Path, home: Path) -> None:
    slow = TABLES["transfers"].replace("ash,birch,20\n", "ash,birch,200\n")
    first, second = place_in(tmp_path / "one", transfers=slow), place_in(tmp_path / "two", transfers=slow)
    doubts = look(first).doubts
    assert doubts and all("one/place/transfers.csv" in one for one in doubts)
    assert times_judged(second) == 0
    assert look(second).doubts == tuple(one.replace("/one/", "/two/") for one in doubts)


@pytest.mark.parametrize("change", ["a cell", "an outline", "a table more", "the pairs", "the program", "a version"])
def test_whatever_changes_is_judged_anew(change: str, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch):
    place, pairs = place_in(tmp_path), PAIRS
    look(place)
    if change == "a cell":
        journeys = (place / "journeys.csv").read_text()
        status = (place / "journeys.csv").stat()
        (place / "journeys.csv").write_text(journeys.replace("A2,birch,12", "A2,birch,13"))
        os.utime(place / "journeys.csv", ns=(status.st_atime_ns, status.st_mtime_ns))
    elif change == "an outline":
        outlines = place / "boundaries.geojson"
        outlines.write_text(outlines.read_text().replace("[2, 0]", "[2, 0.5]"))
    elif change == "a table more":
        (place / "towns.csv").write_text("town,easting_m,northing_m,inhabitants\nTown,1,1,9\n")
    elif change == "the pairs":
        pairs = [*PAIRS, ("A3", "birch")]
    elif change == "the program":
        monkeypatch.setattr(kept, "_program", lambda: ["of another time"])
    else:
        monkeypatch.setattr(pd, "__version__", "0.0")
        kept._program.cache_clear()
    assert times_judged(place, pairs=pairs) == 1
    assert times_judged(place, pairs=pairs) == 0
    monkeypatch.undo()
    kept._program.cache_clear()


def test_the_program_is_every_file_of_it_that_judges() -> None:
    assert len(kept._program()[0]) == 64


def test_a_place_with_a_fault_is_never_kept(tmp_path: Path, home: Path) -> None:
    place = place_in(tmp_path, journeys=MARKS["journeys"].replace("A2,ash,15", "A2,ash,-15"))
    for _ in range(2):
        found, faults = look_at_place(place, allow_missing=PAIRS, anew=False)
        assert found is not None and "below 0" in str(faults[0])
    assert not home.exists()


@pytest.mark.parametrize("byte", [0, 40, -1])
def test_an_entry_that_is_not_as_it_was_written_is_made_anew(byte: int, tmp_path: Path, home: Path) -> None:
    place = place_in(tmp_path)
    look(place)
    (entry,) = home.iterdir()
    sound = entry.read_bytes()
    broken = bytearray(sound)
    broken[byte] ^= 1
    entry.write_bytes(broken)
    assert times_judged(place) == 1
    assert entry.read_bytes() == sound
    entry.write_bytes(b"")
    assert times_judged(place) == 1
    assert times_judged(place) == 0


@pytest.mark.parametrize("content", [b"", b"\x80\x04N.", b"PK\x05\x06" + bytes(18), b"\x93NUMPY"])
def test_an_entry_with_a_true_hash_that_holds_nothing_of_ours_is_made_anew(
    content: bytes, tmp_path: Path, home: Path
) -> None:
    place = place_in(tmp_path)
    look(place)
    (entry,) = home.iterdir()
    entry.write_bytes(kept._mark(entry.stem, content) + content)
    assert times_judged(place) == 1
    assert times_judged(place) == 0


@pytest.mark.parametrize("hostile", ["others may write", "others may read", "the folder", "a link", "a pipe"])
def test_what_others_may_have_written_is_not_used(hostile: str, tmp_path: Path, home: Path) -> None:
    place = place_in(tmp_path)
    look(place)
    (entry,) = home.iterdir()
    if hostile == "the folder":
        home.chmod(0o770)
    elif hostile in ("a link", "a pipe"):
        entry.rename(tmp_path / "elsewhere")
        (entry.symlink_to if hostile == "a link" else lambda _: os.mkfifo(entry, 0o600))(tmp_path / "elsewhere")
    else:
        entry.chmod(0o620 if hostile.endswith("write") else 0o640)
    assert times_judged(place) == 1


@pytest.mark.parametrize("value", ["off", "OFF"])
def test_it_can_be_switched_off(value: str, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = place_in(tmp_path)
    look(place)
    monkeypatch.setenv("OPTIMISER_CACHE", value)
    assert times_judged(place) == 1
    assert len(list(home.iterdir())) == 1


def test_it_stands_where_caches_of_a_user_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LEAST_BYTES", 0)
    monkeypatch.delenv("OPTIMISER_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    look(place_in(tmp_path))
    (entry,) = (tmp_path / "caches/optimiser/places").iterdir()
    assert entry.stat().st_mode & 0o777 == 0o600 and entry.parent.stat().st_mode & 0o777 == 0o700
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    look(place_in(tmp_path))
    assert len(list((tmp_path / "me/.cache/optimiser/places").iterdir())) == 1


def test_where_nothing_can_be_written_it_is_judged_each_time(tmp_path: Path, home: Path) -> None:
    place = place_in(tmp_path)
    home.parent.write_text("a file where the folder would be")
    assert times_judged(place) == times_judged(place) == 1


def test_of_too_much_what_was_not_used_for_longest_goes(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [place_in(tmp_path / str(number), activity=f"{TABLES['activity']}ash,visit,{number}/25,1\n")
              for number in (2001, 2002, 2003)]  # fmt: skip
    for number, place in enumerate(places[:2]):
        look(place)
        for entry in home.iterdir():
            if entry.stat().st_mtime > 2_000_000:
                os.utime(entry, (1_000_000 + number, 1_000_000 + number))
    assert times_judged(places[0]) == 0
    size = max(entry.stat().st_size for entry in home.iterdir())
    monkeypatch.setattr(kept, "MOST_BYTES", 2 * size + 100)
    look(places[2])
    assert len(list(home.iterdir())) == 2
    assert [times_judged(place) for place in (places[0], places[2], places[1])] == [0, 0, 1]


def test_small_places_are_not_kept(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LEAST_BYTES", 10 * 1024**2)
    look(place_in(tmp_path))
    assert not home.exists()


def test_whoever_validates_judges_anew(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optimiser.inputs.look_at_place", look_at_place)
    config = write_question(tmp_path)
    read_question(config)
    (entry,) = home.iterdir()
    # As if a fault had been kept as sound: whoever reads would not see it, and whoever validates does.
    faulty = (tmp_path / "place/journeys.csv").read_text().replace("A2,ash,15", "A2,ash,-15")
    (tmp_path / "place/journeys.csv").write_text(faulty)
    name = kept._key({path.name: sha256(path.read_bytes()).hexdigest()
                      for path in (tmp_path / "place").iterdir()}, set())  # fmt: skip
    content = entry.read_bytes()[kept.HASH_BYTES :]
    (home / f"{name}{kept.ENDING}").write_bytes(kept._mark(name, content) + content)
    (home / f"{name}{kept.ENDING}").chmod(0o600)
    read_question(config)
    with pytest.raises(InputError, match="below 0"):
        validate(config)
