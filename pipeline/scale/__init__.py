"""The same over many machines: a Dask cluster."""
