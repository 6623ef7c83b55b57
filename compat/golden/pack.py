"""Packs the files that `make.py` wrote into `golden.zip`, in order and without dates: the same files give the same archive.

python compat/golden/pack.py FOLDER
"""

import sys
import zipfile
from pathlib import Path

GOLDEN = Path(__file__).with_name("golden.zip")


def pack(folder: Path) -> None:
    with zipfile.ZipFile(GOLDEN, "w", zipfile.ZIP_LZMA) as archive:
        for path in sorted(folder.iterdir()):
            if path.with_suffix(".npz").exists():
                archive.writestr(zipfile.ZipInfo(path.name), path.read_bytes(), zipfile.ZIP_LZMA)


if __name__ == "__main__":
    pack(Path(sys.argv[1]))
    print(f"{GOLDEN.name}: {GOLDEN.stat().st_size / 1000:.0f} kB")
