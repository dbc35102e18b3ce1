#!/usr/bin/env bash
# Makes the README's pictures with the built program and filter: frame 40 of samples/clip.mp4 beside
# its round trip as a clip (roundtrip.png), and as the filter's split view shows it (split.png).
set -euo pipefail
cd "$(dirname "$0")/.."

bin=$(swift build -c release --show-bin-path)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
frame="select=eq(n\,40)"
png=(-frames:v 1 -update 1 -pred mixed -compression_level 9)

"$bin/vaecodec" roundtrip samples/clip.mp4 -o "$work" --quiet >/dev/null
ffmpeg -hide_banner -loglevel error -y -i "$work/orig/clip_orig.mp4" -i "$work/recn/clip_recn.mp4" \
  -filter_complex "[0]${frame}[a];[1]${frame}[b];[a][b]hstack" "${png[@]}" samples/roundtrip.png

cp "$bin/libvaecodec_frei0r.so" "$work/vaecodec.so"
FREI0R_PATH="$work" ffmpeg -hide_banner -loglevel error -y -i samples/clip.mp4 \
  -vf "$frame,frei0r=vaecodec:image|17|1|split,format=rgb24" "${png[@]}" samples/split.png
ls -l samples/*.png
