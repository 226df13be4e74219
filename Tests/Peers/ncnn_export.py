"""An int8 .tflite model in ncnn's int8 form: the same layers and weights.

ncnn quantises symmetrically and dequantises between most layers, so outputs differ from TFLite's by
more than rounding: it takes part for its speed."""

import struct
from pathlib import Path

import numpy as np

from tflite_graph import RELU, RELU6, Graph, Operator

INT8_WEIGHTS = 0x000D4B38


def write(graph: Graph, path: Path) -> None:
    """Writes path.param and path.bin."""
    exporter = Exporter(graph)
    exporter.run()
    lines = exporter.lines
    header = f"7767517\n{len(lines)} {len(exporter.blobs)}\n"
    path.with_suffix(".param").write_text(header + "\n".join(lines) + "\n")
    path.with_suffix(".bin").write_bytes(bytes(exporter.weights))


class Exporter:
    def __init__(self, graph: Graph):
        self.graph = graph
        self.lines: list[str] = []
        self.blobs: set[str] = set()
        self.weights = bytearray()
        # Names that hold a tensor, one for each of its consumers.
        self.waiting: dict[int, list[str]] = {}

    def run(self) -> None:
        shape = self.graph.tensors[self.graph.input].shape
        sizes = f"0={shape[2]} 1={shape[1]} 2={shape[3]}" if len(shape) == 4 else f"0={shape[1]}"
        self.layer("Input", "input", [], ["input"], sizes)
        self.provide(self.graph.input, "input")
        for position, operator in enumerate(self.graph.operators):
            last = operator.output == self.graph.output
            name = "output" if last else f"layer{position}"
            EXPORTERS[operator.kind](self, operator, name)
            if not last:
                self.provide(operator.output, name)

    def layer(self, kind: str, name: str, inputs: list[str], outputs: list[str], options: str = ""):
        self.blobs.update(outputs)
        counts = f"{len(inputs)} {len(outputs)}"
        self.lines.append(" ".join([kind, name, counts, *inputs, *outputs, options]).rstrip())

    def provide(self, tensor: int, name: str) -> None:
        count = len(self.graph.consumers(tensor))
        names = [name]
        if count > 1:
            names = [f"{name}_{copy}" for copy in range(count)]
            self.layer("Split", f"split_{name}", [name], names)
        self.waiting[tensor] = names

    def take(self, tensor: int) -> str:
        return self.waiting[tensor].pop(0)

    def scale(self, tensor: int) -> float:
        """ncnn multiplies by its scales: 127 over the largest magnitude."""
        record = self.graph.tensors[tensor]
        low = (-128 - record.zero_point) * record.scale[0]
        high = (127 - record.zero_point) * record.scale[0]
        return 127 / max(abs(low), abs(high))

    def parameters(self, operator: Operator, values: np.ndarray, requantized: bool) -> None:
        source, weights, bias = (self.graph.tensors[index] for index in operator.inputs)
        scales = np.broadcast_to(weights.scale, values.shape[:1])
        packed = np.ascontiguousarray(values).tobytes()
        self.weights += struct.pack("<I", INT8_WEIGHTS) + packed + bytes(-len(packed) % 4)
        self.weights += (bias.data * (source.scale[0] * scales)).astype("<f4").tobytes()
        self.weights += (1 / scales).astype("<f4").tobytes()
        self.weights += np.float32(self.scale(operator.inputs[0])).tobytes()
        if requantized:
            self.weights += np.float32(self.scale(operator.output)).tobytes()

    def feeds_convolution(self, operator: Operator) -> bool:
        """Then the output stays int8."""
        consumers = self.graph.consumers(operator.output)
        kinds = ("CONV_2D", "DEPTHWISE_CONV_2D")
        return len(consumers) == 1 and consumers[0].kind in kinds

    def convolution(self, operator: Operator, name: str) -> None:
        weights = self.graph.tensors[operator.inputs[1]].data
        depthwise = operator.kind == "DEPTHWISE_CONV_2D"
        values = weights.transpose(3, 0, 1, 2) if depthwise else weights.transpose(0, 3, 1, 2)
        requantized = self.feeds_convolution(operator)
        self.parameters(operator, values, requantized)
        kernel, stride, (top, left, bottom, right) = self.graph.window(operator)
        options = (
            f"0={values.shape[0]} 1={kernel[1]} 11={kernel[0]} 3={stride[1]} 13={stride[0]} "
            f"4={left} 14={top} 15={right} 16={bottom} 5=1 6={values.size} "
            f"8={101 if requantized else 1} 9={int(operator.activation in (RELU, RELU6))}"
        )
        if depthwise:
            options += f" 7={values.shape[0]}"
        kind = "ConvolutionDepthWise" if depthwise else "Convolution"
        self.layer(kind, name, [self.take(operator.inputs[0])], [name], options)

    def dense(self, operator: Operator, name: str) -> None:
        values = self.graph.tensors[operator.inputs[1]].data
        self.parameters(operator, values, False)
        activation = int(operator.activation in (RELU, RELU6))
        options = f"0={values.shape[0]} 1=1 2={values.size} 8=1 9={activation}"
        self.layer("InnerProduct", name, [self.take(operator.inputs[0])], [name], options)

    def add(self, operator: Operator, name: str) -> None:
        inputs = [self.take(index) for index in operator.inputs]
        if operator.activation:
            self.layer("BinaryOp", f"{name}_sum", inputs, [f"{name}_sum"], "0=0")
            self.layer("ReLU", name, [f"{name}_sum"], [name])
        else:
            self.layer("BinaryOp", name, inputs, [name], "0=0")

    def global_average(self, operator: Operator, name: str) -> None:
        self.layer("Pooling", name, [self.take(operator.inputs[0])], [name], "0=1 4=1")

    def reshape(self, operator: Operator, name: str) -> None:
        self.layer("Flatten", name, [self.take(operator.inputs[0])], [name])

    def softmax(self, operator: Operator, name: str) -> None:
        self.layer("Softmax", name, [self.take(operator.inputs[0])], [name], "0=0")


EXPORTERS = {
    "CONV_2D": Exporter.convolution,
    "DEPTHWISE_CONV_2D": Exporter.convolution,
    "FULLY_CONNECTED": Exporter.dense,
    "ADD": Exporter.add,
    "AVERAGE_POOL_2D": Exporter.global_average,
    "RESHAPE": Exporter.reshape,
    "SOFTMAX": Exporter.softmax,
}
