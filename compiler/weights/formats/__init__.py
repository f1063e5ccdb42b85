"""The formats of files that hold weights: a module each, and a row each in ``table``."""
