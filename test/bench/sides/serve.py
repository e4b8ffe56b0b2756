"""Answers requests: a line of JSON on standard input each, answered on file descriptor 3. Ends with its input."""
import json
import os
import sys
import traceback


def serve(handlers):
    with os.fdopen(3, "w") as answers:
        for line in sys.stdin:
            request = json.loads(line)
            try:
                answer = {"result": handlers[request["do"]](request)}
            except Exception:
                answer = {"error": traceback.format_exc()[-3000:]}
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
