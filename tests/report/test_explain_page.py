"""docs/explain.md shows what the commands on it print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from optimiser.cli.app import app
from optimiser.errors import NoPlan

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/explain.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```sh\noptimiser (explain [^\n]+)\n```\n\n```text\n(.*?)```", PAGE, re.DOTALL)


def printed(command: str) -> list[str]:
    found = CliRunner().invoke(app, command.split())
    said = str(found.exception) if isinstance(found.exception, NoPlan) else found.output
    return [line for line in said.splitlines() if line.strip()]


def test_the_page_shows_every_kind_of_question():
    commands = [command for command, _ in SHOWN]
    assert len(commands) == 6
    for word in ("--site", "--option", "three_emergency_departments", "--switching", "--map"):
        assert any(word in command for command in commands)


@pytest.mark.parametrize(("command", "block"), SHOWN, ids=[command for command, _ in SHOWN])
def test_what_the_page_shows_is_what_the_command_prints(command: str, block: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    shown = [line for line in block.splitlines() if line.strip() and line != "…"]
    lines = printed(command)
    assert shown[0] in lines
    start = lines.index(shown[0])
    assert lines[start : start + len(shown)] == shown
