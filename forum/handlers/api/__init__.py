"""The REST API, `/api/v1`: the same acts, grants and limits as the pages, in JSON. Cookies count for nothing here."""
