#!/usr/bin/env bash
# Feeds every parser a million inputs, mutated and generated, and stops at the first crash, hang,
# or use of too much memory. Arguments: executions, seed, parsers.
# The input at fault stays in .build/fuzz/PARSER; `vaecodec-fuzz PARSER FILE` parses it again.
set -euo pipefail
cd "$(dirname "$0")/.."

executions=${1:-1000000}
seed=${2:-1}
parsers=${*:3}
swift build -c release --product vaecodec-fuzz
fuzz=$(swift build -c release --show-bin-path)/vaecodec-fuzz
mkdir -p .build/fuzz

for parser in ${parsers:-json safetensors pickle zip latents y4m media}; do
  nice "$fuzz" "$parser" "$executions" "$seed" ".build/fuzz/$parser" || {
    echo "$parser failed on .build/fuzz/$parser" >&2
    exit 1
  }
done
