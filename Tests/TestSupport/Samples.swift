// Sample models are a module of their own, which fuzzers use without the testing library.
@_exported public import ModelSamples
