"""数据包: the dataset as CSV and Parquet with its description."""
