#pragma once
// What the benchmarks of selections share.

#include "edgeprune/core/error.h"

#include "protocol.h"

#include <fstream>
#include <string>
#include <vector>

namespace edgeprune::benchmarks {

/// A file of plain little-endian floats. An Error of kind io where it cannot be read.
inline std::vector<float> read_floats(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw core::Error(core::ErrorKind::io, path + ": cannot be read");
  std::vector<float> values(static_cast<std::size_t>(file.tellg()) / sizeof(float));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(float)));
  if (!file) throw core::Error(core::ErrorKind::io, path + ": cannot be read to its end");
  return values;
}

/// Calls body() for about `seconds`, at least once.
template <typename Body>
double repeats_per_second(double seconds, const Body& body) {
  const double start = seconds_now();
  int repeats = 0;
  double spent = 0;
  while (repeats == 0 || spent < seconds) {
    body();
    ++repeats;
    spent = seconds_now() - start;
  }
  return repeats / spent;
}

}  // namespace edgeprune::benchmarks
