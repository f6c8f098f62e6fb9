"""The pages of docs/ as one site: `make site` builds it, from nothing but what is here."""

from __future__ import annotations

from importlib.metadata import version as version_of

project = "optimiser"
author = "the authors of optimiser"
version = release = version_of("hospital-service-optimiser")

extensions = ["myst_parser"]
# The source is the whole project, so that a page may point at what is beside docs/.
include_patterns = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "benchmarks/README.md",
    "data/*/README.md",
    "docs/index.md",
    "docs/*.md",
    "docs/decisions/*.md",
]
root_doc = "docs/index"
# Headings can be pointed at by their words, as on a forge.
myst_heading_anchors = 4

html_theme = "alabaster"
html_theme_options = {"page_width": "72rem", "body_max_width": "none", "fixed_sidebar": False}
# Nothing is loaded from elsewhere.
html_show_sourcelink = False
html_copy_source = False
