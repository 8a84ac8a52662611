# Sourced by the scripts beside it: where they run, and how they build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build() {  # build PRESET [TARGET...]
  local preset=$1
  shift
  cmake --preset "$preset" -DCMAKE_CXX_COMPILER_LAUNCHER=ccache >"build/$preset-configure.log" 2>&1 ||
    { cat "build/$preset-configure.log" >&2; return 1; }
  cmake --build --preset "$preset" --parallel "$(nproc)" ${@:+--target "$@"}
}
mkdir -p build
