#!/usr/bin/env bash
# Runs the tests of all code that handles memory by hand under the address sanitizer, the C targets
# also under the undefined-behaviour sanitizer (a fault traps), and those of all code that uses
# threads, the whole pipelines too, under the thread sanitizer. Arguments: address, thread.
set -euo pipefail
cd "$(dirname "$0")/.."

# Optimised: the kernels are slow without. The test that counts leaked memory would count the
# sanitizers' own.
check() {
  local kind=$1 filter=$2 && shift 2
  local options=(-c release -Xswiftc -enable-testing --sanitize="$kind" --scratch-path ".build/$kind")
  swift build "${options[@]}" "$@" --build-tests
  swift test "${options[@]}" "$@" --skip-build --filter "$filter" \
    --skip aThousandInstancesLeakNothing
}

for kind in ${*:-address thread}; do
  case $kind in
    address)
      # Functions called through pointers of other types are swift-crypto's, not ours.
      # Swift keeps memory for the life of the process, which the leak check takes for leaks.
      ASAN_OPTIONS=detect_leaks=0 check address \
        'TensorTests|CheckpointTests|NNTests|ModelsTests|QualityTests|MediaTests|CodecTests|FuzzTests' \
        -Xcc -fsanitize=undefined -Xcc -fno-sanitize=function -Xcc -fsanitize-trap=undefined
      ;;
    thread)
      TSAN_OPTIONS=suppressions=$PWD/Tests/thread-sanitizer.txt check thread \
        'NNTests|ModelsTests.StreamingTests|CodecTests|Frei0rTests.FilterTests'
      ;;
  esac
done
