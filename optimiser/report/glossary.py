"""The words that the code, the tables, the pages and the messages share, from one table: ``glossary.csv``."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files as package_files

from optimiser.problem.words import begun

AS_THERE = "yes"


@cache
def rows() -> tuple[Mapping[str, str], ...]:
    """Return every word, its meaning and what the page says of it: ``yes`` for the same, nothing to leave it out.

    ``in_short`` is what it says where the word is met first, for the few that stand there.
    """
    text = (package_files("optimiser.report") / "glossary.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def met_in(text: str) -> list[str]:
    """Return the words that are met in a text with what they mean in short, those that have that."""
    said = text.lower()
    return [f"{row['word']}: {row['in_short']}" for row in rows() if row["in_short"] and row["word"].lower() in said]


def on_the_page() -> Iterator[tuple[str, str]]:
    """Yield the words that a leader meets on the page and what they mean, in the order of the alphabet."""
    for row in sorted(rows(), key=lambda row: row["word"].lower()):
        if said := row["on_the_page"]:
            yield begun(row["word"]), f"{begun(row['meaning'] if said == AS_THERE else said).replace('*', '')}."
