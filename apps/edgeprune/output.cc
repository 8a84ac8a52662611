#include "output.h"

#include "edgeprune/core/error.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace edgeprune::cli {

void say(const std::string& text) {
  (void)std::fwrite(text.data(), 1, text.size(), stderr);
  (void)std::fflush(stderr);
}

void print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (written && std::fflush(stdout) == 0) return;
  throw core::Error(core::ErrorKind::io,
                    std::string("standard output: cannot write: ") + std::strerror(errno));
}

}  // namespace edgeprune::cli
