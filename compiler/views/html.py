"""A drawing as one HTML file, which needs nothing else."""

from html import escape


def page(title: str, svg: str) -> str:
    """A page with nothing but a drawing; the title is text, whatever it holds."""
    return f'<!doctype html><meta charset="utf-8"><title>{escape(title)}</title><body>{svg}</body>\n'
