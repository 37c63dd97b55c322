"""One module a sheet of 全省汇总.xlsx, each with its ``SHEET``; the registry beside finds them."""
