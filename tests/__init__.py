"""Tests: one module per idea, plus the whole campaign."""
