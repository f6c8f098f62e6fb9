"""A table of hostile folders, by area: each entry spoils a made-up question, or a run of it, in one way.

Run as a script in a process of its own, ``python hostile_files.py FOLDER WHOLE``: it makes each in FOLDER, reads it
under an audit hook, and prints as JSON what came of it, and whatever was opened outside or asked of a socket.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hostile import HOSTILE
from made_up_place import CONFIG, TABLES, geojson, square, write_config, write_question

Spoil = Callable[[Path, Path], Path]
CPUS = "/sys/fs/cgroup"
SECRET = "the-secret-that-nobody-may-read"
# What is huge may take its time, which is in proportion to its size.
MOST_SECONDS, MOST_SECONDS_OF_WHOLE, MOST_BYTES = 10, 60, 3 * 2**30
TAKEN, REFUSED = "taken", "refused"
FILES = [*(f"{name}.csv" for name in TABLES), "boundaries.geojson"]
FEW = ("areas.csv", "columns.csv", "boundaries.geojson")
RUN_FILES = ("run.json", "config.yaml", "designations.csv", "journeys.csv", "measures.csv", "inputs/areas.csv")


def entries(whole: bool) -> dict[str, Spoil]:
    """Return every entry by area and name; a quick part of them unless whole."""
    found = {**_markup(), **_formulas(), **_escapes(), **_bases(), **_numbers(), **_encodings()}
    found |= {**_links(FILES if whole else FEW), **_runs(RUN_FILES if whole else RUN_FILES[:2])}
    return found | ({**_deep(), **_wide(), **_huge()} if whole else {})


# What stands in place of a file ---------------------------------------------------------------------------------------


def _instead(name: str, put: Callable[[Path, Path], None]) -> Spoil:
    def spoil(root: Path, secrets: Path) -> Path:
        config = write_question(root)
        path = root / "place" / name
        path.unlink()
        put(path, secrets / name)
        return config

    return spoil


def _links(files: Sequence[str]) -> dict[str, Spoil]:
    ways: dict[str, Callable[[Path, Path], object]] = {
        "a link out": lambda path, secret: path.symlink_to(secret),
        "a pipe": lambda path, _: os.mkfifo(path),
        "a folder": lambda path, _: path.mkdir(),
        "a link to itself": lambda path, _: path.symlink_to(path),
        "a link to zeros without end": lambda path, _: path.symlink_to("/dev/zero"),
    }
    return {f"links: {what} for {name}": _instead(name, put) for what, put in ways.items() for name in files}


# Texts ----------------------------------------------------------------------------------------------------------------

MARKUP = [one for one in HOSTILE if any(mark in one for mark in "<{&$") or ":" in one]
FORMULAS = [one for one in HOSTILE if one.lstrip()[:1] in "=+-@＝＋'[{" and one not in MARKUP]
ESCAPES = [
    *(one for one in HOSTILE if one not in MARKUP and one not in FORMULAS),
    *("\x1b[2Jgone", "\x1b]0;title\x07", "\x9b31m", "a\rb", "a\u2028b", "\u202eabc", "\U000e0041", "\ud7ff", "\ue000"),
]


def _named(text: str) -> Spoil:
    """Put a text where a site's name stands, the title, a source and a reason."""

    def spoil(root: Path, _: Path) -> Path:
        quoted = '"' + text.replace('"', '""') + '"'
        said = json.dumps(text)
        config = CONFIG.replace("source: A book", f"source: {said}").replace("The machines are there", said)
        config = config.replace("title: Where should care be?", f"title: {said}")
        return write_question(root, config, sites=TABLES["sites"].replace("Ash Hospital", quoted))

    return spoil


def _markup() -> dict[str, Spoil]:
    return {f"markup: {text!a}": _named(text) for text in MARKUP}


def _formulas() -> dict[str, Spoil]:
    return {f"formulas: {text!a}": _named(text) for text in FORMULAS}


def _escapes() -> dict[str, Spoil]:
    return {f"escapes: {text!a}": _named(text) for text in ESCAPES}


# What a config is based on, and where it says that things are ---------------------------------------------------------


def _config(change: Callable[[Path, Path], str]) -> Spoil:
    def spoil(root: Path, secrets: Path) -> Path:
        write_question(root)
        return write_config(root, "asked.yaml", change(root, secrets))

    return spoil


def _linked_base(root: Path, secrets: Path) -> str:
    (root / "configs" / "link.yaml").symlink_to(secrets / "secret.txt")
    return "based_on: link.yaml\ntitle: A\n"


def _piped_base(root: Path, _: Path) -> str:
    os.mkfifo(root / "configs" / "pipe.yaml")
    return "based_on: pipe.yaml\ntitle: A\n"


def _circle(root: Path, _: Path) -> str:
    write_config(root, "other.yaml", "based_on: asked.yaml\n")
    return "based_on: other.yaml\n"


def _bases() -> dict[str, Spoil]:
    changes: dict[str, Callable[[Path, Path], str]] = {
        "a link": _linked_base,
        "a pipe": _piped_base,
        "a circle": _circle,
        "no YAML": lambda _, secrets: f"based_on: {secrets / 'secret.txt'}\n",
        "zeros": lambda *_: "based_on: /dev/zero\n",
        "this process": lambda *_: "based_on: /proc/self/environ\n",
        "an address": lambda *_: "based_on: https://example.invalid/base.yaml\n",
        "a file address": lambda *_: "based_on: file:///etc/passwd\n",
        "a place at an address": lambda *_: "based_on: base.yaml\nplace: https://example.invalid/\n",
        "a place that is a file": lambda *_: "based_on: base.yaml\nplace: base.yaml\n",
        "a place on a share": lambda *_: 'based_on: base.yaml\nplace: "\\\\\\\\example.invalid\\\\share"\n',
        "a tag that runs code": lambda *_: "based_on: base.yaml\ntitle: !!python/object/apply:os.system [id]\n",
        "a tag that includes": lambda *_: "based_on: base.yaml\ntitle: !include /etc/passwd\n",
        "a key twice": lambda *_: "based_on: base.yaml\ntitle: A\ntitle: B\n",
        "two documents": lambda *_: "based_on: base.yaml\n---\ntitle: B\n",
        "a merge": lambda *_: "based_on: base.yaml\n<<: {title: B}\n",
    }
    return {f"bases: {name}": _config(change) for name, change in changes.items()}


# Shapes ---------------------------------------------------------------------------------------------------------------


def _bytes(name: str, content: bytes) -> Spoil:
    def spoil(root: Path, _: Path) -> Path:
        config = write_question(root)
        (root / name).write_bytes(content)
        return config

    return spoil


def _table(name: str, text: str) -> Spoil:
    return _bytes(f"place/{name}.csv", text.encode())


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + last] * 9)}]\n" for last, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def _deep() -> dict[str, Spoil]:
    return {
        "deep: brackets in a config": _bytes("configs/base.yaml", b"title: " + b"[" * 5_000 + b"]" * 5_000),
        "deep: brackets never closed": _bytes("configs/base.yaml", b"{a: " * 20_000),
        "deep: anchors in a config": _bytes("configs/base.yaml", BOMB.encode()),
        "deep: an anchor within itself": _bytes("configs/base.yaml", b"title: &a [*a]\n"),
        "deep: indents in a config": _bytes(
            "configs/base.yaml", "\n".join(" " * n + "a:" for n in range(1_500)).encode()
        ),
        "deep: outlines": _bytes("place/boundaries.geojson", b"[" * 100_000),
        "deep: outlines of outlines": _bytes(
            "place/boundaries.geojson", b'{"type":"FeatureCollection","features":' * 5_000 + b"[]" + b"}" * 5_000
        ),
    }


def _wide() -> dict[str, Spoil]:
    sites = "site,name,role\n" + "".join(f"s{n},S {n},candidate\n" for n in range(5_000))
    corner = square(0, 50)[0]
    return {
        "wide: 5,000 candidates": _table("sites", sites),
        "wide: 100,000 columns": _table("areas", ",".join(f"c{n}" for n in range(100_000)) + "\n"),
        "wide: a column 20,000 times": _table("areas", ",".join(["area"] * 20_000) + "\n"),
        "wide: one cell of 5 MB": _table("areas", "area,name\nA1," + "x" * 5_000_000 + "\n"),
        "wide: quotes never closed": _table("areas", 'area,name\nA1,"' + "x\n" * 500_000),
        "wide: nothing but quotes": _table("areas", '"' * 1_000_000),
        "wide: nothing but commas": _table("areas", "area,name\n" + "," * 1_000_000),
        "wide: an outline of 200,000 corners": _bytes(
            "place/boundaries.geojson", geojson({"A1": [corner * 40_000]}).encode()
        ),
        "wide: outlines out of the world": _bytes(
            "place/boundaries.geojson", geojson({"A1": [[[1e308, -1e308]] * 4]}).encode()
        ),
    }


def _huge() -> dict[str, Spoil]:
    return {
        "huge: 6 million rows of a table": _table("journeys", "area,site,minutes\n" + "A1,ash,10\n" * 6_000_000),
        "huge: 60 MB of a config": _bytes("configs/base.yaml", b"title: A # " + b"x" * 60_000_000),
        "huge: 60 MB of outlines": _bytes("place/boundaries.geojson", b" " * 60_000_000),
        "huge: 2 million lines of a config": _bytes("configs/base.yaml", b"a: 1\n" * 2_000_000),
    }


NUMBERS = ("1e400", "-1e400", "9" * 5_000, "1e-400", "0x10", "1_0", "NaN", "-inf", "١٢", "1" + "0" * 400, "1,5", "½")


def _numbers() -> dict[str, Spoil]:
    written = lambda text: '"' + text + '"'  # noqa: E731
    in_table = {
        f"numbers: {text[:12]} minutes": _table("journeys", TABLES["journeys"].replace("20.5", written(text)))
        for text in NUMBERS
    }
    in_config = {
        f"numbers: at least {text[:12]} patients": _config(
            lambda *_, text=text: f"based_on: base.yaml\nservices: {{care: {{minimum_patients: {text}}}}}\n"
        )
        for text in NUMBERS
    }
    return in_table | in_config


def _encodings() -> dict[str, Spoil]:
    areas = TABLES["areas"]
    return {
        "encodings: a NUL": _table("areas", areas.replace("Brook", "Br\0ok")),
        "encodings: UTF-32": _bytes("place/areas.csv", areas.encode("utf-32")),
        "encodings: UTF-7": _bytes("place/areas.csv", areas.replace("Brook", "+ADw-").encode("ascii")),
        "encodings: half a letter": _bytes("place/areas.csv", areas.encode() + b"\xc3"),
        "encodings: a surrogate": _bytes("place/areas.csv", areas.encode().replace(b"Brook", b"\xed\xa0\x80")),
        "encodings: overlong": _bytes("place/areas.csv", areas.encode().replace(b"Brook", b"\xc0\xbcscript")),
        "encodings: gzip": _bytes("place/areas.csv", b"\x1f\x8b\x08" + bytes(500)),
        "encodings: a zip": _bytes("place/areas.csv", b"PK\x03\x04" + bytes(500)),
        "encodings: a config of zeros": _bytes("configs/base.yaml", bytes(100_000)),
        "encodings: an empty config": _bytes("configs/base.yaml", b""),
    }


# A run ----------------------------------------------------------------------------------------------------------------


def _runs(files: Sequence[str]) -> dict[str, Spoil]:
    def spoiled(name: str, put: Callable[[Path, Path], None]) -> Spoil:
        def spoil(root: Path, secrets: Path) -> Path:
            run = Path(shutil.copytree(secrets.parent / "run", root / "run"))
            shutil.copy(run / name, secrets / "of_a_run")
            (run / name).unlink()
            put(run / name, secrets / "of_a_run")
            return run

        return spoil

    ways: dict[str, Callable[[Path, Path], object]] = {
        "a link out": lambda path, secret: path.symlink_to(secret),
        "a pipe": lambda path, _: os.mkfifo(path),
        "a folder": lambda path, _: path.mkdir(),
        "nothing": lambda *_: None,
        "brackets": lambda path, _: path.write_bytes(b"[" * 100_000),
        "zeros": lambda path, _: path.write_bytes(bytes(10_000)),
    }
    return {f"runs: {what} for {name}": spoiled(name, put) for what, put in ways.items() for name in files}


# A process of its own -------------------------------------------------------------------------------------------------


def _watch(allowed: Callable[[], tuple[str, ...]], seen: list[str]) -> None:
    """Note whatever is opened outside the folders allowed, or asked of a socket or of another program, from now on."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("open", "os.listdir", "os.scandir") and isinstance(arguments[0], str | bytes):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            if not path.startswith(allowed()):
                seen.append(f"{event} {path}")
        elif event.startswith(("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "ctypes.dlopen")):
            seen.append(f"{event} {arguments!r}"[:200])

    sys.addaudithook(hook)


def _late(*_: object) -> None:
    raise TimeoutError("it takes too long")


def main(folder: Path, whole: bool) -> None:
    """Make and read every entry, and print what came of each: how it ended, in which words, and what was opened."""
    from optimiser.errors import OptimiserError
    from optimiser.inputs import read_problem
    from optimiser.plan.finished import run_of

    secrets, seen, here = folder / "secrets", list[str](), [""]
    # What may be read besides: modules, and by some of these how many processors there are.
    own = tuple({os.path.realpath(one) for one in (*sys.path[1:], sys.prefix, sys.base_prefix, CPUS)})
    _watch(lambda: (here[0], *own) if here[0] else ("/",), seen)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    signal.signal(signal.SIGALRM, _late)
    found: dict[str, Any] = {}
    here[0] = str(folder / "nowhere")
    # What the hook would see, so that seeing nothing means something.
    (secrets / "secret.txt").read_bytes()
    socket.socket().close()
    found["watched"], here[0] = [*seen], ""
    for number, (name, spoil) in enumerate(entries(whole).items()):
        root = folder / f"{number}"
        root.mkdir()
        spoiled = spoil(root, secrets)
        seen.clear()
        here[0], begun = os.path.realpath(root) + os.sep, time.monotonic()
        signal.alarm(MOST_SECONDS_OF_WHOLE if whole else MOST_SECONDS)
        try:
            if spoiled.is_dir():
                run_of(spoiled, only_if_sound=True)
            else:
                read_problem(spoiled)
            ended, words = TAKEN, ""
        except OptimiserError as error:
            ended, words = REFUSED, str(error)
        except Exception as error:
            ended, words = type(error).__name__, str(error)
        finally:
            signal.alarm(0)
            here[0] = ""
        seconds = time.monotonic() - begun
        found[name] = {"ended": ended, "words": words[:5_000], "opened": [*seen], "seconds": round(seconds, 2)}
        shutil.rmtree(root)
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] == "whole")
