# Sourced: what the fuzzers begin from.

# collect_corpus ONNX|TFLite PROGRAM FOLDER: models drawn from seeds, and the small ones of the shared
# folder where it is there.
collect_corpus() {
  local shared=${SWIFTLET_SHARED:-$PWD/../shared} names
  mkdir -p "$3"
  "$2" --seeds "$3" 4000
  case $1 in
    ONNX) names=(-name '*.onnx') ;;
    TFLite) names=(-name '*.tflite' -o -name '*.bin' -path '*testdata*') ;;
  esac
  if [ -d "$shared/models" ]; then
    find "$shared/models" "$shared/quant/models" -type f -size -64k \( "${names[@]}" \) \
      ! -name 'vectors.bin' -exec cp -n -t "$3" {} +
  fi
}
