"""Beds again, from the words: the chance that every bed is taken, as a ratio of sums and not by recursion.

With ``a`` beds taken on average if nobody were turned away, the share of arrivals who find all of ``n`` beds taken is
``(aⁿ/n!) / (a⁰/0! + a¹/1! + … + aⁿ/n!)``. It is worked out to 60 digits; fractions settle what is closer than 40.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Context, Decimal
from fractions import Fraction

from optimiser.checker.run import Run
from optimiser.checker.stated import Beds

DAYS = 365
DIGITS = Context(prec=60)
NOBODY = Decimal(10) ** -60
CLOSE = Decimal(10) ** -40


def busy_beds(wanted: Beds, patients: Fraction) -> Fraction:
    """Return the beds taken on average by so many patients a year and by the others who arrive with them."""
    share = wanted.other_share
    others = patients * share / (1 - share)
    return (patients * wanted.days + others * wanted.other_days) / DAYS


def turned_away(busy: Fraction) -> Iterator[Decimal]:
    """Yield the share of arrivals who find every bed taken, with no bed, one bed, two beds and so on."""
    load = DIGITS.divide(Decimal(busy.numerator), Decimal(busy.denominator))
    term = total = Decimal(1)
    number = 0
    while True:
        yield DIGITS.divide(term, total)
        number += 1
        term = DIGITS.divide(DIGITS.multiply(term, load), Decimal(number))
        total = DIGITS.add(total, term)


def share_turned_away(beds: int, busy: Fraction) -> Fraction:
    """Return the share of arrivals who find all of so many beds taken; nobody is turned away where nobody comes."""
    if not busy:
        return Fraction(0)
    for number, share in enumerate(turned_away(busy)):
        # Beyond the beds that are taken, the shares only fall.
        if number == beds or (number > busy and share < NOBODY):
            return Fraction(share)
    raise AssertionError("the shares never end")


def beds_for(wanted: Beds, busy: Fraction) -> int:
    """Return the fewest beds that turn away no larger share than the config allows."""
    if not busy:
        return 0
    allowed = DIGITS.divide(Decimal(wanted.blocking.numerator), Decimal(wanted.blocking.denominator))
    for beds, share in enumerate(turned_away(busy)):
        if abs(share - allowed) <= CLOSE:
            if _exactly(beds, busy) <= wanted.blocking:
                return beds
        elif share < allowed:
            return beds
    raise AssertionError("the shares never end")


def _exactly(beds: int, busy: Fraction) -> Fraction:
    term = total = Fraction(1)
    for number in range(1, beds + 1):
        term = term * busy / number
        total += term
    return term / total


def busy_by_site(run: Run, service: str) -> dict[str, Fraction]:
    """Return the beds taken on average at each candidate that the plan gives a service to."""
    wanted = run.question.services[service].beds
    assert wanted is not None
    return {site: busy_beds(wanted, run.patients_from(service, site, run.areas)) for site in run.sites_of(service)}


def busy_as_today(run: Run, service: str, sites: Iterable[str]) -> list[Fraction]:
    """Return the beds taken on average at each of today's candidates, were those the ones that provide a service.

    Where patients are seen first elsewhere, that is as it is today too, if the config says how that is.
    """
    wanted, transfer = run.question.services[service].beds, run.question.services[service].transfer
    assert wanted is not None
    chosen = list(sites)
    patients: dict[str, Fraction] = dict.fromkeys(chosen, Fraction(0))
    if transfer is None:
        going = run.nearest_of(service, chosen)
    else:
        seen = run.question.today.get(transfer.first_contact)
        first = run.sites_of(transfer.first_contact) if seen is None else [s for s in run.candidates if s in seen]
        going = run.by_transfer_if(service, first, chosen)
    for area, journey in going.items():
        if journey.site in patients:
            share = run.share_moved(service, journey) if transfer else 1
            patients[journey.site] += share * run.patients(service, area)
    return [busy_beds(wanted, number / run.inputs.patients_scale) for number in patients.values()]
