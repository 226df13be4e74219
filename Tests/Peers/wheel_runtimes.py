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
    """ONNX Runtime on one thread, without rewriting the graph."""

    def __init__(self, path: Path) -> None:
        import onnx
        import onnxruntime

        onnxruntime.set_default_logger_severity(4)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        self.session = onnxruntime.InferenceSession(path, options)
        graph = onnx.load(path).graph
        self.operators = Counter(node.op_type for node in graph.node)
        weights = [tensor.dims for tensor in graph.initializer]
        weights += [
            attribute.t.dims
            for node in graph.node if node.op_type == "Constant"
            for attribute in node.attribute if attribute.name == "value"
        ]
        self.parameters = sum(math.prod(dims) for dims in weights)

    def items(self, model: WheelModel, count: int, purpose: str) -> list:
        def shape(tensor) -> list[int]:
            fixed = [size if isinstance(size, int) else 1 for size in tensor.shape]
            return model.shapes.get(tensor.name, fixed)

        inputs = [(t.name, shape(t), TYPES[t.type]) for t in self.session.get_inputs()]
        return drawn(model, inputs, count, purpose)

    def run(self, item: list) -> list:
        names = [tensor.name for tensor in self.session.get_inputs()]
        return self.session.run(None, dict(zip(names, item)))


class TfliteModel:
    """LiteRT's reference kernels; integers come out as the reals they stand for."""

    def __init__(self, model: WheelModel, path: Path) -> None:
        from ai_edge_litert import interpreter

        self.interpreter = interpreter.Interpreter(
            str(path),
            experimental_op_resolver_type=interpreter.OpResolverType.BUILTIN_REF,
        )
        for detail in self.interpreter.get_input_details():
            if detail["name"] in model.shapes:
                self.interpreter.resize_tensor_input(detail["index"], model.shapes[detail["name"]])
        self.interpreter.allocate_tensors()
        details = self.interpreter._get_ops_details()
        self.operators = Counter(detail["op_name"] for detail in details)
        computed = {index for detail in details for index in detail["outputs"]}
        computed |= {detail["index"] for detail in self.interpreter.get_input_details()}
        self.parameters = sum(
            math.prod(tensor["shape"].tolist())
            for tensor in self.interpreter.get_tensor_details() if tensor["index"] not in computed
        )

    def items(self, model: WheelModel, count: int, purpose: str) -> list:
        details = self.interpreter.get_input_details()
        inputs = [
            (d["name"], list(d["shape"]), numpy.dtype(d["dtype"]).name) for d in details
        ]
        return drawn(model, inputs, count, purpose)

    def run(self, item: list) -> list:
        self.interpreter.reset_all_variables()
        for detail, value in zip(self.interpreter.get_input_details(), item):
            self.interpreter.set_tensor(detail["index"], value)
        self.interpreter.invoke()
        outputs = []
        for detail in self.interpreter.get_output_details():
            value = self.interpreter.get_tensor(detail["index"])
            scale, zero = detail["quantization"]
            reals = (value.astype("float64") - zero) * scale if scale else value
            outputs.append(reals.astype("float32") if scale else reals)
        return outputs
