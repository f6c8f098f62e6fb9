"""How a question is put into words: lists, plurals, amounts and the names of sites."""

from __future__ import annotations

from collections.abc import Sequence

from optimiser.problem import Problem


def sites_in_words(problem: Problem, sites: Sequence[str]) -> str:
    """Return the names of sites as a list in words."""
    names = [problem.sites[site].name for site in sites]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names) or "no site"
