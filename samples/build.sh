#!/usr/bin/env bash
# Builds the program and the ffmpeg filter in .build/release. On Linux Swift's runtime is linked in:
# both then run where no Swift is installed, and the program starts sooner.
set -euo pipefail
cd "$(dirname "$0")/.."

options=(-c release)
if [ "$(uname)" = Linux ]; then
  runtime=$(swiftc -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')_static/linux
  # For the filter, which is a library, the compiler must be told as well, and where to look.
  if [ -d "$runtime" ]; then
    options+=(--static-swift-stdlib -Xswiftc -static-stdlib -Xlinker "-L$runtime")
  else
    echo "build: this toolchain has no static runtime; the program will need the shared one"
  fi
fi
swift build "${options[@]}" --product vaecodec
swift build "${options[@]}" --product vaecodec_frei0r
