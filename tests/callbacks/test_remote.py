"""RemoteMonitor, with a real server."""

import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

from torchkeras_lite import callbacks


@pytest.fixture
def server():
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            got.append((self.path, self.headers["Content-Type"], self.headers["X-Who"], body))
            self.send_response(404 if "missing" in self.path else 200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_form(server):
    root, got = server
    callbacks.RemoteMonitor(root, headers={"X-Who": "me"}).on_epoch_end(3, {"loss": np.float32(0.5), "all": np.arange(2)})
    path, kind, who, body = got[0]
    assert (path, kind, who) == ("/publish/epoch/end/", "application/x-www-form-urlencoded", "me")
    assert json.loads(urllib.parse.parse_qs(body)["data"][0]) == {"epoch": 3, "loss": 0.5, "all": [0, 1]}


def test_json(server):
    root, got = server
    callbacks.RemoteMonitor(root, path="/missing", send_as_json=True).on_epoch_end(0)  # an error of the server is an answer
    assert got[0][:2] == ("/missing", "application/json") and json.loads(got[0][3]) == {"epoch": 0}


def test_nobody_there():
    with pytest.warns(UserWarning, match="Could not reach RemoteMonitor root server at http://127.0.0.1:9"):
        callbacks.RemoteMonitor("http://127.0.0.1:9").on_epoch_end(0, {"loss": 1.0})
