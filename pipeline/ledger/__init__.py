"""What was received, decided and done, append-only; and what stands."""
