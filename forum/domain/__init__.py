"""The rules and their SQL; knows nothing of the web."""
