"""HTTP machinery without forum rules."""
