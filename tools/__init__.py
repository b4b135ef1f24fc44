"""Programs for those who work on the forum; nothing here is installed with it."""
