"""The engines a user would pick, each behind the same three steps: load, fill the input, run.

Names: `litert-xnnpack`, `litert-builtin`, `tflite-interpreter`, `onnxruntime`, `openvino-onnx`,
`openvino-tflite`, `openvino-float`, `ncnn`."""

import importlib

MODULES = {
    "litert": "litert_engine",
    "tflite": "tflite_engine",
    "onnxruntime": "onnxruntime_engine",
    "openvino": "openvino_engine",
    "ncnn": "ncnn_engine",
}


def load(name: str, model, threads: int):
    """An engine with a model loaded; `model` is a models.Model."""
    family, _, kind = name.partition("-")
    module = importlib.import_module(f"engines.{MODULES[family]}")
    return module.Engine(model, kind, threads)
