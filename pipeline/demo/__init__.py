"""A campaign on invented figures, played through the real commands: issue, fill, return, run."""

from pipeline.demo.stage import Filler, play, play_periods, set_stage

__all__ = ["Filler", "play", "play_periods", "set_stage"]
