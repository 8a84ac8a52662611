# Sourced by the scripts beside it: where they run, and how they build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build() {  # build PRESET [TARGET...]
  local preset=$1
  shift
  local launcher=""
  if command -v ccache >/dev/null; then launcher=ccache; fi
  local log=build/$preset-configure.log
  cmake --preset "$preset" -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" >"$log" 2>&1 ||
    { cat "$log" >&2; return 1; }
  cmake --build --preset "$preset" --parallel "$(nproc)" ${@:+--target "$@"}
}
mkdir -p build
