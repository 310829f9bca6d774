"""Questions to test oneself with: the directive ``selftest``, its nodes, and how a page shows them without scripts.

A question is Markdown: what is asked, then a list with an item for each answer. An item starts with ``[x]`` if it is
right and with ``[ ]`` if not, and has an explanation in a paragraph of its own::

    ```{selftest}
    What does the cosine of two vectors ignore?

    - [ ] Their directions.

      These are all that it sees.
    - [x] Their lengths.

      It divides by both.
    ```

On the page an answer is a radio button, and choosing it shows its explanation: style sheets can do that.
"""

import re
from string import ascii_lowercase
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

__all__ = ["SelfTest", "register", "selftest", "selftest_option", "selftest_reply"]

_MARK = re.compile(r"\[([ x])\]\s+")
_VERDICTS = {"x": "Right.", " ": "No."}


class selftest(nodes.General, nodes.Element):
    """A question: its ``legend``, more blocks of it, and options; ``number`` counts the questions of a page."""


class selftest_legend(nodes.Part, nodes.TextElement):
    """What is asked, in a paragraph."""


class selftest_option(nodes.Part, nodes.Element):
    """An answer: its ``label``, and its ``reply`` unless an edition leaves it out; ``letter`` names it."""


class selftest_label(nodes.Part, nodes.TextElement):
    """What an answer says."""


class selftest_reply(nodes.Part, nodes.Element):
    """Why an answer is right or not, as blocks."""


class SelfTest(SphinxDirective):
    """Reads a question; an error says what is wrong with it and fails a strict build."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the question's node."""
        parsed = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, parsed)
        blocks = parsed.children
        if len(blocks) < 2 or not isinstance(blocks[0], nodes.paragraph) or not _is_list(blocks[-1]):
            raise self.error("a self-test is a question in a paragraph and, at its end, a list of answers")
        options = [self._option(letter, item) for letter, item in zip(ascii_lowercase, blocks[-1], strict=False)]
        n_right = sum(option["right"] for option in options)
        if len(options) < 2 or n_right != 1:
            raise self.error(
                f"a self-test has two answers or more, one of them right, [x]; this one has {len(options)}, {n_right} "
                "of them right"
            )
        question = selftest("", _as(selftest_legend, blocks[0]), *blocks[1:-1], *options)
        question["number"] = self.env.new_serialno("selftest") + 1
        self.set_source_info(question)
        return [question]

    def _option(self, letter: str, item: Any) -> selftest_option:
        said = item.astext().partition("\n")[0]
        start: Any = item[0][0] if len(item) and isinstance(item[0], nodes.paragraph) else None
        mark = _MARK.match(start.astext()) if isinstance(start, nodes.Text) else None
        if not mark:
            raise self.error(f"an answer of a self-test starts with [x] or [ ], and then says something: {said!r}")
        if len(item) < 2 or not isinstance(item[1], nodes.paragraph):
            raise self.error(f"an answer of a self-test has an explanation, in a paragraph under it: {said!r}")
        label = _as(selftest_label, item[0])
        label[0] = nodes.Text(start.astext()[mark.end() :])
        item[1][:0] = [nodes.strong("", _VERDICTS[mark[1]]), nodes.Text(" ")]
        return selftest_option("", label, selftest_reply("", *item[1:]), letter=letter, right=mark[1] == "x")


def _is_list(node: nodes.Node) -> bool:
    return isinstance(node, nodes.bullet_list)


def _as(kind: type[nodes.TextElement], paragraph: nodes.Element) -> nodes.TextElement:
    return kind(paragraph.rawsource, "", *paragraph.children)


def register(app: Any) -> None:
    """Make the directive known, and how its nodes become HTML."""
    app.add_directive("selftest", SelfTest)
    app.add_node(selftest, html=(_open_question, _close("</fieldset>")))
    app.add_node(selftest_legend, html=(_open_legend, _close("</legend>")))
    app.add_node(selftest_option, html=(_open_option, _close("</div>")))
    app.add_node(selftest_label, html=(_open_label, _close("</label>")))
    # the status is there from the start, and what appears in it is read out
    app.add_node(selftest_reply, html=(_open_reply, _close("</div></div>")))


def _close(end: str) -> Any:
    return lambda self, node: self.body.append(f"{end}\n")


def _open_question(self: Any, node: selftest) -> None:
    self.body.append(f'<fieldset class="selftest" id="question-{node["number"]}">\n')


def _open_legend(self: Any, node: nodes.Element) -> None:
    self.body.append(f'<legend><span class="selftest-number">Question {node.parent["number"]}.</span> ')


def _name(option: Any) -> str:
    return f"selftest-{option.parent['number']}"


def _open_option(self: Any, node: nodes.Element) -> None:
    name, verdict = _name(node), "right" if node["right"] else "wrong"
    self.body.append(
        f'<div class="selftest-option selftest-{verdict}">'
        f'<input type="radio" name="{name}" id="{name}-{node["letter"]}">\n'
    )


def _open_label(self: Any, node: nodes.Element) -> None:
    self.body.append(f'<label for="{_name(node.parent)}-{node.parent["letter"]}">')


def _open_reply(self: Any, node: nodes.Element) -> None:
    self.body.append('<div class="selftest-status" role="status"><div class="selftest-reply">')
