"""The models measured, in every engine's format: each a folder made from one .tflite file."""

import json
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

# Where the shared models folder has them; MobileNetV2 is made here.
SOURCES = {
    "ad": "mlperf-tiny/ad/ad01_int8.tflite",
    "kws": "mlperf-tiny/kws/kws_ref_model.tflite",
    "ic": "mlperf-tiny/ic/pretrainedResnet_quant.tflite",
    "vww": "mlperf-tiny/vww/vww_96_int8.tflite",
    "mbv2": None,
}
TITLES = {
    "ad": "AD (fully connected autoencoder)",
    "kws": "KWS (DS-CNN)",
    "ic": "IC (ResNet-8)",
    "vww": "VWW (MobileNetV1 0.25)",
    "mbv2": "MobileNetV2 1.0 224 (random weights)",
}
# Inputs by which outputs are judged: real ones where there are any, and random ones.
REAL_ITEMS, RANDOM_ITEMS = 8, 8


@dataclass
class Model:
    """A prepared folder. Shapes are those of the .tflite file, channels last."""

    folder: str
    input_shape: list[int]
    output_shape: list[int]
    input_scale: float
    input_zero_point: int
    output_scale: float
    output_zero_point: int
    macs: int

    def file(self, name: str) -> Path:
        return Path(self.folder) / name

    @property
    def name(self) -> str:
        return Path(self.folder).name

    @property
    def tflite(self) -> Path:
        return self.file("model.tflite")

    @property
    def onnx(self) -> Path:
        return self.file("model.onnx")

    @property
    def float_onnx(self) -> Path:
        return self.file("float.onnx")

    @property
    def ncnn(self) -> Path:
        return self.file("ncnn.param")

    @property
    def bundle(self) -> Path:
        return self.file("model.swb")

    @property
    def inputs(self) -> Path:
        return self.file("inputs.npy")

    @property
    def reference(self) -> Path:
        return self.file("reference.npy")

    @property
    def channels_first_shape(self) -> list[int]:
        shape = self.input_shape
        return [shape[0], shape[3], shape[1], shape[2]] if len(shape) == 4 else shape


def open_model(folder: Path) -> Model:
    return Model(folder=str(folder), **json.loads((folder / "facts.json").read_text()))


def prepare(folder: Path, shared: Path, swiftlet: Path, key: Path) -> Model:
    """Makes a model's folder; what needs no other Swiftlet is kept from an earlier run."""
    if not (folder / "reference.npy").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        convert(folder, shared)
    model = open_model(folder)
    pack = [swiftlet, "pack", model.tflite, "--key", key, "--name", folder.name, "-o", model.bundle]
    subprocess.run(pack, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return model


def convert(folder: Path, shared: Path) -> None:
    import mobilenet
    import ncnn_export
    import onnx_export
    import tflite_graph

    name = folder.name
    tflite = folder / "model.tflite"
    if SOURCES[name] is None:
        mobilenet.write(tflite)
    else:
        shutil.copy(shared / SOURCES[name], tflite)
    graph = tflite_graph.read(tflite)
    source, result = graph.tensors[graph.input], graph.tensors[graph.output]
    model = Model(
        str(folder),
        source.shape,
        result.shape,
        float(source.scale[0]),
        source.zero_point,
        float(result.scale[0]),
        result.zero_point,
        graph.macs(),
    )
    facts = {key: value for key, value in asdict(model).items() if key != "folder"}
    (folder / "facts.json").write_text(json.dumps(facts, indent=1))
    onnx_export.write(graph, model.onnx)
    onnx_export.write_float(graph, model.float_onnx)
    ncnn_export.write(graph, model.ncnn)
    inputs = items(model, shared)
    np.save(model.inputs, inputs)
    np.save(model.reference, reference(model, inputs))


def items(model: Model, shared: Path) -> np.ndarray:
    random = np.random.default_rng(3).integers(
        -128, 128, (RANDOM_ITEMS, *model.input_shape[1:]), np.int8
    )
    source = SOURCES[model.name]
    if source is None:
        return random
    recorded = np.fromfile(shared / Path(source).parent / "real_inputs_int8.bin", np.int8)
    real = recorded.reshape(-1, *model.input_shape[1:])[:REAL_ITEMS]
    return np.concatenate([real, random])


def reference(model: Model, inputs: np.ndarray) -> np.ndarray:
    """What LiteRT's reference kernels give, the meaning of the int8 operators."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        str(model.tflite), experimental_op_resolver_type=OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    result = interpreter.get_output_details()[0]["index"]
    outputs = []
    for item in inputs:
        interpreter.set_tensor(source, item[None])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(result)[0])
    return np.stack(outputs)
