"""The test cases of the onnx wheel: folders of a model, its inputs and the outputs it should give."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy
import onnx
from onnx import numpy_helper

DATA = Path(onnx.__file__).parent / "backend" / "test" / "data"
KINDS = ("node", "pytorch-operator", "pytorch-converted", "light")

# The operators that models for devices are made of; 532 node tests.
CORE = frozenset(
    """Abs Add ArgMax AveragePool BatchNormalization Cast Clip Concat ConstantOfShape Conv
    ConvInteger ConvTranspose DepthToSpace DequantizeLinear Div DynamicQuantizeLinear Elu Equal Erf
    Exp Expand Flatten Floor GRU Gather GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool Greater
    GreaterOrEqual GroupNormalization HardSigmoid HardSwish Identity If InstanceNormalization LSTM
    LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax MatMul MatMulInteger Max MaxPool Min
    Mul Neg Not PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear RNN ReduceMax ReduceMean
    ReduceMin ReduceSum Relu Reshape Resize ScatterND Shape Sigmoid Slice Softmax Softplus
    SpaceToDepth Split Sqrt Squeeze Sub Tanh Tile TopK Transpose Unsqueeze Where""".split()
)


@dataclass(frozen=True)
class Case:
    """One folder."""

    kind: str
    name: str
    folder: Path
    # Of a model of one node; "several" for others.
    operator: str

    @property
    def is_core(self) -> bool:
        return self.kind == "node" and self.operator in CORE


def all_cases(kinds: list[str], scratch: Path) -> list[Case]:
    """The cases of `kinds`, in order of their names."""
    cases = []
    for kind in kinds:
        folders = light(scratch) if kind == "light" else sorted((DATA / kind).iterdir())
        cases += [Case(kind, f.name, f, operator(f)) for f in folders]
    return cases


def operator(folder: Path) -> str:
    """What the model's only node does."""
    graph = onnx.load(folder / "model.onnx", load_external_data=False).graph
    # An operator's definition by others, with the operator's name: a test of those others.
    if len(graph.node) != 1 or "_expanded" in folder.name:
        return "several"
    node = graph.node[0]
    return node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}"


def light(scratch: Path) -> list[Path]:
    """Folders of the classical image networks without weights; their input is a ramp from 0 to 1, as
    in onnx's own runner."""
    folders = []
    for model in sorted((DATA / "light").glob("*.onnx")):
        folder = scratch / "light" / model.stem
        data = folder / "test_data_set_0"
        if not data.exists():
            data.mkdir(parents=True)
            graph = onnx.load(model).graph
            initialized = {tensor.name for tensor in graph.initializer}
            live = [value for value in graph.input if value.name not in initialized]
            for index, value in enumerate(live):
                (data / f"input_{index}.pb").write_bytes(ramp(value).SerializeToString())
            shutil.copy(model.with_name(model.stem + "_output_0.pb"), data / "output_0.pb")
            shutil.copy(model, folder / "model.onnx")
        folders.append(folder)
    return folders


def ramp(value: onnx.ValueInfoProto) -> onnx.TensorProto:
    shape = [dimension.dim_value or 1 for dimension in value.type.tensor_type.shape.dim]
    count = int(numpy.prod(shape))
    values = (numpy.arange(count).reshape(shape) / count).astype(numpy.float32)
    return numpy_helper.from_array(values, value.name)
