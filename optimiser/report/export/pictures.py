"""Figures as PNG, drawn by a browser that is on the machine already."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from optimiser.errors import NotWritten
from optimiser.report.export.drawing import WIDTH, Figure

# Every Windows computer has Edge; any of these draws SVG alike.
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge")
ELSEWHERE = (
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
    "C:/Program Files/Microsoft/Edge/Application/msedge.exe",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
PIXELS_A_POINT = 2
SECONDS_A_FIGURE = 60


def browser() -> str | None:
    """Return the path of a browser that can draw, or None."""
    named = (shutil.which(name) for name in NAMES)
    return next((path for path in named if path), None) or next((p for p in ELSEWHERE if Path(p).is_file()), None)


def png_bytes(figures: Sequence[Figure]) -> Iterator[bytes]:
    """Yield each figure as a PNG of twice its size in pixels.

    Raises
    ------
    NotWritten
        When there is no browser to draw with, or it fails.
    """
    program = browser()
    if program is None:
        raise NotWritten(
            "PNG pictures are drawn by Edge, Chrome or Chromium, and none was found. Install one, or leave out --png: "
            "the SVG figures need none."
        )
    with tempfile.TemporaryDirectory() as name:
        for one in figures:
            yield _drawn(program, one, Path(name))


def _drawn(program: str, one: Figure, folder: Path) -> bytes:
    source, target = folder / f"{one.name}.svg", folder / f"{one.name}.png"
    source.write_text(one.svg, encoding="utf-8")
    found = re.search(r'height="(\d+)"', one.svg)
    height = found.group(1) if found else "900"
    words = [
        program,
        "--headless",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={folder / 'profile'}",
        f"--force-device-scale-factor={PIXELS_A_POINT}",
        f"--window-size={WIDTH},{height}",
        f"--screenshot={target}",
    ]
    if sys.platform == "linux" and os.geteuid() == 0:
        words.append("--no-sandbox")  # Chromium refuses root otherwise, and the figure is ours: it holds no script
    try:
        subprocess.run([*words, source.as_uri()], capture_output=True, timeout=SECONDS_A_FIGURE, check=True)
        return target.read_bytes()
    except (OSError, subprocess.SubprocessError) as error:
        raise NotWritten(f"{program} could not draw {one.name}: {error}. Leave out --png.") from error
