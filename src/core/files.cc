#include "edgeprune/core/files.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace edgeprune::core {
namespace {

std::string fix_for(int code) {
  switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return "; free some space and try again";
    case EACCES:
    case EPERM:
    case EROFS:
      return "; check its permissions";
    case ENOENT:
      return "; check the path";
    default:
      return "";
  }
}

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view action, int code) {
  throw Error(ErrorKind::io, fmt::format("{}: cannot {}: {}{}", path.string(), action,
                                         std::strerror(code), fix_for(code)));
}

// A descriptor that closes itself; close() reports what a destructor would swallow.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int close() { return ::close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

void write_all(int fd, std::span<const std::byte> content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path, "write", errno);
    content = content.subspan(static_cast<std::size_t>(written));
  }
}

void write_and_sync(const std::filesystem::path& path, std::span<const std::byte> content) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (file.get() < 0) fail(path, "create", errno);
  write_all(file.get(), content, path);
  if (::fsync(file.get()) != 0) fail(path, "sync", errno);
  if (file.close() != 0) fail(path, "close", errno);
}

// Some file systems cannot sync a directory; the rename is then as durable as they make it.
void sync_directory(const std::filesystem::path& directory) {
  const Descriptor handle(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle.get() >= 0) (void)::fsync(handle.get());
}

}  // namespace

std::string read_file(const std::filesystem::path& path) {
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    throw Error(
        ErrorKind::io,
        fmt::format("{}: a directory, pipe or device where a file is wanted; check the path",
                    path.string()));
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(path, "open", errno);
  std::ostringstream content;
  content << file.rdbuf();
  if (file.bad()) fail(path, "read", errno);
  return std::move(content).str();
}

void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> content) {
  const std::filesystem::path temporary = path.string() + ".tmp";
  try {
    write_and_sync(temporary, content);
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail(path, "replace", errno);
  } catch (...) {
    (void)::unlink(temporary.c_str());
    throw;
  }
  const auto parent = path.parent_path();
  sync_directory(parent.empty() ? "." : parent);
}

void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  write_file_atomically(path, std::as_bytes(std::span(content.data(), content.size())));
}

void create_directories(const std::filesystem::path& path) {
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (code) fail(path, "create the directory", code.value());
}

DirectoryLock::DirectoryLock(const std::filesystem::path& directory)
    : descriptor_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (descriptor_ < 0) fail(directory, "open", errno);
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  ::close(descriptor_);
  throw Error(ErrorKind::run_directory,
              fmt::format("{}: in use by another edgeprune process; wait for it or stop it",
                          directory.string()));
}

DirectoryLock::~DirectoryLock() {
  ::close(descriptor_);
}

}  // namespace edgeprune::core
