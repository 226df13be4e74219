"""LiteRT through the C API of its wheel's libLiteRt.so.

`xnnpack` is what a user gets by default; `builtin` are its own kernels, without a delegate."""

import ctypes
from pathlib import Path

import numpy as np

from engines.native_call import NativeCall, aligned, pointer_to

INT8_ELEMENT, CPU = 9, 1
KERNELS = {"xnnpack": "delegate", "builtin": "builtin"}
DESTROY = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Layout(ctypes.Structure):
    _fields_ = [
        ("rank_and_flags", ctypes.c_uint32),
        ("dimensions", ctypes.c_int32 * 8),
        ("strides", ctypes.c_uint32 * 8),
    ]


class TensorType(ctypes.Structure):
    _fields_ = [("element", ctypes.c_int32), ("layout", Layout)]


def library_path() -> Path:
    import ai_edge_litert

    return Path(ai_edge_litert.__file__).parent / "libLiteRt.so"


class Engine:
    def __init__(self, model, kind: str, threads: int):
        self.library = ctypes.CDLL(str(library_path()))
        environment = self.make("LiteRtCreateEnvironment", 0, None)
        loaded = self.make("LiteRtCreateModelFromFile", environment, str(model.tflite).encode())
        options = self.make("LiteRtCreateOptions")
        self.do("LiteRtSetOptionsHardwareAccelerators", options, CPU)
        settings = f'kernel_mode = "{KERNELS[kind]}"\nnum_threads = {threads}\n'
        self.settings = ctypes.create_string_buffer(settings.encode())
        self.destroy = DESTROY(lambda payload: None)
        opaque = self.make("LiteRtCreateOpaqueOptions", b"xnnpack", self.settings, self.destroy)
        self.do("LiteRtAddOpaqueOptions", options, opaque)
        compiled = self.make("LiteRtCreateCompiledModel", environment, loaded, options)
        self.input, inputs = self.buffer(model.input_shape)
        self.output, outputs = self.buffer(model.output_shape)
        self.arrays = [(ctypes.c_void_p * 1)(buffer) for buffer in (inputs, outputs)]
        self.call = NativeCall(
            self.library.LiteRtRunCompiledModel,
            compiled,
            0,
            1,
            ctypes.addressof(self.arrays[0]),
            1,
            ctypes.addressof(self.arrays[1]),
        )

    def do(self, name: str, *arguments) -> None:
        status = getattr(self.library, name)(*arguments)
        if status != 0:
            raise RuntimeError(f"{name}: status {status}")

    def make(self, name: str, *arguments) -> ctypes.c_void_p:
        made = ctypes.c_void_p()
        self.do(name, *arguments, ctypes.byref(made))
        return made

    def buffer(self, shape: list[int]) -> tuple[np.ndarray, ctypes.c_void_p]:
        memory = aligned(shape, np.int8)
        record = TensorType(INT8_ELEMENT)
        record.layout.rank_and_flags = len(shape)
        record.layout.dimensions[: len(shape)] = shape
        return memory, self.make(
            "LiteRtCreateTensorBufferFromHostMemory",
            ctypes.byref(record),
            pointer_to(memory),
            ctypes.c_size_t(memory.size),
            None,
        )

    def fill(self, item: np.ndarray) -> None:
        self.input[...] = item

    def run(self) -> None:
        status = self.call.once()
        if status != 0:
            raise RuntimeError(f"LiteRtRunCompiledModel: status {status}")

    def result(self) -> np.ndarray:
        return self.output.copy()
