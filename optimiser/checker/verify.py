#!/usr/bin/env python3
"""Check a hospital-service plan without trusting the program that made it.

    python verify.py              the audit pack that this file lies in
    python verify.py FOLDER       another unpacked pack, or a run folder

Needs Python 3.9 or later and nothing else. It shares no code with the program or with that program's own checker, and
was written from the words of the rules. In three places, and for how a config's changes, roads and sites are read, the
checker's source was read as well, to settle what the words left open. Everything is worked out again in whole numbers
and fractions.

    V0  hashes and paths: nothing is missing, changed or added
    V1  domain: codes, a complete table of journeys, patients that add up, one row for every decision
    V2  every rule, case by case: what the plan has, what is asked, whether it holds
    V3  who goes where, staff, the objectives, and every published number
    V4  that no other designation is better: all of them tried, shown by a certificate added up again, or said not to be
    V5  that the list of next best designations is complete
    V6  where no plan meets every rule: that the rules named clash, and none of them could be left out

Exit 0: nothing disagrees. 1: something does. 2: it cannot be read. What was NOT checked is said in every case.
"""

import sys

if sys.version_info < (3, 9):  # before anything is asked for that an older one does not have
    print("CANNOT BE READ: this needs Python 3.9 or later, and this is Python " + sys.version.split()[0] + ".")
    sys.exit(2)

import csv
import hashlib
import heapq
import io
import json
import re
from fractions import Fraction
from functools import cache
from itertools import combinations, product
from math import comb, gcd, isqrt, lcm, prod
from pathlib import Path

MICRO = 10**6  # patients and minutes are counted in whole millionths
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
MOST_NODES = 200_000  # steps of the search for something better; past them it says NOT tried
MOST_VALUES = 4_096  # sets of sites of one service that are tried one by one
MOST_COUNTED = 70_000  # designations up to which lawful ones are counted
FAR = 10**36  # stands for a journey that nobody can make
ENDLESS = 10**18  # whatever has a part of such a journey in it is more than that
FIFTHS = ["1 (most deprived)", "2", "3", "4", "5 (least deprived)"]
UNITS = {
    "patient_minutes": "patient-minutes a year",
    "deprived_patient_minutes": "patient-minutes a year",
    "worst_journey": "minutes",
    "patients_beyond_standard": "patients a year",
    "patients_outside": "patients a year",
    "staff_short": "people or WTE",
    "changes_from_today": "changes",
    "fewest_sites": "sites",
    "transfers": "transfers a year",
}
OBJECTIVES = list(UNITS)
# Of a config, and of a service of it; what is not known here is refused.
SETTINGS = """title place border areas_outside border_pull travel roads demand teams services today objectives hurdles
    at_most_services_a_site most_transfers_a_year exceptions sites closed_sites change a_tie_is_within know_before
    time_limit_minutes contract working_time"""
SERVICE_SETTINGS = """name activity patients_go_to observed neighbours fixed at_least_sites at_most_sites beds rotas
    minimum_patients maximum_patients longest_journey_minutes standard_minutes at_most_share_outside in_reach
    neighbours_take_at_most share_within_standard same_site by_transfer stays_local pathway transfer
    travel_by visitors_travel_by"""


class CannotRead(Exception):
    """Something is not in the form that the words promise."""


class Findings:
    """What was found, level by level."""

    def __init__(self):
        self.failed, self.done, self.not_checked = [], [], []

    def fail(self, level, text):
        self.failed.append((level, text))

    def say(self, level, text):
        self.done.append((level, text))

    def skip(self, text):
        self.not_checked.append(text)


# Reading --------------------------------------------------------------------------------------------------------------


def text_of(path):
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as why:
        raise CannotRead(f"{path.name} cannot be read: {why}") from None


def number(text):
    """Read a plain decimal number; one that was read is as it is."""
    if isinstance(text, Fraction):
        return text
    found = None if isinstance(text, bool) else number_in(str(text))
    if found is None:
        raise CannotRead(f"{text!r} is not a number")
    return found


@cache
def number_in(text):
    """Return the plain decimal number that a text is, if it is one; texts repeat."""
    is_one = re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", text, re.ASCII)
    return Fraction(text) if is_one else None


def whole(value, places=6):
    """Round to so many decimals, in millionths; halves go to the even neighbour."""
    return round(value * 10**places) * MICRO // 10**places


def table(path, columns=()):
    """Read a CSV file; every row by column."""
    try:
        rows = list(csv.reader(io.StringIO(text_of(path), newline=""), strict=True))
    except csv.Error as why:
        raise CannotRead(f"{path.name} is no table: {why}") from None
    if not rows or len(set(rows[0])) != len(rows[0]) or any(c not in rows[0] for c in columns):
        raise CannotRead(f"{path.name} has not the columns {', '.join(columns) or 'of a table'}")
    bad = [n for n, row in enumerate(rows, 1) if len(row) != len(rows[0])]
    if bad:
        raise CannotRead(f"{path.name}, row {bad[0]}: not as many cells as columns")
    return [dict(zip(rows[0], row)) for row in rows[1:]]


def keyed(path, columns, others=()):
    """Read a CSV file by its key columns, none of which may come twice."""
    found = {}
    for row in table(path, [*columns, *others]):
        key = tuple(row[c] for c in columns)
        if key in found:
            raise CannotRead(f"{path.name} has {', '.join(key)} twice")
        found[key] = row
    return found


KEY = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'\[\]{}&*!|>%@`#-][^#]*?|-[^\s#][^#]*?):(?:\s+(.*))?$""")


def yaml_scalar(text):
    if text in ("", "null", "~"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if text in ("{}", "[]"):
        return {} if text == "{}" else []
    if text[0] == "'" and text[-1] == "'" and len(text) > 1:
        return text[1:-1].replace("''", "'")
    if text[0] == '"':
        try:
            return json.loads(text)
        except ValueError:
            raise CannotRead(f"config.yaml: {text} is not understood") from None
    if text[0] in "[{&*!|>%@`'":
        raise CannotRead(f"config.yaml: {text} is not understood: only what the program writes is")
    return number(text) if re.fullmatch(r"-?\d+(\.\d*)?([eE][+-]?\d+)?", text) else text


def yaml_of(text):
    """Read the plain block form of YAML in which the program writes a config; or JSON, which is YAML too."""
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text, parse_float=Fraction, parse_int=Fraction)
        except ValueError as why:
            raise CannotRead(f"config.yaml is not JSON: {why}") from None
    lines = [[len(t) - len(t.lstrip(" ")), t.strip()] for t in text.splitlines() if t.strip() and t.strip()[0] != "#"]
    value, end = yaml_block(lines, 0)
    if end < len(lines) or not isinstance(value, dict):
        raise CannotRead(f"config.yaml: {lines[min(end, len(lines) - 1)][1]!r} is not understood")
    return value


def yaml_block(lines, at):
    indent = lines[at][0]
    found = [] if lines[at][1].startswith("- ") else {}
    while at < len(lines) and lines[at][0] == indent and lines[at][1].startswith("- ") == isinstance(found, list):
        if isinstance(found, list):
            rest = lines[at][1][2:].strip()
            if KEY.match(rest):
                lines[at] = [indent + 2, rest]
                value, at = yaml_block(lines, at)
            else:
                value, at = yaml_scalar(rest), at + 1
            found.append(value)
            continue
        match = KEY.match(lines[at][1])
        if not match:
            raise CannotRead(f"config.yaml: {lines[at][1]!r} is not understood")
        key, rest = str(yaml_scalar(match.group(1)) if match.group(1)[0] in "\"'" else match.group(1)), match.group(2)
        at += 1
        if key in found:
            raise CannotRead(f"config.yaml has {key} twice")
        deeper = at < len(lines) and (
            lines[at][0] > indent or (lines[at][0] == indent and lines[at][1].startswith("- "))
        )
        if not rest and deeper:
            found[key], at = yaml_block(lines, at)
        else:
            found[key] = yaml_scalar(rest or "")
    return found, at


class Figure:
    """A number of the config, with its source and whether that was read."""

    def __init__(self, said):
        said = said if isinstance(said, dict) else {"value": said}
        self.value, self.source = said.get("value"), said.get("source") or ""
        self.verified = bool(said.get("verified"))
        if self.value == "unlimited":
            self.value = None
        if self.value is not None and not isinstance(self.value, Fraction):
            raise CannotRead(f"config.yaml: {self.value!r} is not a number")


NO_FIGURE = Figure({"verified": True})  # of a rule that rests on none: nobody need verify it


def figure(where, name):
    """Return a stated figure, or nothing."""
    return Figure(where[name]) if where.get(name) is not None else None


def value(where, name, otherwise=None):
    stated = figure(where, name)
    return otherwise if stated is None or stated.value is None else stated.value


# What a config changes -----------------------------------------------------------------------------------------------


class Changes:
    """What a config changes, each on top of those before, and what of it was made: by name, what it was and became."""

    def __init__(self, stated):
        self.stated, self.made = stated, {}

    def of(self, name, was, whole_ones=False):
        """Return what something becomes; as it was where the config does not change it."""
        if name not in self.stated:
            return was
        said = self.stated[name]["value"]
        if isinstance(said, str):
            sign = said[:1] if said[:1] in ("x", "+", "-") else ""
            by = number(said[len(sign) :])
        else:
            sign, by = "-" if said < 0 else "", abs(said)
        found = {"x": was * by, "+": was + by, "-": was - by, "": by}[sign]
        found = Fraction(round(found * MICRO), MICRO)
        way = name.startswith("journeys.")
        if (whole_ones and found % 1) or (way and sign not in ("+", "-")) or (found < 0 and not way):
            raise CannotRead(f"config.yaml: {name} cannot be changed to {said}")
        self.made[name] = (was, found)
        return found

    def figure(self, where, setting, name, otherwise=None):
        """Change a figure of the config in its place, if it is stated."""
        was = value(where, setting, otherwise)
        if name in self.stated and was is not None:
            said = self.stated[name]
            why = said.get("source") or said["reason"]
            where[setting] = {"value": self.of(name, was), "source": why, "verified": said.get("verified")}

    def question(self, config):
        """Change what the config itself states: years of growth, the border, figures of services."""
        growth = (config.get("demand") or {}).get("growth")
        if growth:
            growth["years"] = self.of("growth_years", growth["years"], whole_ones=True)
        if config.get("border") == "as_today":
            self.figure(config, "border_pull", "border_pull", Fraction(0))
        self.figure(config, "most_transfers_a_year", "most_transfers_a_year")
        for code, service in config["services"].items():
            for name in ("minimum_patients", "maximum_patients"):
                self.figure(service, name, f"{name}.{code}")
            for name in ("dwell_minutes", "overhead_minutes", "share_transferred"):
                if service.get("transfer"):
                    otherwise = Fraction(1) if name == "share_transferred" else None
                    self.figure(service["transfer"], name, f"{name}.{code}", otherwise)
            if service.get("beds"):
                self.figure(service["beds"], "stay_days", f"stay_days.{code}")

    def ways(self, q, place, places, times):
        """Change journeys: all, those of a corridor, those to one site; and ways between sites with all."""

        def stretch(table, by, pairs):
            if by != 1:
                table.update({pair: whole(table[pair] * by / MICRO, places) for pair in pairs})

        by, tables = self.of("journey_factor", Fraction(1)), [q.minutes, *q.by_mode.values()]
        for minutes in tables:
            stretch(minutes, by, list(minutes))
        stretch(q.road, by, list(q.road))
        path = place / "corridors.csv"
        corridor = {key[0]: row["corridor"] for key, row in keyed(path, ["area"]).items()} if path.exists() else {}
        counted = {area for area, _ in q.areas}
        for name in sorted(set(corridor.values())):
            here = {area for area, _ in q.minutes if area in counted and corridor.get(area) == name}
            if here:
                by = self.of(f"journey_factor.{name}", Fraction(1))
                for minutes in tables:
                    stretch(minutes, by, [pair for pair in minutes if pair[0] in here])
        for name in sorted(self.stated):
            way = re.fullmatch(r"journeys\.([^.]+)\.from_(?:(area|district)\.(.+)|everywhere(\.at\..+)?)", name)
            if not way:
                continue
            site, by, where = way[1], way[2], way[3] or way[4] or ""
            at = next((time for time in times.get("times") or {} if where.endswith(f".at.{time}")), None)
            where = where[: -len(f".at.{at}")] if at else where
            called = {a: a if by == "area" else q.district[a] if by else "" for a in counted}
            here = [(minutes, a) for minutes in tables for a in counted if called[a] == where and (a, site) in minutes]
            if here:
                more = self.of(name, Fraction(0))
                if min(minutes[area, site] for minutes, area in here) + more * MICRO < 0:
                    raise CannotRead(f"config.yaml: {name} takes a journey below nothing")
                for minutes, area in here if at in (None, times.get("time")) else ():
                    minutes[area, site] = whole(Fraction(minutes[area, site], MICRO) + more, places)

    def patients(self, q, every):
        """Change patients of an activity, then those who come from people of an age."""
        for activity in sorted({service["activity"] for service in q.services.values() if service.get("activity")}):
            by = self.of(f"demand_factor.{activity}", Fraction(1))
            for key in q.patients:
                if key[1] == activity and by != 1:
                    q.patients[key] = round(q.patients[key] * by)
        for age in ("under_65", "from_65", "from_75"):
            name, rates = f"people_factor.{age}", {"under_65": Fraction(0), "from_65": Fraction(0)}
            if name in self.stated:
                rates[age] = self.of(name, Fraction(1)) - 1
                for key, now in q.patients.items():
                    q.patients[key] = round(now * q.as_many(key, every, rates, 1))

    def staff(self, q):
        """Change who is in post: in all, shared out as they are now by largest remainder; then at one site."""
        teams = dict.fromkeys(team for service in q.services.values() for team in service.get("rotas") or {})
        for team, unit in product(teams, ("people", "WTE")):
            name, parts = f"staff.{team}.{unit}", 1 if unit == "people" else MICRO
            over_all = value(q.teams[team].get("across_sites") or {}, "in_post") is not None
            pools = ["across_sites"] if over_all else q.candidates
            if over_all:
                q.in_post[team, unit, "across_sites"] = value(q.teams[team]["across_sites"], "in_post")
            there = [q.in_post.get((team, unit, pool), Fraction(0)) for pool in pools]
            if name in self.stated:
                total, all_ = self.of(name, sum(there), whole_ones=unit == "people") * parts, sum(there)
                due = [total * n / all_ if all_ else total / len(there) for n in there]
                got = [n // 1 for n in due]
                for n in sorted(range(len(due)), key=lambda n: (got[n] - due[n], n))[: int(total - sum(got))]:
                    got[n] += 1
                q.in_post.update({(team, unit, pool): Fraction(n) / parts for pool, n in zip(pools, got)})
            for pool in pools if not over_all else ():
                now = q.in_post.get((team, unit, pool), Fraction(0))
                q.in_post[team, unit, pool] = self.of(f"{name}.{pool}", now, whole_ones=unit == "people")

    def check(self, record, found):
        """Compare what run.json says of each change with what was made."""
        if set(self.stated) - set(self.made):
            unknown = ", ".join(sorted(set(self.stated) - set(self.made)))
            raise CannotRead(f"config.yaml changes {unknown}, which this question has not")
        listed = {one["name"]: one for one in record.get("changed") or []}
        if set(listed) != set(self.stated) or len(listed) != len(record.get("changed") or []):
            odd = ", ".join(sorted(set(listed) ^ set(self.stated))) or "one twice"
            found.fail("V1", f"run.json says that other things are changed than config.yaml does: {odd}")
            return
        for name, (was, to) in self.made.items():
            one, said = listed[name], self.stated[name]
            if not same(one["was"], was) or not same(one["value"], to):
                text = f"from {show(one['was'])} to {show(one['value'])}, not from {show(was)} to {show(to)}"
                found.fail("V1", f"run.json: {name} is changed {text}")
            for key in ("reason", "source", "verified"):
                if (one.get(key) or "") != (said.get(key) or ""):
                    found.fail("V1", f"run.json: {key} of the change {name} is {one.get(key)!r}, not {said.get(key)!r}")
        for name, (was, to) in sorted(self.made.items()):
            found.say("V1", f"changed, as config.yaml says: {name} from {show(was)} to {show(to)}")


# Roads that are shut or slow ------------------------------------------------------------------------------------------


def least(starts, steps):
    """Return the least way from any start to everywhere (Dijkstra): a start has a length, a step (to, length)."""
    done, queue = {}, [(length, place) for place, length in starts.items()]
    heapq.heapify(queue)
    while queue:
        so_far, place = heapq.heappop(queue)
        if place not in done:
            done[place] = so_far
            for there, length in steps.get(place, ()):
                heapq.heappush(queue, (so_far + length, there))
    return done


def steps_of(ways):
    found = {}
    for a, b, length in ways:
        found.setdefault(a, []).append((b, length))
    return found


def roads_of(place):
    """Return kilometres an hour by class of road, and links each the way one drives: from, to, road, row, time."""
    kmh = {key[0]: number(row["kmh"]) for key, row in keyed(place / "road_speeds.csv", ["class"], ["kmh"]).items()}
    links = []
    rows = keyed(place / "road_links.csv", ["from_junction", "to_junction", "road"], ["km", "class"])
    for (a, b, road), row in rows.items():
        time = number(row["km"]) * 60000 / kmh[row["class"]]
        links += [(a, b, road, row, time), (b, a, road, row, time)][: 1 if row.get("one_way") == "true" else 2]
    return kmh, links


class Drive:
    """The least thousandths of a minute on links (from, to, time), and past the junctions between them.

    Passing one takes what every row of road_turns.csv that fits says, and cannot be done where one of them forbids it.
    """

    def __init__(self, place, links):
        self.long, self.turns = {}, {}
        for a, b, time in links:
            self.long[a, b] = min(time, self.long.get((a, b), time))
        paths = [place / f"road_{name}.csv" for name in ("delays", "turns")]
        columns = ["turn", "seconds"], ["junction", "turn"]
        kinds, turns = (table(path, names) if path.exists() else [] for path, names in zip(paths, columns))
        time_of = {row["turn"]: round(number(row["seconds"]) * 1000 / 60) for row in kinds}
        for row in turns:
            three = row.get("from_junction") or "", row["junction"], row.get("to_junction") or ""
            if row["turn"] not in time_of and row["turn"] != "forbidden":
                raise CannotRead(f"road_turns.csv: road_delays.csv has no {row['turn']}")
            self.turns.setdefault(three, []).append(None if row["turn"] == "forbidden" else time_of[row["turn"]])
        out = {}
        for a, b in self.long:
            out.setdefault(a, []).append(b)
        ways = (((b, c), (a, b), self.turn(a, b, c)) for a, b in self.long for c in out.get(b, ()))
        self.steps = steps_of((now, then, self.long[then] + turn) for now, then, turn in ways if turn is not None)

    def turn(self, a, b, c):
        """Return what it takes to pass a junction; nothing where that is forbidden."""
        said = [one for start in (a, "") for end in (c, "") for one in self.turns.get((start, b, end), ())]
        return None if None in said else sum(said)

    def to(self, gates):
        """Return how long it takes from every junction at which one begins to the nearest of the gates."""
        found = dict(gates)
        last = {(a, b): gates[b] + time for (a, b), time in self.long.items() if b in gates}
        for (a, _), time in least(last, self.steps).items():
            found[a] = min(time, found.get(a, time))
        return found


class Roads:
    """How many minutes longer a journey is than on the network as it is, told in tenths.

    Links take whole thousandths of a minute; halves go to the even one. Each is kept the way that one drives on it.
    """

    def __init__(self, place, said, counted, joined):
        self.close, self.slow, self.counted = said.get("close") or [], said.get("slow") or {}, counted
        self.known, hour = {}, value(said, "hour")
        self.usual = hour is None and not self.close and not self.slow
        if self.usual:
            return
        self.names = {
            key[0]: row["name"].lower()
            for key, row in keyed(place / "road_junctions.csv", ["junction"], ["name"]).items()
        }
        kmh, links = roads_of(place)
        self.links, minutes, classes = [], [], []  # (from, to, what it is called, length)
        for start, end, road, row, time in links:
            self.links.append((start, end, {road.lower(), (row.get("name") or road).lower()}, number(row["km"])))
            minutes.append(time)
            classes.append(row["class"])
        shut, times = {n for words in self.close for n in self.stretch(words)}, {}
        for words, by in self.slow.items():
            for n in self.stretch(words):
                times[n] = max(times.get(n, Fraction(1)), Figure(by).value)
        for row in [] if hour is None else table(place / "road_hours.csv", ["from_hour", "to_hour", "times"]):
            if row.get("road"):
                own = self.stretch(row["road"])
            else:
                own = [n for n, kind in enumerate(classes) if kind == row.get("class")]
            start, end = number(row["from_hour"]), number(row["to_hour"])
            # Hours that end before they begin are those around midnight.
            if (start <= hour < end) or (end < start and not end <= hour < start):
                for n in own:
                    times[n] = max(times.get(n, Fraction(1)), number(row["times"]))
        ways = [(a, b, n) for n, (a, b, *_) in enumerate(self.links)]
        self.before = Drive(place, [(a, b, round(minutes[n])) for a, b, n in ways])
        self.after = Drive(place, [(a, b, round(minutes[n] * times.get(n, 1))) for a, b, n in ways if n not in shut])
        self.gates = dict(joined)
        for (end, junction), row in keyed(place / "road_access.csv", ["end", "junction"], ["km"]).items():
            self.gates.setdefault(end, {})[junction] = round(number(row["km"]) * 60000 / kmh["access"])

    def junction(self, words, there):
        """Return the one junction of a road that is meant: by code or name, or by a part of the name from a word on."""
        words = words.strip().lower()
        found = [c for c in there if words in (c.lower(), self.names[c])]
        found = found or [c for c in there if words and f" {words}" in f" {self.names[c]}"]
        return found[0] if len(found) == 1 else None

    def stretch(self, words):
        """Return the links that words mean: all of a road, or its shortest way between, or from and to, junctions."""
        opening, joint = (" between ", " and ") if " between " in words else (" from ", " to ")
        road, _, rest = words.partition(opening)
        own = [n for n, link in enumerate(self.links) if road.strip().lower() in link[2]]
        if own and not rest:
            return own
        there = sorted({place for n in own for place in self.links[n][:2]})
        parts = rest.split(joint)
        for cut in range(1, len(parts)):
            a, b = (self.junction(joint.join(some), there) for some in (parts[:cut], parts[cut:]))
            if a and b:
                found = self.between(own, a, b)
                return found if joint == " to " else [*found, *self.between(own, b, a)]
        raise CannotRead(f"config.yaml: roads: {words} is no road, or not between two of its junctions")

    def between(self, own, a, b):
        """Return a road's links that lie, the way they are driven, on its shortest way from a junction to another."""
        ways = [(u, v, self.links[n][3]) for n in own for u, v in (self.links[n][:2], self.links[n][1::-1])]
        out, back = (least({end: Fraction(0)}, steps_of(ways)) for end in (a, b))
        links = [(n, *self.links[n]) for n in own]
        return [n for n, u, v, _, km in links if u in out and v in back and out[u] + km + back[v] == out.get(b)]

    def more(self, start, end):
        """Return how many minutes longer it is from an area that counts, or a site, to a site."""
        if self.usual or start not in self.counted:
            return Fraction(0)
        if end not in self.known:
            self.known[end] = [drive.to(self.gates.get(end, {})) for drive in (self.before, self.after)]
        gates = self.gates.get(start, {}).items()
        usual, now = (min((km + far[j] for j, km in gates if j in far), default=None) for far in self.known[end])
        if usual is None or now is None:
            raise CannotRead(f"config.yaml: roads: no way is left from {start} to {end}")
        return Fraction(round(Fraction(now - usual, 100)), 10)


# Sites that a config adds ---------------------------------------------------------------------------------------------


class OpenRoads:
    """How long it takes on the roads as they are, in thousandths of a minute, and where an added site joins them.

    That is at the nearest three of the twelve nearest junctions to which no water lies in between, by 1.3 times the
    straight line, whole metres.
    """

    def __init__(self, place):
        self.kmh, links = roads_of(place)
        self.junctions = {
            k[0]: [number(row["easting_m"]), number(row["northing_m"])]
            for k, row in keyed(place / "road_junctions.csv", ["junction"], ["easting_m", "northing_m"]).items()
        }
        self.gates, self.known, self.banks = {}, {}, []
        self.drive = Drive(place, [(start, end, round(time)) for start, end, _, _, time in links])
        for (end, junction), row in keyed(place / "road_access.csv", ["end", "junction"], ["km"]).items():
            self.gate(end, junction, number(row["km"]))
        waters = {}
        if (place / "road_waters.csv").exists():
            for (water, order), row in keyed(
                place / "road_waters.csv", ["water", "order"], ["easting_m", "northing_m"]
            ).items():
                waters.setdefault(water, []).append((int(order), [number(row["easting_m"]), number(row["northing_m"])]))
        for points in waters.values():
            points.sort()
            self.banks += [(p, q) for (_, p), (_, q) in zip(points, points[1:])]

    def gate(self, end, junction, km):
        self.gates.setdefault(end, {})[junction] = round(km * 60000 / self.kmh["access"])

    def join(self, code, here):
        """Have a site join the roads, and return its gates."""
        near = sorted((sum((x - y) ** 2 for x, y in zip(here, at)), j, at) for j, at in self.junctions.items())[:12]
        dry = [(apart, j) for apart, j, at in near if not any(meet(here, at, *bank) for bank in self.banks)]
        for apart, junction in dry[:3]:
            self.gate(code, junction, Fraction((isqrt(int(4 * apart * 169 / 100)) + 1) // 2, 1000))
        if not dry:
            raise CannotRead(f"config.yaml: {code} reaches no junction")
        return self.gates[code]

    def far(self, start, end):
        if end not in self.known:
            self.known[end] = self.drive.to(self.gates.get(end, {}))
        found = self.known[end]
        return min((n + found[j] for j, n in self.gates.get(start, {}).items() if j in found), default=None)


def meet(a, b, c, d):
    """Say whether two straight pieces have a point in common."""

    def turn(p, q, r):
        n = (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
        return (n > 0) - (n < 0)

    def on(p, q, r):
        return turn(p, q, r) == 0 and all(min(x, y) <= z <= max(x, y) for x, y, z in zip(p, q, r))

    crossing = turn(a, b, c) != turn(a, b, d) and turn(c, d, a) != turn(c, d, b)
    return crossing or on(a, b, c) or on(a, b, d) or on(c, d, a) or on(c, d, b)


class AddedSites:
    """The rows that sites which a config adds would have in the place's tables: stated, or estimated by a line.

    The line is Tukey's: journeys known to the 12 candidates nearest to the new site, ordered by whole metres and then
    minutes; the medians of the nearest and of the furthest third make the slope, the median of the rest the beginning.
    By roads thousandths of a minute on the network stand in place of metres.
    """

    def __init__(self, place, config):
        self.stated, self.place, self.figures, self.gates = config.get("sites") or {}, place, {}, {}
        self.rows = {"sites": {}, "journeys": {}, "transfers": {}, "staff": {}}
        if not self.stated:
            return
        own = keyed(place / "sites.csv", ["site"], ["role"])
        areas = keyed(place / "areas.csv", ["area"])
        self.areas = {a: at for (a,), row in areas.items() if (at := self.spot(row))}
        self.spots = {s: at for (s,), row in own.items() if (at := self.spot(row))}
        path = place / "transfers.csv"
        tables = ["journeys", *(["transfers"] if path.exists() and len(table(path)) else [])]
        candidates = [s for (s,), row in own.items() if row["role"] == "candidate" and s in self.spots]
        self.open, self.every = None, [area for (area,) in areas]
        if any("roads" in (said.get("journeys"), said.get("transfers")) for said in self.stated.values()):
            self.open = OpenRoads(place)
        self.known = {}, {}  # by straight line, and by roads
        for (area, site), row in keyed(place / "journeys.csv", ["area", "site"], ["minutes"]).items():
            if site in candidates and row["minutes"]:
                for on_roads in (False, True)[: 2 if self.open else 1]:
                    far = self.apart(area, site, on_roads)
                    if on_roads or far is not None:
                        some = self.known[on_roads].setdefault(site, [])
                        some += [] if far is None else [(far, whole(number(row["minutes"])))]
        for code, said in self.stated.items():
            if (code,) in own:
                raise CannotRead(f"config.yaml adds {code}, which sites.csv has")
            self.rows["sites"][code,] = {"role": "candidate"}
            self.staff(code, said, config)
            here = self.spot(said)
            means = {name: said.get(name, "straight_line") for name in tables}
            guessed = [name for name in tables if means[name] in ("straight_line", "roads")]
            on_roads = any(means[name] == "roads" for name in guessed)
            if on_roads and any(means[name] != "roads" for name in guessed):
                raise CannotRead(f"config.yaml estimates what leads to {code} by two means")
            self.figures[code].update({"a_minute": None} if on_roads else {})
            if on_roads and here:
                self.gates[code] = self.open.join(code, here)
            line = self.line(code, here, on_roads) if guessed else None
            self.figures[code]["estimated"] = guessed
            if here:
                self.spots[code] = here
            for name in tables:
                estimated = name in guessed
                self.rows[name].update(self.guess(name, code, line, on_roads) if estimated else self.read(name, code))

    def apart(self, start, end, on_roads):
        """Return how far it is between two codes, by roads or by straight line; nothing where that is not known."""
        if on_roads:
            return self.open.far(start, end)
        a, b = (self.areas.get(one) or self.spots.get(one) for one in (start, end))
        return self.metres(a, b) if a and b else None

    def staff(self, code, said, config):
        """Keep what is stated of a site: its staff, what is fixed there, its beds."""
        self.figures[code] = {"at_once": None, "a_km": None, "sites": 0, "median_off": None, "nine_in_ten_within": None}
        for team, counted in (said.get("staff") or {}).items():
            year = str(config["teams"][team]["year"])
            self.rows["staff"][code, team, year] = {unit: counted.get(unit) or 0 for unit in ("people", "wte")}
        why = {name: said.get(name) for name in ("reason", "source", "verified")}
        for service, provided in (said.get("fixed") or {}).items():
            fixed = config["services"][service].get("fixed") or {}
            config["services"][service]["fixed"] = {**fixed, code: {**why, "provided": provided}}
        for service, there in (said.get("beds") or {}).items():
            if Figure(there).value is not None:
                beds = config["services"][service]["beds"]
                beds["at"] = {**(beds.get("at") or {}), code: there}

    def spot(self, row):
        at = [row.get(name) for name in ("easting_m", "northing_m")]
        return None if any(n in (None, "") for n in at) else [number(n) for n in at]

    def metres(self, a, b):
        """Return the straight line to the nearest whole metre."""
        square = sum((x - y) ** 2 for x, y in zip(a, b))
        return (isqrt(int(4 * square)) + 1) // 2

    def fitted(self, journeys):
        """Return the line through journeys, as millionths of a minute at once and a metre; nothing where none fits."""
        journeys = sorted(journeys)
        third = len(journeys) // 3
        if third < 3:
            return None
        (x0, y0), (x1, y1) = ([mid(column) for column in zip(*some)] for some in (journeys[:third], journeys[-third:]))
        if x1 <= x0 or y1 <= y0:
            return None
        slope = (y1 - y0) / (x1 - x0)
        return mid([y * slope.denominator - slope.numerator * x for x, y in journeys]) / slope.denominator, slope

    def minutes(self, line, metres, places):
        return max(whole((line[0] + line[1] * metres) / MICRO, places), 0)

    def line(self, code, here, on_roads):
        """Return the line of a site with its decimals, and keep how far off it is with each known site left out."""
        if here is None:
            raise CannotRead(f"config.yaml does not say where {code} is")
        known = self.known[on_roads]
        near = sorted(known, key=lambda site: (self.metres(self.spots[site], here), site))[:12]
        every = [one for site in near for one in known[site]]
        line = self.fitted(every)
        if line is None:
            raise CannotRead(f"no line fits the journeys that are known, so that those of {code} cannot be estimated")
        places = min(n for n in range(7) if all(y % 10 ** (6 - n) == 0 for _, y in every))
        off = []
        for held in near:
            other = self.fitted([one for site in near if site != held for one in known[site]])
            if other is None:
                off = []
                break
            off += [abs(self.minutes(other, x, places) - y) for x, y in known[held]]
        figures = {"at_once": line[0] / MICRO, "sites": len(near)}
        figures["a_minute" if on_roads else "a_km"] = line[1] / 1000
        if off:
            ninth = sorted(off)[-(-9 * len(off) // 10) - 1]
            figures.update(median_off=mid(off) / MICRO, nine_in_ten_within=Fraction(ninth, MICRO))
        self.figures[code].update(figures)
        return line, places

    def guess(self, name, code, drawn, on_roads):
        line, places = drawn
        found = {}
        for other in self.every if name == "journeys" else [site for site in self.spots if site != code]:
            for pair in [(other, code)] if name == "journeys" else [(other, code), (code, other)]:
                far = self.apart(*pair, on_roads)
                if far is not None:
                    n = self.minutes(line, far, places)
                    found[pair] = {"minutes": f"{n // MICRO}.{n % MICRO:06}"}
        return found

    def read(self, name, code):
        """Return a table of a site's own, every row of which must be about it."""
        columns = ["area", "site"] if name == "journeys" else ["from_site", "to_site"]
        rows = keyed(self.place / f"{name}_of_{code}.csv", columns, ["minutes"])
        if any(code not in (key[1:] if name == "journeys" else key) for key in rows):
            raise CannotRead(f"{name}_of_{code}.csv has a row of another site")
        return rows

    def check(self, record, found):
        """Compare what run.json says of each site with what was found."""
        listed = {one["site"]: one for one in record.get("added_sites") or []}
        if list(listed) != list(self.stated):
            found.fail("V1", "run.json says that other sites are added than config.yaml does")
            return
        for code, said in self.stated.items():
            one = listed[code]
            for key in ("reason", "source", "verified"):
                if (one.get(key) or "") != (said.get(key) or ""):
                    found.fail("V1", f"run.json: {key} of the site {code} is {one.get(key)!r}, not {said.get(key)!r}")
            for key, right in self.figures[code].items():
                right = Fraction(round(right * MICRO), MICRO) if isinstance(right, Fraction) else right
                told = one.get(key)
                if not same(told, right) if isinstance(right, Fraction) and told is not None else told != right:
                    found.fail("V1", f"run.json: {key} of the site {code} is {told}, not {right}")
            how, by = ", ".join(self.figures[code]["estimated"]), "roads" if code in self.gates else "straight line"
            found.say("V1", f"{code} added, as config.yaml says{f'; estimated by {by}: {how}' if how else ''}")
            if said.get("latitude") is not None:
                found.skip(f"Whether easting and northing of {code} are those of its latitude and longitude.")


def mid(numbers):
    """Return the median."""
    ordered = sorted(numbers)
    return Fraction(ordered[len(ordered) // 2] + ordered[-1 - len(ordered) // 2]) / 2


# The question ---------------------------------------------------------------------------------------------------------


class Question:
    """The config and the place's tables, and who may go where."""

    def __init__(self, run, found):
        self.config = yaml_of(text_of(run / "config.yaml"))
        unknown = set(self.config) - set(SETTINGS.split())
        self.services = self.config["services"]
        for code, said in self.services.items():
            unknown |= {f"{code}.{key}" for key in set(said) - set(SERVICE_SETTINGS.split())}
        if unknown:
            raise CannotRead(f"config.yaml has settings that are not known here: {', '.join(sorted(unknown))}")
        place = run / "inputs"
        self.added = AddedSites(place, self.config)
        self.changes = Changes(self.config.get("change") or {})
        self.changes.question(self.config)
        for site, why in (self.config.get("closed_sites") or {}).items():
            for service in self.services.values():
                service["fixed"] = {**(service.get("fixed") or {}), site: {**why, "provided": False}}
        self.border = self.config.get("border", "nearest")
        self.today = self.config.get("today") or {}
        self.teams = self.config.get("teams") or {}
        sites = {**keyed(place / "sites.csv", ["site"], ["role"]), **self.added.rows["sites"]}
        self.candidates = sorted(s for (s,), row in sites.items() if row["role"] == "candidate")
        self.all_neighbours = sorted(s for (s,), row in sites.items() if row["role"] == "neighbour")
        if len(self.candidates) + len(self.all_neighbours) != len(sites):
            raise CannotRead("sites.csv has a role that is neither candidate nor neighbour")
        self.bit = {site: 1 << n for n, site in enumerate(self.candidates)}
        self.names = {s: row.get("name", "") for (s,), row in sites.items()}
        self.read_demand(place)
        self.read_minutes(place, found)
        self.read_staff(place)
        counts = place / "activity.csv"
        self.counts = keyed(counts, ["site", "activity", "period"], ["count"]) if counts.exists() else {}
        self.excepted = {(e["service"], e["needs"], e["site"]) for e in self.config.get("exceptions") or []}
        self.kept = {}

    def neighbours(self, code):
        said = self.services[code].get("neighbours", "all")
        named = self.all_neighbours if said == "all" else [] if said == "none" else sorted(said)
        return [] if self.border == "closed" else named

    def transfer(self, code):
        service = self.services[code]
        return service.get("transfer") if service.get("pathway") == "transfer" else None

    def managed(self, code):
        return self.services[code].get("patients_go_to") == "managed"

    def parts_of_a_patient(self):
        """Millionths where the border is as today or patients are shared out by beds, else what tables have."""
        by_beds = any(self.managed(c) and (s.get("beds") or {}).get("at") for c, s in self.services.items())
        places = range(6 if self.border == "as_today" or by_beds else 0, 7)
        parts = next(10**n for n in places if not any(each * 10**n % MICRO for each in self.patients.values()))
        on_a_transfer = filter(None, map(self.transfer, self.with_patients()))
        return parts * lcm(*(value(one, "share_transferred", Fraction(1)).denominator for one in on_a_transfer))

    def with_patients(self):
        return [code for code, service in self.services.items() if service.get("activity")]

    def mask(self, sites):
        return sum(self.bit[site] for site in sites)

    def changed(self, code, mask):
        """Return at how many sites it would be otherwise than today; none where that is not known."""
        return bin(mask ^ self.today_mask(code)).count("1") if code in self.today else 0

    def sites(self, mask):
        return [site for site in self.candidates if self.bit[site] & mask]

    def reach(self, mask, site):
        """Return how far it is by road to a site from the nearest of some."""
        return min((self.road[there, site] for there in self.sites(mask) if (there, site) in self.road), default=FAR)

    def today_mask(self, code):
        return self.mask(self.today[code])

    def read_demand(self, place):
        every = keyed(place / "areas.csv", ["area"], ["resident"])
        demand = {
            k: number(r["patients_per_year"]) for k, r in keyed(place / "demand.csv", ["area", "activity"]).items()
        }
        activities = {activity for _, activity in demand}
        if any(n < 0 for n in demand.values()) or {a for a, _ in demand} - {a for (a,) in every}:
            raise CannotRead("demand.csv has patients below none, or of an area that areas.csv has not")
        known = self.config.get("areas_outside", "all") == "all"
        self.areas, self.district, self.fifth = [], {}, {}
        self.people, self.older = {}, {}
        self.age_columns = {c for row in every.values() for c in row}
        for (area,), row in sorted(every.items()):
            self.inside = row["resident"] == "true"
            if row["resident"] not in ("true", "false"):
                raise CannotRead(f"areas.csv: resident of {area} is neither true nor false")
            missing = [a for a in activities if (area, a) not in demand]
            if self.inside and missing:
                raise CannotRead(f"demand.csv has no row for {area} and {missing[0]}")
            if not self.inside and (self.border == "closed" or (missing and not known)):
                continue
            self.areas.append((area, self.inside))
            self.people[area] = number(row.get("population") or 0)
            self.older[area] = number(row.get("population_75_plus") or 0)
            self.district[area] = row.get("district") or ""
            decile = row.get("deprivation_decile")
            self.fifth[area] = (int(decile) + 1) // 2 if decile else None
        self.before = {key: whole(n) for key, n in demand.items()}
        counted = {area for area, _ in self.areas}
        self.patients = {k: whole(n * self.growth(k, every)) for k, n in demand.items() if k[0] in counted}
        self.changes.patients(self, every)
        if not (self.config.get("demand") or {}).get("growth"):
            self.before.update(self.patients)  # what was counted is compared as it is changed, before it grows
        self.shares = {}
        if self.border == "as_today":
            for (area, to), row in keyed(place / "border.csv", ["area", "goes_to"], ["share"]).items():
                if not 0 <= number(row["share"]) <= 1 or to not in ["candidates", *self.all_neighbours]:
                    raise CannotRead(f"border.csv: {area}, {to}: a share is outside 0 to 1, or of no neighbour")
                self.shares.setdefault(area, {})[to] = number(row["share"])

    def growth(self, key, every):
        """Return how many times as many patients an area and activity will have."""
        said = (self.config.get("demand") or {}).get("growth")
        if not said:
            return 1
        activity = key[1]
        if activity in (said.get("by_activity") or {}):
            return (1 + Figure(said["by_activity"][activity]).value) ** int(said["years"])
        return self.as_many(key, every, said["by_age"], int(said["years"])) if said.get("by_age") else 1

    def as_many(self, key, every, rates, years):
        """Return how many times as many patients there are when people of each age grow at such rates."""
        area, activity = key
        ages = ((self.config.get("demand") or {}).get("ages") or {}).get(activity)
        apart = "from_75" in rates or (ages and "from_75" in ages)

        def by_age(row):
            oldest = number(row.get("population_75_plus") or 0) if apart else Fraction(0)
            old = number(row["population_65_plus"])
            return {
                "under_65": number(row["population"]) - old,
                "from_65": old - oldest,
                "from_75": oldest,
            }

        weights = {"under_65": 1, "from_65": 1, "from_75": 1}
        if ages:
            total = dict.fromkeys(weights, 0)
            for row in every.values():
                if row["resident"] == "true":
                    total = {age: n + by_age(row)[age] for age, n in total.items()}
            if "from_75" not in ages and apart:
                total["from_65"] = total["from_75"] = total["from_65"] + total["from_75"]
            said_of = {age: Figure(ages.get(age, ages["from_65"])).value for age in weights}
            weights = {age: said_of[age] / total[age] if total[age] else Fraction(0) for age in weights}
        rate = {age: Figure(rates.get(age, rates["from_65"])).value for age in weights}
        here = {age: weights[age] * n for age, n in by_age(every[area,]).items()}
        now = sum(here.values())
        return sum(n * (1 + rate[age]) ** years for age, n in here.items()) / now if now else 1

    def read_minutes(self, place, found):
        travel = self.config.get("travel") or {}
        factor = value(travel, "factor", Fraction(1))
        if travel.get("time"):
            factor *= Figure(travel["times"][travel["time"]]).value
        calibration, less = travel.get("calibration") or {}, Fraction(0)
        if calibration and not calibration.get("applied", True):
            less, factor = value(calibration, "plus", None), factor / value(calibration, "times", None)
        places = int(travel["decimals"]) if travel.get("decimals") is not None else 6
        rows = {**keyed(place / "journeys.csv", ["area", "site"], ["minutes"]), **self.added.rows["journeys"]}
        counted = {*(area for area, _ in self.areas), *self.candidates, *self.all_neighbours}
        more = Roads(place, self.config.get("roads") or {}, counted, self.added.gates).more

        @cache
        def counted(minutes, longer):
            return whole(max(number(minutes) + longer - less, Fraction(0)) * factor, places)

        def counted_as(key, row):
            return counted(row["minutes"], more(*key))

        self.minutes = {key: counted_as(key, row) for key, row in rows.items()}
        if self.config.get("roads"):
            far = [more(area, site) for area, site in rows]
            words = f"{sum(n > 0 for n in far):,} journeys are longer on them, by {show(max(far))} minutes at most"
            found.say("V1", f"roads shut or slow, as config.yaml says: {words}")
        allowed = {
            tuple(pair.values()) if isinstance(pair, dict) else tuple(pair)
            for pair in travel.get("allow_missing") or []
        }
        wanted = {(area, site) for area, _ in self.areas for site in self.candidates + self.all_neighbours}
        for area, site in sorted(wanted - set(self.minutes) - allowed)[:5]:
            found.fail("V1", f"inputs/journeys.csv has no journey from {area} to {site}")
        if any(not 0 <= number(row["minutes"]) <= 1440 for row in rows.values()):
            found.fail("V1", "inputs/journeys.csv has a journey below 0 or above 1440 minutes")
        self.read_modes(place, found, lambda row: counted(row["minutes"], 0), wanted - allowed)
        roads = place / "transfers.csv"
        rows = keyed(roads, ["from_site", "to_site"], ["minutes"]) if roads.exists() else {}
        rows = {**rows, **self.added.rows["transfers"]}
        self.road = {key: counted_as(key, row) for key, row in rows.items()}
        self.road.update({(site, site): 0 for site in self.candidates + self.all_neighbours})
        self.road_of_teams = dict(self.road)  # a team's own travel stays what the tables make it
        self.changes.ways(self, place, places, travel)

    def read_modes(self, place, found, counted, wanted):
        """Read journeys by the modes that services name. Patients need every one; visitors may lack some."""
        settings = ("travel_by", "visitors_travel_by")
        modes = {said[key]: key for said in self.services.values() for key in settings[::-1] if said.get(key)}
        rows = keyed(place / "journeys_by_mode.csv", ["mode", "area", "site"], ["minutes"]) if modes else {}
        self.by_mode = {mode: {} for mode in modes}
        for (mode, *pair), row in rows.items():
            if mode in modes:
                self.by_mode[mode][tuple(pair)] = counted(row)
                if not 0 <= number(row["minutes"]) <= 1440:
                    found.fail("V1", "inputs/journeys_by_mode.csv has a journey below 0 or above 1440 minutes")
        of_patients = {said.get("travel_by") for said in self.services.values()}
        for mode, known in self.by_mode.items():
            for area, site in sorted(wanted - set(known))[:5] if mode in of_patients else ():
                found.fail("V1", f"inputs/journeys_by_mode.csv has no row {mode}, {area}, {site}")
        teams = {(said.get("across_sites") or {}).get("travel_by") for said in self.teams.values()} - {None}
        rows = keyed(place / "transfers_by_mode.csv", ["mode", "from_site", "to_site"], ["minutes"]) if teams else {}
        self.road_by_mode = {mode: {(site, site): 0 for site in self.candidates} for mode in teams}
        for (mode, *pair), row in rows.items():
            if mode in teams:
                self.road_by_mode[mode][tuple(pair)] = counted(row)
        calibration = (self.config.get("travel") or {}).get("calibration") or {}
        roads = self.config.get("roads") or {}
        out_of_the_ordinary = roads.get("close") or roads.get("slow") or roads.get("hour") is not None
        touched = {*modes, *teams} - {*(roads.get("untouched") or ())} if out_of_the_ordinary else set()
        unknown = self.config.get("sites") or not calibration.get("applied", True)
        moved = {code for code in self.services if self.transfer(code)}
        moved |= {self.transfer(code)["first_contact"] for code in moved}
        if touched or ((modes or teams) and unknown) or any(self.services[code].get("travel_by") for code in moved):
            raise CannotRead("config.yaml names modes beside roads, sites, no calibration, or of patients transferred")

    def minutes_to(self, code):
        """Return the minutes by which a service's patients travel."""
        return self.by_mode.get(self.services[code].get("travel_by"), self.minutes)

    def read_staff(self, place):
        path = place / "staff.csv"
        rows = keyed(path, ["site", "team", "year"]) if path.exists() else {}
        rows = {**rows, **self.added.rows["staff"]}
        self.in_post = {}
        for (site, team, year), row in rows.items():
            if team in self.teams and number(year) == self.teams[team]["year"] and site in self.bit:
                self.in_post[team, "people", site] = number(row.get("people") or 0)
                self.in_post[team, "WTE", site] = number(row.get("wte") or 0)
        self.changes.staff(self)

    # Who may go where

    def offsets(self, code):
        service = self.services[code]
        transfer = self.transfer(code)
        if service.get("patients_go_to") != "observed" and transfer:
            service = self.services[transfer["first_contact"]]
        if service.get("patients_go_to") != "observed":
            return {}
        return {s: whole(Figure(n).value) for s, n in (service["observed"].get("offsets") or {}).items()}

    def streams(self, code, neighbours, straight=False, before=False):
        """Return streams: (area, resident, how, patients, share of the area's people, sites in order, own share).

        The share of people is of those who do not leave; the own share is of all, by the border's own shares.

        A site in order is (minutes, site); a neighbour ends the order of those who may use one.
        """
        key = ("streams", code, tuple(neighbours), straight, before)
        if key in self.kept:
            return self.kept[key]
        activity, offset = self.services[code]["activity"], {} if straight else self.offsets(code)
        demand = self.before if before else self.patients
        pull = value(self.config, "border_pull")
        rows, minutes = [], self.minutes_to(code)

        def order(area, sites):
            near = ((minutes[area, s], s) for s in sites if (area, s) in minutes)
            return InOrder(
                sorted(near, key=lambda one: (one[0] + offset.get(one[1], 0), one[1] not in self.bit, one[1]))
            )

        for area, resident in self.areas:
            patients = demand.get((area, activity), 0)
            if self.border != "as_today":
                near = order(area, self.candidates + neighbours)
                rows.append((area, resident, "", patients, Fraction(1), near, Fraction(1)))
                continue
            shares = self.shares.get(area, {})
            home, counted = shares.get("candidates", Fraction(0)), self.neighbours(code)
            going = [n for n in neighbours if shares.get(n) and n in counted]
            pulled = round(patients * pull) if pull else 0
            rest, gone, share = patients - pulled, 0, 1 - (pull or 0)
            if pull:
                rows.append((area, resident, "pulled", pulled, pull, order(area, self.candidates + neighbours), pull))
            if pull == 1:  # as with border: nearest, nobody stays or leaves because of today
                continue
            stay = share
            if resident:
                total, sofar = home + sum(shares[n] for n in going), Fraction(0)
                stay = share * home / total if total else share
                for site in going:
                    sofar += shares[site]
                    line = round(rest * sofar / total)
                    own = share * shares[site] / total
                    rows.append((area, True, "leaves " + site, line - gone, Fraction(0), order(area, [site]), own))
                    gone = line
                stays = rest - gone
            else:
                stays = round(rest * home)
            rows.append((area, resident, "stays", stays, share, order(area, self.candidates), stay))
        self.kept[key] = rows
        return rows

    # Where they go

    def flow(self, code, plan, **how):
        """Return where everybody goes, as a Flow; kept by what it depends on."""
        transfer = self.transfer(code)
        first = transfer and plan[transfer["first_contact"]]
        key = (code, plan[code], first, tuple(sorted(how.items())))
        if key not in self.kept:
            self.kept[key] = Flow(self, code, plan[code], first, **how)
        return self.kept[key]


class InOrder(list):
    """The sites that somebody may go to, nearest first, as (minutes, site)."""

    def __init__(self, near):
        super().__init__(near)
        self.sites = tuple(site for _, site in near)


class Flow:
    """Where the patients of a service go, for one set of its sites (and one of first contact), and what that comes to.

    A piece is (stream, site, minutes, patients, first site, first minutes, road, whether taken on); no site: None.
    """

    def __init__(self, question, code, mask, first_mask, direct=False, unshared=False, before=False):
        self.q, self.code, self.mask = question, code, mask
        self.transfer = None if direct else question.transfer(code)
        self.neighbours = question.neighbours(code)
        self.share = value(self.transfer, "share_transferred", Fraction(1)) if self.transfer else Fraction(1)
        if self.transfer:
            self.pieces = self.by_transfer(mask, first_mask)
        elif question.managed(code) and not unshared:
            self.pieces = Sharing(question, code, mask).pieces
        else:
            streams = question.streams(code, self.neighbours, straight=direct, before=before)
            self.pieces = list(self.straight(streams))
        self.add_up()

    def straight(self, streams):
        firsts = self.first_open(streams, self.mask)
        for stream in streams:
            place = firsts[stream[5].sites]
            minutes, site = (None, None) if place is None else stream[5][place]
            yield (stream, site, minutes, stream[3], site, minutes, 0, False)

    def first_open(self, streams, mask):
        """Return the place of the first open site in each order of sites; many areas have the same order."""
        bit = self.q.bit
        return {
            sites: next((n for n, s in enumerate(sites) if s not in bit or bit[s] & mask), None)
            for sites in {stream[5].sites for stream in streams}
        }

    def waits(self):
        """Return what those who are taken on wait, in millionths of a minute."""
        parts = [n for n in ("call_minutes", "crew_minutes", "handover_minutes") if self.transfer.get(n) is not None]
        over = value(self.transfer, "overhead_minutes")
        over = over if over is not None else sum(value(self.transfer, n) for n in parts)
        return whole(value(self.transfer, "dwell_minutes")), whole(over)

    def by_transfer(self, mask, first_mask):
        q, contact = self.q, self.transfer["first_contact"]
        dwell, over = self.waits()
        beyond = [] if self.transfer.get("to_neighbours") is False else self.neighbours
        there = q.sites(mask) + beyond
        onward = {}
        for e in q.candidates + q.neighbours(contact):
            if (e in q.bit and q.bit[e] & mask) or e in self.neighbours:
                onward[e] = (0, e)
            else:
                ways = [(q.road[e, h], h not in q.bit, h) for h in there if (e, h) in q.road]
                onward[e] = min(ways)[::2] if ways else None
        pieces, streams = [], q.streams(self.code, q.neighbours(contact))
        firsts = self.first_open(streams, first_mask)
        for stream in streams:
            place = firsts[stream[5].sites]
            e = None if place is None else stream[5][place]
            if e is None or onward[e[1]] is None:
                pieces.append((stream, None, None, stream[3], e and e[1], e and e[0], 0, False))
                continue
            road, site = onward[e[1]]
            moves = site != e[1]
            minutes = e[0] + (dwell + over + road if moves else 0)
            pieces.append((stream, site, minutes, stream[3], e[1], e[0], road, moves))
        return pieces

    def add_up(self):
        """Add up whatever rules and objectives ask for, in one pass."""
        q = self.q
        standard = value(q.services[self.code], "standard_minutes")
        limit = None if standard is None else standard * MICRO // 1  # minutes are whole millionths
        self.unserved, worst, total, beyond = set(), 0, 0, 0
        minutes, longer = [0, 0], [0, 0]  # of all residents, of the most deprived fifth
        here, moved, ours, pairs = {}, {}, {}, {}
        for stream, site, journey, patients, first, first_minutes, _road, moves in self.pieces:
            if site is None:
                self.unserved.add(stream[0])
                journey = first_minutes = FAR
            if moves:
                pairs[first, site] = pairs.get((first, site), 0) + patients
                moved[site] = moved.get(site, 0) + patients
            else:
                here[site] = here.get(site, 0) + patients
            if not stream[1]:
                continue
            total += patients
            ours[site, moves] = ours.get((site, moves), 0) + patients
            for group in (0, 1) if q.fifth[stream[0]] == 1 else (0,):
                minutes[group] += patients * first_minutes
                longer[group] += patients * (journey - first_minutes)
            if journey > worst and stream[2][:6] != "leaves":
                worst = journey
            if limit is not None and journey > limit:
                beyond += patients
        self.worst, self.total, self.beyond, self.pairs = worst, total, beyond, pairs
        self.minutes, self.deprived = (a + self.share * b for a, b in zip(minutes, longer))
        every = q.candidates + self.neighbours
        self.volume = {s: here.get(s, 0) + self.share * moved.get(s, 0) for s in every}
        self.ours = {s: ours.get((s, False), 0) + self.share * ours.get((s, True), 0) for s in every}
        self.outside = sum(self.ours[s] for s in self.neighbours)

    def taken_on(self):
        """Return confirmed patients a year taken on, by pair of sites, in millionths."""
        return {pair: self.share * n for pair, n in sorted(self.pairs.items())}

    def transfers(self):
        return sum(self.taken_on().values()) * value(self.transfer, "suspected_per_confirmed", Fraction(1)) / MICRO

    def repatriations(self):
        return sum(self.taken_on().values()) * value(self.transfer, "repatriated_share", Fraction(0)) / MICRO

    def ambulance_hours(self):
        suspected = value(self.transfer, "suspected_per_confirmed", Fraction(1))
        back, over = value(self.transfer, "repatriated_share", Fraction(0)), Fraction(self.waits()[1], MICRO)
        hours = Fraction(0)
        for pair, n in self.taken_on().items():
            road = Fraction(self.q.road[pair], MICRO)
            hours += ((2 * road + over) * suspected + 2 * road * back) * n / MICRO / 60
        return hours


class Sharing:
    """Share patients out between sites within the limits of each, in as few minutes as can be.

    Everybody starts at the nearest. While a site has too few or too many, patients move along the cheapest chain of
    sites that helps (successive shortest paths: no cheaper ring of moves is ever left, so the end is a best).
    """

    def __init__(self, question, code, mask):
        q, self.q = question, question
        service, neighbours = q.services[code], q.neighbours(code)
        streams = q.streams(code, neighbours)
        order = {s: n for n, s in enumerate(q.candidates + neighbours, 1)}
        number_of = self.numbers(streams)
        self.at, self.cost, names, fixed = [], [], [], []
        for stream in streams:
            reach = [(m, s) for m, s in stream[5] if s not in q.bit or q.bit[s] & mask]
            if stream[2].startswith("leaves"):
                fixed.append((stream, reach))
                continue
            tie = {s: (m, m if stream[1] else 0, number_of[stream[0], stream[2]] * order[s]) for m, s in reach}
            names.append((stream, {s: m for m, s in reach}))
            self.cost.append({s: (m << 160) + (r << 80) + t for s, (m, r, t) in tie.items()})
            best = min(tie, key=lambda s: self.cost[-1][s]) if tie else None
            self.at.append({best: stream[3]})
        sites = q.sites(mask) + neighbours
        self.low, self.high = self.limits(service, q.sites(mask))
        start = [dict(one) for one in self.at]
        if any(None in one for one in self.at) or not self.settle(sites):
            self.at = start  # no way keeps to all limits: everybody goes to the nearest
        self.pieces = []
        for (stream, minutes), at in zip(names, self.at):
            shown = {s: n for s, n in at.items() if n} or at
            for site, n in sorted(shown.items(), key=lambda one: order.get(one[0], 0)):
                where = (site, minutes.get(site))
                self.pieces.append((stream, *where, n, *where, 0, False))
        for stream, reach in fixed:
            minutes, site = reach[0]
            self.pieces.append((stream, site, minutes, stream[3], site, minutes, 0, False))

    @staticmethod
    def numbers(streams):
        """Number those who may move by area; those of an area who are pulled over the border come after its others."""
        moving = sorted((s[0], s[2] == "pulled", s[2]) for s in streams if not s[2].startswith("leaves"))
        return {(area, how): n for n, (area, _, how) in enumerate(moving, 1)}

    @staticmethod
    def limits(service, sites):
        low, high = {}, {}
        for site in sites:
            least, most = value(service, "minimum_patients"), value(service, "maximum_patients")
            low[site] = -((-least * MICRO) // 1) if least is not None else 0
            high[site] = most * MICRO // 1 if most is not None else FAR
            beds = service.get("beds")
            if beds and site in (beds.get("at") or {}):
                high[site] = min(high[site], most_patients(beds, Figure(beds["at"][site]).value))
        return low, high

    def settle(self, sites):
        """Move patients until every site is within its limits; say whether that can be."""
        volume = dict.fromkeys(sites, 0)
        for one in self.at:
            for site, n in one.items():
                volume[site] += n
        for target in sites:
            low, high = self.low.get(target, 0), self.high.get(target, FAR)
            while not low <= volume[target] <= high:
                few = volume[target] < low
                need = low - volume[target] if few else volume[target] - high
                spare = {s: volume[s] - self.low.get(s, 0) if few else self.high.get(s, FAR) - volume[s] for s in sites}
                moves = self.cheapest_moves()
                chain = self.chain(sites, moves, target, few, {s for s in sites if s != target and spare[s] > 0})
                if not chain:
                    return False
                end = chain[0][0] if few else chain[-1][1]
                amount = min([need, spare[end], *(self.at[moves[a, b][1]][a] for a, b in chain)])
                for a, b in chain:
                    at = self.at[moves[a, b][1]]
                    at[a] -= amount
                    at[b] = at.get(b, 0) + amount
                volume[chain[0][0]] -= amount
                volume[chain[-1][1]] += amount
        return True

    def cheapest_moves(self):
        best = {}
        for number_, (at, cost) in enumerate(zip(self.at, self.cost)):
            for a, n in at.items():
                if n:
                    for b, there in cost.items():
                        if b != a and ((a, b) not in best or there - cost[a] < best[a, b][0]):
                            best[a, b] = (there - cost[a], number_)
        return best

    @staticmethod
    def chain(sites, moves, target, towards, ends):
        """Return the cheapest chain of moves from an end to the target, or from the target to an end."""
        reach = {target: (0, [])}
        for _ in sites:
            for (a, b), (cost, _number) in moves.items():
                tail, head = (b, a) if towards else (a, b)
                if tail in reach and (head not in reach or reach[tail][0] + cost < reach[head][0]):
                    path = reach[tail][1]
                    reach[head] = (reach[tail][0] + cost, [(a, b), *path] if towards else [*path, (a, b)])
        found = [reach[end] for end in sorted(ends) if end in reach]
        return min(found, key=lambda one: one[0])[1] if found else None


# Beds -----------------------------------------------------------------------------------------------------------------


def bed_load(beds, patients):
    """Return the beds taken on average, by patients a year and the others who come with them."""
    share = value(beds, "other_patients_share", Fraction(0))
    days = value(beds, "stay_days") + share / (1 - share) * value(beds, "other_stay_days", Fraction(0))
    return patients * days / 365


def turned_away(beds, load):
    """Return the share of arrivals who find every bed taken: Erlang's loss formula, in fractions."""
    share = Fraction(1)
    for n in range(1, int(beds) + 1):
        share = load * share / (n + load * share)
    return share


def beds_for(beds, load):
    """Return the fewest beds that turn away no more than may be."""
    most, share, n = value(beds, "blocking", Fraction(1, 100)), Fraction(1), 0
    while load and share > most:
        n += 1
        share = load * share / (n + load * share)
    return n


def most_patients(beds, there, parts=MICRO):
    """Return the most patients that so many beds can take, in whole parts of a patient, so many to one."""
    low, high = 0, parts
    while beds_for(beds, bed_load(beds, Fraction(high, parts))) <= there:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        fits = beds_for(beds, bed_load(beds, Fraction(middle, parts))) <= there
        low, high = (middle, high) if fits else (low, middle)
    return low


# Staff ----------------------------------------------------------------------------------------------------------------


def cover_hours(cover, contract):
    """Return plain and premium hours of cover a week."""
    plain_days = contract.get("plain_days", DAYS[:5])
    start, end = value(contract, "plain_from_hour", Fraction(7)), value(contract, "plain_to_hour", Fraction(19))
    plain = total = Fraction(0)
    for block in cover:
        if block.get("kind", "resident") != "resident":
            continue
        people, hours = block.get("people", Fraction(1)), block["hours"]
        total += people * hours * len(block["days"])
        for day in block["days"]:
            opens = 24 * DAYS.index(day) + block["start_hour"]
            for n in range(8):
                if DAYS[n % 7] in plain_days:
                    overlap = min(opens + hours, 24 * n + end) - max(opens, 24 * n + start)
                    plain += people * max(Fraction(0), overlap)
    return plain, total - plain


class Rota:
    """What one service needs of one team at a site."""

    def __init__(self, question, code, team, said):
        self.q, self.code, self.team, self.said = question, code, team, said
        self.soft = bool(said.get("may_fall_short"))
        self.without = (said.get("only_without") or {}).get("service")
        self.remote = (said.get("remote_from") or {}).get("service")
        self.cover = said.get("cover") or []
        self.contract = question.config.get("contract") or {}
        self.across = question.teams[team].get("across_sites")
        self.resident = any(b.get("kind", "resident") == "resident" for b in self.cover)
        paid = said.get("consultant_contract", True) is not False and self.resident
        plain, premium = cover_hours(self.cover, self.contract) if paid else (Fraction(0), Fraction(0))
        self.hours = self.wte(plain, premium)
        self.units = []
        if said.get("people") is not None or said.get("one_in") is not None:
            self.units.append("people")
        if said.get("wte") is not None or (self.resident and said.get("people") is None):
            self.units.append("WTE")
        self.least = {unit: self.stated(unit) for unit in self.units}

    def wte(self, plain, premium):
        term = lambda name, otherwise: value(self.contract, name, Fraction(otherwise))  # noqa: E731
        pas = plain / term("hours_a_plain_pa", 4) + premium / term("hours_a_premium_pa", 3)
        return pas * term("weeks_a_year", 52) / term("working_weeks", 42) / term("direct_care_pas", "7.5")

    def stated(self, unit):
        if unit == "WTE":
            return value(self.said, "wte", Fraction(0))
        frequency = value(self.said, "one_in")
        taken = frequency * max(self.at_once(minute) for minute in range(0, 7 * 24 * 60, 15)) if frequency else 0
        return max(value(self.said, "people", Fraction(0)), taken)

    def at_once(self, minute):
        """Return how many are on call from home in a minute of the week."""
        blocks = [b for b in self.cover if b.get("kind") == "on_call"]
        people = Fraction(0)
        for block in blocks:
            for day in block["days"]:
                since = (minute - 60 * (24 * DAYS.index(day) + block["start_hour"])) % (7 * 24 * 60)
                people += block.get("people", Fraction(1)) if since < 60 * block["hours"] else 0
        return people

    def sites(self, plan):
        """Return the sites at which this rota is needed."""
        if self.remote and plan[self.remote]:
            return []
        mask = plan[self.code] & ~(plan[self.without] if self.without else 0)
        return self.q.sites(mask)

    def needs(self, unit, plan):
        """Return what is needed, by pool: a site, or across_sites."""
        sites = self.sites(plan)
        if not self.across:
            hours = -(-self.hours // 1) if unit == "people" else self.hours
            return {site: max(self.least[unit], hours) for site in sites}
        if not sites:
            return {}
        base, trips = self.across["based_at"], value(self.across, "trips_a_week")
        mode = self.across.get("travel_by")
        ways = self.q.road_by_mode[mode] if mode else self.q.road_of_teams
        road = sum(ways[base, s] + ways[s, base] for s in sites if s != base)
        travel = self.wte(trips * Fraction(road, MICRO) / 60, Fraction(0))
        once = self.said.get("shared_on_call") is not None and unit == "people"
        total = self.hours * len(sites) + travel
        total = -(-total // 1) if unit == "people" else total
        return {"across_sites": max(self.least[unit] * (1 if once else len(sites)), total)}


class Staff:
    """Staff of every team for one set of designations, by the procedure stated in words."""

    def __init__(self, question):
        self.q = question
        self.rotas = [
            Rota(question, code, team, said)
            for code, service in question.services.items()
            for team, said in (service.get("rotas") or {}).items()
        ]
        self.teams = []
        for rota in self.rotas:
            self.teams += [(rota.team, unit) for unit in rota.units if (rota.team, unit) not in self.teams]

    def of(self, team):
        return [rota for rota in self.rotas if rota.team == team]

    def limit(self, team, name):
        if name == "moves_at_most" and self.q.teams[team].get("across_sites"):
            return None  # one team over all sites has nobody to move
        said = self.q.teams[team].get(name)
        stated = Figure(0 if said is None else said) if said is not None else None
        return Fraction(0) if stated is None else stated.value  # None: unlimited

    def pools(self, team):
        return ["across_sites"] if self.q.teams[team].get("across_sites") else self.q.candidates

    def post(self, team, unit, pool):
        counted = self.q.in_post.get((team, unit, pool))
        if counted is None and pool == "across_sites":
            return sum(self.q.in_post.get((team, unit, site), Fraction(0)) for site in self.q.candidates)
        return counted or Fraction(0)

    def share_out(self, team, unit, plan, kept=None):
        """Return {pool: dict of in_post, moved_in, moved_out, recruited, staff, needed, short}.

        Of a clash only the rules kept are asked: rotas and limits that are not among them give way.
        """
        hard, need = {}, {}

        def stands(rule, names):
            return kept is None or wanted((rule, names), kept)

        for rota in self.of(team):
            if unit in rota.units and stands("rota_is_filled", f"{rota.code}.{team}.{unit}"):
                for pool, n in rota.needs(unit, plan).items():
                    need[pool] = max(need.get(pool, 0), n)
                    if not rota.soft:
                        hard[pool] = max(hard.get(pool, 0), n)
        pools = self.pools(team)
        row = {
            p: {
                "in_post": self.post(team, unit, p),
                **dict.fromkeys(["moved_in", "moved_out", "recruited"], Fraction(0)),
            }
            for p in pools
        }
        name = f"{team}.{unit}"
        left = {
            "moved_in": self.limit(team, "moves_at_most") if stands("moves_within_limit", name) else None,
            "recruited": self.limit(team, "recruits_at_most") if stands("recruitment_within_limit", name) else None,
        }

        def there_are(pool):
            one = row[pool]
            return one["in_post"] + one["moved_in"] - one["moved_out"] + one["recruited"]

        def come(column, pool, amount):
            amount = amount if left[column] is None else min(amount, left[column])
            amount = max(amount // 1 if unit == "people" else amount, Fraction(0))
            row[pool][column] += amount
            left[column] = None if left[column] is None else left[column] - amount
            return amount

        def move(asked, kept_back):
            for here in pools:
                for there in pools:
                    spare = there_are(there) - kept_back.get(there, 0)
                    spare = spare // 1 if unit == "people" else spare
                    row[there]["moved_out"] += come("moved_in", here, min(asked.get(here, 0) - there_are(here), spare))

        def recruit(asked):
            for here in pools:
                amount = asked.get(here, 0) - there_are(here)
                come("recruited", here, -(-amount // 1) if unit == "people" else amount)

        move(hard, need)
        recruit(hard)
        move(hard, hard)
        move(need, need)
        recruit(need)
        for p, one in row.items():
            one["staff"] = there_are(p)
            one["needed"] = Fraction(need.get(p, 0))
            one["short"] = max(Fraction(0), one["needed"] - one["staff"])
            one["hard"] = max(Fraction(0), hard.get(p, 0) - one["staff"])
        return row


# Rules ----------------------------------------------------------------------------------------------------------------

FROM = ("source", "verified")
# Of each limit that is one figure: the setting, which side may be larger, and in which unit it gives way.
PATIENTS, PLACES = "patients a year", "designated"
OF_A_SERVICE = {
    "enough_sites": ("at_least_sites", ">=", "sites"),
    "not_too_many_sites": ("at_most_sites", "<=", "sites"),
    "every_site_has_enough_patients": ("minimum_patients", ">=", PATIENTS),
    "no_site_has_too_many_patients": ("maximum_patients", "<=", PATIENTS),
    "nobody_travels_too_far": ("longest_journey_minutes", "<=", "minutes"),
    "enough_patients_within_standard": ("share_within_standard", ">=", PATIENTS),
    "few_enough_are_treated_outside": ("at_most_share_outside", "<=", PATIENTS),
}
OF_TRANSFERS = {
    "not_too_many_transfers": ("most_transfers_a_day", "<=", "transfers a day"),
    "not_too_many_repatriations": ("most_repatriations_a_year", "<=", "repatriations a year"),
    "not_too_many_ambulance_hours": ("most_ambulance_hours", "<=", "hours a year"),
}
OF_THE_QUESTION = {
    "no_site_provides_too_many": ("at_most_services_a_site", "<=", "services"),
    "not_too_many_transfers_in_all": ("most_transfers_a_year", "<=", "transfers a year"),
}
OF_STAFF = {"moves_within_limit": "moves_at_most", "recruitment_within_limit": "recruits_at_most"}
ONE_FIGURE = {**OF_A_SERVICE, **OF_TRANSFERS, **OF_THE_QUESTION}
TAKEN_ON = ("not_too_many_transfers_in_all", "all_services")


def holds(row):
    """Say by how much a rule holds: below zero, it does not."""
    _rule, _instance, left, relation, right = row[:5]
    return {">=": left - right, "<=": right - left, "=": -abs(left - right)}[relation]


def limited(rule, where, instance, left, share_of=1, unit=None):
    """Yield the case of a limit that is one figure, if that is stated; only then what it has is worked out."""
    setting, relation, gives = ONE_FIGURE[rule]
    limit = figure(where, setting)
    if limit:
        yield (rule, instance, Fraction(left()), relation, limit.value * share_of, unit or gives, limit)


def service_rules(q, code, plan):
    """Yield (rule, instance, left, relation, right, unit, figure) of a service, from the sentences of docs/rules.md."""
    service, flow = q.services[code], None
    mask = plan[code]
    sites = q.sites(mask)
    for site, fixed in (service.get("fixed") or {}).items():
        sides = (Fraction(site in sites), "=", Fraction(fixed["provided"]))
        yield ("fixed_designations_stand", f"{code}.{site}", *sides, "designated", Figure({**fixed, "value": None}))
    for rule in ("enough_sites", "not_too_many_sites"):
        yield from limited(rule, service, code, lambda: len(sites))
    if not service.get("activity"):
        return
    flow = q.flow(code, plan)
    transfer = flow.transfer or {}
    yield ("every_area_is_served", code, Fraction(len(flow.unserved)), "=", Fraction(0), "areas", NO_FIGURE)
    for rule, site in product(("every_site_has_enough_patients", "no_site_has_too_many_patients"), sites):
        yield from limited(rule, service, f"{code}.{site}", lambda site=site: Fraction(flow.volume[site]) / MICRO)
    beds = service.get("beds") or {}
    for site, said in (beds.get("at") or {}).items():
        if site in sites:
            needed = Fraction(beds_for(beds, bed_load(beds, Fraction(flow.volume[site]) / MICRO)))
            there = Figure(said)
            yield ("beds_are_enough", f"{code}.{site}", there.value, ">=", needed, "beds", there)
    yield from limited("nobody_travels_too_far", service, code, lambda: Fraction(flow.worst, MICRO))
    within = lambda: Fraction(flow.total - flow.beyond, flow.total) if flow.total else 1  # noqa: E731
    yield from limited("enough_patients_within_standard", service, code, within, unit="share of patients")
    outside, everybody = (lambda: Fraction(flow.outside) / MICRO), Fraction(flow.total) / MICRO
    yield from limited("few_enough_are_treated_outside", service, code, outside, everybody)
    for site, said in (service.get("neighbours_take_at_most") or {}).items():
        if site in flow.neighbours:
            sides = (Fraction(flow.ours[site]) / MICRO, "<=", Figure(said).value)
            yield ("neighbours_are_not_sent_too_many", f"{code}.{site}", *sides, PATIENTS, Figure(said))
    for rule, amount in zip(OF_TRANSFERS, (lambda: flow.transfers() / 365, flow.repatriations, flow.ambulance_hours)):
        yield from limited(rule, transfer, code, amount)


def link_rules(q, code, other, plan):
    """Yield what a service asks of another: on its site, or within reach of it."""
    service = q.services[code]
    links, reach = service.get("same_site") or {}, service.get("in_reach") or {}
    for site in q.candidates:
        name, here = f"{code}.{site}.{other}", bool(plan[code] & q.bit[site])
        if (code, other, site) in q.excepted:
            continue
        if other in links:
            sides = (Fraction(bool(plan[other] & q.bit[site])), ">=", Fraction(here))
            yield ("services_share_a_site", name, *sides, "designated", Figure({**(links[other] or {}), "value": None}))
        if other in reach and here:
            limit = Figure(reach[other]["minutes"])
            sides = (Fraction(q.reach(plan[other], site), MICRO), "<=", limit.value)
            yield ("services_are_within_reach", name, *sides, "minutes", limit)


def staff_rules(staff, team, plan, rows):
    """Yield what the rotas of a team ask, and its limits on moves and recruits, given who is where."""
    for unit, row in rows.items():
        for rota in staff.of(team):
            for pool, needed in rota.needs(unit, plan).items() if unit in rota.units else ():
                there = row[pool]["staff"] + (row[pool]["short"] if rota.soft else 0)
                yield ("rota_is_filled", f"{rota.code}.{pool}.{team}.{unit}", there, ">=", needed, unit, None)
        for (rule, name), column in zip(OF_STAFF.items(), ("moved_in", "recruited")):
            limit = staff.limit(team, name)
            if limit is not None:
                amount = sum(one[column] for one in row.values())
                said = staff.q.teams[team].get(name)
                yield (rule, f"{team}.{unit}", amount, "<=", limit, unit, Figure(said) if said is not None else None)


class Factor:
    """A part of the question that rests on few services: its rules, and what it adds to each objective."""

    def __init__(self, scope, rows, scores):
        self.scope, self.rows, self.scores = tuple(dict.fromkeys(scope)), rows, scores


def factors(q, staff, objectives):
    """Yield the parts of a question. Together they have every rule, and add up to every objective."""

    def service_part(code):
        transfer = q.transfer(code)
        scope = [code, transfer["first_contact"]] if transfer else [code]
        return Factor(scope, lambda plan, _: service_rules(q, code, plan), lambda plan: scores(code, plan))

    def scores(code, plan):
        flow = q.flow(code, plan) if q.services[code].get("activity") else None
        found = []
        for name, services in objectives:
            amount = 0
            if not services or code in services:
                if name == "changes_from_today":
                    amount = q.changed(code, plan[code])
                elif name == "fewest_sites":
                    amount = bin(plan[code]).count("1")
                elif flow and name == "transfers":
                    amount = flow.transfers() if flow.transfer else 0
                elif flow and name != "staff_short":
                    amount = {
                        "patient_minutes": Fraction(flow.minutes) / MICRO**2,
                        "deprived_patient_minutes": Fraction(flow.deprived) / MICRO**2,
                        "worst_journey": Fraction(flow.worst, MICRO),
                        "patients_beyond_standard": Fraction(flow.beyond, MICRO),
                        "patients_outside": Fraction(flow.outside) / MICRO,
                    }[name]
            found.append(Fraction(amount))
        return found

    def link_part(code, other):
        return Factor([code, other], lambda plan, _: link_rules(q, code, other, plan), nothing)

    def nothing(_plan):
        return [Fraction(0) for _ in objectives]

    def team_part(team):
        rotas = staff.of(team)
        units = [unit for t, unit in staff.teams if t == team]
        scope = [s for r in rotas for s in (r.code, r.without, r.remote) if s]

        def rows(plan, kept):
            return staff_rules(staff, team, plan, {u: staff.share_out(team, u, plan, kept) for u in units})

        def short(plan):
            total = Fraction(0)
            for unit in units:
                if any(r.soft and unit in r.units for r in rotas):
                    total += sum(one["short"] for one in staff.share_out(team, unit, plan).values())
            return [
                total if name == "staff_short" and (not only or any(r.code in only for r in rotas)) else Fraction(0)
                for name, only in objectives
            ]

        return Factor(scope, rows, short)

    for code, service in q.services.items():
        yield service_part(code)
        for other in dict.fromkeys([*(service.get("same_site") or {}), *(service.get("in_reach") or {})]):
            yield link_part(code, other)
    for team in dict.fromkeys(team for team, _ in staff.teams):
        yield team_part(team)


def question_rules(q, plan):
    """Yield what is asked of all services together: at each site, and of the patients who are taken on."""
    for site in q.candidates:
        here = lambda bit=q.bit[site]: sum(bool(mask & bit) for mask in plan.values())  # noqa: E731
        yield from limited("no_site_provides_too_many", q.config, site, here)
    moved = [code for code in q.services if q.transfer(code)]
    if moved:
        yield from limited(TAKEN_ON[0], q.config, TAKEN_ON[1], lambda: sum(q.flow(c, plan).transfers() for c in moved))


def rules_of(q, parts, plan, kept=None):
    """Return every case of every rule; of a clash staff are shared out by the rules kept alone."""
    return [row for part in parts for row in part.rows(plan, kept)] + list(question_rules(q, plan))


# Trying every designation ---------------------------------------------------------------------------------------------


class TooMany(Exception):
    """There are more designations than can be tried here."""


class Search:
    """Try every designation, leaving out whole branches that cannot hold, or cannot be as good as asked.

    A branch settles some services and leaves the others open. No completion of it is better than the sum, over the
    parts of the question, of the least that each part could still come to; so a branch whose sum is worse than what is
    looked for holds nothing that is looked for. This is why no designation is passed over.
    """

    def __init__(self, q, parts, objectives, free=(), kept=None, most_nodes=MOST_NODES):
        self.q, self.objectives, self.nodes, self.most_nodes = q, objectives, 0, most_nodes
        every = 1 << len(q.candidates)
        if every > MOST_VALUES:
            raise TooMany(f"{every:,} sets of sites for each service")
        self.values = {}
        for code, service in q.services.items():
            fixed = {} if code in free else service.get("fixed") or {}
            on, known = q.mask(s for s, f in fixed.items() if f["provided"]), q.mask(fixed)
            self.values[code] = [m for m in range(every) if m & known == on]
        self.parts, self.tables, size = [], [], 0
        for part in parts:
            size += prod(len(self.values[s]) for s in part.scope)
            if size > 20 * MOST_VALUES:
                raise TooMany("too many services rest on each other")
            found = {}
            for masks in product(*(self.values[s] for s in part.scope)):
                plan = dict(zip(part.scope, masks))
                if all(holds(row) >= 0 for row in part.rows(plan, kept) if kept is None or wanted(row, kept)):
                    found[masks] = part.scores(plan)
            self.parts.append(part)
            self.tables.append(found)
        amounts = (amount for found in self.tables for scores in found.values() for amount in scores)
        self.scale = lcm(*{amount.denominator for amount in amounts})
        for found in self.tables:
            for masks, scores in found.items():
                found[masks] = tuple(int(amount * self.scale) for amount in scores)
        self.touching = {c: [n for n, p in enumerate(self.parts) if c in p.scope] for c in q.services}
        limit = value(q.config, "at_most_services_a_site")
        caps = {site: ("no_site_provides_too_many", site) for site in q.candidates if limit is not None}
        self.caps = {q.bit[site]: limit for site, one in caps.items() if kept is None or wanted(one, kept)}
        self.moved = [code for code in q.services if q.transfer(code)]
        most = value(q.config, "most_transfers_a_year") if self.moved else None
        self.most = most if kept is None or wanted(TAKEN_ON, kept) else None
        of_all = kept is None or self.caps or self.most is not None
        used = [c for c in q.services if of_all or any(self.rules_on(n) for n in self.touching[c])]
        self.order = sorted(used, key=lambda c: (-self.weight(c), -len(self.touching[c])))
        self.is_worst = [name == "worst_journey" for name, _ in objectives]
        self.least = [{} for _ in self.parts]

    def weight(self, code):
        """Return how far the first objective can move with a service: what matters most is settled first."""
        scores = [[s[0] for s in self.tables[n].values()] for n in self.touching[code]] if self.objectives else []
        return sum(max(one) - min(one) for one in scores if one)

    def rules_on(self, n):
        return len(self.tables[n]) < prod(len(self.values[s]) for s in self.parts[n].scope)

    def bound(self, n, plan):
        """Return the least that a part could come to, each objective apart; nothing if it cannot hold."""
        key = tuple(plan.get(s) for s in self.parts[n].scope)
        if key not in self.least[n]:
            open_ = [k for k, v in enumerate(key) if v is None]
            if not open_:
                self.least[n][key] = self.tables[n].get(key)
            else:
                scores = [s for m, s in self.tables[n].items() if all(v is None or v == w for v, w in zip(key, m))]
                self.least[n][key] = tuple(map(min, zip(*scores))) if scores and scores[0] else (() if scores else None)
        return self.least[n][key]

    def taken_on(self, plan):
        """Return the transfers a year of the services that are settled: the others can only add to them."""
        settled = (c for c in self.moved if c in plan and self.q.transfer(c)["first_contact"] in plan)
        return sum(self.q.flow(c, plan).transfers() for c in settled)

    def total(self, bounds):
        return tuple(
            max((b[k] for b in bounds), default=0) if worst else sum(b[k] for b in bounds)
            for k, worst in enumerate(self.is_worst)
        )

    @property
    def count(self):
        """Return how many designations there are."""
        return prod(map(len, self.values.values()))

    def in_whole(self, amounts):
        """Return values of objectives in the parts of which all are whole."""
        return tuple(-int(-amount * self.scale // 1) for amount in amounts)

    def better_than(self, exact):
        """Return designations that obey all rules and are better than values of the objectives: three at most."""
        own = self.in_whole(exact)
        return [one for _, one in self.find((*own[:-1], own[-1] - 1), most=3)]

    def find(self, at_most=None, most=None):
        """Return the designations that obey all rules and come to no more than asked, with their values.

        All of them, or so many as are enough to know.
        """
        self.nodes, found = 0, []
        bounds = [self.bound(n, {}) for n in range(len(self.parts))]
        if None not in bounds:
            self.go_on(0, {}, bounds, at_most, found, most)
        return found

    def go_on(self, depth, plan, bounds, at_most, found, most):
        self.nodes += 1
        if self.nodes > self.most_nodes:
            raise TooMany(f"more than {self.most_nodes:,} branches to look into")
        if depth == len(self.order):
            found.append((self.total(bounds), dict(plan)))
            return
        code, branches = self.order[depth], []
        for mask in self.values[code]:
            plan[code] = mask
            if any(sum(bool(m & bit) for m in plan.values()) > limit for bit, limit in self.caps.items()):
                continue
            if self.most is not None and self.taken_on(plan) > self.most:
                continue
            now = list(bounds)
            for n in self.touching[code]:
                now[n] = self.bound(n, plan)
            if None not in now:
                total = self.total(now)
                if at_most is None or total <= at_most:
                    branches.append((total, mask, now))
        for _total, mask, now in sorted(branches, key=lambda one: one[:2]):
            plan[code] = mask
            self.go_on(depth + 1, plan, now, at_most, found, most)
            if most is not None and len(found) >= most:
                break
        plan.pop(code, None)


def wanted(row, kept):
    """Say whether a rule's case is one of those kept: (rule, words of its instance, perhaps without the site)."""
    for rule, names in kept:
        if rule == row[0]:
            parts, said = iter(row[1].split(".")), names.split(".")
            if row[1].split(".")[0] == said[0] and all(one in parts for one in said):
                return True
    return False


def standing(q, plan):
    """Return what settles ties: fewest changes from today, fewest designations, then site order."""
    changes = sum(q.changed(c, plan[c]) for c in plan)
    order = [not plan[c] & q.bit[site] for c in q.services for site in q.candidates]
    return changes, len(order) - sum(order), order


# Published numbers ----------------------------------------------------------------------------------------------------


def spent(flow, piece):
    """Return the minutes that a patient spends on average: only some are taken on."""
    return piece[5] + flow.share * (piece[2] - piece[5]) if piece[1] else FAR


def parts_of(flow):
    """Yield the residents' pieces, each with the share of its area's people that it stands for."""
    whole_stream = {}
    for piece in flow.pieces:
        whole_stream[piece[0][0], piece[0][2]] = whole_stream.get((piece[0][0], piece[0][2]), 0) + piece[3]
    for piece in flow.pieces:
        if piece[0][1]:
            total = whole_stream[piece[0][0], piece[0][2]]
            yield piece, piece[0][4] * (Fraction(piece[3], total) if total else 1)


def as_patients_go(flow):
    """Yield the residents' pieces, each with the share of its area's people who go so, if as its patients do."""
    everybody = {}
    for piece in flow.pieces:
        everybody[piece[0][0]] = everybody.get(piece[0][0], 0) + piece[3]
    for piece in flow.pieces:
        if piece[0][1]:
            total = everybody[piece[0][0]]
            yield piece, Fraction(piece[3], total) if total else piece[0][6]


def percentile(pieces, percent):
    total, reached = sum(p[3] for p in pieces), 0
    for piece in sorted((p for p in pieces if p[1]), key=lambda p: p[2]):
        reached += piece[3]
        if reached * 100 >= percent * total:
            return Fraction(piece[2], MICRO)
    return Fraction(FAR, MICRO)


def of_group(flow, pieces):
    patients = sum(p[3] for p in pieces)
    if patients:
        total = sum(p[3] * spent(flow, p) for p in pieces)
        yield "mean_minutes", Fraction(total) / patients / MICRO, "minutes", "lower"
    yield "patients", Fraction(patients, MICRO), "patients a year", "neither"
    stay = [p[2] if p[1] else FAR for p in pieces if not p[0][2].startswith("leaves")]
    yield "worst_minutes", Fraction(max(stay, default=0), MICRO), "minutes", "lower"


def journey_measures(q, code, flow):
    """Yield (measure, group, value, unit, better) of residents' journeys."""
    parts = list(parts_of(flow))
    pieces = [piece for piece, _ in parts]
    groups = {"": pieces}
    for piece in pieces:
        fifth, district = q.fifth[piece[0][0]], q.district[piece[0][0]]
        for name in (fifth and "deprivation fifth " + FIFTHS[fifth - 1], district and "district " + district):
            if name:
                groups.setdefault(name, []).append(piece)
    for name, some in groups.items():
        for measure, *rest in of_group(flow, some):
            yield (measure, name, *rest)
    for name, percent, some in (
        ("median_minutes", 50, pieces),
        ("p95_minutes", 95, [p for p in pieces if not p[0][2].startswith("leaves")]),
    ):
        if any(p[3] for p in some):
            yield name, "", percentile(some, percent), "minutes", "lower"
    yield "patient_minutes", "", Fraction(flow.minutes) / MICRO**2, "patient-minutes a year", "lower"
    everybody = sum(q.people[area] for area, resident in q.areas if resident)
    for limit in (30, 45, 60):
        near = [(p, share) for p, share in parts if p[1] and p[2] <= limit * MICRO]
        patients = Fraction(sum(p[3] for p, _ in near), MICRO)
        yield f"patients_within_{limit}", "", patients, "patients a year", "higher"
        if "population" in q.age_columns:
            people = sum((q.people[p[0][0]] * share for p, share in near), Fraction(0))
            yield f"people_within_{limit}", "", people, "people", "higher"
            yield f"people_beyond_{limit}", "", everybody - people, "people", "lower"
        if "population_75_plus" in q.age_columns:
            older = sum((q.older[p[0][0]] * share for p, share in near), Fraction(0))
            yield f"people_within_{limit}", "age 75+", older, "people", "higher"
    if "population_75_plus" in q.age_columns:
        older = [(q.older[p[0][0]] * share, spent(flow, p)) for p, share in as_patients_go(flow)]
        total = sum(n for n, _ in older)
        if total:
            yield "mean_minutes", "age 75+", sum(n * m for n, m in older) / total / MICRO, "minutes", "lower"
    if value(q.services[code], "standard_minutes") is not None:
        yield "patients_beyond_standard", "", Fraction(flow.beyond, MICRO), "patients a year", "lower"


def site_measures(q, code, flow, plan):
    yield "patients_outside", "", Fraction(flow.outside) / MICRO, "patients a year", "lower"
    if flow.total:
        yield "share_outside", "", Fraction(flow.outside) / flow.total, "share of patients", "lower"
    for site in q.candidates + flow.neighbours:
        yield "site_patients", site, Fraction(flow.volume[site]) / MICRO, "patients a year", "neither"
        others = Fraction(flow.volume[site] - flow.ours[site]) / MICRO
        yield "site_patients_from_outside", site, others, "patients a year", "neither"
    if code in q.today:
        then = as_today(q, code, plan)
        for site in flow.neighbours:
            more = Fraction(flow.volume[site] - then.volume[site]) / MICRO
            yield "patients_more_than_today", site, more, "patients a year", "lower"
    if q.managed(code):
        yield from sharing_measures(q, code, flow, plan)
    if q.services[code].get("patients_go_to") == "observed" and q.services[code]["observed"].get("period"):
        yield from observed_measures(q, code)


def as_today(q, code, plan):
    """Return where everybody would go with today's sites of a service and, if they are known, of its first contact."""
    transfer = q.transfer(code)
    first = transfer["first_contact"] if transfer else code
    then = {**plan, **{one: q.today_mask(one) for one in (code, first) if one in q.today}}
    return q.flow(code, then, **({"unshared": True} if q.managed(code) else {}))


def sharing_measures(q, code, flow, plan):
    near = q.flow(code, plan, unshared=True)
    nearest = {(p[0][0], p[0][2]): p for p in near.pieces}
    past = {s: [0, 0] for s in q.candidates + flow.neighbours}
    for p in flow.pieces:
        least = nearest[p[0][0], p[0][2]][2]
        if p[1] and p[2] > least:
            past[p[1]][0] += p[3]
            past[p[1]][1] += p[3] * (p[2] - least)
    for k, (name, unit) in enumerate(
        [("patients_past_a_nearer_site", "patients a year"), ("minutes_past_a_nearer_site", "patient-minutes a year")]
    ):
        each = {s: Fraction(one[k], MICRO ** (k + 1)) for s, one in past.items()}
        yield name, "", sum(each.values()), unit, "lower"
        for site, amount in each.items():
            yield name, site, amount, unit, "lower"
    for measure, amount, unit, better in of_group(near, [p for p in near.pieces if p[0][1]]):
        if measure != "patients":
            yield "nearest_" + measure, "", amount, unit, better
    yield "nearest_patient_minutes", "", Fraction(near.minutes) / MICRO**2, "patient-minutes a year", "lower"
    for site in q.candidates + flow.neighbours:
        yield "nearest_site_patients", site, Fraction(near.volume[site]) / MICRO, "patients a year", "neither"


def observed_measures(q, code):
    """Yield what was counted, scaled to what the offsets send to the same sites today, before growth."""
    service = q.services[code]
    today = q.sites(q.today_mask(code))
    names = ((s, (s, service["activity"], str(service["observed"]["period"]))) for s in today)
    counted = {s: number(q.counts[key]["count"]) for s, key in names if key in q.counts}
    came = q.flow(code, {code: q.today_mask(code)}, before=True)
    total, modelled = sum(counted.values()), sum(came.volume[s] for s in counted)
    for site, count in counted.items():
        due, found = count * modelled / total / MICRO, Fraction(came.volume[site]) / MICRO
        yield "observed_patients", site, due, "patients a year", "neither"
        yield "backcast_patients", site, found, "patients a year", "neither"
        if due:
            yield "backcast_error", site, abs(found - due) / due, "share of patients", "lower"


def transfer_measures(q, code, flow, plan):
    residents = [p for p in flow.pieces if p[0][1]]
    straight = q.flow(code, plan, direct=True)
    for measure, amount, *rest in of_group(straight, [p for p in straight.pieces if p[0][1]]):
        if measure == "mean_minutes":
            yield "mean_minutes_straight_there", "", amount, *rest
    patients, waits = sum(p[3] for p in residents), sum(flow.waits())
    if patients:
        total = sum(p[3] * (spent(flow, p) - (flow.share * waits if p[7] else 0)) for p in residents)
        yield "mean_road_minutes", "", Fraction(total) / patients / MICRO, "minutes", "lower"
    suspected = value(flow.transfer, "suspected_per_confirmed", Fraction(1))
    yield "transfers_per_day", "", Fraction(flow.transfers()) / 365, "transfers a day", "lower"
    for (here, there), n in flow.taken_on().items():
        yield "transfers_per_day", f"{here} to {there}", n * suspected / MICRO / 365, "transfers a day", "lower"
    yield "repatriations_per_year", "", Fraction(flow.repatriations()), "repatriations a year", "lower"
    yield "ambulance_hours_per_year", "", flow.ambulance_hours(), "hours a year", "lower"
    for site in q.candidates + q.neighbours(flow.transfer["first_contact"]):
        left = sum(n for (here, _), n in flow.pairs.items() if here == site)
        stay = (1 - flow.share) * left / MICRO
        yield "site_patients_not_transferred", site, Fraction(stay), "patients a year", "neither"


def visitor_measures(q, code, flow):
    """Yield how long a patient's visitors travel from home to where the patient is, and how many are out of reach."""
    mode = q.services[code].get("visitors_travel_by")
    if not mode:
        return
    minutes, treated = q.by_mode[mode], {}
    for stream, site, _journey, patients, first, _first_minutes, _road, moves in flow.pieces:
        share = flow.share if moves else 1
        for where, many in ((site, share * patients), (first, (1 - share) * patients)) if stream[1] else ():
            treated[stream[0], where] = treated.get((stream[0], where), 0) + many
    reached = {pair: many for pair, many in treated.items() if pair in minutes}
    if sum(reached.values()):
        total = Fraction(sum(many * minutes[pair] for pair, many in reached.items()))
        yield "visitors_mean_minutes", "", total / sum(reached.values()) / MICRO, "minutes", "lower"
    beyond = Fraction(sum(treated.values()) - sum(reached.values()))
    yield "patients_out_of_visitors_reach", "", beyond / MICRO, "patients a year", "lower"


def bed_measures(q, code, flow, plan):
    beds = q.services[code].get("beds")
    if not beds:
        return
    load = {s: bed_load(beds, Fraction(flow.volume[s]) / MICRO) for s in q.sites(flow.mask)}
    needed = {s: beds_for(beds, n) for s, n in load.items()}
    at = {s: Figure(said).value for s, said in (beds.get("at") or {}).items()}
    stated = {s: at[s] for s in load if s in at}
    rows = [(s, [s]) for s in load] + [("", list(load))]
    for group, sites in rows:
        yield "beds_needed", group, Fraction(sum(needed[s] for s in sites)), "beds", "lower"
        if sites and all(s in stated for s in sites):
            yield "beds_available", group, sum(stated[s] for s in sites), "beds", "neither"
        there = {s: stated.get(s, needed[s]) for s in sites}
        lost = sum((load[s] * turned_away(there[s], load[s]) for s in sites), Fraction(0))
        arriving = sum((load[s] for s in sites), Fraction(0))
        if sum(there.values()):
            yield "occupancy", group, (arriving - lost) / sum(there.values()), "share of beds", "neither"
        if arriving:
            yield "blocking", group, lost / arriving, "share of arrivals", "lower"
    total = sum(needed.values())
    if code in q.today:
        then = as_today(q, code, plan)
        sites = q.sites(q.today_mask(code))
        loads = [bed_load(beds, Fraction(then.volume[s]) / MICRO) for s in sites]
        yield "beds_needed_as_today", "", Fraction(sum(beds_for(beds, n) for n in loads)), "beds", "neither"
        if sites and all(s in at for s in sites):
            there = sum(at[s] for s in sites)
            yield "beds_today", "", there, "beds", "neither"
            yield "beds_beyond_today", "", total - there, "beds", "neither"
    for role, each in (beds.get("staff_per_bed") or {}).items():
        yield "staff_for_beds", role, total * Figure(each).value, "WTE", "neither"


def staff_measures(q, staff, plan, tables):
    """Yield (measure, service, group, value, unit, better) of every team."""
    for (team, unit), rows in tables.items():
        group = f"{team} ({unit})"
        for measure, column, better in (
            ("staff_needed", "needed", "neither"),
            ("staff_in_post", "in_post", "neither"),
            ("staff_short", "short", "lower"),
            ("staff_moved", "moved_in", "lower"),
            ("staff_recruited", "recruited", "lower"),
        ):
            yield measure, "", group, sum(one[column] for one in rows.values()), unit, better
        posts = value(q.teams[team], "posts_funded")
        if posts is not None:
            there, needed = (sum(one[c] for one in rows.values()) for c in ("in_post", "needed"))
            yield "staff_posts_funded", "", group, posts, unit, "neither"
            yield "staff_posts_vacant", "", group, max(posts - there, Fraction(0)), unit, "lower"
            yield "staff_short_with_posts_filled", "", group, max(needed - posts, Fraction(0)), unit, "lower"
        for rota in staff.of(team):
            for pool, needed in rota.needs(unit, plan).items() if unit in rota.units else ():
                left = max(rows[pool]["staff"] - 1, Fraction(0))
                short = max(needed - left, Fraction(0))
                yield "short_with_one_vacancy", rota.code, f"{pool} {group}", short, unit, "lower"


def measures(q, staff, plan, tables):
    """Return every published number: {(measure, service, group): (value, unit, better)}."""
    found = {}
    for code in q.with_patients():
        flow = q.flow(code, plan)
        rows = [
            *journey_measures(q, code, flow),
            *site_measures(q, code, flow, plan),
            *bed_measures(q, code, flow, plan),
        ]
        rows += transfer_measures(q, code, flow, plan) if flow.transfer else []
        rows += visitor_measures(q, code, flow)
        for measure, group, *rest in rows:
            found[measure, code, group] = rest
    for measure, code, group, *rest in staff_measures(q, staff, plan, tables):
        found[measure, code, group] = rest
    changes = {c: Fraction(q.changed(c, plan[c])) for c in q.services if c in q.today}
    if q.today:
        found["changes_from_today", "", ""] = (sum(changes.values()), "changes", "lower")
    for code, n in changes.items():
        found["changes_from_today", code, ""] = (n, "changes", "lower")
    return found


# The levels -----------------------------------------------------------------------------------------------------------


def same(claimed, expected):
    """Say whether a published number agrees: to its ninth decimal, or to a part in 10^13 where it is large."""
    if claimed in ("inf", "Infinity") or expected >= ENDLESS:
        return claimed in ("inf", "Infinity") and expected >= ENDLESS
    claimed = claimed if isinstance(claimed, (Fraction, int)) else number(claimed)
    return abs(claimed - expected) <= max(Fraction(6, 10**10), abs(expected) / 10**13)


def show(n):
    return "infinite" if n >= ENDLESS else f"{float(n):,.9f}".rstrip("0").rstrip(".")


def json_of(path):
    def once(pairs):
        if len({k for k, _ in pairs}) != len(pairs):
            raise CannotRead(f"{path.name} has an entry twice")
        return dict(pairs)

    try:
        return json.loads(text_of(path), parse_float=Fraction, parse_constant=str, object_pairs_hook=once)
    except (ValueError, RecursionError) as why:
        raise CannotRead(f"{path.name} is not JSON: {why}") from None


def listed_files(folder, listed, but, found, what):
    """V0: every file is listed with its hash, is there, and nothing else is."""
    there = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            found.fail("V0", f"{name} is a link or no ordinary file")
        elif path.is_file() and name not in but:
            there[name] = path
    for name in sorted(set(listed) - set(there)):
        found.fail("V0", f"{name} is listed in {what}, but is not there")
    for name in sorted(set(there) - set(listed)):
        found.fail("V0", f"{name} is not listed in {what}")
    for name in sorted(set(there) & set(listed)):
        if hashlib.sha256(there[name].read_bytes()).hexdigest() != listed[name]:
            found.fail("V0", f"{name} is not the file that {what} lists: its SHA-256 differs")
    found.say("V0", f"every file that {what} lists is there, as its SHA-256 says, and no other is")


def v0(folder, found):
    """Return the run folder, once hashes and paths hold."""
    sums, run = folder / "SHA256SUMS", folder
    if sums.exists():
        listed = {}
        for line in text_of(sums).splitlines():
            match = re.fullmatch(r"([0-9a-f]{64})  ([^\\]+)", line)
            if not match or match.group(2).startswith("/") or ".." in match.group(2).split("/"):
                raise CannotRead(f"SHA256SUMS: {line!r} is not understood")
            listed[match.group(2)] = match.group(1)
        listed_files(folder, listed, {"SHA256SUMS", "VERIFY_OUTPUT.txt"}, found, "SHA256SUMS")
        run = folder / "run"
        for name in ("rules.csv", "rotas.csv", "clash.csv", "ways_out.csv"):
            if (folder / name).exists() and (folder / name).read_bytes() != (run / name).read_bytes():
                found.fail("V0", f"{name} is not the run's")
        found.skip(
            "Pages, workbook and tables beside run/: they are views of it, of which only the hashes were compared."
            " What each assumption does, and where the answer turns (assumptions.csv, monitor.csv, decision.html):"
            " not worked out here."
        )
    if not (run / "run.json").is_file():
        raise CannotRead(f"{folder} is neither an audit pack nor a run folder: it has no run.json")
    record = json_of(run / "run.json")
    if not isinstance(record, dict) or not isinstance(record.get("files"), dict) or record.get("format") != 1:
        raise CannotRead("run.json is not a run's of format 1")
    listed_files(run, record["files"], {"run.json"}, found, "run.json")
    return run, record


def v1(q, run, record, found):
    """Check that designations.csv has each decision once, as the config has it; return the plan."""
    if record.get("question") != q.config["title"]:
        found.fail("V1", "run.json states another question than config.yaml")
    q.changes.check(record, found)
    q.added.check(record, found)
    if q.config.get("closed_sites"):
        found.say("V1", f"closed, as config.yaml says: {', '.join(q.config['closed_sites'])} provides nothing")
    if not q.candidates or not q.areas:
        raise CannotRead("there are no candidates or no areas")
    for code, service in q.services.items():
        activity = service.get("activity")
        if activity and not any(a == activity for _, a in q.patients):
            found.fail("V1", f"demand.csv has nothing of {activity}, which {code} counts")
        for site in [*(service.get("fixed") or {}), *q.today.get(code, [])]:
            if site not in q.bit:
                raise CannotRead(f"config.yaml: {site} is no candidate")
    path = run / "designations.csv"
    if not path.exists():
        return None
    rows = keyed(path, ["service", "site"], ["designated", "today", "fixed", "reason"])
    plan = dict.fromkeys(q.services, 0)
    for code, site in product(q.services, q.candidates):
        row = rows.pop((code, site), None)
        if row is None:
            found.fail("V1", f"designations.csv has no row for {code} at {site}")
            continue
        fixed = (q.services[code].get("fixed") or {}).get(site)
        expected = {
            "designated": row["designated"] if row["designated"] in ("true", "false") else "true or false",
            "today": str(site in q.today[code]).lower() if code in q.today else "",
            "fixed": str(bool(fixed)).lower(),
            "reason": (fixed or {}).get("reason") or "",
        }
        for column, right in expected.items():
            if row[column] != right:
                found.fail("V1", f"designations.csv: {column} of {code} at {site} is {row[column]!r}, not {right!r}")
        plan[code] += q.bit[site] if row["designated"] == "true" else 0
    for code, site in rows:
        found.fail("V1", f"designations.csv has a row for {code} at {site}, which the question has not")
    asked = len(q.areas) * len(q.candidates + q.all_neighbours)
    found.say("V1", f"{len(q.areas):,} areas, {asked:,} journeys, {len(q.services) * len(q.candidates)} decisions")
    return plan


def v2(q, parts, run, plan, record, found):
    """Check every case of every rule."""
    rows = rules_of(q, parts, plan)
    stated, broken = keyed(run / "rules.csv", ["rule", "instance"]), []
    for row in rows:
        rule, instance, left, relation, right, unit, figure_ = row
        spare, name = holds(row), f"{rule}.{instance}"
        if spare < 0:
            broken.append(name)
            if record["outcome"] != "evaluated":
                text = f"{name} is broken: {show(left)} {relation} {show(right)} {unit} does not hold"
                found.fail("V2", text)
        claim = stated.pop((rule, name), None)
        if claim is None:
            found.fail("V2", f"rules.csv has no row for {name}")
            continue
        for column, expected in (("left", left), ("right", right), ("spare", spare)):
            far = abs(expected) >= ENDLESS
            if not (claim[column].lstrip("-") == "inf" if far else same(claim[column], expected)):
                found.fail("V2", f"rules.csv: {column} of {name} is {claim[column]}, not {show(expected)}")
        words = {
            "relation": relation,
            "unit": unit,
            "binding": str(spare == 0).lower(),
            "pass": str(spare >= 0).lower(),
        }
        if figure_ is not None:
            words.update(source=figure_.source, verified=str(figure_.verified).lower())
        for column, expected in words.items():
            if claim[column] != expected:
                found.fail("V2", f"rules.csv: {column} of {name} is {claim[column]!r}, not {expected!r}")
    for rule, instance in stated:
        found.fail("V2", f"rules.csv has {instance} ({rule}), which nothing calls for")
    said = f"{len(broken)} broken: {', '.join(broken)}" if broken else "none is broken"
    found.say("V2", f"{len(rows)} cases of {len({r[0] for r in rows})} rules worked out: {said}")


def v3(q, staff, parts, run, plan, record, objectives, found):
    """Check who goes where, staff, published numbers and objectives; return the objectives' exact values."""
    check_journeys(q, run, plan, found)
    tables = {(team, unit): staff.share_out(team, unit, plan) for team, unit in staff.teams}
    check_staff(tables, run, found)
    expected = measures(q, staff, plan, tables)
    if q.excepted:
        used = sum(1 for c, n, s in q.excepted if is_used(q, plan, c, n, s))
        expected["exceptions_used", "", ""] = (Fraction(used), "exceptions", "lower")
    stated = keyed(run / "measures.csv", ["measure", "service", "group"])
    for key, (amount, unit, better) in expected.items():
        name, row = ", ".join(filter(None, key)), stated.pop(key, None)
        if row is None:
            found.fail("V3", f"measures.csv has no row for {name}")
        elif not same(row["value"], amount):
            found.fail("V3", f"measures.csv: {name} is {row['value']}, not {show(amount)}")
        elif (row["unit"], row["better"]) != (unit, better):
            found.fail(
                "V3", f"measures.csv: {name} is in {row['unit']}, {row['better']} is better, not {unit}, {better}"
            )
    for key in stated:
        found.fail("V3", f"measures.csv has {', '.join(filter(None, key))}, which nothing calls for")
    found.say("V3", f"{len(expected):,} published numbers worked out")
    exact = values_of(parts, plan, objectives)
    claims = record.get("objectives") or []
    if [(c["name"], tuple(c["services"])) for c in claims] != objectives:
        found.fail("V3", "run.json has other objectives than config.yaml, or in another order")
    for claim, amount in zip(claims, exact):
        if claim["unit"] != UNITS[claim["name"]]:
            found.fail("V3", f"run.json: {claim['name']} is in {claim['unit']}, not {UNITS[claim['name']]}")
        if not same(claim["value"], amount):
            found.fail("V3", f"run.json: {claim['name']} comes to {show(claim['value'])}, not {show(amount)}")
    found.say("V3", "objectives: " + ", ".join(f"{n} {show(v)}" for (n, _), v in zip(objectives, exact)))
    return exact


def is_used(q, plan, code, other, site):
    """Say whether a plan would break a rule but for an exception."""
    there, here = plan[other] & q.bit[site], plan[code] & q.bit[site]
    if other in (q.services[code].get("same_site") or {}):
        return bool(here and not there)
    limit = Figure(q.services[code]["in_reach"][other]["minutes"]).value * MICRO
    return bool(here and q.reach(plan[other], site) > limit)


def values_of(parts, plan, objectives):
    scores = [part.scores(plan) for part in parts]
    return [
        max((s[k] for s in scores), default=Fraction(0)) if name == "worst_journey" else sum(s[k] for s in scores)
        for k, (name, _) in enumerate(objectives)
    ]


def check_journeys(q, run, plan, found):
    rows = table(run / "journeys.csv", ["service", "area", "site", "minutes", "patients_per_year"])
    stated = {}
    for row in rows:
        key = (row["service"], row["area"], row["site"], row.get("how", ""))
        if key in stated:
            found.fail("V3", f"journeys.csv has {', '.join(filter(None, key))} twice")
        stated[key] = row
    count = 0
    for code in q.with_patients():
        flow, said, due = q.flow(code, plan), Fraction(0), Fraction(0)
        for stream, site, minutes, patients, first, first_minutes, road, _moves in flow.pieces:
            count += 1
            key = (code, stream[0], site or "", stream[2].split(" ")[0])
            row = stated.pop(key, None)
            due += patients
            if row is None:
                found.fail("V3", f"journeys.csv: {code}, {stream[0]} goes to {site}, which no row says")
                continue
            said += number(row["patients_per_year"])
            if (row["resident"] == "true") != stream[1]:
                found.fail("V3", f"journeys.csv: {code}, {stream[0]}: resident is {row['resident']}")
            if row["first_site"] != (first or ""):
                found.fail("V3", f"journeys.csv: {code}, {stream[0]} is seen first at {first}, not {row['first_site']}")
            cells = {"minutes": minutes, "patients_per_year": patients, "first_minutes": first_minutes}
            for column, amount in {**cells, "transfer_minutes": None if site is None else road}.items():
                due_here = "" if amount is None else Fraction(amount, MICRO)  # blank: they reach no site
                if row[column] != due_here if "" in (due_here, row[column]) else not same(row[column], due_here):
                    text = f"{column} of {code}, {stream[0]} to {site} is {row[column]}"
                    found.fail("V3", f"journeys.csv: {text}, not {due_here if due_here == '' else show(due_here)}")
        if not same(said, due / MICRO):
            found.fail("V1", f"journeys.csv has {show(said)} patients of {code}, and the inputs {show(due / MICRO)}")
    for key in stated:
        found.fail("V3", f"journeys.csv has a row {', '.join(filter(None, key))}, which nothing calls for")
    found.say("V3", f"{count:,} journeys worked out: who goes where, in how many minutes, how many")


def check_staff(tables, run, found):
    stated = keyed(run / "staffing.csv", ["team", "unit", "site"]) if (run / "staffing.csv").exists() else {}
    for (team, unit), rows in tables.items():
        for pool, one in rows.items():
            row = stated.pop((team, unit, pool), None)
            if row is None:
                found.fail("V3", f"staffing.csv has no row for {team}, {unit}, {pool}")
                continue
            for column in ("in_post", "moved_in", "moved_out", "recruited", "staff", "needed", "short"):
                if not same(row[column], one[column]):
                    text = f"{column} of {team} ({unit}) at {pool} is {row[column]}, not {show(one[column])}"
                    found.fail("V3", "staffing.csv: " + text)
    for key in stated:
        found.fail("V3", f"staffing.csv has {', '.join(key)}, which nothing calls for")
    if tables:
        found.say("V3", f"staff of {len(tables)} teams shared out by the stated procedure")


def designated(q, pairs):
    plan = dict.fromkeys(q.services, 0)
    for site, code in pairs:
        plan[code] |= q.bit[site]
    return plan


def v4_v5(q, parts, run, plan, record, exact, objectives, found):
    """Try every designation: none is better, and the list of the best is complete."""
    outcome, listing = record["outcome"], record.get("enumeration")
    if outcome == "evaluated":
        found.say("V4", "the run does not claim to be best: it was only evaluated")
        return
    for claim in record["objectives"]:
        bound, amount = claim.get("bound"), claim["value"]
        if bound is None or bound > amount or (outcome == "proved best" and bound != amount):
            found.fail("V4", f"run.json: the bound of {claim['name']} is {bound}, beside {show(amount)}: {outcome}")
    if outcome != "proved best":
        found.skip("That the plan is best is not claimed: run.json says not proved.")
        return
    check_opinion(q, parts, record, exact, objectives, found)
    if listing:
        check_list(q, parts, plan, listing, objectives, found)
    proved = certified(q, run, record, objectives, exact, found)
    best = listing["best"] if listing else []
    last = values_of(parts, designated(q, best[-1]["designated"]), objectives) if best else exact
    try:
        search = Search(q, parts, objectives)
        own, end = (search.in_whole(one) for one in (exact, max(exact, last)))
        better = search.better_than(exact)
    except TooMany as why:
        if proved:
            rest = "Which of equal plans it is, and objectives after the first,"
            found.skip(f"{rest} are the word of the program and its solver: {why}.")
        else:
            text = f"That no designation is better was NOT tried: {why}. It is the word of the program and its solver."
            found.skip(text)
        return
    count = search.count
    for one in better:
        found.fail("V4", f"a better designation breaks no rule: {differing(q, one, plan)}")
    if better:
        return
    found.say("V4", f"best: all {count:,} designations tried, by {search.nodes:,} branches, none is better")
    if not listing and count <= MOST_COUNTED:
        found.fail("V5", "run.json has no list of designations, though they are few")
    try:
        if best and len(search.find((*end[:-1], end[-1] - 1), most=len(best))) >= len(best):
            found.fail("V5", "the list of best designations is not complete: too many are better than its last")
            return
        branches = search.nodes if best else 0
        tried = search.find(end)
    except TooMany as why:
        found.skip(f"Whether the list of the best is complete was NOT tried: {why}.")
        return
    if (own, plan) not in tried:
        found.fail("V4", "the plan itself is not among the designations that break no rule")
    ranked = sorted(tried, key=lambda one: (one[0], standing(q, one[1])))
    equal = [p for values, p in ranked if values == own]
    if equal and equal[0] != plan:
        found.fail("V4", "of equal plans the answer is not the one with fewest changes, fewest sites, first in order")
    if listing and record.get("ties") != len(equal):
        text = f"run.json says {record.get('ties')} designations are as good as the best; there are {len(equal)}"
        found.fail("V5", text)
    if listing:
        stated = [designated(q, one["designated"]) for one in best]
        if stated != [p for _, p in ranked[: len(stated)]]:
            found.fail("V5", "the list of best designations is not the best there are, in order")
        if listing["listed"] != count:
            found.fail("V5", f"run.json lists {listing['listed']} designations; {count} are open")
        if len(best) < 20 and listing["lawful"] > len(best):
            found.fail("V5", f"run.json has {listing['lawful']} lawful designations, and lists {len(best)} of them")
        branches += search.nodes
        said = f"the {len(best)} best are the best there are, in order, by {branches:,} more branches"
        if count <= MOST_COUNTED:
            lawful = len(search.find())
            if lawful != listing["lawful"]:
                found.fail("V5", f"run.json says {listing['lawful']} designations are lawful; {lawful} are")
            said += f", and {lawful:,} of {count:,} are lawful"
        else:
            found.skip(f"How many designations are lawful (run.json: {listing['lawful']:,}) was not counted here.")
        found.say("V5", said)
        found.skip("How many designations each rule strikes out was only added up.")


def differing(q, one, plan):
    """Return in words where a designation is not a plan."""
    return "; ".join(f"{c} at {', '.join(q.sites(m)) or 'no site'}" for c, m in one.items() if m != plan[c])


def try_designations(folder, most_nodes=MOST_NODES):
    """Try every designation of a run folder whose plan is sound: how many, by how many branches, one that is better.

    The last is in words; nothing where none is. Ends in TooMany where they are too many to try.
    """
    found = Findings()
    q, objectives, _, parts = question_of(folder, found)
    plan = v1(q, folder, json_of(folder / "run.json"), found)
    search = Search(q, parts, objectives, most_nodes=most_nodes)
    better = search.better_than(values_of(parts, plan, objectives))
    return search.count, search.nodes, differing(q, better[0], plan) if better else None


# A certificate --------------------------------------------------------------------------------------------------------


def whole_number(node, where, most=10**30):
    """Read a whole number from 0; neither true nor false is one."""
    if type(node) is not int or not 0 <= node <= most:
        raise Refused(f"{where}: {str(node)[:40]!r} is not a whole number from 0 to {float(most):g}")
    return node


class Refused(Exception):
    """A certificate does not prove what it says."""


class Certificate:
    """The part of certificate.json that is of one service: values of areas, and a tree of what is open and shut.

    In whole units every area costs something at each site that it can reach, and something at its nearest neighbour.
    Values may be any: what they exceed a site's costs by is taken back if the site is open. All values, less what is
    taken back by neighbours, by sites that are open and by as many others as may be, are never more than a plan costs.
    """

    def __init__(self, q, code):
        self.q, self.code, self.costs, self.beside, self.always = q, code, {}, {}, 0
        for area, resident, how, patients, _share, order, _own in q.streams(code, q.neighbours(code)):
            here = {site: patients * minutes for minutes, site in order if site in q.bit}
            near = [patients * minutes for minutes, site in order if site not in q.bit]
            if not resident or not patients:
                continue
            if not here:
                self.always += min(near, default=0)
                continue
            name = area + " pulled" if how == "pulled" else area
            self.costs[name] = here
            if near:
                self.beside[name] = min(near)
        fixed = q.services[code].get("fixed") or {}
        self.fixed = [{s for s, f in fixed.items() if bool(f["provided"]) == on} for on in (True, False)]
        most = value(q.services[code], "at_most_sites")
        self.most = len(q.candidates) if most is None else min(len(q.candidates), int(most // 1))

    def numbers(self):
        return [self.always, *self.beside.values(), *(n for here in self.costs.values() for n in here.values())]

    def check(self, said, unit):
        """Refuse whatever does not add up; return how many nodes and lists of values there are."""
        if set(said) != {"service", "least", "parts", "areas", "values", "nodes"}:
            raise Refused(f"{self.code} has other entries than are known")
        self.least = whole_number(said["least"], "least")
        self.parts = whole_number(said["parts"], "parts")
        if not self.parts or said["areas"] != list(self.costs):
            raise Refused(f"the areas of {self.code} are not those of this question, in order, or its parts are 0")
        self.always //= unit
        self.beside = {area: n // unit for area, n in self.beside.items()}
        self.costs = {area: {site: n // unit for site, n in here.items()} for area, here in self.costs.items()}
        self.values, self.nodes, self.known, seen = said["values"], said["nodes"], {}, set()
        waiting = [(0, *map(frozenset, self.fixed))]
        while waiting:
            at, on, off = waiting.pop()
            if whole_number(at, "a node that is named", len(self.nodes) - 1) in seen:
                raise Refused(f"node {at} stands at two places of the tree")
            seen.add(at)
            waiting += self.look_into(at, self.nodes[at], on, off)
        if len(seen) != len(self.nodes):
            raise Refused("some nodes are no part of the tree")
        return len(self.nodes), len(self.values)

    def left(self, on, off):
        return [site for site in self.q.candidates if site not in on and site not in off]

    def look_into(self, at, node, on, off):
        """Return what one node leaves to be closed: nothing where it closes its plans itself."""
        keys, left = set(node), self.left(on, off)
        sites = [node["site"]] if keys == {"site", "open", "shut"} else []
        if keys == {"values", "open", "shut", "then"}:
            sites = [*node["open"], *node["shut"]]
        if len(set(sites)) != len(sites) or not set(sites) <= set(left):
            raise Refused(f"node {at} parts or narrows by a site that is not left, or names one twice")
        if keys == {"site", "open", "shut"}:
            return [(node["open"], on | set(sites), off), (node["shut"], on, off | set(sites))]
        if keys == {"values", "open", "shut", "then"}:
            for site in node["open"]:
                self.enough(at, node["values"], on, off | {site})
            for site in node["shut"]:
                self.enough(at, node["values"], on | {site}, off)
            return [(node["then"], on | set(node["open"]), off | set(node["shut"]))]
        if keys == {"values"}:
            self.enough(at, node["values"], on, off)
        elif keys == {"tried"}:
            self.try_all(at, node["tried"], on, left)
        else:
            raise Refused(f"node {at} neither parts its plans nor closes them")
        return []

    def enough(self, at, index, on, off):
        """Refuse values that do not show that plans with these sites open, and these shut, cost at least the least."""
        total, back = self.added_up(whole_number(index, f"values of node {at}", len(self.values) - 1))
        rest = sorted((back[site] for site in self.left(on, off)), reverse=True)[: max(0, self.most - len(on))]
        shown = total - sum(back[site] for site in on) - sum(rest)
        if shown <= self.parts * (self.least - 1):  # every plan costs a whole number
            raise Refused(f"the values of node {at} show {show(Fraction(shown, self.parts))}, fewer than {self.least}")

    def added_up(self, index):
        if index not in self.known:
            values, total, back = self.values[index], self.parts * self.always, dict.fromkeys(self.q.candidates, 0)
            if len(values) != len(self.costs):
                raise Refused(f"list {index} of values has not one for each area")
            for (area, here), amount in zip(self.costs.items(), values):
                total += whole_number(amount, f"list {index} of values")
                if area in self.beside:
                    total -= max(0, amount - self.parts * self.beside[area])
                for site, cost in here.items():
                    back[site] += max(0, amount - self.parts * cost)
            self.known[index] = total, back
        return self.known[index]

    def try_all(self, at, said, on, left):
        """Try every largest set of sites left: with more of them open no journey is longer."""
        more = min(self.most - len(on), len(left))
        sets = list(combinations(left, more)) if more >= 0 and comb(len(left), more) <= 1_000 else []
        if whole_number(said, f"node {at}") != (comb(len(left), more) if more >= 0 else 0) or len(sets) != said:
            raise Refused(f"node {at} is said to try {said} sets of sites, and they are not so many, or too many")
        for chosen in sets:
            ways = [
                [here[s] for s in (*on, *chosen) if s in here] + [self.beside[a] for _ in range(a in self.beside)]
                for a, here in self.costs.items()
            ]
            if all(ways) and self.always + sum(map(min, ways)) < self.least:
                raise Refused(f"{', '.join(sorted({*on, *chosen}))} costs fewer than {self.least}")


def certified(q, run, record, objectives, exact, found):
    """V4: add up certificate.json again, if it is there; say whether it proves that no plan is better."""
    path = run / "certificate.json"
    if not path.exists():
        return False
    said = json_of(path)
    try:
        if set(said) != {"format", "claim", "unit", "value", "services"} or said["format"] != 1:
            raise Refused("it has other entries than are known")
        name, services = objectives[0]
        codes = [code for code in services or q.services if q.services[code].get("activity")]
        if record["outcome"] != "proved best" or name != "patient_minutes" or any(map(q.transfer, codes)):
            raise Refused("it is of no run that claims the fewest patient-minutes of services reached directly")
        if said["claim"] != "no lawful plan has fewer patient-minutes a year":
            raise Refused("it claims something else")
        if [one["service"] for one in said["services"]] != codes:
            raise Refused("it is not of the services that the objective covers")
        each = [Certificate(q, code) for code in codes]
        unit = gcd(*(n for one in each for n in one.numbers())) or 1
        if said["unit"] != str(Fraction(unit, MICRO**2)):
            raise Refused(f"its unit is not {Fraction(unit, MICRO**2)}")
        least = sum(whole_number(one["least"], "least") for one in said["services"])
        if whole_number(said["value"], "value") != least or Fraction(least * unit, MICRO**2) != exact[0]:
            raise Refused(f"it is of another value than the {show(exact[0])} patient-minutes of this plan")
        counts = [one.check(part, unit) for one, part in zip(each, said["services"])]
    except Refused as why:
        found.fail("V4", f"certificate.json: {why}")
        return False
    nodes, lists = map(sum, zip(*counts))
    text = f"certificate.json: no lawful plan has fewer than {show(exact[0])} patient-minutes"
    found.say("V4", f"{text}; {nodes:,} nodes and {lists:,} lists of values were added up again")
    return True


def broken(q, parts, option):
    return [row for row in rules_of(q, parts, option) if holds(row) < 0]


def check_opinion(q, parts, record, exact, objectives, found):
    """Check what another solver is said to have found: a lawful plan, as good as this one but for its rounding."""
    said = record.get("second_opinion")
    if said is None:
        return
    if said["answer"] == "DISAGREES" or record["outcome"] != "proved best":
        found.fail("V4", "run.json: another solver disagrees, or was asked of what is not said to be best")
    if said["answer"] != "agrees":
        return
    option = designated(q, said["designated"])
    for row in broken(q, parts, option):
        found.fail("V4", f"what another solver found breaks {row[0]}.{row[1]}")
    theirs = values_of(parts, option, objectives)
    if len(said["values"]) != len(theirs) or not all(map(same, said["values"], theirs)):
        found.fail("V4", f"what another solver found comes to {', '.join(map(show, theirs))}, not as run.json says")
    if not all(same(one, own) or 0 <= one - own <= max(1, abs(own)) / 10**6 for one, own in zip(theirs, exact)):
        found.fail("V4", "run.json: another solver is said to agree, but what it found is not as good")
    found.say("V4", f"another solver ({said['solver']}) is said to agree, by a plan that is lawful and as good")


def check_list(q, parts, plan, listing, objectives, found):
    """Check each listed option by itself: it obeys every rule, and comes to what is said."""
    struck = sum(listing["struck_out_by"].values())
    if struck + listing["lawful"] != listing["listed"] or min([0, *listing["struck_out_by"].values()]) < 0:
        found.fail("V5", "run.json: designations struck out and lawful do not add up to those listed")
    everywhere = {code: sum(q.bit.values()) for code in q.services}
    asked = {row[0] for row in rules_of(q, parts, everywhere)}
    for rule, count in listing["struck_out_by"].items():
        if count and rule not in asked:
            found.fail("V5", f"run.json says that {rule} strikes out {count} designations, and nothing asks for it")
    for n, one in enumerate(listing["best"], 1):
        option = designated(q, one["designated"])
        for row in broken(q, parts, option):
            found.fail("V5", f"option {n} of the list breaks {row[0]}.{row[1]}")
        exact = values_of(parts, option, objectives)
        if len(exact) != len(one["values"]) or not all(map(same, one["values"], exact)):
            found.fail(
                "V5", f"option {n} of the list comes to {', '.join(map(show, exact))}, which run.json does not say"
            )
    if listing["best"] and designated(q, listing["best"][0]["designated"]) != plan:
        found.fail("V5", "the list does not start with the plan")


def v6(q, staff, parts, run, found):
    """Where no plan meets every rule: none of each clash holds together, and each rule of it is needed."""
    clashes, rows = {}, table(run / "clash.csv", ["set", "rule", "instance", "words", "without_it"])
    check_words(q, staff, rows, table(run / "ways_out.csv", ["unit", "by", "gives_way", "words"]), found)
    for row in rows:
        clashes.setdefault(row["set"], []).append(row)
    if any(q.managed(code) for code in q.services):
        found.skip("That the rules clash was NOT tried: patients are shared out, and limits that give way move them.")
        return
    try:
        if Search(q, parts, []).find(most=1):
            found.fail("V6", "some designation meets every rule, though run.json says that none does")
        for name, rows in clashes.items():
            kept = [(row["rule"], row["instance"].split(".", 1)[1]) for row in rows]
            check_clash(q, parts, name, rows, kept, found)
    except TooMany as why:
        found.skip(f"That no plan meets every rule was NOT tried: {why}.")
        return
    found.say(
        "V6", f"no designation meets every rule; {len(clashes)} clashes tried, and none of their rules can be left out"
    )
    found.skip("Whether other rules clash too, and whether the ways out are enough, and the least that is.")


def check_clash(q, parts, name, rows, kept, found):
    free = set(q.services)
    if Search(q, parts, [], free, kept).find(most=1):
        found.fail("V6", f"the rules of clash {name} can hold together")
    for row, rule in zip(rows, kept):
        pairs = [part.split(" at ") for part in filter(None, row["without_it"].split("; "))]
        plan = designated(q, [(site, code) for code, site in pairs])
        others = [one for one in kept if one != rule]
        for case in rules_of(q, parts, plan, others):
            if wanted(case, others) and holds(case) < 0:
                found.fail("V6", f"clash {name}: without {row['instance']} the plan shown breaks {case[0]}.{case[1]}")


class Said:
    """The words of one rule of a clash, and of what giving way would mean: one sentence each, as patterns."""

    ANY = r"\d[\d,]*(?:\.\d+)?"

    def __init__(self, q, staff, instance):
        self.q, self.staff = q, staff
        self.rule, *self.names = instance.split(".")
        self.config = q.services.get(self.names[0]) or {}
        at = q.config if self.rule in OF_THE_QUESTION else self.config
        at = at.get("transfer") or {} if self.rule in OF_TRANSFERS else at
        self.limit = value(at, ONE_FIGURE[self.rule][0], Fraction(0)) if self.rule in ONE_FIGURE else None
        if self.rule == "neighbours_are_not_sent_too_many":
            self.limit = Figure(self.config["neighbours_take_at_most"][self.names[1]]).value
        elif self.rule == "services_are_within_reach":
            self.limit = Figure(self.config["in_reach"][self.names[1]]["minutes"]).value
        elif self.rule in OF_STAFF:
            self.limit = staff.limit(self.names[0], OF_STAFF[self.rule])

    def unit(self):
        if self.rule in ("rota_is_filled", *OF_STAFF):
            return self.names[-1]
        if self.rule in ("fixed_designations_stand", "services_share_a_site", "services_are_within_reach"):
            return PLACES
        return ONE_FIGURE[self.rule][2] if self.rule in ONE_FIGURE else PATIENTS

    def six(self, n):
        if n is None:
            return self.ANY
        return re.escape(f"{float(n):,.0f}" if abs(n) >= 10**6 else f"{float(n):,.6g}")

    def up(self, by):
        """Round up to hundredths: so much is enough."""
        return None if by is None else Fraction(-(-round(by * 100, 4) // 1), 100)

    def tenths(self, by):
        return self.ANY if by is None else re.escape(re.sub("0$", "", f"{float(self.up(by)):,.2f}"))

    def count(self, n, unit, more=""):
        first, _, rest = unit.partition(" ")
        one = " ".join(filter(None, [first[:-1], rest]))
        return f"{self.six(n)} {more}" + (f"(?:{one}|{unit})" if n is None else one if self.six(n) == "1" else unit)

    def people(self, n, more=""):
        team, unit = self.names[-2:]
        of_one = "(?:of the )?" if n is None else "of the " if self.six(n) == "1" else ""
        return f"{self.six(n)} {more}{'' if unit == 'people' else unit + ' '}{of_one}{self.q.teams[team]['name']}"

    def fields(self, by):
        """Return what may stand in a sentence, by name; only what the rule has."""
        q, patients = self.q, PATIENTS
        new = None if by is None else self.limit
        if new is not None:
            at_least = self.rule in ONE_FIGURE and ONE_FIGURE[self.rule][1] == ">="
            new = round(new - self.up(by) if at_least else new + self.up(by), 6)
        found = {"s": re.escape(self.config.get("name") or ""), "by": self.tenths(by)}
        found["at"] = re.escape(q.names.get(self.names[-1]) or "")
        found["other"] = re.escape((q.services.get(self.names[-1]) or {}).get("name") or "")
        found["sites"], found["new_sites"] = self.count(self.limit, "sites"), self.count(new, "sites")
        found["services"], found["new_services"] = self.count(self.limit, "services"), self.count(new, "services")
        found["patients"], found["minutes"] = self.count(self.limit, patients), self.count(self.limit, "minutes")
        found["new"], found["n"] = self.six(new).replace(",", ",?"), self.six(self.limit)
        found["a_day"], found["hours"] = (
            self.count(self.limit, "transfers a day"),
            self.count(self.limit, "hours a year"),
        )
        found["more_a_day"] = self.count(self.up(by), "transfers a day", "more ")
        found["in_all"] = self.count(self.limit, "transfers a year")
        found["more_in_all"] = self.count(self.up(by), "transfers a year", "more ")
        found["more_back"] = self.count(self.up(by), "repatriations a year", "more ")
        found["are"] = "is" if self.six(self.limit) == "1" else "are"
        if self.rule == "fixed_designations_stand":
            found["no"] = "" if self.config["fixed"][self.names[1]]["provided"] else "not "
        elif self.rule == "enough_patients_within_standard":
            found["standard"] = self.count(value(self.config, "standard_minutes"), "minutes")
        elif self.rule == "few_enough_are_treated_outside":
            found["share"] = re.escape(f"{100 * float(self.limit):g}%")
        elif self.rule == "beds_are_enough":
            beds = self.config["beds"]
            there = Figure(beds["at"][self.names[1]]).value
            parts = q.parts_of_a_patient()
            most = Fraction(most_patients(beds, there, parts), parts)
            more = None if by is None else beds_for(beds, bed_load(beds, most + by)) - there
            found["beds"], found["take"] = self.count(there, "beds"), "takes" if there == 1 else "take"
            found["most"], found["more_beds"] = self.count(most, patients), self.count(more, "beds", "more ")
        elif self.rule in ("rota_is_filled", *OF_STAFF):
            found["staff"], found["short"] = self.people(self.limit), self.people(self.up(by))
            found["more_staff"] = self.people(self.up(by), "more ")
        if self.rule == "rota_is_filled":
            found.update(self.of_rota())
        return found

    def of_rota(self):
        code, team, unit = self.names
        rota = next(one for one in self.staff.of(team) if one.code == code)
        least = rota.least[unit]
        if not rota.across:
            least = max(least, -(-rota.hours // 1) if unit == "people" else rota.hours)
        name = lambda other: re.escape(self.q.services[other]["name"])  # noqa: E731
        where = f" without {name(rota.without)}" if rota.without else ""
        where += f" unless {name(rota.remote)} is provided somewhere" if rota.remote else ""
        here = sum(self.staff.post(team, unit, pool) for pool in self.staff.pools(team))
        by_cover = bool(rota.across and rota.cover)  # then what one site and all together take was worked out
        return {
            "needs": self.people(None if by_cover else least),
            "where": where + (f"(?: and {self.ANY} in all)?" if by_cover else ""),
            "post": f"{self.six(here)} {'is' if self.six(here) == '1' else 'are'}",
        }

    def asked(self):
        return SENTENCES[self.rule][0].format(**self.fields(Fraction(0)))

    def given(self, by):
        return SENTENCES[self.rule][1].format(**self.fields(by))


TOO_MANY_THERE = "accept {by} patients a year too many at {at} for {s}"
# Of each rule what it asks, and what giving way means.
SENTENCES = {
    "every_area_is_served": ("everybody can reach a hospital that provides {s}", ""),
    "fixed_designations_stand": (
        "{s} is fixed as {no}provided at {at}",
        "decide anew on {s} at {at}, which is fixed as {no}there",
    ),
    "enough_sites": ("{s} on at least {sites}", "ask for {new_sites} for {s}"),
    "not_too_many_sites": ("{s} on at most {sites}", "allow {new_sites} for {s}"),
    "no_site_provides_too_many": ("{at} provides at most {services}", "allow {new_services} at {at}"),
    "every_site_has_enough_patients": (
        "{s} at {at} has at least {patients}",
        "accept {by} patients a year too few at {at} for {s}",
    ),
    "no_site_has_too_many_patients": ("{s} at {at} has at most {patients}", TOO_MANY_THERE),
    "beds_are_enough": (
        "{s} at {at} makes do with {beds}, which {take} {most}",
        "find {more_beds} for {s} at {at}, for {by} patients a year beyond what its beds can take",
    ),
    "nobody_travels_too_far": (
        "nobody travels more than {minutes} to {s}",
        "allow journeys of up to {new} minutes to {s}",
    ),
    "enough_patients_within_standard": (
        "a share of {n} of patients reach {s} within {standard}",
        "accept {by} more patients a year beyond the standard for {s}",
    ),
    "few_enough_are_treated_outside": (
        "at most {share} of the residents' patients are treated outside for {s}",
        "accept {by} more patients a year who are treated outside for {s}",
    ),
    "neighbours_are_not_sent_too_many": ("{at} treats at most {patients} of the residents for {s}", TOO_MANY_THERE),
    "not_too_many_transfers": ("{s} takes at most {a_day}", "allow {more_a_day} to {s}"),
    "not_too_many_transfers_in_all": (
        "all services together take at most {in_all}",
        "allow {more_in_all} to all services together",
    ),
    "not_too_many_repatriations": ("at most {patients} {are} taken back from {s}", "allow {more_back} from {s}"),
    "not_too_many_ambulance_hours": (
        "ambulances spend at most {hours} on transfers to {s}",
        "allow {by} more ambulance hours a year for transfers to {s}",
    ),
    "services_share_a_site": (
        "{s} shares its site with {other}",
        "let {s} do without {other} on its site, as a documented exception",
    ),
    "services_are_within_reach": (
        "{s} has {other} within {minutes} of its site",
        "let {s} do without {other} in reach, as a documented exception",
    ),
    "rota_is_filled": (
        "{s} needs {needs} at each site that provides it{where}; {post} in post in all",
        "let the rotas of {s} be short of {short} in all",
    ),
    "moves_within_limit": ("at most {staff} moves? between sites", "let {more_staff} move between sites"),
    "recruitment_within_limit": ("at most {staff} (?:is|are) recruited", "recruit {more_staff}"),
}


def check_words(q, staff, clash, ways, found):
    """V6: the words and units of clash.csv and ways_out.csv are those of the rules that they stand beside."""
    for row in clash:
        if not re.fullmatch(Said(q, staff, row["instance"]).asked(), row["words"]):
            found.fail("V6", f"clash.csv: {row['words']!r} is not what {row['instance']} asks")
    for row in ways:
        rules = [Said(q, staff, one) for one in row["gives_way"].split(" ")]
        by = number(row["by"]) if len(rules) == 1 else None
        *first, last = [rule.given(by) for rule in rules]
        if not re.fullmatch(f"{', '.join(first)} and {last}" if first else last, row["words"]):
            found.fail("V6", f"ways_out.csv: {row['words']!r} is not what giving way by {row['by']} comes to")
        if {rule.unit() for rule in rules} != {row["unit"]}:
            found.fail("V6", f"ways_out.csv: {row['gives_way']} gives way in {rules[0].unit()}, not in {row['unit']}")
    found.say("V6", f"{len(clash)} rules of clashes and {len(ways)} ways out are in the words of what they name")


NOT_CHECKED = (
    "Whether the inputs are right: a journey time, a count, a source. They are taken as they stand in run/inputs.",
    "Weekly patterns (rotas.csv) and the steps of rota_needs.csv: what a rota needs was worked out, no pattern was.",
    "Words: sentences, standings and what would change the answer in run.json; sources of rota rules; links.csv.",
    "The solver, its trial models, versions, dates and seconds: nothing here rests on them.",
)


def question_of(run, found):
    """Return what a run asks: the question, its objectives, its staff, and the parts that it falls into."""
    q, objectives = Question(run, found), []
    for said in q.config.get("objectives") or ["patient_minutes"]:
        name, services = next(iter(said.items())) if isinstance(said, dict) else (said, [])
        if name not in OBJECTIVES:
            raise CannotRead(f"config.yaml: the objective {name} is not known here")
        objectives.append((name, tuple(services)))
    staff = Staff(q)
    return q, objectives, staff, list(factors(q, staff, objectives))


def verify(folder, found):
    """Run every level on a pack or run folder."""
    run, record = v0(folder, found)
    if found.failed:
        return record
    q, objectives, staff, parts = question_of(run, found)
    plan = v1(q, run, record, found)
    if record.get("outcome") == "no plan":
        v6(q, staff, parts, run, found)
    elif plan is None or record.get("outcome") not in ("proved best", "not proved", "evaluated"):
        raise CannotRead("run.json has no outcome that is known, or designations.csv is missing")
    else:
        v2(q, parts, run, plan, record, found)
        exact = v3(q, staff, parts, run, plan, record, objectives, found)
        v4_v5(q, parts, run, plan, record, exact, objectives, found)
    for text in NOT_CHECKED:
        found.skip(text)
    return record


def say(text):
    """Print a text with its hidden characters spelt out: those of a run that lies could clear the screen."""
    print("".join(c if c.isprintable() or c == "\n" else f"<U+{ord(c):04X}>" for c in text))


def main(arguments):
    if len(arguments) > 1 or arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 0 if len(arguments) == 1 else 2
    folder, found = Path(arguments[0]) if arguments else Path(__file__).resolve().parent, Findings()
    try:
        record = verify(folder, found)
        say(f"Question: {record.get('question')}\nOutcome claimed: {record.get('outcome')}\n")
    except CannotRead as why:
        found.fail("--", f"cannot be read: {why}")
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, ZeroDivisionError, OSError) as why:
        found.fail("--", f"cannot be read: something is not of the form that the words promise ({why!r})")
    except RecursionError:
        found.fail("--", "cannot be read: it is nested too deeply")
    for level, text in found.done:
        say(f"{level}  ok    {text}" if level not in {at for at, _ in found.failed} else f"{level}        {text}")
    for level, text in found.failed[:200]:
        say(f"{level}  FAIL  {text}")
    if len(found.failed) > 200:
        print(f"    ... and {len(found.failed) - 200} more")
    print("\nNOT checked:" if found.not_checked else "")
    for text in found.not_checked:
        say(f"  - {text}")
    unread = any(level == "--" for level, _ in found.failed)
    print(
        "\nCANNOT BE READ."
        if unread
        else f"\n{len(found.failed)} disagreements."
        if found.failed
        else "\nNothing disagrees."
    )
    return 2 if unread else 1 if found.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
