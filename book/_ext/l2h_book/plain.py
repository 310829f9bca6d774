"""The book as plain text, for machines and people that want no pages: ``llms.txt`` and a Markdown file a page."""

from collections.abc import Mapping

from nbformat import NotebookNode

__all__ = ["list_of_pages", "plain_text"]


def plain_text(notebook: NotebookNode) -> str:
    """Write a page's notebook as Markdown: its text, its code, what the code printed, and what the pictures show.

    Cells that the page hides are left out.

    Examples
    --------
    >>> import nbformat
    >>> cells = [nbformat.v4.new_markdown_cell("# Sums"), nbformat.v4.new_code_cell("1 + 1")]
    >>> cells[1].outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "2"})]
    >>> print(plain_text(nbformat.v4.new_notebook(cells=cells)).replace("`" * 3, "'''"))
    # Sums
    <BLANKLINE>
    '''python
    1 + 1
    '''
    <BLANKLINE>
    '''text
    2
    '''
    <BLANKLINE>
    """
    pieces = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            pieces.append(cell.source)
            continue
        if not cell.metadata.get("jupyter", {}).get("source_hidden"):
            pieces.append(f"```python\n{cell.source}\n```")
        for output in cell.outputs:
            data = output.get("data", {})
            pictures = [kind for kind in data if kind.startswith("image/")]
            if pictures:
                pieces.append(f"(Picture: {output.metadata.get(pictures[0], {}).get('alt', 'without a description')})")
            else:
                text = data.get("text/plain", output.get("text", ""))
                pieces.append(f"```text\n{text.rstrip()}\n```")
    return "\n\n".join(filter(None, pieces)) + "\n"


def list_of_pages(title: str, summary: str, pages: Mapping[str, str]) -> str:
    """Write ``llms.txt``: the title, what the book is, and a link to the plain text of every page.

    Parameters
    ----------
    title, summary : str
    pages : mapping of str to str
        Title of each page by its address, in the order of the book.

    Examples
    --------
    >>> print(list_of_pages("A book", "On sums.", {"plain/sums.md": "Sums"}))
    # A book
    <BLANKLINE>
    > On sums.
    <BLANKLINE>
    ## Pages
    <BLANKLINE>
    - [Sums](plain/sums.md)
    <BLANKLINE>
    """
    links = "\n".join(f"- [{name}]({address})" for address, name in pages.items())
    return f"# {title}\n\n> {summary}\n\n## Pages\n\n{links}\n"
