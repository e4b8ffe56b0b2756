"""Writes the nbformat golden files of fixtures/ with nbformat 5.11.1: what a notebook looks like that Jupyter saved, and
what becomes of notebooks of nbformat 1 to 3."""
import json
import pathlib

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

FIXTURES = pathlib.Path(__file__).parent / "fixtures"

notebook = new_notebook(
    metadata={"kernelspec": {"name": "tslab", "display_name": "TypeScript", "language": "typescript"}, "language_info": {"name": "typescript"}, "order": {"10": 1, "9": 2, "\U0001f600": 3, "\uffe6": 4}},
    cells=[
        new_markdown_cell("# Title\n\nProse with \u00e9, \u4e2d and \"quotes\".\n![a](attachment:a.txt)", id="prose-1", attachments={"a.txt": {"text/plain": "1\n2"}}),
        new_code_cell(
            "const a = 1;\n\nconsole.log(a);",
            id="code-1",
            execution_count=1,
            metadata={"tags": ["parameters"], "collapsed": False},
            outputs=[
                new_output("stream", name="stdout", text="1\n2"),
                new_output("stream", name="stderr", text="a\rb\r\nc\x0bd\x0ce\x1cf\x85g\u2028h\u2029\n\n"),
                new_output("display_data", data={"text/plain": "a\nb", "application/json": {"x": [1, 2.5, None, 1e-05, 1.25e-07, 0.0001, -3e-300], "empty": {}, "none": []}, "image/png": "iVBORw0KGgo="}, metadata={}),
                new_output("execute_result", data={"text/html": "<b>1</b>\n", "image/svg+xml": "<svg>\n</svg>"}, execution_count=1),
                new_output("error", ename="Error", evalue="no", traceback=["line 1", "line 2"]),
            ],
        ),
        new_code_cell("", id="code-2"),
    ],
)
nbformat.write(notebook, FIXTURES / "nbformat-golden.ipynb")

V1 = {"cells": [{"cell_type": "text", "text": "Some *prose*"}, {"cell_type": "code", "code": "print(1)\nprint(2)", "prompt_number": 2}]}
OUTPUTS = [
    {"output_type": "stream", "stream": "stderr", "text": ["a\n", "b"]},
    {"output_type": "stream", "text": "no name"},
    {"output_type": "pyout", "prompt_number": 3, "text": ["1\n", "2"], "html": "<b>1</b>", "metadata": {"png": {"width": 3}}},
    {"output_type": "display_data", "png": "iVBORw0KGgo=", "json": ["{\"a\": ", "[1, 2]}"], "latex": "$x$", "javascript": "f()", "svg": ["<svg>\n", "</svg>"], "metadata": {}},
    {"output_type": "pyerr", "ename": "E", "evalue": "v", "traceback": ["t"]},
]
CELLS = [
    {"cell_type": "heading", "level": 3, "source": ["A\n", "title"], "metadata": {}},
    {"cell_type": "markdown", "source": ["first", "second"], "metadata": {"a": 1}},
    {"cell_type": "code", "language": "python", "collapsed": True, "input": ["x = 1\n", "x"], "prompt_number": 3, "outputs": OUTPUTS, "metadata": {}},
    {"cell_type": "code", "language": "python", "collapsed": False, "input": "y", "outputs": [], "metadata": {"tags": ["parameters"]}},
    {"cell_type": "raw", "source": "as it is", "metadata": {}},
    {"cell_type": "html", "source": "<i>x</i>", "metadata": {}},
]
V3 = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": "old", "signature": "x", "kept": True}, "worksheets": [{"cells": CELLS, "metadata": {}}, {"cells": [{"cell_type": "markdown", "source": "second sheet", "metadata": {}}], "metadata": {}}]}
PLAIN = [{k: v for k, v in cell.items() if k != "metadata"} for cell in CELLS if cell["cell_type"] in ("markdown", "html", "code")]
V2 = {"nbformat": 2, "metadata": {"name": "older"}, "worksheets": [{"cells": PLAIN}]}
for version, old in {1: V1, 2: V2, 3: V3}.items():
    text = json.dumps(old, indent=1)
    (FIXTURES / f"nbformat-v{version}.ipynb").write_text(text + "\n")
    nbformat.write(nbformat.reads(text, as_version=4), FIXTURES / f"nbformat-v{version}-upgraded.ipynb")
