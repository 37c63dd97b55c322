"""What is found and not listed: a module for each, in one folder."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any


@cache
def found(folder: str, name: str) -> tuple[Any, ...]:
    """What every module of a package that has it calls ``name``, in the order of their numbers, if they have one."""
    modules = [import_module(f"{folder}.{one.name}") for one in iter_modules(import_module(folder).__path__)]
    there = (getattr(module, name) for module in modules if hasattr(module, name))
    return tuple(sorted(there, key=lambda one: getattr(one, "number", 0)))
