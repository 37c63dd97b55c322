"""What a competent engineer writes today for the same forms and rules: each workbook opened once, no word of this program.

``python -m benchmarks.competent PLAN WAY STEP`` with WAY ``polars`` (fastexcel, masks), ``pandas`` (calamine, one suite of Great
Expectations a form), ``calamine`` or ``openpyxl`` (these two only read), and STEP ``read``, ``check`` or ``all``. It prints the
processor seconds of reading without imports, and leaves what was accepted beside the plan, which is what would stand in the
script: see :func:`benchmarks.honest.plan_of`. No earlier period is known.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from datetime import date
from functools import reduce
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Plan = dict[str, Any]
Accepted = dict[str, list[dict[str, Any]]]
"""Group of sheets that share a row → what was accepted."""
Wrong = list[tuple[str, str, str]]
"""Form, rule, unit."""

AWAY, NONE, UNIT, SOURCE = "不适用", "无", "county_code", "source"


def read_calamine(plan: Plan) -> object:
    """Rows of every form sheet."""
    import python_calamine  # noqa: PLC0415

    books = map(python_calamine.CalamineWorkbook.from_path, plan["paths"])
    return [[book.get_sheet_by_name(form["sheet"]).to_python() for form in plan["forms"]] for book in books]


def read_openpyxl(plan: Plan) -> object:
    """Rows of every form sheet, read-only."""
    import openpyxl  # noqa: PLC0415

    books = (openpyxl.load_workbook(path, read_only=True, data_only=True) for path in plan["paths"])
    return [[list(book[form["sheet"]].iter_rows(values_only=True)) for form in plan["forms"]] for book in books]


def read_pandas(plan: Plan) -> Any:
    """Form → rows of all workbooks."""
    import pandas as pd  # noqa: PLC0415

    found, sheets = defaultdict(list), [form["sheet"] for form in plan["forms"]]
    for n, path in enumerate(plan["paths"]):
        book = pd.read_excel(path, sheet_name=sheets, header=plan["head"], engine="calamine", dtype=object)
        for form in plan["forms"]:
            rows = book[form["sheet"]].dropna(subset=form["key"] or [*form["kinds"]], how="all")
            found[form["code"]].append(rows[[*form["key"], *form["kinds"]]].assign(source=n))
    return {code: pd.concat(some, ignore_index=True) for code, some in found.items()}


def read_polars(plan: Plan) -> Any:
    """Form → rows of all workbooks, every cell as text."""
    import fastexcel  # noqa: PLC0415
    import polars as pl  # noqa: PLC0415

    found = defaultdict(list)
    for n, path in enumerate(plan["paths"]):
        book = fastexcel.read_excel(path)
        for form in plan["forms"]:
            columns = [*form["key"], *form["kinds"]]
            sheet = book.load_sheet(form["sheet"], header_row=plan["head"], dtypes="string", use_columns=columns)
            there = pl.any_horizontal(pl.col(form["key"] or columns).is_not_null())
            found[form["code"]].append(sheet.to_polars().filter(there).with_columns(source=pl.lit(n)))
    return {code: pl.concat(some) for code, some in found.items()}


def check_pandas(plan: Plan, sheets: Any) -> tuple[Accepted, Wrong]:
    """One suite a form over all workbooks."""
    import great_expectations as gx  # noqa: PLC0415
    from great_expectations.core import ExpectationSuite  # noqa: PLC0415

    import pipeline.checks.expectations  # noqa: F401, PLC0415 - a class for checklists, which anybody would have to write

    groups: dict[str, Any] = {}
    for form in plan["forms"]:
        frame = _typed_pandas(plan, form, sheets[form["code"]])
        known = groups.get(form["group"])
        groups[form["group"]] = frame if known is None else known.merge(frame, on=[UNIT, SOURCE], how="outer")
    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("returns").add_dataframe_asset("form")
    whole, wrong = asset.add_batch_definition_whole_dataframe("all"), []
    bad: dict[str, set[int]] = {name: set() for name in groups}
    for form in plan["forms"]:
        frame = groups[form["group"]]
        more = {name: _made_pandas(plan, form, frame, name) for name in form["more"]}
        suite = ExpectationSuite(name=form["code"], expectations=form["rules"])
        batch = whole.get_batch({"dataframe": frame.assign(**more)})
        for result in batch.validate(suite, result_format="COMPLETE").results:
            rule = result.expectation_config
            positions = result.result.get("unexpected_index_list") or []
            assert result.success or positions, result  # noqa: S101 - raised, or lost
            wrong += [(form["code"], rule.meta["rule"], frame[UNIT][n]) for n in positions]
            bad[form["group"]] |= set(positions) if rule.severity == "critical" else set()
    return {name: frame.drop(index=list(bad[name])).to_dict("records") for name, frame in groups.items()}, wrong


def _typed_pandas(plan: Plan, form: Plan, sheet: Any) -> Any:
    import pandas as pd  # noqa: PLC0415

    frame = pd.DataFrame({SOURCE: sheet[SOURCE], UNIT: sheet[UNIT if form["key"] else SOURCE].astype(str)})
    made = {}
    for code, kind in form["kinds"].items():
        words = sheet[code].map(lambda v: v.strip() if isinstance(v, str) else v)
        if kind in {"count", "amount"}:
            numbers = pd.to_numeric(words, errors="coerce")
            made[code] = (numbers.where(numbers % 1 == 0) if kind == "count" else numbers.round(2)).astype(float)
        elif kind == "date":
            made[code] = pd.to_datetime(words, errors="coerce").astype("datetime64[s]")
        else:
            made[code] = (
                words.map(plan["counties"]) if kind == "county" else words.map(str, na_action="ignore")
            ).astype(object)
        if code in form["away"]:
            made[f"{code}.applies"] = (words == AWAY).map({True: "no", False: "yes"})
    return pd.concat([frame, pd.DataFrame(made)], axis=1)


def _made_pandas(plan: Plan, form: Plan, frame: Any, name: str) -> Any:
    """A column that only rules look at."""
    import pandas as pd  # noqa: PLC0415

    if name in form["shows"]:
        return frame[form["shows"][name]]
    if name in plan["days"]:
        return pd.Series(pd.Timestamp(plan["days"][name]), index=frame.index).astype("datetime64[s]")
    if name == "row.state":
        return frame[[*form["kinds"]]].isna().all(axis=1).map({True: "blank", False: "filled"})
    if name in {"row.key", "county.townships"}:
        return frame[UNIT] if name == "row.key" else frame[UNIT].map(plan["townships"]).astype(float)
    if name.endswith(".prev"):
        return pd.Series(float("nan"), index=frame.index)
    if name.endswith(".given"):
        given = frame[name.removesuffix(".given")]
        return (given.isna() | (given == NONE)).map({True: "no", False: "yes"})
    return reduce(add, (times * frame[code] for times, code in _terms(name)))


def check_polars(plan: Plan, sheets: Any) -> tuple[Accepted, Wrong]:
    """All rules of a group of sheets as masks, in one go."""
    import polars as pl  # noqa: PLC0415

    groups: dict[str, Any] = {}
    for form in plan["forms"]:
        frame = sheets[form["code"]].select(_typed_polars(plan, form))
        known = groups.get(form["group"])
        groups[form["group"]] = (
            frame if known is None else known.join(frame, on=[UNIT, SOURCE], how="full", coalesce=True)
        )
    accepted: Accepted = {}
    wrong: Wrong = []
    for group, frame in groups.items():
        forms = [form for form in plan["forms"] if form["group"] == group]
        rules = {f"{form['code']} {rule['meta']['rule']}": (form, rule) for form in forms for rule in form["rules"]}
        masks = frame.select(
            _mask(plan, form, rule).fill_null(value=False).alias(name) for name, (form, rule) in rules.items()
        )
        critical = [name for name, (_, rule) in rules.items() if rule["severity"] == "critical"]
        accepted[group] = frame.filter(~masks.select(pl.any_horizontal(critical)).to_series()).to_dicts()
        for name in masks.columns:
            if masks[name].any():
                wrong += [(*name.split(" ", 1), unit) for unit in frame[UNIT].filter(masks[name])]
    return accepted, wrong


def _typed_polars(plan: Plan, form: Plan) -> Iterator[Any]:
    import polars as pl  # noqa: PLC0415

    yield pl.col(SOURCE)
    yield pl.col(UNIT if form["key"] else SOURCE).cast(pl.String).alias(UNIT)
    for code, kind in form["kinds"].items():
        words = pl.col(code).str.strip_chars()
        if kind in {"count", "amount"}:
            numbers = words.cast(pl.Float64, strict=False)
            yield pl.when(numbers % 1 == 0).then(numbers).alias(code) if kind == "count" else numbers.round(2)
        elif kind == "date":
            yield words.str.slice(0, 10).str.to_date(strict=False)
        else:
            yield words.replace_strict(plan["counties"], default=None) if kind == "county" else words
        if code in form["away"]:
            yield pl.when(words == AWAY).then(pl.lit("no")).otherwise(pl.lit("yes")).alias(f"{code}.applies")


def _made_polars(plan: Plan, form: Plan, name: str) -> Any:
    """A column, also one that only rules look at."""
    import polars as pl  # noqa: PLC0415

    if name in plan["days"]:
        return pl.lit(date.fromisoformat(plan["days"][name]))
    if name == "row.state":
        blank = pl.all_horizontal(pl.col([*form["kinds"]]).is_null())
        return pl.when(blank).then(pl.lit("blank")).otherwise(pl.lit("filled"))
    if name in {"row.key", "county.townships"}:
        townships = pl.col(UNIT).replace_strict(plan["townships"], default=None, return_dtype=pl.Float64)
        return pl.col(UNIT) if name == "row.key" else townships
    if name.endswith(".prev"):
        return pl.lit(None, pl.Float64)
    if name.endswith(".given"):
        given = pl.col(name.removesuffix(".given"))
        return pl.when(given.is_null() | (given.cast(pl.String) == NONE)).then(pl.lit("no")).otherwise(pl.lit("yes"))
    if "+" in name or "*" in name:
        return reduce(add, (times * pl.col(code) for times, code in _terms(name)))
    return pl.col(form["shows"].get(name, name))


def _mask(plan: Plan, form: Plan, rule: Plan) -> Any:
    """Where a rule is broken; null counts as not broken."""
    import polars as pl  # noqa: PLC0415

    kwargs = rule["kwargs"]
    first, second = (_made_polars(plan, form, kwargs[key]) if key in kwargs else None for key in ("column", "column_B"))
    left = _made_polars(plan, form, kwargs["column_A"]) if second is not None else first
    kind = rule["type"].removeprefix("expect_column_").removeprefix("values_to_")
    if kind in {"be_between", "value_lengths_to_be_between"}:
        left = left if kind == "be_between" else left.str.len_chars()
        bounds = [left < kwargs["min_value"]] if "min_value" in kwargs else []
        mask = pl.any_horizontal(*bounds, *([left > kwargs["max_value"]] if "max_value" in kwargs else []))
    elif kind == "be_checklist_of":
        parts = left.str.split("、")
        known = parts.list.set_difference(kwargs["options"]).list.len() == 0
        mask = ~((left == NONE) | (known & (parts.list.n_unique() == parts.list.len())))
    else:
        mask = {
            "not_be_null": left.is_null,
            "be_in_set": lambda: ~left.is_in(kwargs["value_set"]),
            "be_unique": lambda: left.is_duplicated() & left.is_not_null(),
            "pair_values_a_to_be_greater_than_b": lambda: left < second if kwargs["or_equal"] else left <= second,
            "pair_values_to_be_equal": lambda: left != second,
        }[kind]()
    condition = kwargs.get("row_condition")
    return mask & _meets(plan, form, condition) if condition else mask


def _meets(plan: Plan, form: Plan, condition: Plan) -> Any:
    column = _made_polars(plan, form, condition["column"]["name"])
    operators = {"==": column.eq, ">": column.gt, ">=": column.ge}
    return operators[condition["operator"]](condition["parameter"])


def _terms(name: str) -> Iterator[tuple[int, str]]:
    for part in name.split("+"):
        times, _, code = part.rpartition("*")
        yield int(times or 1), code


def products(plan: Plan, folder: Path, accepted: Accepted, wrong: Wrong) -> None:
    """Totals and faults as a workbook, six pictures, and a report with both."""
    import io  # noqa: PLC0415

    import docx  # noqa: PLC0415
    import xlsxwriter  # noqa: PLC0415
    from matplotlib import rcParams  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "Noto Sans CJK JP"]
    counts = [code for form in plan["forms"] for code, kind in form["kinds"].items() if kind == "count"]
    totals: dict[str, dict[str, float]] = {name: {} for name in plan["respondents"].values()}
    for row in accepted["county"]:
        mine = totals[plan["respondents"][plan["above"][row[UNIT]]]]
        for code in counts:
            if isinstance(value := row.get(code), float) and value == value:  # noqa: PLR0124 - no NaN
                mine[code] = mine.get(code, 0) + value
    with xlsxwriter.Workbook(folder / "totals.xlsx") as book:
        table, faults = book.add_worksheet("totals"), book.add_worksheet("faults")
        table.write_row(0, 1, counts)
        for n, (name, mine) in enumerate(totals.items(), 1):
            table.write_row(n, 0, [name, *(mine.get(code) for code in counts)])
        for n, fault in enumerate(wrong):
            faults.write_row(n, 0, fault)
    report = docx.Document()
    report.add_heading("totals")
    for code in counts[:6]:
        figure = Figure(figsize=(156 / 25.4, 95 / 25.4), dpi=220)
        bars = figure.subplots().barh([*totals], [mine.get(code, 0) for mine in totals.values()])
        figure.axes[0].bar_label(bars)
        out = io.BytesIO()
        figure.savefig(out, format="png")
        report.add_picture(out)
    grid = report.add_table(rows=0, cols=7)
    for name, mine in totals.items():
        for cell, text in zip(grid.add_row().cells, [name, *(str(mine.get(code)) for code in counts[:6])], strict=True):
            cell.text = text
    report.save(str(folder / "report.docx"))


READ: dict[str, Callable[[Plan], Any]] = {
    "calamine": read_calamine,
    "openpyxl": read_openpyxl,
    "pandas": read_pandas,
    "polars": read_polars,
}
CHECK = {"pandas": check_pandas, "polars": check_polars}


def main(path: Path, way: str, step: str) -> None:
    """Do it."""
    plan = json.loads(path.read_text("utf-8"))
    if step == "read":
        READ[way](plan | {"paths": plan["paths"][:1]})  # imports, and what is made ready at first use
    begun = time.process_time()
    sheets = READ[way](plan)
    print(time.process_time() - begun)
    if step != "read":
        accepted, wrong = CHECK[way](plan, sheets)
        (path.parent / f"{way}.json").write_text(json.dumps([accepted, wrong], default=str), "utf-8")
        if step == "all":
            products(plan, path.parent, accepted, wrong)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
