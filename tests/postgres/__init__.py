"""The embedded server, with real programs really killed."""
