"""The tables of a data package: each is one object in one module of the folder ``tables``, found here."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from pipeline.products.package import tables as folder

if TYPE_CHECKING:
    from pipeline.products.package.schema import Table


@cache
def tables() -> tuple[Table, ...]:
    """The ``TABLE`` of every module of the folder, in the order of the numbers."""
    modules = (import_module(f"{folder.__name__}.{one.name}") for one in iter_modules(folder.__path__))
    return tuple(sorted((module.TABLE for module in modules), key=lambda one: int(one.number)))
