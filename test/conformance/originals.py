"""Runs notebooks through nbclient or papermill: `originals.py CASES.json RESULTS.json`. A case that raises is a result
as well: its notebook is as far as it came."""
import json
import logging
import multiprocessing
import os
import pathlib
import sys
import tempfile
import warnings

import nbformat
import zmq.asyncio
from jupyter_client.session import Session
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)


def watch_after_send(send):
    """jupyter_client sends around asyncio's socket, by Socket.shadow. ZeroMQ reports a message once, so one that arrives
    meanwhile is never reported to asyncio, and nbclient waits for it without end. Asks the socket again after each send."""

    def send_and_watch(session, stream, *rest, **options):
        sent = send(session, stream, *rest, **options)
        if isinstance(stream, zmq.asyncio.Socket):
            stream._schedule_remaining_events()
        return sent

    return send_and_watch


Session.send = watch_after_send(Session.send)


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


RUNNERS = {"nbclient": by_nbclient, "papermill": by_papermill}
LIMIT = 120  # seconds for a case: the longest takes some ten
TRIES = 3
NOT_STARTED = "Kernel didn't respond"  # jupyter_client, after 60 seconds


def run_into(connection, case):
    connection.send(RUNNERS[case["runner"]](case))


def in_own_process(case):
    """Runs a case again if its kernel did not start, or if the case did not end: both depend on time alone."""
    context = multiprocessing.get_context("fork")
    for attempt in range(1, TRIES + 1):
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=run_into, args=(theirs, case))
        process.start()
        theirs.close()
        try:
            if ours.poll(LIMIT):
                result = ours.recv()
                process.join(5)
                if NOT_STARTED not in result["status"] or attempt == TRIES:
                    return result
                print(f"{case['runner']} {case['name']}: the kernel did not start (attempt {attempt} of {TRIES})", flush=True)
                continue
            print(f"{case['runner']} {case['name']} did not end within {LIMIT} s (attempt {attempt} of {TRIES})", flush=True)
        except EOFError:
            return {"status": "the process ended without a result", "notebook": None}
        finally:
            process.kill()
            process.join()
    return {"status": f"did not end within {LIMIT} s", "notebook": None}


if __name__ == "__main__":
    cases = json.loads(pathlib.Path(sys.argv[1]).read_text())
    results = []
    for case in cases:
        print(case["runner"], case["name"], flush=True)
        results.append(in_own_process(case))
    pathlib.Path(sys.argv[2]).write_text(json.dumps(results))
