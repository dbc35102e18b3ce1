#!/usr/bin/env bash
# Makes a hard clip with ffmpeg alone: a fast turning test pattern with fine lines and lettering.
# make_fast.sh OUT.mp4
set -euo pipefail
ffmpeg -hide_banner -loglevel error -y -f lavfi \
  -i "testsrc2=s=512x512:r=24:d=1,rotate=a=3*t:c=gray,crop=256:256" \
  -c:v libx264 -crf 12 -pix_fmt yuv420p "$1"
