"""Thin request handlers, a module a page family."""
