"""The ledger, the records and what stands."""
