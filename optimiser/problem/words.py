"""How a question and its numbers are put into words: lists, plurals, amounts, the shapes of numbers, names of sites."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil, floor, isfinite

from optimiser.problem import Added, Changed, Fixed, Problem

NO_SITE = "no site"
PATIENTS = "patients a year"
ENDINGS = (" University Hospital", " General Hospital", " District Hospital", " Hospital")

# What follows the name of a site whose journeys nobody measured, wherever it is shown.
ESTIMATED = " (estimated)"

# What the ages of a config are called; of shares, from_65 are all from 65 unless those from 75 stand apart.
AGED = {"under_65": "under 65", "from_65": "aged 65 and over", "from_75": "aged 75 and over"}
# The first word of a unit, of many and of one.
OF_ONE = {
    "areas": "area",
    "beds": "bed",
    "boundaries": "boundary",
    "candidates": "candidate",
    "changes": "change",
    "designations": "designation",
    "exceptions": "exception",
    "hours": "hour",
    "matters": "matter",
    "minutes": "minute",
    "neighbours": "neighbour",
    "others": "other",
    "patient-minutes": "patient-minute",
    "patients": "patient",
    "people": "person",
    "repatriations": "repatriation",
    "rows": "row",
    "rules": "rule",
    "seconds": "second",
    "sentences": "sentence",
    "services": "service",
    "sites": "site",
    "transfers": "transfer",
    "years": "year",
}


# From so many on, patients and their minutes are told in whole numbers.
TOLD_WHOLE = 10
# How imported.csv says that counts are missing from a file, for which something stands.
NOT_PUBLISHED = "not published"
# What a run keeps of what was said when its tables were read.
OF_INPUTS = {"doubts": "inputs/doubts.txt", "taken": "inputs/taken.txt"}
# A number of a run within a sentence: a measure of a service, perhaps at a site, perhaps as it is today.
TOLD = re.compile(r"\{([a-z_0-9]+) of ([a-z0-9_]+)(?: at ([a-z0-9_]+))?( today)?\}")
TOLD_MEASURES = (
    *("mean_minutes", "mean_road_minutes", "median_minutes", "p95_minutes", "worst_minutes"),
    *("patients", "patients_outside", "share_outside", "patients_within_30", "patients_beyond_standard"),
    *("site_patients", "people_beyond_30", "people_beyond_45", "people_beyond_60", "transfers_per_day"),
    *("visitors_mean_minutes", "patients_out_of_visitors_reach"),
)

# How an answer differs from another at some sites, by whether it has the service there and whether it is there today.
_AGAINST: dict[tuple[bool, bool | None], str] = {
    (True, False): "opens at {at}",
    (True, True): "is kept at {at}, where {other} closes it",
    (True, None): "is at {at}, where {other} has none",
    (False, False): "does not open at {at}, where {other} opens it",
    (False, True): "closes at {at}",
    (False, None): "is not at {at}, where {other} has one",
}


def against(other: str, here: bool, today: bool | None, sites: Iterable[str]) -> str:
    """Return how an answer differs from another at sites, given by name, of which one has a service and one has not.

    ``here`` is whether this answer has it there; ``today`` whether it is there today, None where that is not known.
    """
    return _AGAINST[here, today].format(at=listed(sites), other=other)


def moves(where_from: Iterable[str], where_to: Iterable[str]) -> str:
    """Return that a service moves between sites, given by name, from one answer to another."""
    return f"moves from {listed(where_from)} to {listed(where_to)}"


def listed(words: Iterable[str], none: str = "", *, last_by: str = "and") -> str:
    """Return words as a list in a sentence, such as ``a, b and c`` (or ``or c``); ``none`` where there are none."""
    *first, last = [*words] or [none]
    return f"{', '.join(first)} {last_by} {last}" if first else last


def sites_in_words(problem: Problem, sites: Iterable[str]) -> str:
    """Return the names of sites as a list in words."""
    return listed((problem.sites[site].name for site in sites), NO_SITE)


def places(problem: Problem, sites: Iterable[str]) -> str:
    """Return the short names of sites as a list in words."""
    return listed((short(problem.sites[site].name) for site in sites), NO_SITE)


def rule_in_words(instance: str, known: Mapping[str, str], more: str = "") -> str:
    """Return an instance of a rule as the sentence that its name is, and in brackets whose it is and perhaps more.

    ``known`` are the names of services, sites and teams by code.
    """
    rule, *names = instance.split(".")
    whose = ", ".join(known.get(name, name.replace("_", " ")) for name in names)
    said = rule.replace("_", " ").replace("rota is filled", "every rota is filled")
    return f"{said} ({': '.join(part for part in (whose, more) if part)})"


def without_sites(instance: str, sites: Iterable[str]) -> str:
    """Return the rule that an instance is of, whichever site it is broken at: its code without those of sites."""
    known = {*sites}
    return ".".join(part for part in instance.split(".") if part not in known)


def names_of(problem: Problem) -> dict[str, str]:
    """Return what services, sites and teams are called within a sentence, by code."""
    found = {code: site.name for code, site in problem.sites.items()}
    found |= {code: team.name for code, team in problem.teams.items()}
    return found | {code: service.name.lower() for code, service in problem.services.items()}


def short(name: str) -> str:
    """Return the short name of a hospital."""
    for ending in ENDINGS:
        name = name.removesuffix(ending)
    return name.replace(" Hospital,", ",").replace(" Hospital (", " (")


def begun(words: str) -> str:
    """Return words as they begin a sentence."""
    return words[:1].upper() + words[1:]


def first_sentence(words: str) -> str:
    """Return the first of several sentences, with its full stop."""
    first, dot, _ = words.partition(". ")
    return f"{first}." if dot else words


def within(words: str) -> str:
    """Return words that begin a sentence as they stand within one."""
    return words[:1].lower() + words[1:]


def asked_in_words(problem: Problem) -> str:
    """Return by which question an option is judged, and by which pathway patients get there, to begin a sentence."""
    ways: dict[str, list[str]] = {}
    for service in problem.services.values():
        if service.transfer and service.activity:
            first = problem.services[service.transfer.first_contact].name.lower()
            ways.setdefault(first, []).append(service.name.lower())
    said = [f"patients of {listed(names)} are seen first at the nearest {first}" for first, names in ways.items()]
    way = listed([*said, "may be taken on from there"]) if len(said) == 1 else "; ".join(said)
    where = f", where {way}" if said else ", where everybody goes straight to the unit" * bool(problem.services)
    return f"By the question “{problem.title}”{where}"


def spoken(code: str) -> str:
    """Return a code that has no name of its own, such as that of an activity, as words."""
    return code.replace("_", " ")


def many(activity: str) -> str:
    """Return what an activity counts, as it is said of many: its code as words, such as ``stroke admissions``.

    Who comes twice is counted twice, so that these are not always as many patients.
    """
    word = spoken(activity)
    if word.endswith("s") and not word.endswith("ss"):
        return word
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}{'es' if word.endswith(('ss', 'x', 'ch', 'sh')) else 's'}"


def many_of(problem: Problem, service: str) -> str:
    """Return what is counted of a service that has patients, as it is said of many."""
    return many(str(problem.services[service].activity))


def worked_out(names: Iterable[str]) -> str:
    """Return in a sentence that nobody counted the patients of some services, given by name, by area."""
    return f"Patients of {listed(names)} are by area worked out or assumed, not counted (unverified)."


def who_is_counted(kinds: Iterable[str]) -> str:
    """Return in a sentence what is called a patient: whatever activities count, as they are said of many."""
    return f"Patients are counted as {listed(dict.fromkeys(kinds))}: who comes twice is counted twice."


def of_one_age(problem: Problem) -> list[str]:
    """Return the activities whose patients are taken to be of all ages alike, since nobody stated their ages."""
    used = dict.fromkeys(str(problem.services[code].activity) for code in problem.services_with_patients)
    return [one for one in used if one not in problem.ages]


def of_ages(problem: Problem, *, varied: bool = False) -> list[str]:
    """Return of which ages patients are taken to be, in sentences, where they are grown by age.

    ``varied`` is whether the number of people of an age varies, so that it matters for everybody's patients.
    """
    used = dict.fromkeys(str(problem.services[code].activity) for code in problem.services_with_patients)
    rates = problem.growth
    told = [one for one in used if varied or (rates and rates.by_age and one not in rates.by_activity)]
    alike = [one for one in of_one_age(problem) if one in told]
    found = [f"Patients of {listed(map(spoken, alike))} are taken to be of all ages alike."] if alike else []
    for activity in told:
        if shares := problem.ages.get(activity):
            called = AGED | ({"from_65": "aged 65 to 74"} if "from_75" in shares else {})
            parts = listed(f"{100 * share.value:g}% {called[age]}" for age, share in shares.items())
            verified = all(share.verified for share in shares.values())
            found.append(
                f"Patients of {spoken(activity)} are taken to be {parts}{'' if verified else '; not verified'}."
            )
    return found


def of_incomers(problem: Problem) -> list[str]:
    """Return for which services nobody is counted from some areas outside, in sentences.

    One for each number of areas of which it is not known how many patients there are.
    """
    services: dict[int, list[str]] = {}
    for code in problem.services_with_patients:
        if areas := problem.uncounted.get(str(problem.services[code].activity)):
            services.setdefault(areas, []).append(problem.services[code].name)
    outside = len(problem.areas) - int(problem.resident_areas.sum())
    words = "how many patients there are is not known (demand.csv)."
    return [
        f"From {areas:,} of the {outside:,} areas outside nobody is counted for {listed(names)}: {words}"
        for areas, names in services.items()
    ]


def of_changes(problem: Problem) -> list[str]:
    """Return which sites a config adds and closes, and what it changed of settings and tables, with why and whence."""
    added = (said for one in problem.added for said in _of_added(problem, one))
    closed = (
        _with_why(f"Closed: {problem.sites[site].name} provides nothing here", why)
        for site, why in problem.closed.items()
    )
    return [*added, *closed, *(_with_why(f"Changed: {one.words}", one) for one in problem.changed)]


def of_inputs(files: Mapping[str, bytes]) -> dict[str, list[str]]:
    """Return what the files of a run say of its tables, a line each.

    Under ``doubts`` which figures can hardly be, and under ``taken`` what was understood otherwise than it is written.
    """
    return {name: files.get(file, b"").decode().splitlines() for name, file in OF_INPUTS.items()}


def _of_added(problem: Problem, one: Added) -> Iterator[str]:
    name = problem.sites[one.site].name
    yield _with_why(f"Added: {name} is a candidate here, and is in no table of the place", one)
    if one.at_once is not None:
        what = f"{begun(estimate_of(one))} {name.removesuffix(ESTIMATED)}"
        yield f"{what} are estimated {by_what(one)}, {how_far_off(one)}; not verified."


def estimate_of(one: Added) -> str:
    """Return what of a site that is added is estimated: journeys to it, or ways between it and other sites."""
    return "journeys to" if "journeys" in one.estimated else "ways between other sites and"


def by_what(one: Added) -> str:
    """Return by what minutes of a site that is added are estimated."""
    return "by straight line" if one.a_minute is None else "by the network of roads"


def how_far_off(one: Added) -> str:
    """Return how minutes are estimated, and how far off that is where they are known."""
    each = f"{one.a_km:.2f} a kilometre" if one.a_minute is None else f"{one.a_minute:.2f} for each on the network"
    fitted = f"{one.at_once:.2f} minutes and {each}"
    known = f"the known journeys to {amount(one.sites, 'sites')}"
    if one.median_off is None or one.nine_in_ten_within is None:
        return f"{fitted}: how far off that is cannot be told from {known}"
    errors = f"{one.median_off:.1f} minutes median error, and nine in ten within {one.nine_in_ten_within:.1f}"
    return f"{fitted}: against {known}, each site's from those to the others, {errors}"


def _with_why(said: str, why: Fixed | Changed | Added) -> str:
    whence = f"{why.source or 'no source stated'}{'' if why.verified else '; not verified'}"
    return f"{said}. Reason: {why.reason.rstrip('.')} ({whence})."


def amount(number: float, unit: str, more: str = "") -> str:
    """Return a number with its unit, of one or of many, and perhaps a word between them."""
    if not isfinite(number):
        return "without end"
    if unit == "share of patients":
        return f"a share of {shown(number)}"
    return f"{shown(number)} {more}{one_of(unit) if is_one(number) else unit}"


def as_told(number: float, unit: str) -> str:
    """Return what is counted in a unit as it is told everywhere: minutes with two decimals, patients as whole ones.

    Of fewer than ten of them parts are told, as otherwise nothing might be left.
    """
    if not isfinite(number):
        return "without end"
    if unit == "minutes":
        return decimals(number, 2)
    of_patients = unit.startswith(("patient-minutes", "patients", "people"))
    return whole(number) if of_patients and abs(number) >= TOLD_WHOLE else shown(number)


def amount_told(number: float, unit: str) -> str:
    """Return a number with its unit, of one or of many, as it is told everywhere."""
    told = as_told(number, unit)
    return f"{told} {one_of(unit) if told == '1' else unit}" if isfinite(number) else told


def one_of(unit: str) -> str:
    """Return the word for one of what a unit counts."""
    first, *rest = unit.split(" ")
    return " ".join((OF_ONE.get(first, first), *rest))


def in_round_words(number: int) -> str:
    """Return a number in full or, of a million and more, three figures of it in words."""
    for size, word in ((10**15, "quadrillion"), (10**12, "trillion"), (10**9, "billion"), (10**6, "million")):
        if size <= number < 1000 * size:
            return f"{number / size:.3g} {word}"
    return f"{number:,}" if number < 10**6 else f"{float(number):.3g}"


def code_called(said: str, names: Mapping[str, str]) -> str | None:
    """Return the code that somebody means by a code or a name, whole or short, in capital letters or small."""
    meant = said.casefold()
    for code, name in names.items():
        if meant in (code.casefold(), name.casefold(), short(name).casefold()):
            return code
    return None


def is_one(number: float) -> bool:
    """Whether a number is shown as 1, and what it counts is said in the singular."""
    return shown(number) == "1"


def shown(number: float) -> str:
    """Return a number with six figures, and all before the point of larger ones."""
    return f"{number:,.0f}" if abs(number) >= 1e6 else f"{number:,.6g}"


def places_that_agree(before: float, after: float, least: int = 2) -> int:
    """Return with how many decimals two numbers and their difference are shown, so that the one is of the others."""
    change = round(after - before, 9)
    for places in range(least, 6):
        here, there, apart = (round(number, places) for number in (before, after, change))
        if round(there - here, places) == apart:
            return places
    return 6


def no_less(number: float) -> float:
    """Return a number rounded up to hundredths: so much is never too little."""
    return ceil(round(number * 100, 4)) / 100


def tenths_or_more(number: float) -> str:
    """Return a number, rounded up, with one decimal or two: whoever gives so much gives enough."""
    text = f"{no_less(number):,.2f}"
    return text.removesuffix("0")


def apart(minutes: float) -> str:
    """Return a difference of minutes a patient, in seconds where it is less than a minute."""
    if minutes < 1:
        seconds = floor(60 * minutes + 0.5)
        return amount(seconds, "seconds") if seconds or not minutes else "less than a second"
    return f"{minutes:.1f} minutes"


def how_near(minutes: float, within: float) -> str:
    """Return by how much plans that are level differ, and what is taken to be level, both in minutes a patient."""
    return f"{apart(minutes)} a patient apart, where up to about {apart(within)} is taken as level"


def whole(value: float) -> str:
    """Return a number rounded to whole, halves upwards, with commas; a dash where there is none."""
    if value == float("inf"):
        return "none"
    return f"{floor(value + 0.5):,}" if isfinite(value) else "–"


def change(value: float) -> str:
    """Return a change with one decimal and its sign, and the minus sign of print."""
    if not isfinite(value):
        return "–"
    rounded = decimals(abs(value), 1)
    return "0" if rounded == "0.0" else f"{'+' if value > 0 else '−'}{rounded}"


def percent(value: float) -> str:
    """Return a share as a whole percentage."""
    return f"{floor(100 * value + 0.5)}%" if isfinite(value) else "–"


def change_in_percent(value: float) -> str:
    """Return how far a number is from another, as a percentage of that other with its sign."""
    text = percent(abs(value))
    return text if text in ("–", "0%") else f"{'+' if value > 0 else '−'}{text}"


def percent_or_less(share: Fraction) -> str:
    """Return a share rounded down to a hundredth of a percent, or to the first figure of a smaller one."""
    digits = next((n for n in range(2, 13) if not share or int(share * 100 * 10**n)), 12)
    return f"{int(share * 100 * 10**digits) / 10**digits:g}%"


def decimals(value: float, most: int) -> str:
    """Return a number with so many decimals, halves away from 0, as the page writes it too."""
    if not isfinite(value):
        return "–" if value != float("inf") else "none"
    rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(-most), ROUND_HALF_UP)
    return f"{rounded or abs(rounded):,}"


def hundredths(value: float) -> str:
    """Return a number with two decimals at most, as a table of details shows it."""
    text = decimals(value, 2)
    return text.rstrip("0").rstrip(".") if isfinite(value) else text


def in_full(value: float) -> str:
    """Return a number so that reading it back gives the same one, without an empty fraction; nothing for NaN."""
    if value != value:
        return ""
    return str(int(value)) if float(value).is_integer() else repr(float(value))
