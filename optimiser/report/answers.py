"""A question answered in full: the best plan and what it is set against or, where there is none, which rules clash."""

from __future__ import annotations

from dataclasses import dataclass, replace

from optimiser.explanation import Clash, WouldChange, would_change
from optimiser.explanation.solving import best_or_clash
from optimiser.inputs import Asked, problem_asked
from optimiser.model import cbc
from optimiser.plan import Plan, Tell, say_nothing
from optimiser.plan.proof import PROVED
from optimiser.plan.quotable import Otherwise
from optimiser.report.set_against import across_the_border, to_the_nearest
from optimiser.report.summary import lines
from optimiser.search.certificate import certified
from optimiser.search.level import with_standings
from optimiser.search.second_opinion import second_opinion_of_none, with_second_opinion


@dataclass(frozen=True)
class Answer:
    """The best plan, and what it is set against.

    ``set_against`` are sentences on what would be best if everybody went to the nearest, and if nobody crossed the
    border; none where that would be the same. ``would_change`` has the smallest changes that alter the answer.
    """

    plan: Plan
    set_against: tuple[Otherwise, ...]
    would_change: WouldChange

    def __str__(self) -> str:
        """Return the plan in a dozen plain lines, and what it is set against."""
        return "\n".join((*lines(self.plan), *map(str, self.set_against)))


def answer(
    problem: Asked,
    *,
    time_limit_minutes: float | None = None,
    second_opinion: bool = False,
    tell: Tell = say_nothing,
) -> Answer | Clash:
    """Find the best plan, prove it, and set it against what the nearest and the border would decide.

    Returns which rules clash where no plan meets every rule. ``second_opinion`` has another solver asked as well, for
    as long again, of what is proved; where there is none, ``MissingPackage`` is raised at once. Parameters and errors
    besides are those of ``solve``.
    """
    if second_opinion:
        cbc.version()
    asked = problem_asked(problem)
    found = best_or_clash(asked, time_limit_minutes=time_limit_minutes, tell=tell)
    if second_opinion:
        tell("Asking another solver")
    if isinstance(found, Clash):
        if not second_opinion:
            return found
        return replace(found, second_opinion=second_opinion_of_none(asked, time_limit_minutes=time_limit_minutes))
    if second_opinion and found.proof.outcome == PROVED:
        found = with_second_opinion(found, time_limit_minutes=time_limit_minutes)
    tell("Looking for plans that are level")
    found = with_standings(found)
    tell("Adding up what no plan can be better than")
    found = certified(found)
    tell("Looking across the border")
    set_against = (*to_the_nearest(found), *across_the_border(found))
    tell("Looking for what would change the answer")
    return Answer(found, set_against, would_change(found))
