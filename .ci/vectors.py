"""Writes the MLPerf Tiny vectors as .npy and prints a line for each task: name, model, input, golden.

usage: vectors.py MODELS_FOLDER OUT_FOLDER

Random and real items in one array; the golden is what LiteRT's BUILTIN_REF kernels gave.
"""

import json
import sys
from pathlib import Path

import numpy as np

models, out = Path(sys.argv[1]), Path(sys.argv[2])


def read(record):
    return np.fromfile(models / record["file"], record["dtype"]).reshape(record["shape"])


tasks = {}
for vector in json.loads((models / "mlperf-tiny/manifest.json").read_text())["vectors"]:
    if "golden_int8_ref" in vector:
        tasks.setdefault((vector["task"], vector["model_int8"]), []).append(vector)
for (task, model), sets in tasks.items():
    files = out / f"{task}-input.npy", out / f"{task}-golden.npy"
    for file, key in zip(files, ("inputs", "golden_int8_ref")):
        np.save(file, np.concatenate([read(vector[key]) for vector in sets]))
    print(task, models / "mlperf-tiny" / task / model, *files)
