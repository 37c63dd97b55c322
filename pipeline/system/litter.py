"""Files that programs and desktops leave in folders, by their names."""

from __future__ import annotations

from pathlib import PurePath

_OPEN_BY_AN_OFFICE = ("~$", ".~")
_LEFT_BY_DESKTOPS = frozenset({".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", ".directory", ".gitkeep"})


def is_office_litter(name: str) -> bool:
    """Lock files that office programs leave beside an open workbook."""
    return PurePath(name).name.startswith(_OPEN_BY_AN_OFFICE)


def is_system_litter(name: str) -> bool:
    """Files that desktops leave in folders, and that packing on a Mac leaves beside a file."""
    base = PurePath(name).name
    return base.startswith("._") or base.lower() in _LEFT_BY_DESKTOPS


def is_litter(name: str) -> bool:
    """Nothing that anybody wrote."""
    return is_office_litter(name) or is_system_litter(name)
