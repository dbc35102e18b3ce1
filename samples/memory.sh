#!/usr/bin/env bash
# Shows that memory does not grow with the clip: the peak of a 10-minute clip against that of a
# 20-second one of the same size. Linux. Fails above 110%.
#
#   samples/memory.sh [encode] [decode] [roundtrip]     # in this order; all three by default
set -euo pipefail
cd "$(dirname "$0")/.."
vaecodec=${VAECODEC:-.build/release/vaecodec}
out=samples/out/memory
mkdir -p "$out"

# Runs a command and sets `peak` to its high-water mark in KiB; the mark never falls, so the last
# reading is the peak.
measure() {
  local value
  peak=0
  "$@" >"$out/log" 2>&1 &
  local pid=$!
  while value=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" 2>/dev/null) && [ -n "$value" ]; do
    peak=$value
    sleep 0.05
  done
  wait "$pid" || { cat "$out/log" >&2; exit 1; }
}

for seconds in 20 600; do
  ffmpeg -hide_banner -loglevel error -y -f lavfi -i "testsrc2=s=64x64:r=24:d=$seconds" \
    -f lavfi -i "sine=d=$seconds" -c:v libx264 -preset veryfast -pix_fmt yuv420p \
    -c:a aac "$out/$seconds.mp4"
done

printf '%-10s %10s %10s %7s\n' pass '20 s' '600 s' ratio
status=0
for pass in ${*:-encode decode roundtrip}; do
  row=()
  for seconds in 20 600; do
    latents="$out/$seconds.latents.safetensors"
    case $pass in
      encode) measure "$vaecodec" encode "$out/$seconds.mp4" -o "$latents" --overwrite ;;
      decode) measure "$vaecodec" decode "$latents" -o "$out/$seconds.out.mp4" --overwrite ;;
      roundtrip)
        measure "$vaecodec" roundtrip "$out/$seconds.mp4" -o "$out/roundtrip$seconds" --overwrite
        ;;
    esac
    row+=("$peak")
  done
  awk -v pass="$pass" -v short="${row[0]}" -v long="${row[1]}" 'BEGIN {
    printf "%-10s %6.0f MiB %6.0f MiB %6.1f%%\n", pass, short / 1024, long / 1024, 100 * long / short
    exit long > 1.1 * short }' || status=1
done
exit $status
