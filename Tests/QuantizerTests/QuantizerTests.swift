// QuantizerTests
