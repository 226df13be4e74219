"""The runtimes that the models of wheels were made for: ONNX Runtime and LiteRT."""

import math
import zlib
from collections import Counter
from pathlib import Path

import numpy
import wheel_data
from wheel_models import WheelModel

TYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(uint8)": "uint8",
    "tensor(bool)": "bool",
}


def open_model(model: WheelModel, path: Path) -> "OnnxModel | TfliteModel":
    return OnnxModel(path) if path.suffix == ".onnx" else TfliteModel(model, path)


def drawn(
    model: WheelModel, inputs: list[tuple[str, list[int], str]], count: int, purpose: str
) -> list:
    """Seeded items; the seed is the model's name and what they are for."""
    random = numpy.random.default_rng(zlib.crc32(f"{purpose} {model.path}".encode()))
    show = getattr(wheel_data, model.data)
    items = []
    for _ in range(count):
        item = []
        for name, shape, dtype in inputs:
            if name in model.values:
                item.append(numpy.full(shape, model.values[name], dtype))
            elif numpy.dtype(dtype).kind == "f":
                values = (show if not item else wheel_data.uniform)(random, shape, model.span)
                # float64 inputs hold what float32 ones can.
                item.append(values.astype("float32").astype(dtype))
            elif dtype == "int8":
                item.append(random.integers(-128, 128, shape).astype(dtype))
            elif model.data == "text":
                item.append(wheel_data.text(random, shape, model.span).astype(dtype))
            else:
                item.append(random.integers(0, max(int(model.span), 2), shape).astype(dtype))
        items.append(item)
    return items


class OnnxModel:
    """ONNX Runtime on one thread: without rewriting the graph, and as it comes."""

    def __init__(self, path: Path) -> None:
        import onnx
        import onnxruntime

        onnxruntime.set_default_logger_severity(4)
        levels = onnxruntime.GraphOptimizationLevel
        self.sessions = []
        for level in (levels.ORT_DISABLE_ALL, levels.ORT_ENABLE_ALL):
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            options.graph_optimization_level = level
            self.sessions.append(onnxruntime.InferenceSession(path, options))
        graph = onnx.load(path).graph
        self.operators = Counter(node.op_type for node in graph.node)
        weights = [math.prod(tensor.dims) for tensor in graph.initializer]
        for node in graph.node:
            # Trees stand in attributes.
            for value in node.attribute:
                weights += [math.prod(value.t.dims) if value.HasField("t") else len(value.floats)]
        self.parameters = sum(weights)

    def items(self, model: WheelModel, count: int, purpose: str) -> list:
        def shape(tensor) -> list[int]:
            fixed = [size if isinstance(size, int) else 1 for size in tensor.shape]
            return model.shapes.get(tensor.name, fixed)

        inputs = [(t.name, shape(t), TYPES[t.type]) for t in self.sessions[0].get_inputs()]
        return drawn(model, inputs, count, purpose)

    def runs(self, item: list) -> list[list]:
        """The outputs of both."""
        names = [tensor.name for tensor in self.sessions[0].get_inputs()]
        return [session.run(None, dict(zip(names, item))) for session in self.sessions]


class TfliteModel:
    """LiteRT's reference kernels, and LiteRT as it comes; integers come out as the reals they stand
    for."""

    def __init__(self, model: WheelModel, path: Path) -> None:
        from ai_edge_litert import interpreter

        resolvers = interpreter.OpResolverType
        self.interpreters = []
        for resolver in (resolvers.BUILTIN_REF, resolvers.AUTO):
            self.interpreters.append(
                interpreter.Interpreter(str(path), experimental_op_resolver_type=resolver))
            for detail in self.interpreters[-1].get_input_details():
                if detail["name"] in model.shapes:
                    self.interpreters[-1].resize_tensor_input(
                        detail["index"], model.shapes[detail["name"]])
            self.interpreters[-1].allocate_tensors()
        reference = self.interpreters[0]
        details = reference._get_ops_details()
        self.operators = Counter(detail["op_name"] for detail in details)
        computed = {index for detail in details for index in detail["outputs"]}
        computed |= {detail["index"] for detail in reference.get_input_details()}
        self.parameters = sum(
            math.prod(tensor["shape"].tolist())
            for tensor in reference.get_tensor_details() if tensor["index"] not in computed
        )

    def items(self, model: WheelModel, count: int, purpose: str) -> list:
        inputs = [
            (d["name"], list(d["shape"]), numpy.dtype(d["dtype"]).name)
            for d in self.interpreters[0].get_input_details()
        ]
        return drawn(model, inputs, count, purpose)

    def runs(self, item: list) -> list[list]:
        """The outputs of both."""
        return [self._run(interpreter, item) for interpreter in self.interpreters]

    def _run(self, interpreter, item: list) -> list:
        interpreter.reset_all_variables()
        for detail, value in zip(interpreter.get_input_details(), item):
            interpreter.set_tensor(detail["index"], value)
        interpreter.invoke()
        outputs = []
        for detail in interpreter.get_output_details():
            value = interpreter.get_tensor(detail["index"])
            scale, zero = detail["quantization"]
            reals = (value.astype("float64") - zero) * scale if scale else value
            outputs.append(reals.astype("float32") if scale else reals)
        return outputs
