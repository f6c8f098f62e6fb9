"""Figures of a run against today: minutes by district, and patients at each site against what is asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from optimiser.plan.finished import Run
from optimiser.problem.words import short, whole
from optimiser.report.export.drawing import FAINT, INK, PAPER, QUIET, SITE_COLOURS, Figure, figure, text

TOP, LABELS, RIGHT, HIGH = 124, 250, 800, 30
LINKED = "#9fb6ca"
# Less is shown as no change.
NOTICED = 0.05


def of_districts(run: Run, service: str, name: str, sources: str) -> Iterator[Figure]:
    """Yield average minutes by district today and in a run, those that lose most first; nothing without districts."""
    now, before = (_by_district(table, service) for table in (run.measures, run.before.measures))
    both = pd.DataFrame({"now": now, "today": before}).replace(float("inf"), None).dropna().astype(float)
    if both.empty:
        return
    both = both.assign(change=both["now"] - both["today"]).sort_values("change", ascending=False, kind="stable")
    called = run.problem.services[service].name
    most = both.index[0]
    first, then = both["today"].iloc[0], both["now"].iloc[0]
    longest = f"journeys lengthen most for {most}, from {first:.1f} to {then:.1f} minutes on average"
    title = f"{called}: {longest if then - first >= NOTICED else 'in no district is the average journey longer'}"
    says = "Average minutes of residents' patients: today's sites (ring) and these (disc), by this model."
    alt = "; ".join(f"{one}, {row['today']:.1f} today and {row['now']:.1f}" for one, row in both.iterrows())
    low, high = 10 * (both[["now", "today"]].min().min() // 10), 10 * (both[["now", "today"]].max().max() // 10 + 1)

    def x(minutes: float) -> float:
        return float(LABELS + (RIGHT - LABELS) * (minutes - low) / (high - low))

    bottom, body = TOP + HIGH * len(both), []
    for minutes in range(int(low), int(high) + 1, 10):
        body += [f'<path d="M{x(minutes):.1f},{TOP - 8}V{bottom}" stroke="{FAINT}"/>']
        body += [text(x(minutes), bottom + 20, str(minutes), anchor="middle", colour=QUIET)]
    for number, (one, row) in enumerate(both.iterrows()):
        y = TOP + HIGH * number + 10
        body += [
            text(LABELS - 14, y + 5, str(one), anchor="end"),
            f'<path d="M{x(row["today"]):.1f},{y}H{x(row["now"]):.1f}" stroke="{LINKED}" stroke-width="5"/>',
            f'<circle cx="{x(row["now"]):.1f}" cy="{y}" r="7" fill="{SITE_COLOURS[0]}"/>',
            f'<circle cx="{x(row["today"]):.1f}" cy="{y}" r="6" fill="{PAPER}" stroke="{INK}" stroke-width="2"/>',
            text(RIGHT + 90, y + 5, _signed(row["change"]), anchor="end"),
        ]
    yield figure(name, title, says, f"{alt}.", body, bottom + 30, sources)


def _signed(change: float) -> str:
    return "0" if abs(change) < NOTICED else f"{change:+.1f}".replace("-", "−")


def _by_district(table: pd.DataFrame, service: str) -> pd.Series[float]:
    rows = table[(table["measure"] == "mean_minutes") & (table["service"] == service)]
    rows = rows[rows["group"].str.startswith("district ")]
    return pd.Series(rows["value"].to_numpy(float), index=rows["group"].str.removeprefix("district "))


def of_volumes(run: Run, service: str, name: str, sources: str) -> Figure:
    """Return the patients a year at each candidate today and in a run, against the fewest that are asked for."""
    one, sites = run.problem.services[service], run.problem.candidates
    now, before = (_by_site(table, service, sites) for table in (run.measures, run.before.measures))
    least = one.minimum_patients.value if one.minimum_patients else 0.0
    names = {site: short(run.problem.sites[site].name) for site in sites}
    smallest = min((number for number in now.values() if number), default=0.0)
    asked = f"; at least {whole(least)} are asked for" if least else ""
    title = f"{one.name}: the smallest unit would see {whole(smallest)} patients a year{asked}"
    says = "Patients a year at each site, also from outside: these sites (dark), today's (pale), by this model."
    alt = "; ".join(f"{names[site]}, {whole(before[site])} today and {whole(now[site])}" for site in sites)
    most = max(*now.values(), *before.values(), least, 1.0)

    def across(patients: float) -> float:
        return (RIGHT - LABELS) * patients / most

    bottom, body = TOP + 56 * len(sites), []
    for number, site in enumerate(sites):
        y = TOP + 56 * number
        body += [text(LABELS - 14, y + 26, names[site], anchor="end")]
        for at, patients, colour in ((y, now[site], SITE_COLOURS[0]), (y + 21, before[site], LINKED)):
            body += [f'<rect x="{LABELS}" y="{at}" width="{across(patients):.1f}" height="19" fill="{colour}"/>']
            body += [text(LABELS + across(patients) + 8, at + 14, whole(patients), size=13)]
    if least:
        x = LABELS + across(least)
        body += [f'<path d="M{x:.1f},{TOP - 10}V{bottom}" stroke="{INK}" stroke-width="1.5" stroke-dasharray="5 3"/>']
        body += [text(x, bottom + 18, f"at least {whole(least)}", anchor="middle")]
    return figure(name, title, says, f"{alt}{asked}.", body, bottom + 30, sources)


def _by_site(table: pd.DataFrame, service: str, sites: tuple[str, ...]) -> dict[str, float]:
    rows = table[(table["measure"] == "site_patients") & (table["service"] == service)].set_index("group")["value"]
    return {site: float(rows.get(site, 0.0)) for site in sites}
