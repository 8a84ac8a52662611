#!/usr/bin/env bash
# Installs the build into a temporary prefix, then builds and runs a project that knows only
# find_package(edgeprune). Arguments: the build directory, this folder, the compiler.
set -euo pipefail
build=$1 here=$2 compiler=$3
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT

cmake --install "$build" --prefix "$prefix/usr" >/dev/null
cmake -S "$here/consumer" -B "$prefix/consumer" -G Ninja -DCMAKE_PREFIX_PATH="$prefix/usr" \
  -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Release >"$prefix/log" ||
  { cat "$prefix/log"; exit 1; }
cmake --build "$prefix/consumer"
"$prefix/consumer/consumer"
"$prefix/consumer/configured"
"$prefix/usr/bin/edgeprune" --version
