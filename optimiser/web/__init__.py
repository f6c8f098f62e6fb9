"""The page on this machine: the same page, with "find the best", "explain" and scenarios, answered by this program."""

from __future__ import annotations

from optimiser.web.jobs import Limits
from optimiser.web.server import Sitting, serve

__all__ = ["Limits", "Sitting", "serve"]
