"""Prints the name of the kernel that OpenVINO chose for each convolution and matrix product of a
model, one a line: they name their instruction set, so they show whether holding it back worked.

    openvino_kernels.py MODEL"""

import sys

import openvino

from engines.openvino_engine import properties

PRODUCTS = {"Convolution", "GroupConvolution", "FullyConnected", "MatMul"}


def text(value) -> str:
    return str(value.astype(str) if hasattr(value, "astype") else value)


def main() -> None:
    core = openvino.Core()
    model = core.read_model(sys.argv[1])
    if model.is_dynamic():
        model.reshape([1, *[size.get_length() for size in list(model.input().partial_shape)[1:]]])
    compiled = core.compile_model(model, "CPU", properties(threads=1))
    for node in compiled.get_runtime_model().get_ops():
        facts = node.get_rt_info()
        if text(facts["layerType"]) in PRODUCTS:
            print(text(facts["primitiveType"]))


if __name__ == "__main__":
    main()
