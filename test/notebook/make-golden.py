"""Writes fixtures/nbformat-golden.ipynb with nbformat 5.11.1: what a notebook looks like that Jupyter saved."""
import pathlib

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

notebook = new_notebook(
    metadata={"kernelspec": {"name": "tslab", "display_name": "TypeScript", "language": "typescript"}, "language_info": {"name": "typescript"}},
    cells=[
        new_markdown_cell("# Title\n\nProse with \u00e9, \u4e2d and \"quotes\".\n", id="prose-1"),
        new_code_cell(
            "const a = 1;\n\nconsole.log(a);",
            id="code-1",
            execution_count=1,
            metadata={"tags": ["parameters"], "collapsed": False},
            outputs=[
                new_output("stream", name="stdout", text="1\n2"),
                new_output("display_data", data={"text/plain": "a\nb", "application/json": {"x": [1, 2.5, None]}, "image/png": "iVBORw0KGgo="}, metadata={}),
                new_output("execute_result", data={"text/html": "<b>1</b>\n"}, execution_count=1),
                new_output("error", ename="Error", evalue="no", traceback=["line 1", "line 2"]),
            ],
        ),
        new_code_cell("", id="code-2"),
    ],
)
nbformat.write(notebook, pathlib.Path(__file__).parent / "fixtures" / "nbformat-golden.ipynb")
