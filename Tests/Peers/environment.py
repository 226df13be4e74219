"""What the harness runs in: a virtual environment of pinned wheels and two small C programs.

Both are made on first use, in a folder that Git ignores. Needs Python 3.11 or later, its venv, and
a C compiler."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
FOLDER = REPOSITORY / ".build-peers"


class Failure(Exception):
    """Something a person can mend; its text says how."""


def enter(program: Path = HERE) -> None:
    """Goes on with `program` in the virtual environment; makes it where it is missing or of another list."""
    if Path(sys.prefix) == FOLDER / "venv":
        return
    requirements = (HERE / "requirements.txt").read_text()
    stamp = FOLDER / "venv" / "requirements.txt"
    if not stamp.exists() or stamp.read_text() != requirements:
        print("peers: installing the engines into .build-peers", file=sys.stderr)
        venv.create(FOLDER / "venv", clear=True, with_pip=True)
        pip = [python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", HERE / "requirements.txt"], check=True)
        stamp.write_text(requirements)
    os.execv(python(), [python(), str(program), *sys.argv[1:]])


def python() -> str:
    return str(FOLDER / "venv" / "bin" / "python")


def build_timed_calls() -> Path:
    """The loop that times calls."""
    return compiled("timed_calls.c", "timed_calls.so", ["-shared", "-fPIC"])


def build_litert_program() -> Path:
    """One inference with LiteRT, as a program."""
    from engines.litert_engine import library_path

    library = library_path()
    link = [str(library), f"-Wl,-rpath,{library.parent}"]
    return compiled("litert_first_output.c", "litert_first_output", link)


def compiled(source: str, product: str, options: list[str]) -> Path:
    path, target = HERE / source, FOLDER / product
    if target.exists() and target.stat().st_mtime > path.stat().st_mtime:
        return target
    compiler = shutil.which("cc") or shutil.which("clang")
    if compiler is None:
        raise Failure("no C compiler on PATH: install gcc or clang")
    subprocess.run([compiler, "-O2", "-Wall", str(path), "-o", str(target), *options], check=True)
    return target
