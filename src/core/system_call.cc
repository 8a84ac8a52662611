#include "system_call.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <utility>

namespace edgeprune::core {
namespace {

std::string_view fix_for(int code) {
  switch (code) {
    case ENOSPC:
    case EDQUOT:
      return "free some space and try again";
    case EFBIG:
      return "free some space, or raise the limit of a file's size (ulimit -f), and try again";
    case EACCES:
    case EPERM:
    case EROFS:
      return "check its permissions";
    case EIO:
      return "its disk or the connection to it fails; check that and try again";
    case EMFILE:
    case ENFILE:
      return "too many files are open; raise the limit (ulimit -n) and try again";
    default:
      return "check the path";
  }
}

}  // namespace

void fail(const std::filesystem::path& path, std::string_view action, int code) {
  throw Error(ErrorKind::io, fmt::format("{}: cannot {}: {}; {}", path.string(), action,
                                         std::strerror(code), fix_for(code)));
}

Descriptor::~Descriptor() {
  if (is_open()) (void)::close(number_);
}

int Descriptor::release() {
  return std::exchange(number_, -1);
}

void sync_directory(int directory, const std::filesystem::path& path) {
  if (::fsync(directory) == 0 || errno == EINVAL || errno == ENOTSUP) return;
  fail(path, "sync the directory", errno);
}

void sync_directory(const std::filesystem::path& path) {
  const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open()) fail(path, "open the directory", errno);
  sync_directory(directory.number(), path);
}

void sync_file(int file, const std::filesystem::path& path) {
  if (::fsync(file) != 0) fail(path, "sync", errno);
}

bool is_same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace edgeprune::core
