#!/usr/bin/env bash
# Builds and runs a project that adds edgeprune as a folder, and expects that it installs nothing.
# Arguments: edgeprune's folder, this folder, the compiler.
set -euo pipefail
source=$1 here=$2 compiler=$3
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

cmake -S "$here/subproject" -B "$build" -G Ninja -DEDGEPRUNE_SOURCE_DIR="$source" \
  -DCMAKE_CXX_COMPILER="$compiler" >"$build/log" || { cat "$build/log"; exit 1; }
cmake --build "$build"
"$build/subproject"

cmake --install "$build" --prefix "$build/installed" >/dev/null
if [ -e "$build/installed" ]; then
  echo "edgeprune installs into the project that adds it:" "$build"/installed/*
  exit 1
fi
