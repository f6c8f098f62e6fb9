"""Which sites and areas a place has, by stated rules, and how much of where people went nearness reproduces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from optimiser.inputs.england.national import England

# An area outside whose shares for the candidates' trusts are at least this belongs to the place.
COMES_IN = 0.01
# A unit outside that at least this share of residents' strokes leave for is a neighbour.
LEAVES_FOR = 0.001
# Of where people went, the share that nearness reproduces below which a place carries a warning.
RELIABLE = 0.7


@dataclass(frozen=True, eq=False)
class Chosen:
    """What a place of one or more ICBs is made of. Units are named by postcode.

    A trust's share of an area's patients goes to the unit of that trust that is nearest to the area.
    """

    england: England
    icbs: tuple[str, ...]
    all_units: bool = False

    @cached_property
    def pool(self) -> list[str]:
        """Units that patients may go to."""
        return self.england.pool(all_units=self.all_units)

    @cached_property
    def candidates(self) -> list[str]:
        """The units of the ICBs."""
        units = self.england.units
        return [unit for unit in self.pool if units["icb"][unit] in self.icbs]

    @property
    def without_journeys(self) -> list[str]:
        """Names of the units of these boards to which no journeys are known."""
        units = self.england.units
        return [str(name) for name in units["name"][units["icb"].isin(self.icbs) & ~units["has_journeys"].astype(bool)]]

    @cached_property
    def others(self) -> list[str]:
        """Every other unit that patients may go to."""
        return [unit for unit in self.pool if unit not in self.candidates]

    @cached_property
    def residents(self) -> pd.Index[str]:
        """Areas of the ICBs."""
        areas = self.england.areas
        return areas.index[areas["icb"].isin(self.icbs)]

    @cached_property
    def outside(self) -> pd.Index[str]:
        """Areas elsewhere whose nearest unit of all is a candidate, or with a share for one that is worth counting."""
        comes = self.nearest.isin(self.candidates) | (self.flows[self.candidates].sum(axis=1) >= COMES_IN)
        return comes.index[comes & ~comes.index.isin(self.residents)]

    @cached_property
    def areas(self) -> pd.Index[str]:
        """Every area of the place, by code."""
        return self.residents.union(self.outside).sort_values()

    @cached_property
    def neighbours(self) -> list[str]:
        """Units elsewhere that some area of the place may reach, or that residents leave for in numbers worth counting.

        One is reached that is the nearest elsewhere and nearer than some candidate: there patients go when all nearer
        candidates are closed.
        """
        if not self.others:
            return []
        minutes = self.england.minutes.loc[self.areas]
        elsewhere = minutes[self.others]
        nearer = elsewhere.min(axis=1) < minutes[self.candidates].max(axis=1)
        reached = set(map(str, elsewhere.idxmin(axis=1)[nearer]))
        flows = self.flows.loc[self.residents, self.others]
        left_for = (
            flows.mul(self.strokes[self.residents], axis=0).sum() >= LEAVES_FOR * self.strokes[self.residents].sum()
        )
        return [unit for unit in self.others if unit in reached or left_for[unit]]

    @cached_property
    def strokes(self) -> pd.Series:
        """Stroke patients a year by area."""
        return self.england.areas["strokes"]

    @cached_property
    def nearest(self) -> pd.Series:
        """The nearest unit of all, by area."""
        return self.england.minutes[self.pool].idxmin(axis=1)

    @cached_property
    def flows(self) -> pd.DataFrame:
        """Share of each area's admissions that went to each unit in 2019, areas × units; 0 where none is known."""
        england = self.england
        shares = england.shares.reindex(england.areas["msoa"]).set_axis(england.areas.index).fillna(0.0)
        nobody = pd.Series(0.0, index=england.areas.index)
        found = dict.fromkeys(self.pool, nobody)
        trusts = england.units["trust"].reindex(self.pool).dropna()
        for trust, units in trusts.groupby(trusts).groups.items():
            nearest = england.minutes[list(units)].idxmin(axis=1)
            for unit in units:
                found[unit] = shares[trust].where(nearest == unit, 0.0)
        return pd.DataFrame(found)

    @cached_property
    def published(self) -> pd.Series:
        """Sum of the published shares of each area; 0 in Wales."""
        by_msoa = self.england.shares.sum(axis=1)
        return self.england.areas["msoa"].map(by_msoa).fillna(0.0)

    @cached_property
    def reproduced(self) -> float:
        """How much of where people went nearness reproduces.

        Of residents' strokes, the share for the trust of the nearest unit, over the sum of the published shares.
        """
        used = self.england.units["trust"].reindex(self.nearest[self.residents])
        msoas = self.england.areas["msoa"][self.residents]
        shares = self.england.shares
        rows, columns = shares.index.get_indexer(pd.Index(msoas)), shares.columns.get_indexer(pd.Index(used))
        to_nearest = np.where(columns >= 0, shares.to_numpy()[rows, columns], 0.0)
        weights = self.strokes[self.residents]
        return float((weights * to_nearest / self.published[self.residents]).sum() / weights.sum())

    def share_at(self, units: Sequence[str]) -> float:
        """Of residents' strokes, the share that goes to these units by the published shares."""
        weights, found = self.strokes[self.residents], self.flows.loc[self.residents, list(units)].sum(axis=1)
        return float((weights * found / self.published[self.residents]).sum() / weights.sum())

    @cached_property
    def icb_to_add(self) -> str:
        """The ICB whose unit is the nearest elsewhere for most residents' strokes; empty if there is none."""
        units = self.england.units["icb"]
        elsewhere = [unit for unit in self.others if units[unit]]
        if not elsewhere:
            return ""
        nearest = self.england.minutes.loc[self.residents, elsewhere].idxmin(axis=1)
        return str(self.strokes[self.residents].groupby(nearest.map(units)).sum().idxmax())
