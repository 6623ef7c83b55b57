"""A process of its own for a test, without the second and a half that `import torch` takes.

`Interpreter` starts this file once. It imports torch, nothing of ours, and forks a process for every program, which has torch
and is otherwise as a new `python`: arguments, folder, environment, path, files, `__main__`, warnings, tracebacks, exit codes.
What a test wants to see of options other than `-W`, or of the very first import, needs a real `python`; so does a test that
compares two processes, because the seed of `hash` is the same in all that are forked.
"""

import compileall
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).parents[1]
FORKS = hasattr(os, "fork") and hasattr(socket, "send_fds") and sys.platform != "darwin"


def clean(env):
    """An environment without the variables that change an interpreter, and with one thread for torch."""
    kept = {key: value for key, value in env.items() if not key.startswith("PYTHON")}
    return kept | {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


class Interpreter:
    """Runs programs, one after the other."""

    process = None

    def start(self):
        if not sys.dont_write_bytecode:  # this process has compiled the package; nobody would keep what is compiled of these
            compileall.compile_dir(ROOT / "compat" / "shims", quiet=2)
        self.socket, theirs = socket.socketpair()
        command = [sys.executable, __file__, str(theirs.fileno())]
        self.process = subprocess.Popen(
            command, env=clean(os.environ), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
        )
        theirs.close()

    def reply(self):
        number = self.socket.recv(8, socket.MSG_WAITALL)
        assert len(number) == 8, "the process that has imported torch is gone"
        return int.from_bytes(number, "little", signed=True)

    def close(self):
        if self.process is not None:
            self.socket.close()  # (and where this process dies without a word, the other ends because nobody can ask any more)
            self.process.kill()
            self.process.wait()

    def __call__(self, *args, path=(ROOT,), cwd=None, input=None, env=None, timeout=300, ok=False, real=False):
        """Runs `python *args` and returns its `code`, `out` and `err`.

        `path` is PYTHONPATH, `ok` asserts that it ended well, `real` asks for a real interpreter.
        """
        args, cwd = [str(arg) for arg in args], str(cwd or os.getcwd())
        env = clean(os.environ if env is None else env) | {"PYTHONPATH": os.pathsep.join(map(str, path))}
        real = real or not FORKS or (args[0].startswith("-") and args[0] not in ("-W", "-c", "-m"))
        with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            stdin.write(input or b"")
            stdin.seek(0)
            if real:
                files = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
                code = subprocess.run([sys.executable, *args], env=env, cwd=cwd, timeout=timeout, **files).returncode
            else:
                code = self.forked({"args": args, "env": env, "cwd": cwd}, (stdin, stdout, stderr), timeout)
            out, err = (file.seek(0) or file.read().decode(errors="replace") for file in (stdout, stderr))
        assert not ok or code == 0, f"python {' '.join(args)} ended with {code}\n{out}\n{err}"
        return SimpleNamespace(code=code, out=out, err=err)

    def forked(self, request, files, timeout):
        if self.process is None:
            self.start()
        with tempfile.TemporaryFile() as asked:
            asked.write(json.dumps(request).encode())
            asked.flush()
            socket.send_fds(self.socket, [b"?"], [file.fileno() for file in (asked, *files)])
            pid = self.reply()
            late = not select.select([self.socket], [], [], timeout)[0]
            if late:
                os.kill(pid, 9)
            code = self.reply()
        if late:
            raise subprocess.TimeoutExpired(request["args"], timeout)
        return code


# ---------------------------------------------------------------- the process that has imported torch


def serve(requests):
    """Forks a process for every request. Returns in those processes alone: what was asked for."""
    while True:
        byte, files, *_ = socket.recv_fds(requests, 1, 4)
        if not byte:
            sys.exit()
        pid = os.fork()
        if not pid:
            requests.close()
            asked, *files = files
            for number, file in enumerate(files):
                os.dup2(file, number)
            os.lseek(asked, 0, os.SEEK_SET)
            with open(asked, "rb") as file:
                request = json.load(file)
            for file in files:
                os.close(file)
            return request
        for file in files:
            os.close(file)
        requests.sendall(pid.to_bytes(8, "little"))
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        requests.sendall(code.to_bytes(8, "little", signed=True))


def become(args, env, cwd, path):
    """What a `python *args` does before it runs the program. Returns what then runs it."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    while args[0] == "-W":
        sys.warnoptions.append(args[1])
        warnings.simplefilter(args[1])
        args = args[2:]
    here, sys.argv = args[0], args
    sys.path[:] = [*filter(None, env["PYTHONPATH"].split(os.pathsep)), *path]
    if importlib.util.find_spec("sitecustomize"):
        importlib.import_module("sitecustomize")
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    main.__builtins__ = builtins
    if here == "-m":
        name, sys.argv = args[1], args[1:]
        sys.path.insert(0, os.getcwd())
        return lambda: runpy._run_module_as_main(name)
    if here == "-c":
        code, sys.argv = args[1], ["-c", *args[2:]]
        sys.path.insert(0, "")
        return lambda: exec(compile(code, "<string>", "exec"), vars(main))
    here = main.__file__ = os.path.abspath(here)
    main.__loader__ = importlib.machinery.SourceFileLoader("__main__", here)
    sys.path.insert(0, os.path.dirname(os.path.realpath(here)))
    return lambda: exec(compile(main.__loader__.get_data(here), here, "exec"), vars(main))


if __name__ == "__main__":
    import atexit
    import builtins
    import gc
    import importlib.machinery
    import importlib.util
    import random
    import runpy
    import signal
    import threading
    import types
    import warnings

    import numpy
    import torch  # noqa: F401

    requests = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # from the keyboard: the test process ends, and then this one
    gc.collect()
    gc.freeze()  # or the first collection in every process would copy what they share
    path = sys.path[1:]
    asked = serve(requests)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    random.seed(0)
    numpy.random.seed(0)
    program, error = become(**asked, path=path), None
    try:
        program()
    except Exception as failure:
        sys.excepthook(type(failure), failure.with_traceback(failure.__traceback__.tb_next.tb_next), failure.__traceback__)
        error = 1
    except SystemExit as end:
        error = end.code
    threading._shutdown()
    atexit._run_exitfuncs()
    if not isinstance(error, int | None):
        print(error, file=sys.stderr)
        error = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(error or 0)  # taking torch down takes longer than most programs here
