"""Side-by-side benchmarks, run by hand."""
