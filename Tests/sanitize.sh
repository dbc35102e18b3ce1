#!/usr/bin/env bash
# Runs the tests of all code that handles memory by hand under the address sanitizer, the C targets
# also under the undefined-behaviour sanitizer (a fault traps), and those of all code that uses
# threads under the thread sanitizer.
set -euo pipefail
cd "$(dirname "$0")/.."

# Functions called through pointers of other types are swift-crypto's, not ours.
undefined=(-Xcc -fsanitize=undefined -Xcc -fno-sanitize=function -Xcc -fsanitize-trap=undefined)

# Swift keeps memory for the life of the process, which the leak check takes for leaks.
ASAN_OPTIONS=detect_leaks=0 swift test --sanitize=address "${undefined[@]}" \
  --scratch-path .build/address \
  --filter 'TensorTests|CheckpointTests|NNTests|QualityTests|MediaTests|FuzzTests'

TSAN_OPTIONS=suppressions=$PWD/Tests/thread-sanitizer.txt \
  swift test --sanitize=thread --scratch-path .build/thread \
  --filter 'NNTests|CodecTests.PipelineTests|CodecTests.DeterminismTests'
