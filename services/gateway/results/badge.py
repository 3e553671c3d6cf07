"""A badge: two boxes with a text each, as SVG that stands by itself: no script, no font, no style sheet. Pure.

Colours and fonts are attributes, for where badges are shown a policy may forbid styles.
"""

from dataclasses import dataclass
from html import escape

from services.gateway.headers import one_line
from services.gateway.results.widths import SIZE, width

HEIGHT = 20
MARGIN = 7
BASELINE = 14

GROUND = "#3b424a"
SCORED, WAITING, REFUSED = "#0b5fa5", "#5c6670", "#b3261e"
"""All dark enough for white letters."""


@dataclass(frozen=True, slots=True)
class Badge:
    """What a badge says: on its left what it is about, on its right how that stands; `title` is read aloud."""

    label: str
    message: str
    title: str
    colour: str = SCORED


def draw(badge: Badge) -> str:
    """The badge as SVG."""
    label, message = one_line(badge.label), one_line(badge.message)
    left, right = (round(width(text) + 2 * MARGIN) for text in (label, message))
    whole = left + right
    title = escape(one_line(badge.title))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{HEIGHT}" viewBox="0 0 {whole} {HEIGHT}" '
        f'role="img" aria-label="{title}"><title>{title}</title>'
        f'<rect width="{whole}" height="{HEIGHT}" rx="3" fill="{GROUND}"/>'
        f'<path d="M{left} 0H{whole - 3}a3 3 0 0 1 3 3V{HEIGHT - 3}a3 3 0 0 1 -3 3H{left}z" fill="{badge.colour}"/>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="{SIZE}">'
        f"{_text(label, 0, left)}{_text(message, left, right)}</g></svg>\n"
    )


def _text(text: str, start: int, room: int) -> str:
    if not text:
        return ""
    place = f'x="{start + MARGIN}" y="{BASELINE}" textLength="{room - 2 * MARGIN}" lengthAdjust="spacingAndGlyphs"'
    return f"<text {place}>{escape(text)}</text>"
