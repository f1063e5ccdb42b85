"""A drawing as one HTML file that moves, zooms, is searched and tells more under the pointer; it needs nothing else.

Law: a page loads nothing, and runs no script but its own, whatever the names in a net: they are escaped, and its policy
(Content-Security-Policy) lets the browser refuse any other.
"""

from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path

_HERE = Path(__file__).parent
_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
{style}</style>
<header>
<h1>{title}</h1>
<input type="search" placeholder="find a layer or a type (/)" aria-label="find a layer or a type">
<output></output>
<button value="out" title="zoom out (-, or Ctrl and the wheel)" aria-label="zoom out">&minus;</button>
<button value="in" title="zoom in (+, or Ctrl and the wheel)" aria-label="zoom in">+</button>
<button value="width" title="as wide as the page (w)">width</button>
<button value="all" title="the whole net (0)">all</button>
</header>
<main>
{drawing}
</main>
<div id="told" role="tooltip"></div>
<script>
{script}</script>
</html>
"""


def page(title: str, svg: str) -> str:
    """A page with a drawing, the element ``<svg>``; the title is text, whatever it holds."""
    style, script = ((_HERE / name).read_text("utf-8") for name in ("page.css", "page.js"))
    digest = b64encode(sha256(f"\n{script}".encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    return _PAGE.format(policy=policy, title=escape(title), style=style, drawing=svg, script=script)
