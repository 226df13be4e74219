"""Models that ship inside wheels of the Python Package Index: what is tried, and where it lies."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class WheelModel:
    """One model file of a wheel."""

    kind: str
    # Name and version, as pip takes them.
    wheel: str
    # Inside the wheel.
    path: str
    # Shapes of inputs whose dimensions the file leaves open, by name.
    shapes: dict = field(default_factory=dict)
    # Values of inputs that are no data: a sampling rate, say.
    values: dict = field(default_factory=dict)
    # Inputs are drawn from 0 to this; a negative one means -span to span.
    span: float = -1.0

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]


MEDIAPIPE = "mediapipe==0.10.14"
OPENWAKEWORD = "openwakeword==0.4.0"
SPEECHMOS = "speechmos==0.0.1.1"
RAPIDOCR = "rapidocr-onnxruntime==1.4.4"
ATSPM = "atspm-detector==1.1.0"
MICRO = "pymicro-wakeword==2.5.0"
OPEN = "pyopen-wakeword==1.1.0"

MODELS = (
    WheelModel("voice activity", "silero-vad==6.2.3", "silero_vad/data/silero_vad_16k_op15.onnx",
               {"input": [1, 576], "state": [2, 1, 128]}, {"sr": 16000}),
    WheelModel("voice activity", "silero-vad==6.2.3", "silero_vad/data/silero_vad_op18_ifless.onnx",
               {"input": [1, 576], "state": [2, 1, 128]}, {"sr": 16000}),
    WheelModel("audio features", OPENWAKEWORD, "openwakeword/resources/models/melspectrogram.onnx",
               {"input": [1, 1280]}),
    WheelModel("audio embedding", OPENWAKEWORD,
               "openwakeword/resources/models/embedding_model.onnx", {"input_1": [1, 76, 32, 1]}),
    WheelModel("wake word", OPENWAKEWORD, "openwakeword/resources/models/alexa_v0.1.onnx"),
    WheelModel("wake word", OPENWAKEWORD, "openwakeword/resources/models/hey_jarvis_v0.1.onnx"),
    WheelModel("wake word", MICRO, "pymicro_wakeword/models/okay_nabu.tflite"),
    WheelModel("wake word", OPEN, "pyopen_wakeword/models/hey_rhasspy.tflite"),
    WheelModel("audio embedding", OPEN, "pyopen_wakeword/models/embedding_model.tflite"),
    WheelModel("speech quality", SPEECHMOS, "speechmos/dnsmos_models/model_v8.onnx",
               {"input_1": [1, 900, 120]}),
    WheelModel("speech quality", SPEECHMOS, "speechmos/dnsmos_models/sig_bak_ovr.onnx",
               {"input_1": [1, 144160]}),
    WheelModel("music transcription", "basic-pitch==0.4.0",
               "basic_pitch/saved_models/icassp_2022/nmp.onnx",
               {"serving_default_input_2:0": [1, 43844, 1]}),
    WheelModel("music transcription", "basic-pitch==0.4.0",
               "basic_pitch/saved_models/icassp_2022/nmp.tflite"),
    WheelModel("file types", "magika==1.0.3", "magika/models/standard_v3_3/model.onnx",
               {"bytes": [1, 2048]}, span=256),
    WheelModel("text direction", RAPIDOCR,
               "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx",
               {"x": [1, 3, 48, 192]}),
    WheelModel("text detection", RAPIDOCR,
               "rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx", {"x": [1, 3, 96, 96]}),
    WheelModel("text recognition", RAPIDOCR,
               "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx", {"x": [1, 3, 48, 96]}),
    WheelModel("object detection", "nudenet==3.4.2", "nudenet/320n.onnx",
               {"images": [1, 3, 320, 320]}, span=1),
    WheelModel("face detection", MEDIAPIPE,
               "mediapipe/modules/face_detection/face_detection_short_range.tflite"),
    WheelModel("palm detection", MEDIAPIPE,
               "mediapipe/modules/palm_detection/palm_detection_lite.tflite"),
    WheelModel("face landmarks", MEDIAPIPE, "mediapipe/modules/face_landmark/face_landmark.tflite"),
    WheelModel("iris landmarks", MEDIAPIPE, "mediapipe/modules/iris_landmark/iris_landmark.tflite"),
    WheelModel("hand landmarks", MEDIAPIPE,
               "mediapipe/modules/hand_landmark/hand_landmark_lite.tflite"),
    WheelModel("traffic, trees", ATSPM, "atspm_detector/weights/decode_v3.onnx"),
    WheelModel("traffic, trees", ATSPM, "atspm_detector/weights/phase_lgbm_v5_s0.onnx"),
    WheelModel("traffic, trees", ATSPM, "atspm_detector/weights/lanes/lane_pair_D_s0.onnx"),
)
