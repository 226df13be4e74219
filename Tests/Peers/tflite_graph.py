"""An int8 .tflite file as plain Python: tensors, operators, quantisation."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert import schema_py_generated as schema

ELEMENTS = {0: np.float32, 2: np.int32, 4: np.int64, 7: np.int16, 9: np.int8}
OPERATOR_NAMES = {
    code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)
}
RELU, RELU6 = 1, 3
SAME = 0


@dataclass
class Tensor:
    shape: list[int]
    data: np.ndarray | None
    scale: np.ndarray | None
    zero_point: int


@dataclass
class Operator:
    kind: str
    inputs: list[int]
    output: int
    options: object

    @property
    def activation(self) -> int:
        return getattr(self.options, "fusedActivationFunction", 0)


@dataclass
class Graph:
    tensors: list[Tensor]
    operators: list[Operator]
    input: int
    output: int

    def consumers(self, tensor: int) -> list[Operator]:
        return [operator for operator in self.operators if tensor in operator.inputs]

    def window(self, operator: Operator) -> tuple[tuple[int, int], tuple[int, int], list[int]]:
        """Kernel, stride, and padding as top, left, bottom, right of a convolution."""
        if operator.kind == "AVERAGE_POOL_2D":
            kernel = (operator.options.filterHeight, operator.options.filterWidth)
        else:
            kernel = tuple(self.tensors[operator.inputs[1]].shape[1:3])
        stride = (operator.options.strideH, operator.options.strideW)
        before, after = [0, 0], [0, 0]
        if operator.options.padding == SAME:
            wanted = self.tensors[operator.output].shape[1:3]
            given = self.tensors[operator.inputs[0]].shape[1:3]
            for axis in range(2):
                span = (wanted[axis] - 1) * stride[axis] + kernel[axis]
                total = max(span - given[axis], 0)
                before[axis], after[axis] = total // 2, total - total // 2
        return kernel, stride, before + after

    def macs(self) -> int:
        total = 0
        for operator in self.operators:
            if operator.kind not in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
                continue
            weights = self.tensors[operator.inputs[1]].shape
            output = self.tensors[operator.output].shape
            positions = int(np.prod(output[1:3])) if len(output) == 4 else 1
            total += positions * int(np.prod(weights))
        return total


def read(path: Path) -> Graph:
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(path.read_bytes(), 0))
    subgraph = model.subgraphs[0]
    tensors = [tensor(model, record) for record in subgraph.tensors]
    operators = []
    for record in subgraph.operators:
        code = model.operatorCodes[record.opcodeIndex]
        operators.append(
            Operator(
                OPERATOR_NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)],
                [int(index) for index in record.inputs],
                int(record.outputs[0]),
                record.builtinOptions,
            )
        )
    return Graph(tensors, operators, int(subgraph.inputs[0]), int(subgraph.outputs[0]))


def tensor(model, record) -> Tensor:
    shape = [] if record.shape is None else [int(size) for size in record.shape]
    buffer = model.buffers[record.buffer].data
    data = None
    if buffer is not None and len(buffer):
        data = np.frombuffer(bytes(bytearray(buffer)), ELEMENTS[record.type]).reshape(shape)
    scale, zero_point = None, 0
    quantization = record.quantization
    if quantization is not None and quantization.scale is not None and len(quantization.scale):
        scale = np.array(quantization.scale, np.float32)
        zero_point = int(quantization.zeroPoint[0])
    return Tensor(shape, data, scale, zero_point)
