"""ncnn through its Python binding: the wheel exports no C API. A call costs about 3 microseconds of
Python and an extractor, which its API makes anew each time."""

import numpy as np

from engines.native_call import python_call


class Engine:
    def __init__(self, model, kind: str, threads: int):
        import ncnn

        self.ncnn = ncnn
        self.net = ncnn.Net()
        self.net.opt.num_threads = threads
        self.net.opt.lightmode = True
        self.allocators = ncnn.UnlockedPoolAllocator(), ncnn.PoolAllocator()
        self.net.opt.blob_allocator, self.net.opt.workspace_allocator = self.allocators
        if self.net.load_param(str(model.ncnn.with_suffix(".param"))) != 0:
            raise RuntimeError("ncnn does not read the layers")
        if self.net.load_model(str(model.ncnn.with_suffix(".bin"))) != 0:
            raise RuntimeError("ncnn does not read the weights")
        self.model = model
        self.input = None
        self.output = None
        # A bound method is made anew each time it is named: keep this one alive.
        self.timed = self.run
        self.call = python_call(self.timed)

    def fill(self, item: np.ndarray) -> None:
        model = self.model
        real = (item.astype(np.float32) - model.input_zero_point) * np.float32(model.input_scale)
        channels_first = real[0].transpose(2, 0, 1) if real.ndim == 4 else real[0]
        self.input = self.ncnn.Mat(np.ascontiguousarray(channels_first)).clone()

    def run(self) -> None:
        extractor = self.net.create_extractor()
        extractor.input("input", self.input)
        status, self.output = extractor.extract("output")
        if status != 0:
            raise RuntimeError(f"ncnn: status {status}")

    def result(self) -> np.ndarray:
        model = self.model
        quantized = np.array(self.output) / model.output_scale + model.output_zero_point
        return np.clip(np.round(quantized), -128, 127).astype(np.int8).reshape(model.output_shape)
