"""Our own faults: a bad program, a bad template, a locked dataset.

    PipelineError               one line for staff: place and remedy; exit code 2
    ├── ProgramError            something in ``program/`` cannot be used
    ├── SuiteError              something in ``expectations/`` cannot be used, or a rule raised
    ├── TemplateError           something in ``templates/`` cannot be rendered
    ├── IssueError              a workbook could not be written as designed
    ├── WorkspaceError          a folder or file of the workspace cannot be used
    ├── DatasetError            the dataset cannot be read or written
    ├── reports.fonts.ChartError  a picture cannot be drawn
    └── BusyError               another run holds the workspace; exit code 3

Respondents' mistakes are never exceptions: they are :class:`pipeline.domain.findings.Finding` values.
"""

from __future__ import annotations


class PipelineError(Exception):
    """A fault on our side; ``str()`` is the one line staff see."""

    exit_code = 2


class ProgramError(PipelineError):
    """Something in ``program/`` cannot be used."""


class SuiteError(PipelineError):
    """Something in ``expectations/`` cannot be used, or a rule raised."""


class TemplateError(PipelineError):
    """Something in ``templates/`` cannot be rendered."""


class IssueError(PipelineError):
    """A workbook could not be written as designed."""


class WorkspaceError(PipelineError):
    """A folder or file of the workspace cannot be used."""


class ChangedError(PipelineError):
    """A file is gone, or no longer what it was when it was listed."""


class DatasetError(PipelineError):
    """The dataset cannot be read or written."""


class BusyError(PipelineError):
    """Another run holds the workspace."""

    exit_code = 3
