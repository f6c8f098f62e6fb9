"""From the cover that a config asks for to what its rotas need, and how that cover may be given."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import combinations

from optimiser.errors import Fault, InputError
from optimiser.inputs.config import Config, Settings
from optimiser.inputs.config.figures import StatedFigure
from optimiser.inputs.config.rotas import ContractSettings, RotaSettings, ShiftSettings, WorkingTimeSettings
from optimiser.problem import Figure, Link, RotaNeed, Unit
from optimiser.rotas import Contract, Cover, Roster, Shape, Shift, WorkingTime, need
from optimiser.rotas.cover import ASKED, DAY, DAYS, WEEK, clock, exact, shared
from optimiser.rotas.need import AtSites, Step, Sums, Travel, with_travel, with_wte

# Minutes there and back, by site.
Ways = Mapping[str, tuple[float, float]]


def units_of(rota: RotaSettings) -> tuple[Unit, ...]:
    """Return the units in which a rota counts staff.

    Those that it states; ``people`` if it says how often somebody may be on call; and ``WTE`` where people are resident
    and it states neither.
    """
    resident = any(block.kind == "resident" for block in rota.cover)
    people = rota.people is not None or rota.one_in is not None
    wte = rota.wte is not None or (rota.people is None and resident)
    return tuple(unit for unit, counted in (("people", people), ("WTE", wte)) if counted)  # type: ignore[misc]


def needs_of(settings: Settings, service: str, team: str, ways: Ways | None = None) -> tuple[RotaNeed, ...]:
    """Return what a rota needs in each unit: what it states or, where it asks for cover, the larger of both.

    ``ways`` are the minutes there and back between where one team across sites is based and each other site.
    """
    rota = settings.services[service].rotas[team]
    stated: dict[Unit, Figure | None] = {"people": _figure(rota.people), "WTE": _figure(rota.wte)}
    if not rota.cover:
        figures = {unit: figure for unit in units_of(rota) if (figure := stated[unit])}
        return tuple(_limited(rota, RotaNeed(team, unit, figure)) for unit, figure in figures.items())
    sums = need(
        _cover(rota),
        _contract(settings),
        floor_people=stated["people"],
        floor_wte=stated["WTE"],
        one_in=_figure(rota.one_in),
        hours_count=rota.consultant_contract is not False,
    ).sums
    last: dict[Unit, Step] = {}
    for unit in units_of(rota):
        last[unit] = sums.steps[-1] if unit == "people" else with_wte(sums, stated["WTE"])
    roster = _roster(settings, service, team, max(math.ceil(step.exact) for step in last.values()))
    figures = {unit: Figure(float(step.exact), _source(stated[unit]), step.verified) for unit, step in last.items()}
    across = settings.teams[team].across_sites if team in settings.teams else None
    needs = (RotaNeed(team, unit, figure) for unit, figure in figures.items())
    if across:
        once, trips = _once(sums), across.trips_a_week.figure()
        table = f"transfers_by_mode.csv ({across.travel_by})" if across.travel_by else "transfers.csv"
        sites = with_travel(sums, _contract(settings), Travel(across.based_at, trips, ways or {}, table))
        needs = (_across(rota, one, sites, once) for one in needs)
    steps = tuple(sums.rows())
    return tuple(_limited(rota, replace(one, steps=steps, roster=roster)) for one in needs)


def _limited(rota: RotaSettings, one: RotaNeed) -> RotaNeed:
    """Return a need with whether it may fall short, and the services that decide where it is one."""
    without, remote = (said.into(Link) if said else None for said in (rota.only_without, rota.remote_from))
    return replace(one, may_fall_short=rota.may_fall_short, only_without=without, remote_from=remote)


def _across(rota: RotaSettings, one: RotaNeed, sites: AtSites, once: int) -> RotaNeed:
    """Return what one team across sites needs: what each site takes, travel included, and what is needed once."""
    needed, shared = one.needed, one.unit == "people" and rota.shared_on_call is not None
    least = Fraction(0) if shared else exact(needed.value)

    def takes(wte: Fraction) -> float:
        # People are whole at a site that has its own; what is shared is made whole over all sites.
        return float(max(wte if one.unit == "WTE" or shared else Fraction(math.ceil(wte)), least))

    allowed = not shared or (rota.shared_on_call is not None and rota.shared_on_call.verified)
    return replace(
        one,
        needed=replace(needed, value=takes(sites.base), verified=needed.verified and sites.verified and allowed),
        at={site: takes(wte) for site, wte in sites.others.items()},
        once=replace(needed, value=float(once)) if shared else None,
    )


def _once(sums: Sums) -> int:
    """Return the people whom frequency and the standard ask for, however many sites they are on call for."""
    asked = (sums.known(f"people whom the {what}") for what in ("frequency takes", "standard asks for"))
    return math.ceil(max((step.exact for step in asked if step), default=Fraction(0)))


def faults(config: Config) -> Iterator[tuple[str, str]]:
    """Yield where and what for cover that no rota can give, and shifts and terms that cannot be."""
    settings = config.settings
    if not settings.states_cover:
        return
    terms = [
        *_refused(config.where("contract"), lambda: _contract(settings)),
        *_refused(config.where("working_time"), lambda: _law(settings)),
    ]
    yield from terms
    for service, one in settings.services.items():
        for team, rota in one.rotas.items():
            if rota.cover and not terms:
                yield from _rota_faults(config, service, team)


def _rota_faults(config: Config, service: str, team: str) -> Iterator[tuple[str, str]]:
    """Yield the faults of the blocks; if there are none those of the need, and so on: each rests on the one before."""
    settings, spot = config.settings, ("services", service, "rotas", team)
    rota = settings.services[service].rotas[team]
    cover, shifts = (config.where(*spot, name) for name in ("cover", "shifts"))
    found = [
        fault
        for place in range(len(rota.cover))
        for fault in _refused(config.where(*spot, "cover", place), partial(_block, rota, place))
    ]
    found = found or [(config.where(*spot, "cover", place), words) for place, words in _overlaps(_cover(rota))]
    found = found or list(
        _refused(cover, lambda: needs_of(settings.model_copy(update=_no_shifts(config)), service, team))
    )
    for code, shift in rota.shifts.items() if not found else ():
        found += _refused(config.where(*spot, "shifts", code), partial(_shift, code, shift))
    if not found and not rota.shifts:
        return
    found = found or list(_refused(shifts, lambda: _law(settings).refuse_long_shifts(_shape(service, team, rota))))
    yield from found or [(shifts, words) for words in _unlike_nights(settings, rota)]


def _no_shifts(config: Config) -> dict[str, object]:
    """Return the services without their shifts, so that a need is worked out though its shifts are faulty."""
    bare = {}
    for code, service in config.settings.services.items():
        rotas = {team: rota.model_copy(update={"shifts": {}}) for team, rota in service.rotas.items()}
        bare[code] = service.model_copy(update={"rotas": rotas})
    return {"services": bare}


def _refused(where: str, make: Callable[[], object]) -> Iterator[tuple[str, str]]:
    try:
        make()
    except InputError as error:
        yield from ((where, fault.message) for fault in error.faults)


def _overlaps(cover: tuple[Cover, ...]) -> Iterator[tuple[int, str]]:
    """Yield the blocks of a kind that overlap: whether their people add up is a matter of reading, so it is asked."""
    for (first, one), (second, other) in combinations(enumerate(cover), 2):
        pairs = ((a, (b[0] + at, b[1] + at)) for a in one.spans for b in other.spans for at in (-WEEK, 0, WEEK))
        both = next((max(a[0], b[0]) % WEEK for a, b in pairs if shared(a, b)), None)
        if both is not None and one.kind == other.kind:
            kind = one.kind.replace("_", " ")
            words = (
                f"blocks {first + 1} and {second + 1} of {kind} cover overlap on {DAYS[both // DAY]} at {clock(both)}"
            )
            yield second, f"{words}. Split them, so that each hour stands in one block with all its people."


def _unlike_nights(settings: Settings, rota: RotaSettings) -> Iterator[str]:
    """Yield why nights cannot be counted: some lie in the night of their own day, some in that of the day before."""
    law = _law(settings)
    nights = {
        code: _evening(law, shift) for code, one in rota.shifts.items() if law.is_night(shift := _shift(code, one))
    }
    if len(set(nights.values())) > 1:
        early = [code for code, evening in nights.items() if evening == min(nights.values())]
        late = [code for code in nights if code not in early]
        yield (
            f"most of {', '.join(early)} lies in the night before that of {', '.join(late)}, so that nights in a row "
            "could be counted in two ways. Let every night shift start on the same side of midnight."
        )


def _evening(law: WorkingTime, shift: Shift) -> int:
    """Return on which evening the night begins in which most of a shift lies: -1 is that of the day before."""
    start, end = (int(law.minutes(name)) for name in ("night_from_hour", "night_to_hour"))
    worked, lasts = (shift.start_minute, shift.end_minute), (end - start) % DAY
    return max((-1, 0, 1), key=lambda day: shared(worked, (DAY * day + start, DAY * day + start + lasts)))


def _figure(stated: StatedFigure | None) -> Figure | None:
    return None if stated is None else stated.figure()


def _source(stated: Figure | None) -> str:
    if stated is None:
        return "Worked out from cover (rota_needs.csv)"
    return (
        f"The larger of what cover takes (rota_needs.csv) and {stated.value:g}: {stated.source or 'no source stated'}"
    )


def _contract(settings: Settings) -> Contract:
    return (settings.contract or ContractSettings()).into(Contract)


def _law(settings: Settings) -> WorkingTime:
    return (settings.working_time or WorkingTimeSettings()).into(WorkingTime)


def _cover(rota: RotaSettings) -> tuple[Cover, ...]:
    return tuple(_block(rota, place) for place in range(len(rota.cover)))


def _block(rota: RotaSettings, place: int) -> Cover:
    said = rota.cover[place]
    return said.into(Cover, people=int(said.people), source=said.source or ASKED)


def _shift(code: str, said: ShiftSettings) -> Shift:
    """Return a shift, whose cover ends before its handover begins; one without any cover is refused."""
    start, end = (60 * int(time[:2]) + int(time[3:]) for time in (said.start, said.end))
    cover = (end - start - 1) % DAY + 1 - int(said.handover_minutes)
    if cover <= 0:
        raise InputError([Fault(f"shift {code}", "Its handover is as long as the shift. Leave time for cover.")])
    return Shift(code, said.start, clock(start + cover), int(said.handover_minutes), said.days)


def _shape(service: str, team: str, rota: RotaSettings) -> Shape:
    resident = tuple(block for block in _cover(rota) if block.kind == "resident")
    return Shape(f"{service}.{team}", resident, tuple(_shift(code, one) for code, one in rota.shifts.items()))


def _roster(settings: Settings, service: str, team: str, people: int) -> Roster | None:
    """Return how a rota gives its cover; None where its people are resident and it names no shifts."""
    rota = settings.services[service].rotas[team]
    on_call = tuple(block for block in _cover(rota) if block.kind == "on_call")
    if not rota.shifts and len(on_call) < len(rota.cover):
        return None
    shape = _shape(service, team, rota) if rota.shifts else None
    return Roster(f"{service}.{team}", _law(settings), people, shape, on_call, rota.shared_on_call is not None)
