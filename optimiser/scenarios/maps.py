"""How two plans stand as two parameters vary together: exact along one, in steps along the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from optimiser.errors import Fault, InputError, did_you_mean, quoted
from optimiser.plan import Plan
from optimiser.problem.parameters import Parameter, ages_told, parameters
from optimiser.scenarios.switching import AHEAD, OTHER, switching_map


@dataclass(frozen=True)
class TwoWayMap:
    """A plan and another as ``across`` and ``down`` vary together; ``table`` is that of ``switching_map``.

    ``called`` is what the other is called within a sentence.
    """

    plan: Plan
    other: Plan
    across: Parameter
    down: Parameter
    table: pd.DataFrame
    called: str

    def __str__(self) -> str:
        """Say it in words, a line for each value of the parameter that varies in steps."""
        lines = [f"By {self.down.name} ({self.down.unit}), along {self.across.name} ({self.across.unit}):"]
        for value, rows in self.table.groupby(self.down.name):
            said = "; ".join(self._stretch(*row) for row in rows.iloc[:, 1:].itertuples(index=False))
            lines.append(f"  {value:>8g}: {said}")
        lines += ages_told(self.plan.problem, [self.across.name, self.down.name])
        return "\n".join(lines)

    def _stretch(self, low: float, high: float, first: bool, second: bool, better: int) -> str:
        """Return a stretch of ``across`` in words."""
        one = "only the plan" if first else f"only {self.called}" if second else "neither"
        said = AHEAD[better].format("the plan", self.called) if first and second else f"{one} is lawful"
        return f"{low:.6g} to {high:.6g} {said}"


def two_way_map(plan: Plan, other: Plan, names: Sequence[str], *, called: str = OTHER) -> TwoWayMap:
    """Work out how a plan and another stand as two named parameters vary over their ranges.

    The first is exact, the second in nine equal steps and at its present value. Raises ``InputError`` for a name that
    the question has no parameter of, and where there are not two.
    """
    known = parameters(plan.problem)
    if len(names) != 2 or names[0] == names[1]:
        raise InputError([Fault("--map", "name two parameters, e.g. journey_factor,staff.TEAM.people.")])
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError(
            Fault("--map", f"this question has no parameter {quoted(name)}. {did_you_mean(name, list(known))}".rstrip())
            for name in unknown
        )
    across, down = (known[name] for name in names)
    table = switching_map(plan.problem, plan.designated, other.designated, across, down)
    return TwoWayMap(plan, other, across, down, table, called)
