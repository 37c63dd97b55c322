"""Our own Great Expectations classes. Importing this module imports GX: only :mod:`pipeline.checks.suites` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

from pipeline.program.rules import is_checklist

if TYPE_CHECKING:
    import pandas as pd

_METRIC = "column_values.checklist_of"


class _ColumnValuesChecklistOf(ColumnMapMetricProvider):
    """True where a text is 无, or options joined by 、 without repetition."""

    condition_metric_name = _METRIC
    condition_value_keys = ("options",)

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series[Any], options: list[str], **_: Any) -> pd.Series[bool]:  # noqa: N805 - GX's form
        allowed = set(options)
        return column.map(lambda text: is_checklist(text, allowed)).astype(bool)


class ExpectColumnValuesToBeChecklistOf(ColumnMapExpectation):
    """Expect a checklist cell to hold only the given options, joined by 、, or 无."""

    options: list[str]

    map_metric: ClassVar[str] = _METRIC
    success_keys: ClassVar[tuple[str, ...]] = ("options", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "options")
