"""Alembic's."""
