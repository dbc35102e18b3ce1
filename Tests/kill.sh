#!/usr/bin/env bash
# Kills the program with SIGKILL at random moments (50, or as many as given) and looks that each
# output is the whole file or none. Needs ffmpeg and a build: Tests/kill.sh [COUNT] [VAECODEC]
set -euo pipefail
count=${1:-50}
vaecodec=$(realpath "${2:-$(dirname "$0")/../.build/release/vaecodec}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

ffmpeg -v error -f lavfi -i testsrc2=size=64x48:rate=24:duration=0.5 clip.mp4
begin=$(date +%s%N)
"$vaecodec" encode clip.mp4 -o whole.safetensors -q >/dev/null
"$vaecodec" decode whole.safetensors -o whole.mp4 -q >/dev/null
# Long enough that some runs come to their end.
span=$((($(date +%s%N) - begin) / 1000 * 6 / 10))

whole=0 none=0
for i in $(seq "$count"); do
  if [ $((i % 2)) = 0 ]; then kind=safetensors command="encode clip.mp4"
  else kind=mp4 command="decode whole.safetensors"; fi
  # shellcheck disable=SC2086
  "$vaecodec" $command -o "out.$kind" -q >/dev/null &
  sleep "$(awk "BEGIN { srand($RANDOM * 32768 + $RANDOM); print rand() * $span / 1e6 }")"
  kill -KILL $! 2>/dev/null || true
  wait $! 2>/dev/null || true
  if [ ! -e "out.$kind" ]; then none=$((none + 1))
  elif cmp -s "out.$kind" "whole.$kind"; then whole=$((whole + 1))
  else echo "kill $i: out.$kind is there and not whole" >&2; exit 1; fi
  rm -f "out.$kind"
done
# Nothing is left where unfinished files have no names (O_TMPFILE).
left=$(find . -name '.out.*' | wc -l)
echo "$count kills: $whole whole files, $none without one, none broken, $left leftovers"
