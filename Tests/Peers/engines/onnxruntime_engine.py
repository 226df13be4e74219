"""ONNX Runtime through its C API, with input and output bound once.

The API is a table of functions to which versions only append, so positions are part of its ABI."""

import ctypes
from pathlib import Path

import numpy as np

from engines.native_call import NativeCall, aligned, pointer_to

POSITIONS = {
    "GetErrorMessage": 2,
    "CreateEnv": 3,
    "CreateSession": 7,
    "CreateSessionOptions": 10,
    "SetSessionGraphOptimizationLevel": 23,
    "SetIntraOpNumThreads": 24,
    "SetInterOpNumThreads": 25,
    "SessionGetInputName": 36,
    "SessionGetOutputName": 37,
    "CreateTensorWithDataAsOrtValue": 49,
    "CreateCpuMemoryInfo": 69,
    "GetAllocatorWithDefaultOptions": 78,
    "AddSessionConfigEntry": 130,
    "RunWithBinding": 133,
    "CreateIoBinding": 134,
    "BindInput": 136,
    "BindOutput": 137,
}
# Every function of the table is there since this version.
API_VERSION = 8
UINT8, DEVICE_ALLOCATOR, CPU_MEMORY, ALL_OPTIMIZATIONS, ERRORS = 2, 0, 0, 99, 3


class Engine:
    def __init__(self, model, kind: str, threads: int):
        self.open_library()
        environment = self.make("CreateEnv", ERRORS, b"peers")
        options = self.make("CreateSessionOptions")
        self.do("SetIntraOpNumThreads", options, threads)
        self.do("SetInterOpNumThreads", options, 1)
        self.do("SetSessionGraphOptimizationLevel", options, ALL_OPTIMIZATIONS)
        # Spinning helps two threads and burns a core meanwhile; one thread has nobody to wait for.
        spinning = b"1" if threads > 1 else b"0"
        self.do("AddSessionConfigEntry", options, b"session.intra_op.allow_spinning", spinning)
        session = self.make("CreateSession", environment, str(model.onnx).encode(), options)
        binding = self.make("CreateIoBinding", session)
        self.input = self.bind(
            "BindInput", "SessionGetInputName", session, binding, model.channels_first_shape
        )
        self.output = self.bind(
            "BindOutput", "SessionGetOutputName", session, binding, model.output_shape
        )
        self.call = NativeCall(self.functions["RunWithBinding"], session, None, binding)

    def open_library(self) -> None:
        import onnxruntime

        folder = Path(onnxruntime.__file__).parent / "capi"
        self.library = ctypes.CDLL(str(next(folder.glob("libonnxruntime.so.*"))))
        self.library.OrtGetApiBase.restype = ctypes.POINTER(ctypes.c_void_p)
        get_api = ctypes.CFUNCTYPE(ctypes.POINTER(ctypes.c_void_p), ctypes.c_uint32)
        table = get_api(self.library.OrtGetApiBase()[0])(API_VERSION)
        self.functions = {name: table[position] for name, position in POSITIONS.items()}

    def do(self, name: str, *arguments) -> None:
        status = ctypes.CFUNCTYPE(ctypes.c_void_p)(self.functions[name])(*arguments)
        if status:
            message = ctypes.CFUNCTYPE(ctypes.c_char_p)(self.functions["GetErrorMessage"])
            message.argtypes = [ctypes.c_void_p]
            raise RuntimeError(f"{name}: {message(status).decode()}")

    def make(self, name: str, *arguments) -> ctypes.c_void_p:
        made = ctypes.c_void_p()
        self.do(name, *arguments, ctypes.byref(made))
        return made

    def bind(self, bind: str, get_name: str, session, binding, shape: list[int]) -> np.ndarray:
        allocator = self.make("GetAllocatorWithDefaultOptions")
        name = self.make(get_name, session, ctypes.c_size_t(0), allocator)
        memory = aligned(shape, np.uint8)
        info = self.make("CreateCpuMemoryInfo", DEVICE_ALLOCATOR, CPU_MEMORY)
        value = self.make(
            "CreateTensorWithDataAsOrtValue",
            info,
            pointer_to(memory),
            ctypes.c_size_t(memory.size),
            (ctypes.c_int64 * len(shape))(*shape),
            ctypes.c_size_t(len(shape)),
            UINT8,
        )
        self.do(bind, binding, name, value)
        return memory

    def fill(self, item: np.ndarray) -> None:
        shifted = (item.astype(np.int16) + 128).astype(np.uint8)
        self.input[...] = shifted.transpose(0, 3, 1, 2) if shifted.ndim == 4 else shifted

    def run(self) -> None:
        status = self.call.once()
        if status:
            raise RuntimeError("RunWithBinding failed")

    def result(self) -> np.ndarray:
        return (self.output.astype(np.int16) - 128).astype(np.int8)
