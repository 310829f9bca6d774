"""Small drawings for the list of chapters, one idea each; all have lines of one width."""

from docutils import nodes
from sphinx.util.docutils import SphinxRole

ICONS = {
    # a picture becomes a column of numbers
    "data": (
        '<path d="M3 12h22v24H3zM7 31v-8l5 2q3 4 9 4v2zM28 24h6m-3-3 3 3-3 3M37 7h8v34h-8z'
        'm0 8.5h8m-8 8.5h8m-8 8.5h8"/>'
    ),
    # two lines cut the plane between points
    "lsh": (
        '<path d="M5 42 41 4M3 14l42 20"/><circle cx="12" cy="8" r="2.5"/>'
        '<circle cx="21" cy="13" r="2.5"/><circle cx="39" cy="19" r="2.5"/>'
        '<circle cx="8" cy="26" r="2.5"/><circle cx="24" cy="34" r="2.5" class="on"/>'
        '<circle cx="33" cy="38" r="2.5" class="on"/><circle cx="22" cy="43" r="2.5" class="on"/>'
    ),
    # three buckets, and one of them has most of what there is
    "buckets": (
        '<path d="M2 22h12l-2 20H4zM18 22h12l-2 20h-8zM34 22h12l-2 20h-8z"/>'
        '<circle cx="8" cy="36" r="2.5"/><circle cx="24" cy="36" r="2.5"/>'
        '<circle cx="24" cy="28" r="2.5"/><circle cx="21" cy="16" r="2.5"/>'
        '<circle cx="27" cy="16" r="2.5"/><circle cx="24" cy="9" r="2.5"/>'
        '<circle cx="40" cy="36" r="2.5"/>'
    ),
    # a ball around the query
    "radius-search": (
        '<circle cx="24" cy="24" r="12"/><circle cx="24" cy="24" r="22" stroke-dasharray="4 4"/>'
        '<path d="M24 20v8m-4-4h8"/><circle cx="17.5" cy="19.5" r="2.5" class="on"/>'
        '<circle cx="29.5" cy="30" r="2.5" class="on"/><circle cx="38" cy="15" r="2.5"/>'
        '<circle cx="9" cy="32" r="2.5"/>'
    ),
    # the chance to be found, and a point on it that one chooses
    "designing": (
        '<path d="M5 4v39h39M9 38c17 0 14-28 31-28M24.5 27v16M5 24h17"/>'
        '<circle cx="24.5" cy="24" r="2.5" class="on"/>'
    ),
    # a graph of images
    "grh-adjacency": (
        '<path d="m11.2 12.3 11.6 8.4m4.4-.2 9.6-8m-11.2 12 4.8 11.1M22 23.4 9 32.6'
        'm2.3 2.5 17.3 3.1M38 12.9l-5.4 22.8"/>'
        '<circle cx="9" cy="10.5" r="2.5"/><circle cx="25" cy="22" r="2.5" class="on"/>'
        '<circle cx="39" cy="10.5" r="2.5"/><circle cx="31.5" cy="38" r="2.5" class="on"/>'
        '<circle cx="7" cy="34.5" r="2.5"/>'
    ),
    # a line turns until it parts the classes
    "grh-training": (
        '<path d="M24 4v40" stroke-dasharray="4 4"/><path d="M7 40 41 8M29 4q7 0 11 3M36 2.5 40 7'
        'l-6 1"/><circle cx="9" cy="13" r="2.5"/><circle cx="17" cy="20" r="2.5"/>'
        '<circle cx="29" cy="12" r="2.5"/><circle cx="17" cy="38" r="2.5" class="on"/>'
        '<circle cx="31" cy="28" r="2.5" class="on"/><circle cx="39" cy="36" r="2.5" class="on"/>'
    ),
    # scales
    "comparison": (
        '<path d="M24 6v36m-9 0h18M6 12h36M9 12 3 28h12zM39 12l-6 16h12zM3 28q6 7 12 0'
        'M33 28q6 7 12 0"/>'
    ),
    # labels that change their places
    "did-it-learn": (
        '<path d="M15 12h3l12 24h4M15 36h3l12-24h4m-4-4 4 4-4 4m0 16 4 4-4 4"/>'
        '<circle cx="9" cy="12" r="3.5" class="on"/><circle cx="9" cy="36" r="3.5"/>'
        '<circle cx="41" cy="12" r="3.5"/><circle cx="41" cy="36" r="3.5" class="on"/>'
    ),
    # a text and a picture become rows of bits
    "embeddings": (
        '<path d="M3 4h16v17H3zM7 9h8m-8 3.5h8M7 16h5M3 27h16v17H3zm0 13 5-6 4 4 3-3 4 4'
        'M23 12.5h5M23 35.5h5"/><path d="M32 9h6v6h-6zM38 32h6v6h-6z" class="on"/>'
        '<path d="M38 9h6v6h-6zM32 32h6v6h-6z"/>'
    ),
    # one query goes to many machines
    "scaling": (
        '<path d="M24 7v17M8 24v-7h32v7M2 24h12v20H2zm16 0h12v20H18zm16 0h12v20H34z'
        'M2 31h12M2 37.5h12m4-6.5h12m-12 6.5h12m4-6.5h12m-12 6.5h12"/>'
        '<circle cx="24" cy="6" r="2.5" class="on"/>'
    ),
}
"""The lines of each drawing, in a square of 48; what has the class ``on`` is filled."""


class Icon(SphinxRole):
    """Draws what a chapter is about, for the eye alone."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the drawing."""
        opening = '<svg class="icon" viewBox="0 0 48 48" aria-hidden="true">'
        return [nodes.raw("", f"{opening}{ICONS[self.text]}</svg>", format="html")], []
