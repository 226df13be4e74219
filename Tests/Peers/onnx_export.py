"""An int8 .tflite model as ONNX in QDQ form, with the same weights, scales and zero points.

Activations are uint8 (int8 plus 128): ONNX Runtime is up to 2.5 times slower on int8 ones. The
layout becomes channels first, as ONNX has it. Or the same network in float32, between the same
bytes at both ends: what an engine is left with where its integers come out wrong."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tflite_graph import RELU, RELU6, Graph, Operator


def write(graph: Graph, path: Path) -> None:
    onnx.save(Exporter(graph).model(), path)


def write_float(graph: Graph, path: Path) -> None:
    onnx.save(FloatExporter(graph).model(), path)


def shape_of(graph: Graph, index: int) -> list[int]:
    shape = graph.tensors[index].shape
    return [shape[0], shape[3], shape[1], shape[2]] if len(shape) == 4 else shape


class Exporter:
    def __init__(self, graph: Graph):
        self.graph = graph
        self.nodes: list = []
        self.constants: list = []
        self.dequantized: dict[int, str] = {}

    def model(self):
        for position, operator in enumerate(self.graph.operators):
            EXPORTERS[operator.kind](self, operator, f"layer{position}")
        ports = [
            helper.make_tensor_value_info(
                f"tensor{index}", TensorProto.UINT8, shape_of(self.graph, index)
            )
            for index in (self.graph.input, self.graph.output)
        ]
        graph = helper.make_graph(self.nodes, "main", ports[:1], ports[1:], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        return model

    def constant(self, name: str, value) -> str:
        # Not ascontiguousarray: that turns a scalar into a vector, which no operator takes for one.
        self.constants.append(numpy_helper.from_array(np.array(value, order="C"), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def activation(self, index: int) -> str:
        """The dequantised form of an activation."""
        if index not in self.dequantized:
            name = f"tensor{index}"
            self.dequantized[index] = self.node(
                "DequantizeLinear", [name, *self.quantization(index, "in")], f"{name}_real"
            )
        return self.dequantized[index]

    def quantization(self, index: int, side: str) -> list[str]:
        tensor = self.graph.tensors[index]
        name = f"tensor{index}_{side}"
        return [
            self.constant(f"{name}_scale", np.float32(tensor.scale[0])),
            self.constant(f"{name}_zero", np.uint8(tensor.zero_point + 128)),
        ]

    def finish(self, operator: Operator, real: str) -> None:
        """Activation and quantisation. A clamp that saturation does already is left out."""
        tensor = self.graph.tensors[operator.output]
        top = (127 - tensor.zero_point) * tensor.scale[0]
        implied = tensor.zero_point == -128 and (operator.activation == RELU or top <= 6.001)
        if operator.activation in (RELU, RELU6) and not implied:
            real = self.node("Relu", [real], f"{real}_relu")
        name = f"tensor{operator.output}"
        self.node("QuantizeLinear", [real, *self.quantization(operator.output, "out")], name)

    def integers(self, name: str, values: np.ndarray, scales: np.ndarray) -> str:
        """A dequantised constant with a scale per first axis, or one for all."""
        whole = len(scales) == 1
        inputs = [
            self.constant(name, values),
            self.constant(f"{name}_scale", scales[0] if whole else scales),
            self.constant(
                f"{name}_zero",
                values.dtype.type(0) if whole else np.zeros(len(scales), values.dtype),
            ),
        ]
        attributes = {} if whole else {"axis": 0}
        return self.node("DequantizeLinear", inputs, f"{name}_real", **attributes)

    def parameters(self, operator: Operator, values: np.ndarray, name: str) -> list[str]:
        source, weights, bias = (self.graph.tensors[index] for index in operator.inputs)
        bias_scale = (source.scale * weights.scale).astype(np.float32)
        return [
            self.activation(operator.inputs[0]),
            self.integers(f"{name}_weights", values, weights.scale),
            self.integers(f"{name}_bias", bias.data, bias_scale),
        ]

    def convolution(self, operator: Operator, name: str) -> None:
        weights = self.graph.tensors[operator.inputs[1]].data
        depthwise = operator.kind == "DEPTHWISE_CONV_2D"
        values = weights.transpose(3, 0, 1, 2) if depthwise else weights.transpose(0, 3, 1, 2)
        kernel, stride, padding = self.graph.window(operator)
        inputs = self.parameters(operator, values, name)
        real = self.node(
            "Conv",
            inputs,
            f"{name}_real",
            kernel_shape=kernel,
            strides=stride,
            pads=padding,
            group=values.shape[0] if depthwise else 1,
        )
        self.finish(operator, real)

    def dense(self, operator: Operator, name: str) -> None:
        values = self.graph.tensors[operator.inputs[1]].data
        inputs = self.parameters(operator, values, name)
        self.finish(operator, self.node("Gemm", inputs, f"{name}_real", transB=1))

    def add(self, operator: Operator, name: str) -> None:
        inputs = [self.activation(index) for index in operator.inputs]
        self.finish(operator, self.node("Add", inputs, f"{name}_real"))

    def global_average(self, operator: Operator, name: str) -> None:
        kernel, _, _ = self.graph.window(operator)
        source = self.graph.tensors[operator.inputs[0]]
        assert list(kernel) == source.shape[1:3], "only global pools are exported"
        inputs = [self.activation(operator.inputs[0])]
        self.finish(operator, self.node("GlobalAveragePool", inputs, f"{name}_real"))

    def reshape(self, operator: Operator, name: str) -> None:
        source = self.graph.tensors[operator.inputs[0]].shape
        # Channels first and channels last order elements alike only where there is one pixel.
        assert source[1:3] == [1, 1] or len(source) == 2, "only pooled maps are reshaped"
        shape = np.array(self.graph.tensors[operator.output].shape, np.int64)
        inputs = [f"tensor{operator.inputs[0]}", self.constant(f"{name}_shape", shape)]
        self.node("Reshape", inputs, f"tensor{operator.output}")

    def softmax(self, operator: Operator, name: str) -> None:
        inputs = [self.activation(operator.inputs[0])]
        self.finish(operator, self.node("Softmax", inputs, f"{name}_real", axis=-1))


class FloatExporter(Exporter):
    """Dequantised constants; activations only clamped to the range that their integers have."""

    def activation(self, index: int) -> str:
        return super().activation(index) if index == self.graph.input else f"tensor{index}"

    def finish(self, operator: Operator, real: str) -> None:
        if operator.output == self.graph.output:
            return super().finish(operator, real)
        tensor = self.graph.tensors[operator.output]
        name = f"tensor{operator.output}"
        least = 0 if operator.activation in (RELU, RELU6) else -128 - tensor.zero_point
        limits = [
            self.constant(f"{name}_{side}", np.float32(steps * tensor.scale[0]))
            for side, steps in (("least", least), ("most", 127 - tensor.zero_point))
        ]
        self.node("Clip", [real, *limits], name)

    def integers(self, name: str, values: np.ndarray, scales: np.ndarray) -> str:
        columns = scales.reshape(-1, *[1] * (values.ndim - 1))
        return self.constant(f"{name}_real", (values * columns).astype(np.float32))


EXPORTERS = {
    "CONV_2D": Exporter.convolution,
    "DEPTHWISE_CONV_2D": Exporter.convolution,
    "FULLY_CONNECTED": Exporter.dense,
    "ADD": Exporter.add,
    "AVERAGE_POOL_2D": Exporter.global_average,
    "RESHAPE": Exporter.reshape,
    "SOFTMAX": Exporter.softmax,
}
