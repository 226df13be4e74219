"""A C function with its arguments, to be called from C."""

import ctypes

import numpy as np


class NativeCall:
    def __init__(self, function, *words):
        self.function = ctypes.cast(function, ctypes.c_void_p)
        addresses = [word.value if isinstance(word, ctypes.c_void_p) else word for word in words]
        self.words = (ctypes.c_ssize_t * 6)(*[address or 0 for address in addresses])
        callee = ctypes.CFUNCTYPE(ctypes.c_ssize_t, *[ctypes.c_ssize_t] * 6)(self.function.value)
        self.once = lambda: callee(*self.words)


def python_call(function) -> NativeCall:
    """A Python function of no arguments as a C function: no bytecode runs between timed calls."""
    return NativeCall(ctypes.pythonapi.PyObject_CallNoArgs, id(function))


def pointer_to(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def aligned(shape: list[int], dtype, alignment: int = 64) -> np.ndarray:
    """An array whose first byte is aligned, as the engines ask."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    padded = (size + alignment - 1) // alignment * alignment
    memory = np.zeros(padded + alignment, np.uint8)
    start = -memory.ctypes.data % alignment
    return memory[start : start + size].view(dtype).reshape(shape)
