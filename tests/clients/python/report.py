"""Named checks: each says `ok NAME` or `not ok NAME: why`, on a line of its own. One that fails makes the program's
exit code 1, and the others still run."""

import atexit
import json
import os

SANDBOX = json.loads(os.environ["SANDBOX"])
ADDRESSES = SANDBOX["addresses"]
CREDENTIALS = SANDBOX["credentials"]

failed = []


def check(name):
    """Runs the function below it at once. The check passes when it ends without an exception."""

    def run(work):
        try:
            work()
        except Exception as error:
            print(f"not ok {name}: {one_line(error)}", flush=True)
            failed.append(name)
        else:
            print(f"ok {name}", flush=True)

    return run


def refused(kind, work):
    """Passes when `work` raises an exception of this kind, which is what there is to look at."""
    try:
        answer = work()
    except kind as error:
        return error
    raise AssertionError(f"it was not refused; the answer is {answer!r}")


def equal(found, expected):
    assert found == expected, f"found {found!r} and not {expected!r}"


def one_line(error):
    where = error.__traceback__
    while where.tb_next and "/tests/clients/" in where.tb_next.tb_frame.f_code.co_filename:
        where = where.tb_next
    answer = getattr(getattr(error, "response", None), "text", "")
    text = " ".join(f"{type(error).__name__} {error} {answer}".split())
    return f"line {where.tb_lineno}: {text[:400]}"


def end():
    if failed:
        os._exit(1)


atexit.register(end)
