"""LiteRT's older interface, the interpreter, through Python: XNNPACK too, with less around it."""

import numpy as np

from engines.native_call import python_call


class Engine:
    def __init__(self, model, kind: str, threads: int):
        from ai_edge_litert.interpreter import Interpreter

        self.interpreter = Interpreter(str(model.tflite), num_threads=threads)
        self.interpreter.allocate_tensors()
        self.input = self.interpreter.get_input_details()[0]["index"]
        self.output = self.interpreter.get_output_details()[0]["index"]
        # The binding itself: what wraps it only looks for arrays into the interpreter's memory.
        self.timed = self.interpreter._interpreter.Invoke
        self.call = python_call(self.timed)

    def fill(self, item: np.ndarray) -> None:
        self.interpreter.set_tensor(self.input, item)

    def run(self) -> None:
        self.timed()

    def result(self) -> np.ndarray:
        return self.interpreter.get_tensor(self.output)
