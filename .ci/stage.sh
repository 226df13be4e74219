# Sourced: stage NAME COMMAND… runs a stage and keeps its time and outcome for the table that
# stage_report prints; it returns the command's status.

stage_table=()
stage_failures=0

stage() {
  local name=$1 start=$SECONDS status=0
  shift
  printf '\n==> %s\n' "$name"
  "$@" </dev/null || status=$?
  local outcome=ok
  if [ "$status" != 0 ]; then
    outcome="FAILED ($status)"
    stage_failures=$((stage_failures + 1))
  fi
  stage_table+=("$(printf '%-10s %5d s  %s' "$name" $((SECONDS - start)) "$outcome")")
  return "$status"
}

stage_report() {
  printf '\n'
  printf '%s\n' "${stage_table[@]}"
}
