"""The one adapter to Great Expectations: rules + frame → which rows broke which rule.

GX is imported on first use only (it costs seconds). One ephemeral context and one data source per process, because
sharing one between threads gives silently wrong results. The number of results is compared with the number of rules,
since GX only logs what it cannot load; a rule that raised is our fault, never the officer's.
"""

from __future__ import annotations

import functools
import gc
import importlib
import logging
import os
import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pipeline.system.errors import SuiteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pandas as pd

    from pipeline.program.rules import Rule


_ALL_POSITIONS = {"result_format": "COMPLETE", "return_unexpected_index_query": False}
"""Which rows broke a rule, and not the pandas query for them: it costs a metric for each rule and nobody asks for it."""
_UNUSED = "altair", "scipy.stats"  # a third of GX's import: charts of results, and a rule that compares distributions
_PLAIN = (str, int, float, bool, type(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A rule and the 0-based positions of the rows that broke it."""

    rule: Rule
    positions: tuple[int, ...]


def get_ready() -> None:
    """Import Great Expectations now: it takes a second, which there is while others read."""
    _batch_definition()


def run_suite(rules: Sequence[Rule], frame: pd.DataFrame) -> tuple[Breach, ...]:
    """Validate one form's frame.

    Args:
        rules: The form's rules whose columns are in ``frame``.
        frame: As :func:`pipeline.checks.frames.form_frame` makes it, with a RangeIndex.

    Returns:
        Breaches in the order of the rules; rules that hold are left out.

    Raises:
        SuiteError: GX dropped a rule, or a rule raised.
    """
    if not rules or frame.empty:
        return ()
    batch = _batch_definition().get_batch({"dataframe": frame})
    suite = _suite(rules)
    with warnings.catch_warnings(), _made_once():
        warnings.simplefilter("ignore")  # GX and pandas warn about each other; a raised rule is caught below
        outcome = batch.validate(suite, result_format=_ALL_POSITIONS)
    results = {result.expectation_config.meta["rule"]: result for result in outcome.results}
    lost = [rule.id for rule in rules if rule.id not in results]
    if lost or len(outcome.results) != len(rules):
        raise SuiteError(f"expectations/{rules[0].form}.json：Great Expectations 没有执行规则 {'、'.join(lost)}")
    breaches = (Breach(rule=rule, positions=_positions(rule, results[rule.id])) for rule in rules)
    return tuple(breach for breach in breaches if breach.positions)


def try_suite(rules: Sequence[Rule]) -> None:
    """Let GX build a suite without running it.

    Raises:
        SuiteError: GX does not accept a rule, or drops one.
    """
    _batch_definition()
    built = _suite(rules)
    if len(built.expectations) != len(rules):
        raise SuiteError(f"expectations/{rules[0].form}.json：Great Expectations 丢掉了规则，请检查类型和参数")


def _positions(rule: Rule, result: Any) -> tuple[int, ...]:
    problem = _exception(result.exception_info)
    if problem:
        raise SuiteError(f"expectations/{rule.form}.json：规则 {rule.id} 无法执行：{problem}")
    if result.success:
        return ()
    positions = tuple(int(n) for n in result.result.get("unexpected_index_list") or ())
    if len(positions) != result.result.get("unexpected_count"):
        raise SuiteError(f"expectations/{rule.form}.json：规则 {rule.id} 的结果不完整")
    return positions


def _exception(info: dict[str, Any] | None) -> str:
    """GX keeps exceptions either flat or one per metric."""
    if not info:
        return ""
    entries = [info] if "raised_exception" in info else [v for v in info.values() if isinstance(v, dict)]
    raised = [str(e.get("exception_message")) for e in entries if e.get("raised_exception")]
    return raised[0].splitlines()[0] if raised else ""


def _suite(rules: Sequence[Rule]) -> Any:
    from great_expectations.core import ExpectationSuite  # noqa: PLC0415 - GX costs seconds to import

    try:
        return ExpectationSuite(name=rules[0].form, expectations=[dict(rule.config) for rule in rules])
    except Exception as error:
        reason = str(error).splitlines()[0]
        raise SuiteError(f"expectations/{rules[0].form}.json：Great Expectations 不接受这份规则：{reason}") from error


@contextmanager
def _made_once() -> Iterator[None]:
    """While GX validates, make once what it makes anew for every metric of an expectation (docs/decisions/0009).

    No expectation, no configuration and no frame changes while it is validated.
    """
    from great_expectations.core.id_dict import IDDict  # noqa: PLC0415 - GX costs seconds to import
    from great_expectations.execution_engine import pandas_execution_engine as pandas_engine  # noqa: PLC0415 - as above
    from great_expectations.expectations import expectation as gx  # noqa: PLC0415 - as above
    from great_expectations.expectations import expectation_configuration as configured  # noqa: PLC0415 - as above

    engine, written = pandas_engine.PandasExecutionEngine, configured.ExpectationConfiguration

    arguments = _once(gx.Expectation._get_runtime_kwargs)  # noqa: SLF001 - GX has no other door
    kept: list[tuple[Any, str, Any]] = [
        (gx.Expectation, "configuration", property(_once(gx.Expectation.configuration.fget))),  # type: ignore[attr-defined]
        (gx.Expectation, "_get_runtime_kwargs", lambda *its, **named: dict(arguments(*its, **named))),  # GX adds to it
        (written, "to_domain_obj", _once(written.to_domain_obj)),
        (engine, "get_domain_records", _once(engine.get_domain_records)),
        (engine, "_apply_row_condition_filter", _sifted_once(engine._apply_row_condition_filter)),  # noqa: SLF001 - as above
        (IDDict, "to_id", _digested_once(IDDict.to_id)),
    ]
    before = [(owner, name, vars(owner)[name]) for owner, name, _ in kept]
    for owner, name, method in kept:
        setattr(owner, name, method)
    try:
        yield
    finally:
        for owner, name, method in before:
            setattr(owner, name, method)


def _once(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, with the answer kept of each object and arguments; the object is held, so that no other can take its place."""
    kept: dict[tuple[int, str], tuple[Any, Any]] = {}

    def once(its: Any, *given: Any, **named: Any) -> Any:
        key = id(its), repr((given, named))
        if key not in kept:
            kept[key] = (its, method(its, *given, **named))
        return kept[key][1]

    return once


def _sifted_once(sift: Callable[..., Any]) -> Callable[..., Any]:
    """The rows of a frame that a condition leaves, whichever column is looked at."""
    kept: dict[tuple[int, str], tuple[Any, Any]] = {}

    def sifted(its: Any, frame: pd.DataFrame, condition: Any, domain: Any) -> Any:
        key = id(frame), repr((condition, domain.get("condition_parser")))
        if key not in kept:
            kept[key] = (frame, sift(its, frame, condition, domain))
        return kept[key][1]

    return sifted


def _digested_once(digest: Callable[..., Any]) -> Callable[..., Any]:
    """The id of arguments, kept by what they are."""
    ids: dict[Any, Any] = {}

    def to_id(its: Any, *some: Any, **named: Any) -> Any:
        said = tuple((key, type(value), value) for key, value in its.items())  # 1 and True have other ids
        if some or named or not all(kind in _PLAIN for _, kind, _ in said):
            return digest(its, *some, **named)
        if said not in ids:
            ids[said] = digest(its)
        return ids[said]

    return to_id


@contextmanager
def _there_to_stay() -> Iterator[None]:
    """What is imported is never garbage: looking through GX's 400,000 objects takes a quarter of its import, and again later."""
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collected:
            gc.enable()


class _Later(ModuleType):
    """A module that is imported when something of it is first asked for, which may be never."""

    def __getattr__(self, wanted: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), wanted)


@functools.cache
def _batch_definition() -> Any:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # never the network
    with warnings.catch_warnings(), _there_to_stay():
        warnings.simplefilter("ignore")
        for name in _UNUSED:
            sys.modules.setdefault(name, _Later(name))
        import great_expectations as gx  # noqa: PLC0415 - GX costs seconds to import

        import pipeline.checks.expectations  # noqa: F401, PLC0415 - registers our own classes
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return (
        context.data_sources.add_pandas("returns")
        .add_dataframe_asset("form")
        .add_batch_definition_whole_dataframe("all")
    )
