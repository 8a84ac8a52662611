#include "output.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/printable.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace edgeprune::cli {

namespace {

void write_to_stderr(const std::string& text) {
  (void)std::fwrite(text.data(), 1, text.size(), stderr);
  (void)std::fflush(stderr);
}

}  // namespace

void say(const std::string& text) {
  write_to_stderr(core::printable_lines(text));
}

void redraw_line(const std::string& text) {
  write_to_stderr("\r" + core::printable(text, core::kNoLimit) + "\x1b[K");
}

void print(const std::string& text) {
  const std::string shown = core::printable_lines(text);
  const bool written = std::fwrite(shown.data(), 1, shown.size(), stdout) == shown.size();
  if (written && std::fflush(stdout) == 0) return;
  throw core::Error(core::ErrorKind::io,
                    std::string("standard output: cannot write: ") + std::strerror(errno));
}

}  // namespace edgeprune::cli
