"""One module a table of the data packages, each with its ``TABLE``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.products.found import found

if TYPE_CHECKING:
    from pipeline.products.package.schema import Table


def tables() -> tuple[Table, ...]:
    """All there are, in order."""
    return found(__name__, "TABLE")
