#!/usr/bin/env bash
# Installs the system packages the build needs, where they are missing. Debian, Ubuntu and macOS.
set -euo pipefail

packages=(libavcodec-dev libavformat-dev libswscale-dev libavutil-dev libdnnl-dev pkg-config ffmpeg)

if ! command -v swift >/dev/null; then
  echo "setup: no Swift toolchain found; install Swift 6.1 or newer from swift.org" >&2
  exit 1
fi

if [ "$(uname)" = Darwin ]; then
  command -v brew >/dev/null || { echo "setup: Homebrew is needed (brew.sh)" >&2; exit 1; }
  for formula in ffmpeg onednn pkg-config; do
    brew list --versions "$formula" >/dev/null || brew install "$formula"
  done
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "setup: installing ${missing[*]}"
sudo=()
[ "$(id -u)" -eq 0 ] || sudo=(sudo)
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get update -qq
"${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
