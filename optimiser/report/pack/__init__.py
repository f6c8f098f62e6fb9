"""The audit pack: a run in one zip file, with its words, its tables, and a checker that needs nothing installed.

``verify.py`` of the checker's room is packed as it stands. It was written from the words of the rules, and imports
nothing but what comes with Python. A pack that it disagrees with is not written.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import jinja2
import pandas as pd

from optimiser.errors import CheckFailed, disagreements
from optimiser.inputs import read_question
from optimiser.inputs.layers import Said
from optimiser.model.objectives import OBJECTIVES
from optimiser.model.rules import LIMITS, RULES
from optimiser.plan.finished import Run, run_of
from optimiser.plan.runs import NO_PLAN, NO_PLAN_TABLE, check, csv_files, write_file
from optimiser.report import words
from optimiser.report.export import export_files
from optimiser.report.pack.decision import Decision
from optimiser.report.page.build import page
from optimiser.report.register import Register, config_in, register

START, SUMS, OUTPUT, VERIFY = "00_START_HERE.html", "SHA256SUMS", "VERIFY_OUTPUT.txt", "verify.py"
# The earliest day that a zip file can name: the same run gives the same bytes on any day.
NO_DAY = (1980, 1, 1, 0, 0, 0)
READABLE = 0o100644 << 16
MADE_ON_UNIX = 3
NOT_IN_IT = (
    "A certificate of the solver. None is needed where verify.py tried every designation; where not, it says so.",
    "Sweeps of many figures at once, and ranks under weights: optimiser sweep and options make them.",
    "The price of each rule, beyond what would_change.csv has of it: optimiser explain works it out.",
    "A checklist of STRESS: nobody has filled it in for this run.",
    "Prices in money, and what is done on the way: nothing here models them (not_modelled.md).",
)
# What decision.html may name beside the tables of a plan.
ALWAYS_THERE = ("manifest.json", "not_modelled.md", OUTPUT, "qa_log.csv", "reviewer_sheet.csv", "assumptions.csv")
TRANSFER_MEASURES = ("transfers_per_day", "repatriations_per_year", "ambulance_hours_per_year")
BACKCAST_MEASURES = ("observed_patients", "backcast_patients", "backcast_error")
QA_LOG = "date,who,role,what_was_looked_at,how,finding,severity,answer,closed_on\n"
REVIEWER_SHEET = "question,where_to_look,answer,satisfied,by,date\n" + "".join(
    f'"{question}",{where},,,,\n'
    for question, where in (
        ("Is the question the right one?", "00_START_HERE.html"),
        ("Are the five tests, and what reviews ask, answered, and by whom?", "decision.html"),
        ("Are the figures that the answer rests on right, and who says so?", "assumptions.csv"),
        ("Were other sites appraised, and is the list of them complete?", "near_best.csv"),
        ("Who is worse off, behind the average?", "distribution.csv"),
        ("Were transfers and ambulances worked through?", "transfers.csv"),
        ("Is what is not modelled acceptable for this decision?", "not_modelled.md"),
        ("Does verify.py agree on a machine of our own?", "VERIFY_OUTPUT.txt"),
    )
)


def write_pack(run: str | Path, path: str | Path, *, workbook: bool = True) -> Path:
    """Write the audit pack of a run folder to a new zip file; return its path.

    Parameters
    ----------
    run
        A run folder, with a plan or without. It is checked twice first: by the checker, and by ``verify.py``.
    path
        A file that does not exist yet.
    workbook
        Whether ``results.xlsx`` is in it, which needs XlsxWriter.

    Raises
    ------
    InputError
        When the folder is not a complete run.
    CheckFailed
        When the checker or ``verify.py`` disagrees with the run; nothing is written then.
    NotWritten
        When the file exists or cannot be written; nothing half-written is left.
    """
    return write_file(zipped(pack_files(run, workbook=workbook)), Path(path))


def pack_files(run: str | Path, *, workbook: bool = True) -> dict[str, bytes]:
    """Return the files of a run's audit pack by name, in the order in which they are packed."""
    pack = _Pack(Path(run), workbook)
    files = dict(pack.files)
    said = _verified(files | {SUMS: _sums(files)})
    files[START] = pack.start(files, said).encode()
    files["manifest.json"] = _json(pack.manifest(files))
    return dict(sorted(files.items())) | {SUMS: _sums(files), OUTPUT: said.encode()}


def _sums(files: Mapping[str, bytes]) -> bytes:
    return "".join(f"{_hash(content)}  {name}\n" for name, content in sorted(files.items())).encode()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return files as a zip file: the same files give the same bytes, whenever and by whomever they are packed."""
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files.items():
            entry = ZipInfo(name, NO_DAY)
            entry.compress_type, entry.external_attr, entry.create_system = ZIP_DEFLATED, READABLE, MADE_ON_UNIX
            archive.writestr(entry, content)
    return packed.getvalue()


def _verified(files: Mapping[str, bytes]) -> str:
    """Return what verify.py says of files, run as a reviewer would run it: alone, with nothing of ours to import."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            target = Path(folder) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        command = [sys.executable, "-I", "-S", "-X", "utf8", VERIFY]
        ended = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    if ended.returncode:
        raise CheckFailed(
            f"The run is not packed, because its checker disagrees, verify.py:\n{ended.stdout}{ended.stderr}"
        )
    return ended.stdout


@dataclass(frozen=True)
class _Pack:
    """What is packed of one run."""

    folder: Path
    workbook: bool

    @cached_property
    def run(self) -> Run | None:
        """The run with its plan; nothing where no plan meets every rule."""
        return None if (self.folder / NO_PLAN_TABLE).exists() else run_of(self.folder, only_if_sound=True)

    @cached_property
    def record(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads((self.folder / "run.json").read_bytes())
        return found

    @cached_property
    def files(self) -> dict[str, bytes]:
        """Every file but those that speak of the others."""
        if self.run is None and len(breaches := check(self.folder)):
            first = breaches.iloc[0]
            found = f"{disagreements(len(breaches))}, first {first['check']} ({first['where']})."
            raise CheckFailed(f"{self.folder} is not packed. {found} See them all: optimiser check {self.folder}")
        names = ["run.json", *self.record["files"]]
        files = {f"run/{name}": (self.folder / name).read_bytes() for name in names}
        files[VERIFY] = (resources.files("optimiser.checker") / VERIFY).read_bytes()
        files["assumptions.csv"] = _csv(self.register.rows)
        files["inputs.csv"] = _csv(self.inputs)
        files["licences.txt"] = "".join(self.licences()).encode()
        files["model.html"] = _template("model.html.j2").render(self.rules()).encode()
        files["not_modelled.md"] = "".join(f"- {one}\n" for one in self.not_modelled()).encode()
        files |= {"qa_log.csv": QA_LOG.encode(), "reviewer_sheet.csv": REVIEWER_SHEET.encode()}
        files |= {name: files[f"run/inputs/{name}"] for name in ("data_checks.csv",) if f"run/inputs/{name}" in files}
        return files | (self.of_the_plan(self.run) if self.run else self.of_the_clash())

    def of_the_clash(self) -> dict[str, bytes]:
        return {name: (self.folder / name).read_bytes() for name in ("clash.csv", "ways_out.csv")}

    def of_the_plan(self, run: Run) -> dict[str, bytes]:
        """Return the tables, the page, and the files for other programs, of a run with a plan."""
        measures = run.measures
        named = measures["measure"]
        grouped = measures["group"].fillna("").str.match("deprivation fifth|district|age 75")
        frames = {
            "decisions": _decisions(run),
            "objective": pd.DataFrame(self.record["objectives"]).assign(services=lambda f: f["services"].map(" ".join)),
            "near_best": self.near_best,
            "would_change": self.would_change,
            "distribution": measures[grouped],
            "transfers": measures[named.isin(TRANSFER_MEASURES)],
            "backcast": measures[named.isin(BACKCAST_MEASURES)],
        }
        asked = Decision(run, self.register.rows.to_dict("records"))  # type: ignore[arg-type]
        frames["monitor"] = asked.monitor
        tables = {f"{name}.csv": _csv(frame) for name, frame in frames.items() if len(frame)}
        tables |= {name: content for name in ("rules.csv", "rotas.csv") if (content := self._own(name))}
        exported = export_files([run], workbook=self.workbook)
        results = {f"results{Path(n).suffix}": c for n, c in exported.items() if Path(n).suffix in (".xlsx", ".gpkg")}
        whole = {"instance.json": _json(_instance(run)), "solution.json": _json(_solution(run))}
        links = {**tables, **dict.fromkeys(ALWAYS_THERE)}
        said = {"question": self.record["question"], "answer": words.answer(run.plan), "parts": asked.parts(links)}
        decision = _template("decision.html.j2").render(said)
        return tables | results | whole | {"report.html": page([run]).encode(), "decision.html": decision.encode()}

    def _own(self, name: str) -> bytes | None:
        path = self.folder / name
        return path.read_bytes() if path.exists() else None

    @cached_property
    def config(self) -> Said:
        return config_in((self.folder / "config.yaml").read_bytes())

    @cached_property
    def register(self) -> Register:
        """Every assumption with its source, those that turn the answer first."""
        return register(self.config, self.record, self.run)

    @cached_property
    def inputs(self) -> pd.DataFrame:
        """Every table of the place: how long it is, its hash, and where its columns come from under which licence."""
        rows = []
        columns, sources = self._table("columns"), self._table("sources").set_index("source", drop=False)
        for name, digest in sorted(self.record["files"].items()):
            if not name.startswith("inputs/"):
                continue
            stem = Path(name).stem
            used = dict.fromkeys(columns.loc[columns["table"] == stem, "source"]) if len(columns) else {}
            known = [sources.loc[one] for one in used if one in sources.index]
            lines = (self.folder / name).read_bytes().count(b"\n")
            titles, licences = ("; ".join(dict.fromkeys(str(one[c]) for one in known)) for c in ("title", "licence"))
            rows.append((name, lines, digest, titles, licences))
        return pd.DataFrame(rows, columns=["file", "lines", "sha256", "sources", "licences"])

    def _table(self, name: str) -> pd.DataFrame:
        path = self.folder / "inputs" / f"{name}.csv"
        if not path.exists():
            return pd.DataFrame({"table": [], "source": [], "title": [], "licence": []}, dtype=str)
        found = pd.read_csv(path, dtype=str, keep_default_na=False)
        return found if "licence" in found else found.assign(licence="")  # which may be left out

    def licences(self) -> Iterator[str]:
        yield "The program and verify.py: MIT licence.\n\nThe inputs, by source (run/inputs/sources.csv):\n"
        for row in self._table("sources").to_dict("records"):
            publisher = row.get("publisher", "")
            yield f"- {row['source']}: {row['title']} ({publisher}). Licence: {row['licence'] or 'not stated'}.\n"

    def not_modelled(self) -> Iterator[str]:
        yield from words.NOT_MODELLED
        yield from (f"{one['sentence'].rstrip('.')}. ({one['source']})" for one in self.record.get("know_before", ()))

    def rules(self) -> dict[str, Any]:
        """Return what model.html says: every rule and objective in the words of the program's own sentences."""
        rules = [(name, _first(rule), LIMITS[name].unit if name in LIMITS else "") for name, rule in RULES.items()]
        return {"rules": rules, "objectives": [(name, _first(one)) for name, one in OBJECTIVES.items()]}

    @cached_property
    def near_best(self) -> pd.DataFrame:
        """The best designations there are, best first: what each comes to, and where each service is."""
        best = (self.record.get("enumeration") or {}).get("best", [])
        names = [one["name"] for one in self.record["objectives"]]
        rows = []
        for rank, one in enumerate(best, 1):
            at: dict[str, list[str]] = {}
            for site, service in one["designated"]:
                at.setdefault(service, []).append(site)
            rows.append(
                {
                    "rank": rank,
                    **dict(zip(names, one["values"], strict=True)),
                    **{s: " ".join(v) for s, v in at.items()},
                }
            )
        return pd.DataFrame(rows)

    @cached_property
    def would_change(self) -> pd.DataFrame:
        changes = (self.record.get("would_change") or {}).get("changes", [])
        return pd.DataFrame(changes, columns=["kind", "what", "by", "unit", "to", "words"])

    def manifest(self, files: Mapping[str, bytes]) -> dict[str, Any]:
        """Return what made the run, and every other file with its length and hash."""
        kept = ("question", "outcome", "date", "versions", "solver", "seconds")
        made = {name: self.record[name] for name in kept if name in self.record}
        listed = {name: {"bytes": len(content), "sha256": _hash(content)} for name, content in sorted(files.items())}
        return {"format": 1, "run": made, "files": listed}

    def start(self, files: Mapping[str, bytes], verified: str) -> str:
        """Return the page to read first."""
        return _template("start.html.j2").render(
            record=self.record,
            answer=words.answer(self.run.plan) if self.run else "No plan meets every rule.",
            no_plan=NO_PLAN,
            decisions=_decisions(self.run).to_dict("records") if self.run else [],
            rules=self.run.plan.rules.to_dict("records") if self.run else [],
            clash=[] if self.run else pd.read_csv(self.folder / NO_PLAN_TABLE, dtype=str).to_dict("records"),
            near_best=self.near_best.to_dict("split") if self.run else {},
            assumptions=self.register.rows.to_dict("records"),
            no_effects=self.register.why_not,
            verified=verified,
            not_modelled=list(self.not_modelled()),
            contents=[(name, says) for name, says in CONTENTS.items() if name in files or name == OUTPUT],
            not_in_it=NOT_IN_IT,
        )


CONTENTS = {
    "report.html": "The plan on one page: map, journeys, who is affected, rotas; ticks answer what-ifs",
    "decision.html": "What the run says under the headings of the five tests, of reviews, appraisals and assurance",
    "monitor.csv": "What to watch once it is decided: by this model, as counted, and what would turn the answer",
    "decisions.csv": "Where each service would be, and where it is today",
    "objective.csv": "What was made small, what it comes to, and the bound",
    "rules.csv": "Every case of every rule: what the plan has, what is asked, what is to spare",
    "clash.csv": "The rules that cannot hold together",
    "ways_out.csv": "What would be enough",
    "near_best.csv": "The best designations there are, best first",
    "would_change.csv": "What would change the answer, and from which value on",
    "assumptions.csv": "Every figure with its source, and what it does by itself to the answer; owners are for you",
    "distribution.csv": "Who gains and who loses: by deprivation fifth, district and age",
    "transfers.csv": "Transfers, repatriations and hours of ambulances",
    "backcast.csv": "Patients counted at each site today, and what the model makes of it",
    "rotas.csv": "The weekly pattern of each rota",
    "inputs.csv": "The place's tables: hashes, sources, licences",
    "data_checks.csv": "What a careful reader should know about the figures",
    "model.html": "Every rule and objective in words, and the model in symbols",
    "not_modelled.md": "What no number here speaks of",
    "qa_log.csv": "To be filled in: who looked at what",
    "reviewer_sheet.csv": "To be filled in: what a reviewer asks",
    "results.xlsx": "Every table as a workbook; its sheet Recalculation works the headline numbers out by formulas",
    "results.gpkg": "Areas and sites for a geographic information system",
    "instance.json": "The question in whole numbers, for another solver",
    "solution.json": "The plan in whole numbers",
    "licences.txt": "Under which licences the figures may be used",
    "manifest.json": "What made the run, and every file with its length and hash",
    "verify.py": "The checker that needs nothing installed but Python 3.9 or later",
    "VERIFY_OUTPUT.txt": "What it said when this was packed",
}


def _decisions(run: Run) -> pd.DataFrame:
    services, sites = run.problem.services, run.problem.sites
    rows = run.plan.designations.reset_index(drop=False).to_dict("records")
    return pd.DataFrame(
        {
            "service": row["service"],
            "service_name": services[row["service"]].name,
            "site": row["site"],
            "site_name": sites[row["site"]].name,
            "designated": row["designated"],
            "today": row["today"],
            "fixed": row["fixed"],
            "reason": row["reason"],
        }
        for row in rows
    )


def _instance(run: Run) -> dict[str, Any]:
    """Return the question as whole numbers: minutes and patients in millionths, as read, before growth and factors."""
    tables = run.inputs
    areas, sites = tables["areas"], tables["sites"]
    # With the journeys to sites that the config adds, which stand in no table of the run.
    journeys = read_question(run.folder / "config.yaml").place.journeys if run.problem.added else tables["journeys"]
    minutes = journeys.set_index(["area", "site"])["minutes"]
    demand = tables["demand"]
    return {
        "unit": "millionths of a minute, of a patient a year and of a share, as in run/inputs",
        "areas": [[row["area"], bool(row["resident"])] for row in areas.to_dict("records")],
        "sites": [[row["site"], row["role"]] for row in sites.to_dict("records")],
        "minutes": [[a, s, _millionths(minutes.get((a, s)))] for a in areas["area"] for s in sites["site"]],
        "patients": [
            [row["area"], row["activity"], _millionths(row["patients_per_year"])]
            for row in demand[demand["area"].isin(areas["area"])].to_dict("records")
        ],
        "border": [
            [row["area"], row["goes_to"], _millionths(row["share"])] for row in tables["border"].to_dict("records")
        ]
        if "border" in tables
        else [],
        **({"minutes_by_mode": _by_mode(tables["journeys_by_mode"])} if run.problem.by_mode else {}),
        "question": "run/config.yaml",
    }


def _by_mode(rows: pd.DataFrame) -> list[list[object]]:
    return [[r["mode"], r["area"], r["site"], _millionths(r["minutes"])] for r in rows.to_dict("records")]


def _solution(run: Run) -> dict[str, Any]:
    """Return the plan as whole numbers: its designations, and who goes where."""
    rows = run.tables["journeys"].to_dict("records")
    return {
        "unit": "millionths of a patient a year",
        "designated": sorted([site, service] for site, service in run.plan.designated),
        "journeys": [[r["service"], r["area"], r["site"], _millionths(r["patients_per_year"])] for r in rows],
    }


def _first(sentence_of: object) -> str:
    return (sentence_of.__doc__ or "").strip().partition("\n")[0]


def _millionths(value: Any) -> int | None:
    return None if value is None or pd.isna(value) else round(float(value) * 10**6)


def _csv(frame: pd.DataFrame) -> bytes:
    return next(iter(csv_files({"table": frame}).values()))


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    return environment.from_string(_packaged(name).decode())


def _packaged(name: str) -> bytes:
    return (resources.files("optimiser.report.pack") / name).read_bytes()
