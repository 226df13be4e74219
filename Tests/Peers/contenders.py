"""Who takes part, and how each is started."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import environment
from models import Model
from visits import Contender

HERE = Path(__file__).resolve().parent
PEERS = [
    "litert-xnnpack",
    "tflite-interpreter",
    "litert-builtin",
    "onnxruntime",
    "openvino-onnx",
    "openvino-tflite",
    "ncnn",
]
# The tiers compared with OpenVINO held to the same instructions.
HELD_TIERS = {"avx2": "AVX2", "avxvnni": "AVX2_VNNI"}
# Where OpenVINO's integers saturate, float32 is what it has to offer.
SATURATING = "AVX2"
WITHOUT_AMX = "avx512vnni"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "TF_CPP_MIN_LOG_LEVEL": "3"}


@dataclass
class Swiftlet:
    """The executable under test and the key that its bundles are signed with."""

    executable: Path
    trust: Path

    def contender(self, model: Model, tier: str | None, threads: int) -> Contender:
        return Contender(
            f"swiftlet-{tier}" if tier else "swiftlet",
            [
                str(self.executable),
                "bench",
                "--harness",
                str(model.bundle),
                *self.options(tier, threads),
            ],
        )

    def options(self, tier: str | None, threads: int = 1) -> list[str]:
        options = ["--trust", str(self.trust)]
        if tier:
            options += ["--cpu-features", tier]
        if threads > 1:
            options += ["--threads", str(threads)]
        return options

    def outputs(self, model: Model, tier: str | None, threads: int, folder: Path) -> np.ndarray:
        """What it gives for the model's items."""
        target = folder / "swiftlet.npy"
        command = [
            str(self.executable),
            "run",
            str(model.bundle),
            "--input",
            str(model.inputs),
            "-o",
            str(target),
            *self.options(tier, threads),
        ]
        subprocess.run(command, check=True, capture_output=True)
        return np.load(target)

    def runs(self, model: Model, tier: str) -> bool:
        """Whether this processor has the tier."""
        command = [str(self.executable), "bench", "--once", str(model.bundle), *self.options(tier)]
        return subprocess.run(command, capture_output=True).returncode == 0


def peer(name: str, model: Model, threads: int, held_to: str | None = None) -> Contender:
    settings = dict(ONE_THREAD)
    settings["PEERS_TIMED_CALLS"] = str(environment.build_timed_calls())
    settings["OMP_NUM_THREADS"] = str(threads)
    if held_to:
        settings["ONEDNN_MAX_CPU_ISA"] = held_to
    command = [environment.python(), str(HERE / "worker.py"), name, model.folder, str(threads)]
    return Contender(f"{name}@{held_to}" if held_to else name, command, settings)


def held_kernels(name: str, model: Model, held_to: str) -> list[str]:
    """Names of the kernels with which OpenVINO, held, runs convolutions and matrix products."""
    file = {"onnx": model.onnx, "float": model.float_onnx, "tflite": model.tflite}[
        name.removeprefix("openvino-")
    ]
    said = subprocess.run(
        [environment.python(), str(HERE / "openvino_kernels.py"), str(file)],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"ONEDNN_MAX_CPU_ISA": held_to},
    )
    return said.stdout.split()
