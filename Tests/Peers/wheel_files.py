"""Files out of wheels, which pip downloads once."""

import subprocess
import sys
import zipfile
from pathlib import Path

import environment

FOLDER = environment.FOLDER / "wheels"


def fetched(wheel: str, path: str) -> Path:
    """The file `path` of a wheel given as name==version."""
    name, version = wheel.split("==")
    target = FOLDER / f"{name}-{version}" / path
    if target.exists():
        return target
    FOLDER.mkdir(parents=True, exist_ok=True)
    stem = f"{name.replace('-', '_')}-{version}-*.whl"
    if not list(FOLDER.glob(stem)):
        print(f"wheels: downloading {wheel}", file=sys.stderr, flush=True)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        only = ["--no-deps", "--only-binary=:all:", "--dest", str(FOLDER)]
        subprocess.run([*pip, *only, wheel], check=True)
    with zipfile.ZipFile(next(FOLDER.glob(stem))) as archive:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(archive.read(path))
    return target
