"""Runs notebooks through nbclient or papermill: `originals.py CASES.json RESULTS.json`. A case that raises is a result
as well: its notebook is as far as it came."""
import json
import logging
import os
import pathlib
import sys
import tempfile
import warnings

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)


def status_of(error):
    for kind, name in ((CellExecutionError, "error"), (CellTimeoutError, "timeout"), (DeadKernelError, "dead")):
        if isinstance(error, kind):
            return name
    return f"{type(error).__name__}: {error}"


def by_nbclient(case):
    path = pathlib.Path(case["path"])
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=case.get("timeout"), allow_errors=case["allowErrors"], resources={"metadata": {"path": str(path.parent)}})
    try:
        client.execute()
        status = "ok"
    except Exception as error:
        status = status_of(error)
    return {"status": status, "notebook": notebook}


def by_papermill(case):
    import papermill
    from papermill.exceptions import PapermillExecutionError

    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.ipynb")
        try:
            papermill.execute_notebook(case["path"], out, parameters=case["parameters"], progress_bar=False, execution_timeout=case.get("timeout"), allow_errors=case["allowErrors"])
            status = "ok"
        except PapermillExecutionError:
            status = "error"
        except Exception as error:
            status = status_of(error)
        return {"status": status, "notebook": nbformat.read(out, as_version=4) if os.path.exists(out) else None}


if __name__ == "__main__":
    cases = json.loads(pathlib.Path(sys.argv[1]).read_text())
    runners = {"nbclient": by_nbclient, "papermill": by_papermill}
    results = []
    for case in cases:
        print(case["runner"], case["name"], flush=True)
        results.append(runners[case["runner"]](case))
    pathlib.Path(sys.argv[2]).write_text(json.dumps(results))
