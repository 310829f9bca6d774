"""Self-tests: the directive ``selftest``, its nodes, and how a page shows them without scripts.

A question is Markdown: what is asked, then a list with an item for each answer. An item starts with
``[x]`` if it is right and with ``[ ]`` if not, and has an explanation in a paragraph of its own::

    ```{selftest}
    What does the cosine of two vectors ignore?

    - [ ] Their directions.

      These are all that it sees.
    - [x] Their lengths.

      It divides by both.
    ```

On the page an answer is a radio button. Choosing it shows its explanation, which a style sheet can
do.
"""

import re
from string import ascii_lowercase
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

_MARK = re.compile(r"\[([ x])\]\s+")
_VERDICTS = {"x": ("right", "Right."), " ": ("wrong", "No.")}


class selftest(nodes.General, nodes.Element):
    """A question: its legend, more blocks, and options; ``number`` is its number on the page."""


class selftest_legend(nodes.Part, nodes.TextElement):
    """What is asked, in a paragraph."""


class selftest_option(nodes.Part, nodes.Element):
    """An answer, named by its ``letter``: a label, and a reply unless an edition leaves it out."""


class selftest_label(nodes.Part, nodes.TextElement):
    """What an answer says."""


class selftest_reply(nodes.Part, nodes.Element):
    """Why an answer is right or not, as blocks."""


class SelfTest(SphinxDirective):
    """Reads a question; an error says what is wrong with it, and a strict build fails."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the question's node."""
        blocks: Any = self.parse_content_to_nodes()
        asks = len(blocks) > 1 and isinstance(blocks[0], nodes.paragraph)
        if not (asks and isinstance(blocks[-1], nodes.bullet_list)):
            raise self.error(
                "a self-test is a question in a paragraph and, at its end, a list of answers"
            )
        question, *more, answers = blocks
        options = [
            self._option(letter, item)
            for letter, item in zip(ascii_lowercase, answers, strict=False)
        ]
        n_right = sum(option["verdict"] == "right" for option in options)
        if len(options) < 2 or n_right != 1:
            raise self.error(
                "a self-test has two answers or more, one of them right, [x]; "
                f"this one has {len(options)}, {n_right} of them right"
            )
        question = selftest("", _as(selftest_legend, question), *more, *options)
        question["number"] = self.env.new_serialno("selftest") + 1
        self.set_source_info(question)
        return [question]

    def _option(self, letter: str, item: Any) -> selftest_option:
        """Return the node of an answer, from an item of the list."""
        text = item.astext().partition("\n")[0]
        start: Any = item[0][0] if len(item) and isinstance(item[0], nodes.paragraph) else None
        mark = _MARK.match(start.astext()) if isinstance(start, nodes.Text) else None
        if not mark:
            raise self.error(
                f"an answer of a self-test starts with [x] or [ ], and then says something: "
                f"{text!r}"
            )
        if len(item) < 2 or not isinstance(item[1], nodes.paragraph):
            raise self.error(
                f"an answer of a self-test has an explanation, in a paragraph under it: {text!r}"
            )
        label = _as(selftest_label, item[0])
        label[0] = nodes.Text(start.astext()[mark.end() :])
        verdict, word = _VERDICTS[mark[1]]
        item[1][:0] = [nodes.strong("", word), nodes.Text(" ")]
        return selftest_option(
            "", label, selftest_reply("", *item[1:]), letter=letter, verdict=verdict
        )


def _as(kind: type[nodes.TextElement], paragraph: nodes.Element) -> nodes.TextElement:
    return kind(paragraph.rawsource, "", *paragraph.children)


# How a page opens and closes each kind of node. The status is there before the reply in it is
# shown, so that a screen reader reads the reply out.
_TAGS = {
    selftest: ('<fieldset class="selftest" id="question-{number}">', "</fieldset>"),
    selftest_legend: (
        '<legend><span class="selftest-number">Question {number}.</span> ',
        "</legend>",
    ),
    selftest_option: (
        '<div class="selftest-option selftest-{verdict}">'
        '<input type="radio" name="selftest-{number}" id="selftest-{number}-{letter}">',
        "</div>",
    ),
    selftest_label: ('<label for="selftest-{number}-{letter}">', "</label>"),
    selftest_reply: (
        '<div class="selftest-status" role="status"><div class="selftest-reply">',
        "</div></div>",
    ),
}


def register(app: Any) -> None:
    """Register the directive, and how its nodes become HTML."""
    app.add_directive("selftest", SelfTest)
    for kind, (start, end) in _TAGS.items():
        app.add_node(kind, html=(_writer(start), _writer(f"{end}\n")))


def _writer(tag: str) -> Any:
    """Return a function that writes a tag with the attributes of a node and of those around it."""

    def write(self: Any, node: nodes.Element) -> None:
        attributes: dict[str, Any] = {}
        around: Any = node
        while type(around) in _TAGS:
            attributes = around.attributes | attributes
            around = around.parent
        self.body.append(tag.format_map(attributes))

    return write
