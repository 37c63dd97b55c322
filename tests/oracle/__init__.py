"""What a campaign's figures are, computed a second time and plainly, from its published tables and its folder alone.

Written from the issue that asks for the figures, not from the code that makes them: pandas over ``数据包/values.csv``,
``entries.csv`` and ``records.csv`` of every period, and ``program/`` as it is written. Nothing here imports :mod:`pipeline`; a test forbids it.
"""
