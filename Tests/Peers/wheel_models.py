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
    # What float inputs show: a function of wheel_data.
    data: str = "uniform"
    # Its inputs reach from 0 to this; where it is negative, from span to -span.
    span: float = -1.0

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def format(self) -> str:
        return "ONNX" if self.path.endswith(".onnx") else "TFLite"


MEDIAPIPE = "mediapipe==0.10.14"
OPENWAKEWORD = "openwakeword==0.4.0"
SPEECHMOS = "speechmos==0.0.1.1"
RAPIDOCR = "rapidocr-onnxruntime==1.4.4"
ATSPM = "atspm-detector==1.1.0"
MICRO = "pymicro-wakeword==2.5.0"
OPEN = "pyopen-wakeword==1.1.0"
EEG = "brainmaze-eeg-models==0.1.0"
NAMES = "arabic-name-romanizer==0.2.0"

SILERO = "silero_vad/data/"
WAKE = "openwakeword/resources/models/"
MODULES = "mediapipe/modules/"

MODELS = (
    WheelModel("voice activity", "silero-vad==6.2.3", SILERO + "silero_vad_16k_op15.onnx",
               {"input": [1, 576], "state": [2, 1, 128]}, {"sr": 16000, "state": 0}, "speech"),
    WheelModel("voice activity", "silero-vad==6.2.3", SILERO + "silero_vad_op18_ifless.onnx",
               {"input": [1, 576], "state": [2, 1, 128]}, {"sr": 16000, "state": 0}, "speech"),
    WheelModel("audio features", OPENWAKEWORD, WAKE + "melspectrogram.onnx",
               {"input": [1, 1280]}, data="speech", span=32767),
    WheelModel("audio embedding", OPENWAKEWORD, WAKE + "embedding_model.onnx",
               {"input_1": [1, 76, 32, 1]}, data="log_mel"),
    WheelModel("wake word", OPENWAKEWORD, WAKE + "alexa_v0.1.onnx", data="embeddings"),
    WheelModel("wake word", OPENWAKEWORD, WAKE + "hey_jarvis_v0.1.onnx", data="embeddings"),
    WheelModel("wake word", OPENWAKEWORD, WAKE + "timer_v0.1.onnx", data="embeddings"),
    WheelModel("wake word", MICRO, "pymicro_wakeword/models/okay_nabu.tflite"),
    WheelModel("wake word", OPEN, "pyopen_wakeword/models/hey_rhasspy.tflite", data="embeddings"),
    WheelModel("audio embedding", OPEN, "pyopen_wakeword/models/embedding_model.tflite",
               data="log_mel"),
    WheelModel("audio features", OPEN, "pyopen_wakeword/models/melspectrogram.tflite",
               {"serving_default_input:0": [1, 1280]},
               data="speech", span=32767),
    WheelModel("speech quality", SPEECHMOS, "speechmos/dnsmos_models/model_v8.onnx",
               {"input_1": [1, 900, 120]}, data="spectrum"),
    WheelModel("speech quality", SPEECHMOS, "speechmos/dnsmos_models/sig_bak_ovr.onnx",
               {"input_1": [1, 144160]}, data="speech", span=-1),
    WheelModel("packet loss quality", SPEECHMOS, "speechmos/plcmos_models/plcmos_v2.onnx",
               {"degraded_audio": [1, 1, 200, 257]}, data="spectrum"),
    WheelModel("music transcription", "basic-pitch==0.4.0",
               "basic_pitch/saved_models/icassp_2022/nmp.onnx",
               {"serving_default_input_2:0": [1, 43844, 1]}, data="speech"),
    WheelModel("music transcription", "basic-pitch==0.4.0",
               "basic_pitch/saved_models/icassp_2022/nmp.tflite", data="speech"),
    WheelModel("file types", "magika==1.0.3", "magika/models/standard_v3_3/model.onnx",
               {"bytes": [1, 2048]}, data="text", span=256),
    WheelModel("name transliteration", NAMES, "arabic_name_romanizer/resources/encoder.onnx",
               {"src": [1, 12], "src_mask": [1, 12]}, {"src_mask": True}, span=60),
    WheelModel("name transliteration", NAMES, "arabic_name_romanizer/resources/decoder.onnx",
               {"prefix": [1, 5], "memory": [1, 12, 256], "src_mask": [1, 12]},
               {"src_mask": True}, span=-0.5),
    WheelModel("text direction", RAPIDOCR,
               "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx",
               {"x": [1, 3, 48, 192]}, data="print_line"),
    WheelModel("text detection", RAPIDOCR,
               "rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx",
               {"x": [1, 3, 160, 160]}, data="print_line", span=-2),
    WheelModel("text recognition", RAPIDOCR,
               "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx",
               {"x": [1, 3, 48, 160]}, data="print_line"),
    WheelModel("object detection", "nudenet==3.4.2", "nudenet/320n.onnx",
               {"images": [1, 3, 320, 320]}, data="photograph", span=1),
    WheelModel("face detection", MEDIAPIPE,
               MODULES + "face_detection/face_detection_short_range.tflite", data="photograph"),
    WheelModel("palm detection", MEDIAPIPE, MODULES + "palm_detection/palm_detection_lite.tflite",
               data="photograph", span=1),
    WheelModel("face landmarks", MEDIAPIPE, MODULES + "face_landmark/face_landmark.tflite",
               data="photograph", span=1),
    WheelModel("iris landmarks", MEDIAPIPE, MODULES + "iris_landmark/iris_landmark.tflite",
               data="photograph", span=1),
    WheelModel("hand landmarks", MEDIAPIPE, MODULES + "hand_landmark/hand_landmark_lite.tflite",
               data="photograph", span=1),
    WheelModel("person detection", MEDIAPIPE, MODULES + "pose_detection/pose_detection.tflite",
               data="photograph"),
    WheelModel("pose landmarks", MEDIAPIPE, MODULES + "pose_landmark/pose_landmark_full.tflite",
               data="photograph", span=1),
    WheelModel("seizures in EEG", EEG, "brainmaze_eeg_models/seizure/_models/modelA_paper.onnx",
               {"x": [1, 100, 120]}, data="counts", span=4),
    WheelModel("sleep spindles in EEG", EEG,
               "brainmaze_eeg_models/spindles/_models/spindle-detector-eeg.onnx",
               {"raw_signal": [1, 1, 7500], "spectrogram": [1, 15, 7500]}, data="speech"),
    WheelModel("captcha reading", "captcha-whisperer==0.1.0",
               "captcha_whisperer/models/captcha_crnn.onnx", data="print_line"),
    WheelModel("traffic, trees", ATSPM, "atspm_detector/weights/decode_v3.onnx"),
    WheelModel("traffic, trees", ATSPM, "atspm_detector/weights/phase_lgbm_v5_s0.onnx"),
    WheelModel("traffic, trees", ATSPM, "atspm_detector/weights/lanes/lane_pair_D_s0.onnx"),
    WheelModel("traffic, time series", ATSPM,
               "atspm_detector/weights/funcnet/x100_w32full_head.onnx",
               {"logit": [8, 8], "Z": [8, 8, 128], "act": [8]}),
    WheelModel("traffic, time series", ATSPM,
               "atspm_detector/weights/funcnet/x100_w32full_pair.onnx",
               {"x": [1, 15, 512]}, data="counts", span=4),
)
