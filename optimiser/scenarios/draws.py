"""Scenarios: values by parameter, each from the seed and its own number alone.

A drawn parameter p has a standard normal z(p) = Σ √share(g) · Z(g) + √(1 − Σ share(g)) · E(p), over the common causes g
that move it, with all Z and E independent standard normals. Its value is F⁻¹(Φ(z)), where F is the distribution that
the sweep states: so each has its stated shape whatever the shares, and two with one common cause are correlated, as
normals, by its share. Values are rounded to the decimals stated, within low and high.

Uniform numbers are the raw 64-bit words of a Philox counter generator whose key is the seed and whose counter starts at
the scenario's number: no order, number of workers or version of a sampler can change them.

For Sobol indices of d parameters, a draw is two scenarios A and B by themselves, and d between them: A, then A with the
first parameter as in B, then A with the second as in B, and so on, then B.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from statistics import NormalDist

import numpy as np

from optimiser.problem.parameters import Parameter
from optimiser.scenarios.settings import ROADS, Spread, SweepSettings

NORMAL = NormalDist()
BITS = 53


def scenarios(
    settings: SweepSettings, known: Mapping[str, Parameter], start: int = 0, stop: int | None = None
) -> Iterator[dict[str, float]]:
    """Yield the values of scenarios ``start`` to ``stop``, counted from 0, in order."""
    last = settings.size if stop is None else min(stop, settings.size)
    for number in range(start, last):
        values, state = divmod(number, max(1, len(settings.roads)))
        roads = {ROADS: float(state)} if settings.roads else {}
        yield roads | _values(settings, known, values)


def _values(settings: SweepSettings, known: Mapping[str, Parameter], number: int) -> dict[str, float]:
    """Return the values of a scenario, but for the state of the roads."""
    if settings.draws:
        return _drawn(settings, known, number)
    if settings.grid:
        spots = np.unravel_index(number, [len(values) for values in settings.grid.values()])
        return {name: values[spot] for (name, values), spot in zip(settings.grid.items(), spots, strict=True)}
    return dict(settings.scenarios[number]) if settings.scenarios else {}


def _drawn(settings: SweepSettings, known: Mapping[str, Parameter], number: int) -> dict[str, float]:
    if settings.sobol:
        number, step = divmod(number, settings.a_draw)
        many = len(settings.vary)
        both = _uniforms(settings.seed, number, 2 * many)
        as_in_b = range(many) if step == many + 1 else [step - 1]
        uniform = [both[many + n if n in as_in_b else n] for n in range(many)]
    else:
        uniform = _uniforms(settings.seed, number, len(settings.together) + len(settings.vary))
    if not settings.together:
        return {
            name: _value(spread, known[name], u)
            for (name, spread), u in zip(settings.vary.items(), uniform, strict=True)
        }
    normal = [NORMAL.inv_cdf(u) for u in uniform]
    common, own = normal[: len(settings.together)], normal[len(settings.together) :]
    values = {}
    for (name, spread), z in zip(settings.vary.items(), own, strict=True):
        shared = [(one.share, c) for one, c in zip(settings.together, common, strict=True) if name in one.parameters]
        rest = max(0.0, 1 - sum(share for share, _ in shared))
        together = sum(math.sqrt(share) * c for share, c in shared) + math.sqrt(rest) * z
        values[name] = _value(spread, known[name], NORMAL.cdf(together))
    return values


def _uniforms(seed: int, number: int, count: int) -> list[float]:
    """Return numbers strictly between 0 and 1."""
    raw = np.random.Philox(key=seed, counter=[0, 0, 0, number]).random_raw(count)
    return [((int(word) >> (64 - BITS)) + 0.5) / 2**BITS for word in raw]


def _value(spread: Spread, parameter: Parameter, u: float) -> float:
    """Return the value below which a share ``u`` of the distribution lies, rounded within low and high."""
    low, high = spread.low, spread.high
    places = 0 if parameter.whole else spread.decimals
    return min(max(round(_quantile(spread, u), places), low), high)


def _quantile(spread: Spread, u: float) -> float:
    low, high = spread.low, spread.high
    if spread.shape == "triangular" and spread.mode is not None and low < high:
        share = (spread.mode - low) / (high - low)
        if u < share:
            return low + math.sqrt(u * (high - low) * (spread.mode - low))
        return high - math.sqrt((1 - u) * (high - low) * (high - spread.mode))
    if spread.shape == "normal" and spread.mean is not None and spread.sd is not None and low < high:
        shape = NormalDist(spread.mean, spread.sd)
        cut_low, cut_high = shape.cdf(low), shape.cdf(high)
        # Where the whole range lies so far out that nothing of it is left, its nearer end is all there is.
        if cut_high - cut_low < 1e-12:
            return low if spread.mean < low else high
        return shape.inv_cdf(min(max(cut_low + u * (cut_high - cut_low), 1e-300), 1 - 2**-53))
    return low + u * (high - low)
