"""`keras.src.saving.saving_lib.H5IOStore`: files of named arrays, for extensions that write weights of their own."""

from __future__ import annotations

import io
import os

from torchkeras_lite.saving.stores import Source, Store


class H5IOStore:
    """An HDF5 file of groups of arrays.

    Args:
        path: of the file.
        mode: "w" to write, "r" to read.
        archive: an open zip file that `path` is a member of; it is written when the store is closed.
    """

    def __init__(self, path, archive=None, mode: str = "r"):
        import h5py

        if mode not in ("r", "w"):
            raise ValueError(f"`mode` is 'r' or 'w'. Received: mode={mode!r}")
        self.mode, self.archive, self.path = mode, archive, os.fspath(path)
        self._bytes = None if archive is None else io.BytesIO(archive.read(self.path) if mode == "r" else b"")
        self.h5_file = h5py.File(self.path if archive is None else self._bytes, mode)

    def make(self, path: str, metadata: dict | None = None) -> Store:
        """A group for arrays: `store["kernel"] = array`."""
        group = self.h5_file.create_group(f"{path}/vars" if path else "vars")
        group.attrs.update(metadata or {})
        return Store(group)

    def get(self, path: str) -> Source:
        """The arrays of a group; none where there is no such group."""
        return Source(self.h5_file, f"{path}/vars" if path else "vars")

    def close(self) -> None:
        self.h5_file.close()
        if self.archive is not None and self.mode == "w":
            self.archive.writestr(self.path, self._bytes.getvalue())

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()
