"""MobileNetV2 1.0 224 in int8 with random weights: a real architecture of 300 M multiplications
that can be made anywhere. Scales are chosen so that activations neither die nor saturate, as after
training."""

from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

BUILTIN = schema.BuiltinOperator
OPTIONS = schema.BuiltinOptions
INT8, INT32 = 9, 2
SAME, VALID = 0, 1
RELU6 = 3
# Expansion, channels, repeats, first stride: table 2 of the MobileNetV2 paper.
STAGES = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
]
# Standard deviation of int8 weights drawn uniformly.
WEIGHT_DEVIATION = 73.3


class Value:
    """A tensor under construction, with the root mean square of what will be in it."""

    def __init__(self, index: int, shape: list[int], scale: float, zero_point: int, rms: float):
        self.index, self.shape = index, shape
        self.scale, self.zero_point, self.rms = scale, zero_point, rms


class Builder:
    def __init__(self, seed: int):
        self.random = np.random.default_rng(seed)
        self.buffers = [schema.BufferT()]
        self.tensors: list = []
        self.operators: list = []
        self.codes: list = []

    def tensor(
        self, shape, name, element=INT8, scales=None, zero_point=0, axis=0, data=None
    ) -> int:
        record = schema.TensorT()
        record.shape, record.type, record.name = np.array(shape, np.int32), element, name
        record.buffer = 0
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            self.buffers.append(buffer)
            record.buffer = len(self.buffers) - 1
        if scales is not None:
            record.quantization = schema.QuantizationParametersT()
            record.quantization.scale = np.atleast_1d(np.asarray(scales, np.float32))
            count = len(record.quantization.scale)
            record.quantization.zeroPoint = np.full(count, zero_point, np.int64)
            record.quantization.quantizedDimension = axis
        self.tensors.append(record)
        return len(self.tensors) - 1

    def value(self, shape, name, scale, zero_point, rms) -> Value:
        index = self.tensor(shape, name, scales=scale, zero_point=zero_point)
        return Value(index, list(shape), scale, zero_point, rms)

    def operator(self, code, version, inputs, output: Value, options, kind) -> Value:
        if (code, version) not in self.codes:
            self.codes.append((code, version))
        record = schema.OperatorT()
        record.opcodeIndex = self.codes.index((code, version))
        record.inputs = np.array(inputs, np.int32)
        record.outputs = np.array([output.index], np.int32)
        record.builtinOptions, record.builtinOptionsType = options, kind
        self.operators.append(record)
        return output

    def parameters(self, source: Value, shape, axis, reach, deviation, name, spread=0.2):
        """Weights and bias that give outputs of a standard deviation; `reach` products each.

        Scales of channels differ by `spread`; 0 gives all channels one scale.
        """
        channels = shape[axis]
        weights = self.random.integers(-127, 128, shape).astype(np.int8)
        factors = self.random.uniform(1 - spread, 1 + spread, channels if spread else 1)
        scales = factors * deviation / (WEIGHT_DEVIATION * np.sqrt(reach) * source.rms)
        scales = scales.astype(np.float32)
        bias_scales = scales * np.float32(source.scale)
        bias = self.random.normal(0, 0.1 * deviation, channels) / bias_scales
        return [
            self.tensor(shape, f"{name}/weights", scales=scales, axis=axis, data=weights),
            self.tensor(
                [channels], f"{name}/bias", INT32, bias_scales, data=np.round(bias).astype(np.int32)
            ),
        ]

    def activated(self, shape, name, relu: bool) -> tuple[Value, float]:
        """The output of a convolution, and the deviation to aim at before its activation."""
        if relu:
            return self.value(shape, name, 6 / 255, -128, 1.4), 2.0
        return self.value(shape, name, 0.05, 0, 1.5), 1.5

    def convolution(self, source: Value, channels, kernel, stride, relu, name) -> Value:
        _, height, width, depth = source.shape
        shape = [1, -(-height // stride), -(-width // stride), channels]
        output, deviation = self.activated(shape, name, relu)
        parameters = self.parameters(
            source, [channels, kernel, kernel, depth], 0, kernel * kernel * depth, deviation, name
        )
        options = schema.Conv2DOptionsT()
        return self.windowed(
            BUILTIN.CONV_2D,
            OPTIONS.Conv2DOptions,
            options,
            source,
            parameters,
            output,
            stride,
            relu,
        )

    def depthwise(self, source: Value, stride, name) -> Value:
        _, height, width, channels = source.shape
        shape = [1, -(-height // stride), -(-width // stride), channels]
        output, deviation = self.activated(shape, name, True)
        parameters = self.parameters(source, [1, 3, 3, channels], 3, 9, deviation, name)
        options = schema.DepthwiseConv2DOptionsT()
        options.depthMultiplier = 1
        return self.windowed(
            BUILTIN.DEPTHWISE_CONV_2D,
            OPTIONS.DepthwiseConv2DOptions,
            options,
            source,
            parameters,
            output,
            stride,
            True,
        )

    def windowed(self, code, kind, options, source, parameters, output, stride, relu) -> Value:
        options.padding = SAME
        options.strideH = options.strideW = stride
        options.dilationHFactor = options.dilationWFactor = 1
        options.fusedActivationFunction = RELU6 if relu else 0
        return self.operator(code, 3, [source.index] + parameters, output, options, kind)

    def add(self, left: Value, right: Value, name) -> Value:
        rms = float(np.hypot(left.rms, right.rms))
        output = self.value(left.shape, name, 0.05 * rms / 1.5, 0, rms)
        options = schema.AddOptionsT()
        return self.operator(
            BUILTIN.ADD, 2, [left.index, right.index], output, options, OPTIONS.AddOptions
        )

    def block(self, source: Value, expansion, channels, stride, name) -> Value:
        inner = source
        if expansion != 1:
            depth = source.shape[3] * expansion
            inner = self.convolution(source, depth, 1, 1, True, f"{name}/expand")
        inner = self.depthwise(inner, stride, f"{name}/depthwise")
        inner = self.convolution(inner, channels, 1, 1, False, f"{name}/project")
        if stride == 1 and source.shape[3] == channels:
            return self.add(source, inner, f"{name}/add")
        return inner

    def head(self, source: Value, classes: int) -> Value:
        """Global average, classifier, softmax."""
        depth = source.shape[3]
        pool = schema.Pool2DOptionsT()
        pool.padding = VALID
        pool.strideH = pool.strideW = pool.filterHeight = pool.filterWidth = source.shape[1]
        # The mean of a rectified normal of deviation 2 is 0.8.
        pooled = self.operator(
            BUILTIN.AVERAGE_POOL_2D,
            2,
            [source.index],
            self.value([1, 1, 1, depth], "pool", source.scale, source.zero_point, 0.8),
            pool,
            OPTIONS.Pool2DOptions,
        )
        reshape = schema.ReshapeOptionsT()
        reshape.newShape = np.array([1, depth], np.int32)
        target = self.tensor([2], "shape", INT32, data=reshape.newShape)
        flat = self.operator(
            BUILTIN.RESHAPE,
            1,
            [pooled.index, target],
            self.value([1, depth], "flat", source.scale, source.zero_point, 0.8),
            reshape,
            OPTIONS.ReshapeOptions,
        )
        # LiteRT's fully connected layer takes one scale for all weights.
        parameters = self.parameters(flat, [classes, depth], 0, depth, 4.0, "classifier", spread=0)
        dense = schema.FullyConnectedOptionsT()
        logits = self.operator(
            BUILTIN.FULLY_CONNECTED,
            4,
            [flat.index] + parameters,
            self.value([1, classes], "logits", 0.15, 0, 4.0),
            dense,
            OPTIONS.FullyConnectedOptions,
        )
        softmax = schema.SoftmaxOptionsT()
        softmax.beta = 1.0
        return self.operator(
            BUILTIN.SOFTMAX,
            2,
            [logits.index],
            self.value([1, classes], "probabilities", 1 / 256, -128, 0.0),
            softmax,
            OPTIONS.SoftmaxOptions,
        )

    def file(self, source: Value, output: Value) -> bytes:
        graph = schema.SubGraphT()
        graph.name, graph.tensors, graph.operators = "main", self.tensors, self.operators
        graph.inputs = np.array([source.index], np.int32)
        graph.outputs = np.array([output.index], np.int32)
        model = schema.ModelT()
        model.version, model.description = 3, "MobileNetV2 1.0 224, int8, random weights"
        model.subgraphs, model.buffers, model.operatorCodes = [graph], self.buffers, []
        for code, version in self.codes:
            record = schema.OperatorCodeT()
            record.builtinCode, record.version = code, version
            record.deprecatedBuiltinCode = min(code, 127)
            model.operatorCodes.append(record)
        builder = flatbuffers.Builder(1 << 23)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def write(path: Path) -> None:
    builder = Builder(seed=2018)
    # Inputs are uniform int8.
    source = builder.value([1, 224, 224, 3], "image", 1 / 127.5, 0, 0.58)
    value = builder.convolution(source, 32, 3, 2, True, "stem")
    for stage, (expansion, channels, repeats, stride) in enumerate(STAGES):
        for repeat in range(repeats):
            value = builder.block(
                value,
                expansion,
                channels,
                stride if repeat == 0 else 1,
                f"stage{stage}/block{repeat}",
            )
    value = builder.convolution(value, 1280, 1, 1, True, "top")
    path.write_bytes(builder.file(source, builder.head(value, 1000)))
