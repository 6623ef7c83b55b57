"""RemoteMonitor: the logs of each epoch, sent to a server."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request

import numpy as np

from torchkeras_lite.callbacks.base import Callback
from torchkeras_lite.notices import warn

_PATIENCE = 10  # seconds


class RemoteMonitor(Callback):
    """Posts `{"epoch": 0, "loss": ...}` to a server at the end of each epoch. Training goes on if nobody answers.

    Args:
        root, path: the address: `root + path`.
        field: the field of the form in which the JSON text stands.
        headers: a dict of HTTP headers, or None.
        send_as_json: send the JSON itself, as `application/json`, in the place of a form.
    """

    def __init__(
        self, root="http://localhost:9000", path="/publish/epoch/end/", field="data", headers=None, send_as_json=False
    ):
        super().__init__()
        self.root, self.path, self.field = root, path, field
        self.headers, self.send_as_json = headers, send_as_json

    def on_epoch_end(self, epoch, logs=None):
        values = {"epoch": epoch, **(logs or {})}
        text = json.dumps({name: _plain(value) for name, value in values.items()})
        kind = "application/json" if self.send_as_json else "application/x-www-form-urlencoded"
        body = text if self.send_as_json else urllib.parse.urlencode({self.field: text})
        request = urllib.request.Request(
            self.root + self.path, body.encode(), {"Content-Type": kind, **(self.headers or {})}, method="POST"
        )
        try:
            urllib.request.urlopen(request, timeout=_PATIENCE).close()
        except urllib.error.HTTPError as answer:  # an answer all the same
            answer.close()
        except OSError as error:
            warn(f"Could not reach RemoteMonitor root server at {self.root}: {error}")


def _plain(value):
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
