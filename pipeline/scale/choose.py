"""The engine a run is asked to use: worker processes on this machine, or a cluster."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.engine.engines import CHUNK, Pool
from pipeline.system.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.engine.engines import Engine


@contextmanager
def open_engine(scheduler: str = "", workers: int | None = None) -> Iterator[Engine]:
    """The engine asked for, for many items: a cluster if there is a scheduler, else worker processes here.

    Args:
        scheduler: Address of a Dask scheduler, ``tcp://host:port`` or ``tls://host:port``.
        workers: Processes here; of a cluster the workers are started by whoever runs it.

    Raises:
        PipelineError: The cluster cannot be used.
    """
    if not scheduler:
        yield Pool(workers=workers, chunk=CHUNK)
        return
    try:
        from pipeline.scale.cluster import Cluster  # noqa: PLC0415 - slow to import, and an extra
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"dask", "distributed"}:
            raise
        raise PipelineError('要用集群（--scheduler），请先安装：pip install "run-pipeline[cluster]"') from error
    with Cluster(scheduler) as cluster:
        yield cluster
