"""The price of each rule: what every objective would gain if it gave way by one notch, or altogether.

Each price is exact: the question is asked again. Rules whose giving way all at once gains nothing gain nothing one by
one, so groups that gain nothing are not asked about further.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from optimiser.explanation.best import best_option
from optimiser.model.objectives import UNITS
from optimiser.model.rules import LIMITS
from optimiser.model.rules.rule import Limit, Looser, Names
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.problem.words import amount_told

COLUMNS = ["rule", "names", "words", "step", "given", "objective", "before", "after", "saved", "measured_in"]
NOTCH, FIRST, REMOVED = "one notch", "the first that saves", "removed"
MOST_NOTCHES = 64


@dataclass(frozen=True)
class Giving:
    """One rule that could give way: altogether, and by so many notches, if it has any."""

    rule: Limit
    names: Names
    words: str

    def removed(self, problem: Problem) -> Problem:
        """Return the question without it."""
        return self.rule.without(problem, self.names)

    def looser(self, problem: Problem, notches: int) -> Looser | None:
        """Return the question with it so many notches looser, and what that is in words."""
        return self.rule.looser(problem, self.names, notches)


def price_of_rules(plan: Plan) -> pd.DataFrame:
    """Work out what each rule costs, by solving again with it relaxed notch by notch, and with it removed.

    Parameters
    ----------
    plan
        The best plan of a question.

    Returns
    -------
    pandas.DataFrame
        One row a rule, step and objective: what it comes to before and after, and what is saved, in ``measured_in``.
        The steps are "one notch", "the first that saves" where one notch saves nothing but a few do, and "removed".
        Rules without which the best plan is as good have rows for their removal alone, which save 0.
    """
    problem = plan.problem
    before = tuple(reached.value for reached in plan.proof.objectives)
    rows: list[tuple[object, ...]] = []
    ways = givings(problem)
    costly = that_matter(problem, ways, before)
    for way in ways:
        if way in costly:
            rows += _by_notches(problem, way, before)
        rows += _rows(problem, way, (REMOVED, ""), before, costly.get(way, before))
    return pd.DataFrame(rows, columns=COLUMNS)


def prices_in_words(prices: pd.DataFrame) -> list[str]:
    """Return a line for each rule that costs something, and how many cost nothing."""
    lines, free = [], 0
    for (_, _, words), rows in prices.groupby(["rule", "names", "words"], sort=False):
        if not rows["saved"].any():
            free += 1
            continue
        lines.append(f"  - {words}")
        for (_, given), one in rows.groupby(["step", "given"], sort=False):
            saved = [_saved(row, several=len(one) > 1) for row in one.itertuples() if row.saved]
            lines.append(f"      {given or 'without it'}: {'; '.join(saved) or 'saves nothing'}")
    return [*lines, *_cost_nothing(free, bool(lines))]


def _cost_nothing(free: int, beside_others: bool) -> list[str]:
    if not free:
        return [] if beside_others else ["  No rule could give way."]
    other = " other" if beside_others else ""
    if free == 1:
        return [f"  1{other} rule, dropped alone, changes nothing: the best plan is as good."]
    return [f"  {free}{other} rules, each dropped alone, change nothing: the best plan is as good."]


def _saved(row: Any, *, several: bool) -> str:
    of = f" ({row.objective.replace('_', ' ')})" if several else ""
    return f"{'saves' if row.saved > 0 else 'costs'} {amount_told(abs(row.saved), row.measured_in)}{of}"


def _rows(
    problem: Problem, way: Giving, step: tuple[str, str], before: Sequence[float], after: Sequence[float]
) -> Iterator[tuple[object, ...]]:
    for objective, here, there in zip(problem.objectives, before, after, strict=True):
        saved = here - there if here != there else 0.0
        name, unit = objective.name, UNITS[objective.name]
        yield way.rule.name, ".".join(way.names), way.words, *step, name, here, there, saved, unit


def _by_notches(problem: Problem, way: Giving, before: tuple[float, ...]) -> Iterator[tuple[object, ...]]:
    """Yield what one notch saves and, if that is nothing, the fewest notches that save something."""
    one = way.looser(problem, 1)
    if one is None:
        return
    yield from _rows(problem, way, (NOTCH, one[1]), before, _best(one[0]))
    fewest = fewest_notches(problem, way, before)
    if fewest > 1 and (first := way.looser(problem, fewest)):
        yield from _rows(problem, way, (FIRST, first[1]), before, _best(first[0]))


def fewest_notches(problem: Problem, way: Giving, before: tuple[float, ...]) -> int:
    """Return the fewest notches by which a rule must give way for the best plan to be better; 0 as ``fewest_that``."""
    return fewest_that(problem, way, lambda looser: _is_better(looser, before) is not None)


def fewest_that(problem: Problem, way: Giving, enough: Callable[[Problem], bool]) -> int:
    """Return the fewest notches by which a rule must give way for that to be enough, by doubling and halving.

    0 where so many as are looked at are not, or what is asked has no size.
    """

    def is_enough(notches: int) -> bool:
        found = way.looser(problem, notches)
        return found is not None and enough(found[0])

    nothing, something = 0, 1
    while not is_enough(something):
        nothing, something = something, 2 * something
        if something > MOST_NOTCHES:
            return 0
    while something - nothing > 1:
        middle = (nothing + something) // 2
        nothing, something = (nothing, middle) if is_enough(middle) else (middle, something)
    return something


def _best(problem: Problem) -> tuple[float, ...]:
    found = best_option(problem)
    assert found is not None, "the plan meets every rule of a looser question"
    return found.values


def just_looser(problem: Problem, way: Giving, before: tuple[float, ...]) -> Looser:
    """Return the question with a rule as little looser as makes the best plan better, and that in words.

    Without the rule, and no words, where no notch does.
    """
    fewest = fewest_notches(problem, way, before)
    return (way.looser(problem, fewest) if fewest else None) or (way.removed(problem), "")


def _is_better(problem: Problem, before: tuple[float, ...]) -> tuple[float, ...] | None:
    """Return what the best plan of a question comes to, if that is better."""
    found = best_option(problem)
    return found.values if found and found.values < before else None


def that_matter(problem: Problem, ways: Sequence[Giving], before: tuple[float, ...]) -> dict[Giving, tuple[float, ...]]:
    """Return the rules without which the best plan would be better than what is given, with what it would come to."""
    if not ways:
        return {}
    varied = problem
    for way in ways:
        varied = way.removed(varied)
    after = _is_better(varied, before)
    if after is None:
        return {}
    if len(ways) == 1:
        return {ways[0]: after}
    half = len(ways) // 2
    return that_matter(problem, ways[:half], before) | that_matter(problem, ways[half:], before)


def givings(problem: Problem) -> list[Giving]:
    """Return every rule that could give way: those of each service, then of staff, then of the whole question."""
    whose = [*((code,) for code in problem.services), *problem.team_units, ()]
    found = [
        Giving(rule, names, rule.stated_in_words(problem, names))
        for rule in LIMITS.values()
        for names in rule.stated(problem)
    ]
    return sorted(found, key=lambda one: whose.index(one.names if one.names in whose else one.names[:1]))
