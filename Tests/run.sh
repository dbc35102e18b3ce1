#!/usr/bin/env bash
# Installs what is missing and runs the tests, optimised: the kernels are slow without.
# Arguments go to `swift test`, e.g. Tests/run.sh --filter MediaTests
set -euo pipefail
cd "$(dirname "$0")/.."

samples/setup.sh
swift build -c release -Xswiftc -enable-testing --build-tests
swift test -c release -Xswiftc -enable-testing --skip-build "$@"
