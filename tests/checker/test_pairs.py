"""Tables of pairs, of which there may be millions, are read as all other tables are."""

from __future__ import annotations

import pytest

from optimiser.checker.inputs import INPUTS_CHECK, TABLES
from optimiser.checker.reading import Files, Pairs, Reader, UnreadableError

NAME = "inputs/journeys.csv"
SOUND = "area,site,minutes\na1,s1,10.5\na1,s2,\na2,s1,10.5\n"
OTHERS = {
    "no rows": "area,site,minutes\n",
    "an empty file": "",
    "a blank first line": "\narea,site,minutes\na1,s1,1\n",
    "columns in another order and one more": "note,minutes,site,area\nx,1,s1,a1\n,2,s2,a1\n",
    "a column that is missing": "area,site\na1,s1\n",
    "a column twice": "area,site,minutes,site\na1,s1,1,s1\n",
    "blank rows": "area,site,minutes\n\na1,s1,1\n , ,\n,,\n\na2,s1,2\n",
    "blank cells at the end": "area,site,minutes\na1,s1,1,,\na1,s2,2, \n",
    "too many cells": "area,site,minutes\na1,s1,1,x\na1,s2,2\n",
    "too few cells": "area,site,minutes\na1,s1\na1\na1,s2,2\n",
    "cells that cannot be read": "area,site,minutes\n,s1,1\na1, ,1\na1,s1,soon\na1,s2,-1\na1,s3,nan\na1,s1,3\n",
    "rows twice": "area,site,minutes\na1,s1,1\na2,s1,x\na2,s1,2\na1,s1,3\na2,s1,4\na1,s1,1\n",
    "quotation marks": 'area,site,minutes\n"a1","s,1",1\n"a\n2",s1,2\n',
    "a quotation mark that is not closed": 'area,site,minutes\na1,s1,x\n"a1,s2,2\n',
    "lines that end otherwise": "area,site,minutes\r\na1,s1,1\ra1,s2,2\r\n",
    "a mark at the beginning": "\ufeffarea,site,minutes\na1,s1,1\n",
}


def read_as_pairs(reader: Reader):
    return dict(reader.pairs(NAME, TABLES[NAME].columns, INPUTS_CHECK))


def read_as_rows(reader: Reader):
    rows = reader.table(NAME, TABLES[NAME].columns, optional=())
    return {key: row.cells["minutes"] for key, row in reader.keyed(rows, ("area", "site"), INPUTS_CHECK).items()}


def outcome(read, content: bytes):
    reader = Reader(Files({NAME: content}, [NAME]))
    try:
        found = read(reader)
    except UnreadableError:
        found = "cannot be read"
    return found, reader.breaches


@pytest.mark.parametrize("content", [SOUND, *OTHERS.values()], ids=["a sound table", *OTHERS])
def test_a_table_of_pairs_says_the_same_and_has_the_same_faults_as_its_rows(content: str):
    assert outcome(read_as_pairs, content.encode()) == outcome(read_as_rows, content.encode())


def test_a_table_of_pairs_that_is_no_text_is_refused_as_its_rows_are():
    content = b"area,site,minutes\na1,s1,soon\na1,s2,\xff\n"
    found, breaches = outcome(read_as_pairs, content)
    assert (found, breaches) == outcome(read_as_rows, content)
    assert found == "cannot be read" and [one.message[:32] for one in breaches] == [f"{NAME} is not UTF-8"]


def test_what_is_known_of_pairs_is_found_by_the_pair_and_by_the_first_of_it():
    known = {("a", "s"): 1, ("b", "s"): 1, ("a", "t"): 2}
    pairs = Pairs.among(known)
    assert pairs == known and len(pairs) == 3 and Pairs.among(pairs) is pairs
    assert pairs.of["a"] == {"s": 1, "t": 2} and ("b", "t") not in pairs and ("c", "s") not in pairs
    assert pairs.each(lambda one: one + 1) == {pair: one + 1 for pair, one in known.items()}
