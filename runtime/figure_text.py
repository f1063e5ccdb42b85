"""Names of the user's in figures: any text is drawn as it stands, whatever matplotlib would take it for."""


def in_figures(name: str, longest: int | None = None) -> str:
    """A name as a figure takes it, of at most ``longest`` characters: no mathematics, nothing that can't be drawn."""
    shown = "".join(each if each.isprintable() else "?" for each in name)
    if longest is not None and len(shown) > longest:
        shown = f"{shown[: longest - 1]}…"
    if shown.startswith("_"):  # matplotlib hides such names from legends
        shown = f" {shown}"
    return shown.replace("$", r"\$")
