"""Koinon, a closed forum where municipalities and their associations deliberate."""
