// Quantizer
