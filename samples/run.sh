#!/usr/bin/env bash
# From a new clone to a clip that went through the autoencoder: installs what is missing, builds,
# encodes, decodes, measures, and runs the ffmpeg filter. Results lie in samples/out.
set -euo pipefail
cd "$(dirname "$0")/.."

samples/setup.sh
samples/build.sh
bin=$(swift build -c release --show-bin-path)
vaecodec="$bin/vaecodec"
out=samples/out
mkdir -p "$out"

echo
echo "== encode: MP4 to latents"
"$vaecodec" encode samples/clip.mp4 -o "$out/clip.latents.safetensors" --overwrite

echo
echo "== decode: latents to MP4, with the source's sound"
"$vaecodec" decode "$out/clip.latents.safetensors" -o "$out/clip.mp4" \
  --audio samples/clip.mp4 --overwrite

echo
echo "== roundtrip: what was lost"
"$vaecodec" roundtrip samples/clip.mp4 -o "$out/roundtrip" --overwrite

echo
echo "== inside ffmpeg: source left, reconstruction right"
filters=$(ffmpeg -hide_banner -filters 2>/dev/null)
if ! grep -q ' frei0r ' <<<"$filters"; then
  echo "skipped: this ffmpeg has no frei0r"
  exit 0
fi
case "$(uname)" in Darwin) library=libvaecodec_frei0r.dylib ;; *) library=libvaecodec_frei0r.so ;; esac
# ffmpeg looks for the filter's name and the system's extension.
cp "$bin/$library" "$out/vaecodec.${library##*.}"
FREI0R_PATH="$out" ffmpeg -hide_banner -loglevel error -y -i samples/clip.mp4 \
  -vf 'frei0r=vaecodec:image|17|1|split' -frames:v 24 -an "$out/split.mp4"
echo "$out/split.mp4"
