"""Rotas: how many people a rota needs, its weekly pattern, and which rotas one vacancy would break."""

from optimiser.rota.across import Travel, with_travel
from optimiser.rota.cover import DAYS, Cover, Shape, Shift
from optimiser.rota.law import WorkingTime
from optimiser.rota.need import Contract, Need, fragile, need, with_wte
from optimiser.rota.pattern import Pattern, smallest_legal
from optimiser.rota.roster import Roster
from optimiser.rota.weekly import drawn, grid, legend

__all__ = [
    "DAYS",
    "Contract",
    "Cover",
    "Need",
    "Pattern",
    "Roster",
    "Shape",
    "Shift",
    "Travel",
    "WorkingTime",
    "drawn",
    "fragile",
    "grid",
    "legend",
    "need",
    "smallest_legal",
    "with_travel",
    "with_wte",
]
