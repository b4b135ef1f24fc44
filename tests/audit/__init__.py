"""Long checks with tools from elsewhere: `make audit` collects them, nothing else does."""
