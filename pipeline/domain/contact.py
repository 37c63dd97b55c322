"""Who is paired with a county (正文三（一）, 附件3)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactLink:
    """One contact of one county.

    Attributes:
        key: Who it is: the unit's id, or prefecture code and name for one entered on the sheet, since the leaders of
            two prefectures may bear one name.
        title: As documents print it; ``unit`` is its bare name.
        given: From the notice, not entered.
    """

    key: str
    title: str
    unit: str
    level: str
    given: bool
