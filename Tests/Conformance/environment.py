"""The virtual environment of pinned wheels that the checks run in; made on first use, in a folder
that Git ignores. Needs Python 3.11 or later with venv."""

import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
FOLDER = REPOSITORY / ".build-conformance"


class Failure(Exception):
    """Something a person can mend; its text says how."""


def enter(program: Path, requirements: Path) -> None:
    """Goes on with `program` in the environment; makes it where it is missing or of another list."""
    folder = FOLDER / requirements.stem
    if Path(sys.prefix) == folder:
        return
    python = folder / "bin" / "python"
    stamp = folder / "requirements.txt"
    if not stamp.exists() or stamp.read_text() != requirements.read_text():
        print(f"conformance: installing the wheels of {requirements.name}", file=sys.stderr)
        venv.create(folder, clear=True, with_pip=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", requirements], check=True)
        stamp.write_text(requirements.read_text())
    os.execv(python, [str(python), str(program), *sys.argv[1:]])
