"""A page as HTML: a template filled in, with its style and scripts inside and a policy that allows nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from functools import cache
from importlib.resources import files as package_files
from typing import Any

import jinja2
from markupsafe import Markup

STYLES = ("page.css", "print.css")


def rendered(
    template: str,
    context: Mapping[str, Any],
    *,
    own_scripts: Sequence[str] = (),
    more_scripts: Sequence[str] = (),
    connect: str = "'none'",
) -> str:
    """Return a template filled in: its style, its ``own_scripts`` by file name, then ``more_scripts`` as text."""
    css, print_css = map(_text, STYLES)
    scripts = [*map(_text, own_scripts), *more_scripts]
    return (
        _environment()
        .get_template(template)
        .render(
            **visible(context),
            css=Markup(css),
            print_css=Markup(print_css),
            scripts=[Markup(script) for script in scripts],
            policy=_policy((css, print_css), scripts, connect),
        )
    )


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_text),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False, "default": _plain}
    return environment


def _text(name: str) -> str:
    return (package_files("optimiser.report.page") / name).read_text(encoding="utf-8")


def _policy(styles: Sequence[str], scripts: Sequence[str], connect: str) -> str:
    """Return a content security policy that allows these styles and scripts, and nothing else."""

    def allowed(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    listed = " ".join(map(allowed, scripts)) or "'none'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {listed}",
            f"style-src {' '.join(map(allowed, styles))}",
            "img-src data:",
            f"connect-src {connect}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def visible(value: Any) -> Any:
    """Return data with every character that does not print, such as one that turns text round, as ``�``."""
    if isinstance(value, str):
        return value if value.isprintable() else "".join(c if c.isprintable() or c in "\n\t" else "�" for c in value)
    if isinstance(value, dict):
        return {visible(key): visible(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [visible(one) for one in value]
    if is_dataclass(value) and not isinstance(value, type):
        return visible({name: getattr(value, name) for name in value.__dataclass_fields__})
    return value


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value.item()
