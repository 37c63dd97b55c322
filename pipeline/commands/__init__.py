"""The commands of ``run-pipeline``, by what they are for."""
