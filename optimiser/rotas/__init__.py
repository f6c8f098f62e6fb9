"""Rotas: how many people a rota needs, its weekly pattern, and which rotas one vacancy would break."""

from optimiser.rotas.cover import DAYS, Cover, Shape, Shift
from optimiser.rotas.law import WorkingTime
from optimiser.rotas.need import Contract, Need, fragile, need
from optimiser.rotas.pattern import Pattern, smallest_legal
from optimiser.rotas.weekly import Roster, drawn, grid, legend

__all__ = [
    "DAYS",
    "Contract",
    "Cover",
    "Need",
    "Pattern",
    "Roster",
    "Shape",
    "Shift",
    "WorkingTime",
    "drawn",
    "fragile",
    "grid",
    "legend",
    "need",
    "smallest_legal",
]
