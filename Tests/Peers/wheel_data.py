"""What models of wheels are shown: seeded stand-ins for speech, photographs, lines of print, texts.

Uniform noise would do to compare two runtimes, but not to calibrate: ranges must be those that a
model meets. Every function draws one item of a shape; `span` scales it to what the model takes."""

import functools

import numpy

import wheel_files

SAMPLE_RATE = 16000


def speech(random: numpy.random.Generator, shape: list[int], span: float) -> numpy.ndarray:
    """Gliding harmonics under the envelope of syllables, over a little noise; from -span to span."""
    count = int(numpy.prod(shape))
    seconds = numpy.arange(count) / SAMPLE_RATE
    glide = 1 + 0.15 * numpy.sin(2 * numpy.pi * random.uniform(0.5, 2) * seconds)
    phase = 2 * numpy.pi * numpy.cumsum(random.uniform(90, 250) * glide) / SAMPLE_RATE
    tilt = random.uniform(0.5, 1.5)
    wave = sum(
        numpy.sin(k * phase + random.uniform(0, 6)) * random.uniform(0.2, 1) / k**tilt
        for k in range(1, 20)
    )
    syllables = numpy.sin(numpy.pi * random.uniform(2, 5) * seconds + random.uniform(0, 3)) ** 2
    wave = wave * syllables + random.normal(0, random.uniform(0.01, 0.3), count)
    loudness = random.uniform(0.1, 0.9)
    return (span * loudness * wave / numpy.abs(wave).max()).reshape(shape)


def photograph(random: numpy.random.Generator, shape: list[int], span: float) -> numpy.ndarray:
    """Coloured discs over a gradient, with grain: [1, H, W, C] or [1, C, H, W]; 0 to span, or
    -span to span where it is negative."""
    channels_last = shape[3] in (1, 3)
    height, width, channels = shape[1:] if channels_last else (*shape[2:], shape[1])
    down, across = numpy.mgrid[0:1:height * 1j, 0:1:width * 1j]
    corners = random.uniform(0, 1, (3, channels))
    image = corners[0] + (corners[1] - corners[0]) * down[..., None]
    image = image + (corners[2] - corners[0]) * across[..., None] / 2
    for _ in range(random.integers(3, 12)):
        y, x = random.uniform(0, 1, 2)
        radii = random.uniform(0.03, 0.4, 2)
        inside = ((down - y) / radii[0]) ** 2 + ((across - x) / radii[1]) ** 2 < 1
        shade = 1 - 0.5 * numpy.hypot((down - y) / radii[0], (across - x) / radii[1])
        image = numpy.where(
            inside[..., None], random.uniform(0, 1, channels) * shade[..., None], image)
    image = image + random.normal(0, 0.02, image.shape)
    return _pixels(image, channels_last, span)


def print_line(random: numpy.random.Generator, shape: list[int], span: float) -> numpy.ndarray:
    """Dark strokes in rows of glyphs on a light ground; as a photograph otherwise."""
    height, width = shape[2:]
    image = numpy.full((height, width, shape[1]), random.uniform(0.7, 1))
    ink = random.uniform(0, 0.3, shape[1])
    size = min(height, random.integers(16, 33))
    for top in range(0, height - size + 1, size):
        for left in range(2, width - size // 2, size // 2 + 2):
            for _ in range(random.integers(2, 5)):
                y, x = top + random.integers(2, size - 4), left + random.integers(0, size // 3)
                tall = random.random() < 0.5
                long = random.integers(size // 4, size // 2)
                image[y:min(y + (long if tall else 2), top + size - 2),
                      x:x + (2 if tall else long)] = ink
    image = image + random.normal(0, 0.02, image.shape)
    return _pixels(image, False, span)


def _pixels(image: numpy.ndarray, channels_last: bool, span: float) -> numpy.ndarray:
    image = numpy.clip(image, 0, 1)
    image = image * span if span > 0 else (2 * image - 1) * -span
    return image[None] if channels_last else image.transpose(2, 0, 1)[None]


def spectrum(random: numpy.random.Generator, shape: list[int], span: float) -> numpy.ndarray:
    """The log spectrum of speech, [..., frames, bands], from -1 to 1 times span."""
    frames, bands = shape[-2:]
    hop = 160
    wave = speech(random, [frames * hop + 2 * bands], 1)
    cut = numpy.stack([wave[i * hop:i * hop + 2 * bands] for i in range(frames)])
    power = numpy.abs(numpy.fft.rfft(cut * numpy.hanning(2 * bands)))[:, :bands]
    level = numpy.log10(power**2 + 1e-6)
    return (span * level / numpy.abs(level).max()).reshape(shape)


def text(random: numpy.random.Generator, shape: list[int], span: float) -> numpy.ndarray:
    """Bytes of lines of words, indented like a program; `span` itself stands behind the end."""
    count = int(numpy.prod(shape))
    words = [bytes(random.integers(97, 123, random.integers(2, 9))) for _ in range(60)]
    marks = [b" ", b" ", b" = ", b"(", b")\n    ", b", ", b": ", b"\n", b".", b' "', b'" ']
    line = b""
    while len(line) < count:
        line += words[random.integers(len(words))] + marks[random.integers(len(marks))]
    values = numpy.frombuffer(line[:count], "uint8").astype("int64")
    if random.random() < 0.3:
        values[random.integers(count // 2, count):] = int(span)
    return values.reshape(shape)


def uniform(random: numpy.random.Generator, shape: list[int], span: float) -> numpy.ndarray:
    """From 0 to span, or from span to -span where it is negative."""
    return random.uniform(min(span, 0), abs(span), shape)


def counts(random: numpy.random.Generator, shape: list[int], span: float) -> numpy.ndarray:
    """Series of counts that rise and fall together, [1, series, steps], from 0 to about span."""
    series, steps = shape[1:]
    swell = 1 + numpy.sin(numpy.arange(steps) * random.uniform(0.01, 0.1) + random.uniform(0, 6))
    rates = span / 8 * swell * random.uniform(0.1, 2, (series, 1))
    return numpy.minimum(random.poisson(rates), span)[None]


@functools.cache
def _wake_word_sessions() -> tuple:
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    folder = "openwakeword/resources/models/"
    names = ("melspectrogram.onnx", "embedding_model.onnx")
    return tuple(
        onnxruntime.InferenceSession(wheel_files.fetched("openwakeword==0.4.0", folder + name))
        for name in names
    )


def log_mel(random: numpy.random.Generator, shape: list[int], span: float) -> numpy.ndarray:
    """openWakeWord's own features of speech, [1, frames, 32, 1]; they have their own span."""
    wave = speech(random, [1, 160 * (shape[1] + 3)], 32767).astype("float32")
    levels = _wake_word_sessions()[0].run(None, {"input": wave})[0]
    return levels.reshape(-1, 32)[:shape[1]].reshape(shape) / 10 + 2


def embeddings(random: numpy.random.Generator, shape: list[int], span: float) -> numpy.ndarray:
    """Its embeddings of so many overlapping windows of them, [1, windows, 96]."""
    features = log_mel(random, [1, 76 + 8 * (shape[1] - 1), 32, 1], span).astype("float32")
    session = _wake_word_sessions()[1]
    windows = [features[:, 8 * i:8 * i + 76] for i in range(shape[1])]
    return numpy.stack([session.run(None, {"input_1": w})[0].reshape(96) for w in windows])[None]
