"""OpenVINO through its C API: `onnx` reads the QDQ export, `tflite` the original file, `float` the
export in float32."""

import ctypes
import os
from pathlib import Path

import numpy as np

from engines.native_call import NativeCall


class Dimension(ctypes.Structure):
    _fields_ = [("least", ctypes.c_int64), ("most", ctypes.c_int64)]


class PartialShape(ctypes.Structure):
    _fields_ = [("rank", Dimension), ("dimensions", ctypes.POINTER(Dimension))]


def properties(threads: int) -> dict[str, str]:
    chosen = {
        "INFERENCE_NUM_THREADS": str(threads),
        "NUM_STREAMS": "1",
        "PERFORMANCE_HINT": "LATENCY",
        "ENABLE_CPU_PINNING": "NO",
        # Two threads may be two hyper-threads of one core; without this OpenVINO would take one.
        "ENABLE_HYPER_THREADING": "YES" if threads > 1 else "NO",
    }
    if os.environ.get("ONEDNN_MAX_CPU_ISA"):
        # OpenVINO prefers bf16 where this processor has it, but the one played has none: with bf16
        # it would fall back to reference kernels, or fail to compile.
        chosen["INFERENCE_PRECISION_HINT"] = "f32"
    return chosen


class Engine:
    def __init__(self, model, kind: str, threads: int):
        import openvino

        folder = Path(openvino.__file__).parent / "libs"
        self.library = ctypes.CDLL(str(next(folder.glob("libopenvino_c.so.*"))))
        self.channels_first = kind != "tflite"
        path = {"onnx": model.onnx, "float": model.float_onnx, "tflite": model.tflite}[kind]
        core = self.make("ov_core_create")
        loaded = self.make("ov_core_read_model", core, str(path).encode(), None)
        if kind == "tflite":
            self.fix_shape(loaded, model.input_shape)
        words = [word.encode() for pair in properties(threads).items() for word in pair]
        compiled = ctypes.c_void_p()
        self.do(
            "ov_core_compile_model",
            core,
            loaded,
            b"CPU",
            ctypes.c_size_t(len(words)),
            ctypes.byref(compiled),
            *[ctypes.c_char_p(word) for word in words],
        )
        self.request = self.make("ov_compiled_model_create_infer_request", compiled)
        shape = model.channels_first_shape if self.channels_first else model.input_shape
        self.input = self.memory("ov_infer_request_get_input_tensor", shape)
        self.call = NativeCall(self.library.ov_infer_request_infer, self.request)
        self.call.once()
        # An output's memory is known only after a run.
        self.output = self.memory("ov_infer_request_get_output_tensor", model.output_shape)

    def do(self, name: str, *arguments) -> None:
        status = getattr(self.library, name)(*arguments)
        if status != 0:
            raise RuntimeError(f"{name}: status {status}")

    def make(self, name: str, *arguments) -> ctypes.c_void_p:
        made = ctypes.c_void_p()
        self.do(name, *arguments, ctypes.byref(made))
        return made

    def fix_shape(self, loaded: ctypes.c_void_p, shape: list[int]) -> None:
        """A batch of unknown size would leave the input empty, and runs would take no time."""
        rank = Dimension(len(shape), len(shape))
        dimensions = (Dimension * len(shape))(*[Dimension(size, size) for size in shape])
        function = self.library.ov_model_reshape_single_input
        function.argtypes = [ctypes.c_void_p, PartialShape]
        self.do("ov_model_reshape_single_input", loaded, PartialShape(rank, dimensions))

    def memory(self, get: str, shape: list[int]) -> np.ndarray:
        """The bytes of a port as an array; the size must be that of the model's port."""
        tensor = self.make(get, self.request)
        data, size = ctypes.c_void_p(), ctypes.c_size_t()
        self.do("ov_tensor_data", tensor, ctypes.byref(data))
        self.do("ov_tensor_get_byte_size", tensor, ctypes.byref(size))
        expected = int(np.prod(shape))
        if size.value != expected:
            raise RuntimeError(f"{get}: {size.value} bytes instead of {expected}")
        raw = np.ctypeslib.as_array(ctypes.cast(data, ctypes.POINTER(ctypes.c_uint8)), (expected,))
        return raw.reshape(shape)

    def fill(self, item: np.ndarray) -> None:
        if self.channels_first:
            shifted = (item.astype(np.int16) + 128).astype(np.uint8)
            self.input[...] = shifted.transpose(0, 3, 1, 2) if shifted.ndim == 4 else shifted
        else:
            self.input[...] = item.view(np.uint8)

    def run(self) -> None:
        status = self.call.once()
        if status != 0:
            raise RuntimeError(f"ov_infer_request_infer: status {status}")

    def result(self) -> np.ndarray:
        if self.channels_first:
            return (self.output.astype(np.int16) - 128).astype(np.int8)
        return self.output.view(np.int8).copy()
