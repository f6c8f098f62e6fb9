"""The words of a clash and of a way out: the one sentence that there is for each rule and, for what gives way, another.

Numbers stand in them with six figures, or in full from a million. By how much a rule gives way is rounded up to
hundredths, so that whoever gives so much gives enough. One of something is said in the singular.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil, lcm
from typing import Any

from optimiser.checker.reading import Number
from optimiser.checker.rules import PATIENTS, RULES
from optimiser.checker.run import MICRO, Run, beds_for, busy_beds
from optimiser.checker.tried import Demand, Trial

NONE = Fraction(0)
ANY_NUMBER = r"\d[\d,]*(?:\.\d+)?(?:e[+-]\d+)?"
HOURS, TRANSFERS, REPATRIATIONS = "hours a year", "transfers a day", "repatriations a year"
TRANSFERS_IN_ALL = "transfers a year"
WITHOUT = {"services_share_a_site": "on its site", "services_are_within_reach": "in reach"}
UNIT_OF_A_WAY_OUT = {
    "enough_sites": "sites",
    "not_too_many_sites": "sites",
    "no_site_provides_too_many": "services",
    "nobody_travels_too_far": "minutes",
    "not_too_many_transfers": TRANSFERS,
    "not_too_many_transfers_in_all": TRANSFERS_IN_ALL,
    "not_too_many_repatriations": REPATRIATIONS,
    "not_too_many_ambulance_hours": HOURS,
    "fixed_designations_stand": "designated",
    "services_share_a_site": "designated",
    "services_are_within_reach": "designated",
}
"""In what a rule gives way, where that is neither patients nor staff."""


def unit_of(demand: Demand) -> str:
    """Return the unit in which a demand gives way."""
    return demand.names[-1] if RULES[demand.rule].kind == "staff" else UNIT_OF_A_WAY_OUT.get(demand.rule, PATIENTS)


def says_what_is_asked(trial: Trial, demand: Demand, words: str) -> bool:
    """Whether words are the sentence of a demand that there is."""
    return re.fullmatch(_Words(trial, demand).asked(), words) is not None


def says_what_gives(trial: Trial, demands: Sequence[Demand], by: Fraction, words: str) -> bool:
    """Whether words say what demands that there are come to if they give way by so much; of several, in any parts."""
    each = [_Words(trial, one).given(by if len(demands) == 1 else None) for one in demands]
    *first, last = each
    return re.fullmatch(f"{', '.join(first)} and {last}" if first else last, words) is not None


def figures(number: Number | None) -> str:
    """Return a number as it stands in words, as a pattern; any, where it is not known."""
    if number is None:
        return ANY_NUMBER
    value = float(number)
    return re.escape(f"{value:,.0f}" if abs(value) >= 1e6 else f"{value:,.6g}")


def _enough(by: Fraction | None) -> Fraction | None:
    return None if by is None else Fraction(ceil(round(by * 100, 4)), 100)


def _tenths(by: Fraction | None) -> str:
    enough = _enough(by)
    return ANY_NUMBER if enough is None else re.escape(f"{float(enough):,.2f}".removesuffix("0"))


def _amount(number: Number | None, unit: str, more: str = "") -> str:
    """Return a number with its unit; where the number is not known, of one or of many."""
    first, _, rest = unit.partition(" ")
    one = " ".join(filter(None, (first.removesuffix("s"), rest)))
    what = f"(?:{one}|{unit})" if number is None else one if figures(number) == "1" else unit
    return f"{figures(number)} {more}{what}"


def parts_of_a_patient(run: Run) -> int:
    """Return in how many parts of a patient those are counted who arrive.

    Millionths where the border is as today, or patients are shared out by beds; else the decimals that their numbers
    need. A share of patients who are taken on makes parts of its own.
    """
    services = run.question.services.values()
    finely = run.question.as_today or any(one.managed and one.beds and one.beds.at for one in services)
    taken_on = [one.transfer.value("share_transferred") for one in services if one.transfer and one.activity]
    scale = run.inputs.patients_scale
    counted = (
        10**places for places in range(7) if not any(n * 10**places % scale for n in run.inputs.patients.values())
    )
    return (MICRO if finely else next(counted, MICRO)) * lcm(*(share.denominator for share in taken_on))


def most_in_beds(run: Run, code: str, site: str) -> Fraction:
    """Return the most patients a year whom the beds that a site has for a service can take."""
    wanted = run.question.services[code].beds
    assert wanted is not None
    there, scale = wanted.at[site].value or 0, parts_of_a_patient(run)
    low, high = 0, 1
    while beds_for(wanted, busy_beds(wanted, Fraction(high, scale))) <= there:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        fits = beds_for(wanted, busy_beds(wanted, Fraction(middle, scale))) <= there
        low, high = (middle, high) if fits else (low, middle)
    return Fraction(low, scale)


class _Words:
    """The sentences of one demand, as patterns."""

    def __init__(self, trial: Trial, demand: Demand) -> None:
        self.run, self.demand, self.limit = trial.run(frozenset()), demand, trial.demands[demand].right
        self.question, self.names = trial.question, demand.names

    def asked(self) -> str:
        """Return what the demand asks."""
        if self.demand.rule == "rota_is_filled":
            return self._rota()
        if RULES[self.demand.rule].kind == "staff":
            done = {"moves_within_limit": "moves? between sites", "recruitment_within_limit": "(?:is|are) recruited"}
            return f"at most {self._staff(self.limit)} {done[self.demand.rule]}"
        return ASKED[self.demand.rule](self)

    def given(self, by: Fraction | None) -> str:
        """Return what giving way by so much comes to."""
        return GIVEN[self.demand.rule](self, by)

    @property
    def service(self) -> str:
        """What the service is called."""
        return re.escape(self.question.services[self.names[0]].name)

    @property
    def other(self) -> str:
        """What the service that it leans on is called."""
        return re.escape(self.question.services[self.names[-1]].name)

    @property
    def site(self) -> str:
        """What the site is called; any, of a demand of all sites."""
        known = self.run.inputs.names
        return (
            re.escape(known[self.names[-1]])
            if self.names[-1] in known
            else f"(?:{'|'.join(map(re.escape, known.values()))})"
        )

    def figure(self, name: str) -> Fraction:
        """Return a figure of the service."""
        return self.question.services[self.names[0]].figure(name) or Fraction(0)

    @property
    def fixed(self) -> bool:
        """Whether the service is fixed as provided at the site."""
        return self.question.services[self.names[0]].fixed[self.names[1]].provided

    def beds(self, by: Fraction | None = NONE) -> tuple[Fraction, Fraction, int | None]:
        """Return the beds there are, the patients whom they take, and how many more it takes for so many more."""
        code, site = self.names
        wanted, most = self.question.services[code].beds, most_in_beds(self.run, code, site)
        assert wanted is not None
        there = wanted.at[site].value or Fraction(0)
        more = None if by is None else beds_for(wanted, busy_beds(wanted, most + by)) - int(there)
        return there, most, more

    def new(self, by: Fraction | None, sign: int) -> Fraction | None:
        """Return what the limit becomes."""
        enough = _enough(by)
        return None if enough is None else round(Fraction(self.limit) + sign * enough, 6)

    def _staff(self, number: Number | None, more: str = "") -> str:
        team, unit = self.names[-2:]
        of_one = {None: "(?:of the )?", "1": "of the "}.get(None if number is None else figures(number), "")
        counted = "" if unit == "people" else f"{re.escape(unit)} "
        return f"{figures(number)} {more}{counted}{of_one}{re.escape(self.question.teams[team].name)}"

    def _rota(self) -> str:
        code, team, unit = self.names
        rota = self.question.services[code].rotas[team, unit]
        # What one team across sites needs of a site, and once for all, is worked out from its cover.
        from_cover = self.question.teams[team].across is not None and team in self.question.services[code].covers
        once = f"(?: and {ANY_NUMBER} in all)?" if from_cover else ""
        where = "at each site that provides it"
        if rota.only_without:
            where += f" without {re.escape(self.question.services[rota.only_without].name)}"
        if rota.remote_from:
            where += f" unless {re.escape(self.question.services[rota.remote_from].name)} is provided somewhere"
        here = sum((self.run.in_post(team, unit, pool) for pool in self.run.pools(team)), Fraction(0))
        in_post = f"{figures(here)} {'is' if figures(here) == '1' else 'are'} in post in all"
        needs = self._staff(None if from_cover else rota.needed.value or Fraction(0))
        return f"{self.service} needs {needs} {where}{once}; {in_post}"

    def of_rotas(self, by: Fraction | None) -> str:
        """Return what it is for rotas to be short of so many."""
        return f"let the rotas of {self.service} be short of {self._staff(_enough(by))} in all"

    def moved(self, by: Fraction | None) -> str:
        """Return what it is to move so many more."""
        return f"let {self._staff(_enough(by), 'more ')} move between sites"

    def recruited(self, by: Fraction | None) -> str:
        """Return what it is to recruit so many more."""
        return f"recruit {self._staff(_enough(by), 'more ')}"

    def makes_do(self) -> str:
        """Return what beds ask."""
        there, most, _ = self.beds()
        take = "takes" if figures(there) == "1" else "take"
        taken = _amount(most, PATIENTS)
        return f"{self.service} at {self.site} makes do with {_amount(there, 'beds')}, which {take} {taken}"

    def more_beds(self, by: Fraction | None) -> str:
        """Return what it is to find beds for so many more patients."""
        more = _amount(self.beds(by)[2], "beds", "more ")
        rest = f"for {_tenths(by)} patients a year beyond what its beds can take"
        return f"find {more} for {self.service} at {self.site}, {rest}"

    def taken_back(self) -> str:
        """Return what a limit of repatriations asks."""
        is_or_are = "is" if figures(self.limit) == "1" else "are"
        return f"at most {_amount(self.limit, PATIENTS)} {is_or_are} taken back from {self.service}"

    def near_enough(self) -> str:
        """Return what a share within the standard asks."""
        standard = _amount(self.figure("standard_minutes"), "minutes")
        return f"a share of {figures(self.limit)} of patients reach {self.service} within {standard}"

    def outside(self) -> str:
        """Return what a share treated outside asks."""
        share = re.escape(f"{100 * float(self.figure('at_most_share_outside')):g}%")
        return f"at most {share} of the residents' patients are treated outside for {self.service}"


ASKED: dict[str, Callable[[_Words], str]] = {
    "every_area_is_served": lambda w: f"everybody can reach a hospital that provides {w.service}",
    "fixed_designations_stand": lambda w: f"{w.service} is fixed as {'' if w.fixed else 'not '}provided at {w.site}",
    "enough_sites": lambda w: f"{w.service} on at least {_amount(w.limit, 'sites')}",
    "not_too_many_sites": lambda w: f"{w.service} on at most {_amount(w.limit, 'sites')}",
    "no_site_provides_too_many": lambda w: f"{w.site} provides at most {_amount(w.limit, 'services')}",
    "every_site_has_enough_patients": lambda w: f"{w.service} at {w.site} has at least {_amount(w.limit, PATIENTS)}",
    "no_site_has_too_many_patients": lambda w: f"{w.service} at {w.site} has at most {_amount(w.limit, PATIENTS)}",
    "beds_are_enough": _Words.makes_do,
    "nobody_travels_too_far": lambda w: f"nobody travels more than {_amount(w.limit, 'minutes')} to {w.service}",
    "enough_patients_within_standard": _Words.near_enough,
    "few_enough_are_treated_outside": _Words.outside,
    "neighbours_are_not_sent_too_many": lambda w: (
        f"{w.site} treats at most {_amount(w.limit, PATIENTS)} of the residents for {w.service}"
    ),
    "not_too_many_transfers_in_all": lambda w: (
        f"all services together take at most {_amount(w.limit, TRANSFERS_IN_ALL)}"
    ),
    "not_too_many_transfers": lambda w: f"{w.service} takes at most {_amount(w.limit, TRANSFERS)}",
    "not_too_many_repatriations": _Words.taken_back,
    "not_too_many_ambulance_hours": lambda w: (
        f"ambulances spend at most {_amount(w.limit, HOURS)} on transfers to {w.service}"
    ),
    "services_share_a_site": lambda w: f"{w.service} shares its site with {w.other}",
    "services_are_within_reach": lambda w: (
        f"{w.service} has {w.other} within {_amount(w.limit, 'minutes')} of its site"
    ),
}
"""What each rule asks, but for rules of staff."""


def _one_without(w: _Words, _: Any) -> str:
    return f"let {w.service} do without {w.other} {WITHOUT[w.demand.rule]}, as a documented exception"


def _too_many_there(w: _Words, by: Fraction | None) -> str:
    return f"accept {_tenths(by)} patients a year too many at {w.site} for {w.service}"


GIVEN: dict[str, Callable[[_Words, Fraction | None], str]] = {
    "fixed_designations_stand": lambda w, _: (
        f"decide anew on {w.service} at {w.site}, which is fixed as {'' if w.fixed else 'not '}there"
    ),
    "enough_sites": lambda w, by: f"ask for {_amount(w.new(by, -1), 'sites')} for {w.service}",
    "not_too_many_sites": lambda w, by: f"allow {_amount(w.new(by, 1), 'sites')} for {w.service}",
    "no_site_provides_too_many": lambda w, by: f"allow {_amount(w.new(by, 1), 'services')} at {w.site}",
    "every_site_has_enough_patients": lambda w, by: (
        f"accept {_tenths(by)} patients a year too few at {w.site} for {w.service}"
    ),
    "no_site_has_too_many_patients": _too_many_there,
    "beds_are_enough": _Words.more_beds,
    "nobody_travels_too_far": lambda w, by: (
        f"allow journeys of up to {figures(w.new(by, 1)).replace(',', ',?')} minutes to {w.service}"
    ),
    "enough_patients_within_standard": lambda w, by: (
        f"accept {_tenths(by)} more patients a year beyond the standard for {w.service}"
    ),
    "few_enough_are_treated_outside": lambda w, by: (
        f"accept {_tenths(by)} more patients a year who are treated outside for {w.service}"
    ),
    "neighbours_are_not_sent_too_many": _too_many_there,
    "not_too_many_transfers_in_all": lambda _, by: (
        f"allow {_amount(_enough(by), TRANSFERS_IN_ALL, 'more ')} to all services together"
    ),
    "not_too_many_transfers": lambda w, by: f"allow {_amount(_enough(by), TRANSFERS, 'more ')} to {w.service}",
    "not_too_many_repatriations": lambda w, by: (
        f"allow {_amount(_enough(by), REPATRIATIONS, 'more ')} from {w.service}"
    ),
    "not_too_many_ambulance_hours": lambda w, by: (
        f"allow {_tenths(by)} more ambulance hours a year for transfers to {w.service}"
    ),
    "services_share_a_site": _one_without,
    "services_are_within_reach": _one_without,
    "rota_is_filled": _Words.of_rotas,
    "moves_within_limit": _Words.moved,
    "recruitment_within_limit": _Words.recruited,
}
"""What giving way comes to, of each rule that may."""
