"""What is worked out is what was asked for: a pair of nothing is refused, and what was meant is named."""

from __future__ import annotations

from typing import Any

import pytest
from worlds import small

import optimiser as op
from optimiser.errors import InputError

WRONG: dict[str, tuple[Any, str]] = {
    "another way round": ([("clinic", "ash")], r"Write the site first: \('ash', 'clinic'\)"),
    "a site that is not there": ([("birhc", "clinic")], r'Did you mean "birch"\?'),
    "a service that is not there": ([("ash", "clinics")], r'Did you mean "clinic"\?'),
    "a neighbour": ([("oak", "clinic")], r"is no candidate and service of this question"),
    "sites by service": ({"clinic": ["ash"]}, r"Give pairs of a site and a service"),
    "words": ("ash", r"Give pairs of a site and a service"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_pair_of_a_candidate_and_a_service_is_refused(wrong: str):
    asked, words = WRONG[wrong]
    with pytest.raises(InputError, match=words):
        op.evaluate(small(), asked)


def test_pairs_are_taken_in_any_collection():
    for pairs in ([("ash", "clinic")], {("ash", "clinic")}, frozenset({("ash", "clinic")})):
        assert op.evaluate(small(), pairs).designated == {("ash", "clinic")}
