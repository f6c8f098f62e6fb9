"""A sweep that is done, read back from its folder for figures: how often each option is best, and at which values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optimiser.scenarios.influence import COLUMNS, INFLUENCE

MOST_STEPS = 10
FIGURES = ["won_share", "won_alone_share", "lawful_share", "max_regret", "mean_regret"]


def for_figures(folder: Path) -> dict[str, Any]:
    """Return a sweep's options, those best in most scenarios first, and what is best as each figure varies.

    What turns the answer most stands first; ``moves`` is what moves it, where the sweep asked. Raises ``OSError``,
    ``ValueError`` or ``KeyError`` where the folder is not as ``optimiser sweep`` writes it.
    """
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    regret, options, results, drawn = (
        pd.read_csv(folder / f"{name}.csv", keep_default_na=False, na_values={column: [""] for column in FIGURES})
        for name in ("regret", "options", "results", "scenarios")
    )
    ranked = regret.sort_values(["won_share", "lawful_share"], ascending=False, kind="stable")
    safest = record["minimax_regret"]
    return {
        "title": record["title"],
        "scenarios": record["scenarios"],
        "without_a_plan": record["scenarios_without_a_plan"],
        "unit": record["unit"],
        "safest": safest and safest["option"],
        "options": [
            {
                "option": str(row.option),
                "designated": {
                    str(service): list(sites)
                    for service, sites in options[options["option"] == row.option].groupby("service")["site"]
                },
                **{name: None if pd.isna(getattr(row, name)) else float(getattr(row, name)) for name in FIGURES},
            }
            for row in ranked.itertuples()
        ],
        "varied": sorted(_varied(drawn, results["best"]), key=lambda one: -one["turns"]),
        "moves": _moves(folder, record["files"]),
    }


def _moves(folder: Path, written: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what moves what, those that move it most first: Sobol indices, where the sweep asked for them."""
    if INFLUENCE not in written:
        return []
    found = pd.read_csv(folder / INFLUENCE)[COLUMNS]
    ranked = found.sort_values("total_order", ascending=False, kind="stable")
    return [dict(row) for of in found["of"].unique() for row in ranked[ranked["of"] == of].to_dict("records")]


def _varied(drawn: pd.DataFrame, best: pd.Series) -> Iterator[dict[str, Any]]:
    """Yield what varied: from its least to its most in steps, how many scenarios each option is best in."""
    for name in drawn.columns.drop("scenario"):
        values = drawn[name]
        # A state of the roads is said in words, and lies on no line.
        if not pd.api.types.is_numeric_dtype(values):
            continue
        steps = list(_steps(values, best))
        yield {"name": str(name), "turns": _turns(steps, best.value_counts()), "steps": steps}


def _steps(values: pd.Series, best: pd.Series) -> Iterator[dict[str, Any]]:
    """Yield each value where there are few, and else parts of equal width; those that nobody drew are there too."""
    few = sorted(values.unique())
    if len(few) <= MOST_STEPS:
        ends, which = [(one, one) for one in few], np.searchsorted(few, values)
    else:
        edges = np.linspace(few[0], few[-1], MOST_STEPS + 1)
        ends = list(pairwise(edges))
        which = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, MOST_STEPS - 1)
    for number, (low, high) in enumerate(ends):
        counts = best[which == number].value_counts()
        yield {"low": float(low), "high": float(high), "best": {str(one): int(many) for one, many in counts.items()}}


def _turns(steps: list[dict[str, Any]], overall: pd.Series) -> float:
    """Return in what share of scenarios the best is another than where this figure did not matter at all."""
    many, off = int(overall.sum()), 0.0
    for step in steps:
        here = sum(step["best"].values())
        off += sum(abs(step["best"].get(str(one), 0) - here * count / many) for one, count in overall.items())
    return off / 2 / many
