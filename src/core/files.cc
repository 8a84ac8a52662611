#include "edgeprune/core/files.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
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

void write_all(int fd, std::span<const std::byte> content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path, "write", errno);
    content = content.subspan(static_cast<std::size_t>(written));
  }
}

// Some file systems cannot sync a directory; the rename is then as durable as they make it.
void sync_directory(const std::filesystem::path& directory) {
  const int handle = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0) return;
  (void)::fsync(handle);
  (void)::close(handle);
}

// A pipe or a device could keep the reader waiting for ever.
void require_regular(const std::filesystem::path& path) {
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (!std::filesystem::exists(status) || std::filesystem::is_regular_file(status)) return;
  throw Error(ErrorKind::io,
              fmt::format("{}: a directory, pipe or device where a file is wanted; check the path",
                          path.string()));
}

}  // namespace

// By system calls: a stream takes an error while it reads for the end of the file.
std::string read_file(const std::filesystem::path& path) {
  require_regular(path);
  struct Descriptor {
    int number;
    ~Descriptor() {
      if (number >= 0) (void)::close(number);
    }
  };
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0) fail(path, "open", errno);
  constexpr std::size_t kChunk = std::size_t{1} << 16;
  std::string content;
  ssize_t got = 0;
  do {
    const std::size_t size = content.size();
    content.resize(size + kChunk);
    do {
      got = ::read(file.number, content.data() + size, kChunk);
    } while (got < 0 && errno == EINTR);
    content.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  } while (got > 0);
  if (got < 0) fail(path, "read", errno);
  return content;
}

void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> content) {
  AtomicFile file(path);
  file.write(content);
  file.commit();
}

void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  write_file_atomically(path, std::as_bytes(std::span(content.data(), content.size())));
}

namespace {

// The file that a link leads to: it is replaced, not the link. A rename would put a file in the
// place of a device.
std::filesystem::path replaceable(const std::filesystem::path& path) {
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    throw Error(ErrorKind::io,
                fmt::format("{}: a directory, pipe or device, not replaced by a file; name another",
                            path.string()));
  }
  if (!std::filesystem::is_symlink(std::filesystem::symlink_status(path, code))) return path;
  const auto target = std::filesystem::canonical(path, code);
  if (code) fail(path, "follow the link", code.value());
  return target;
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path path)
    : path_(replaceable(path)),
      temporary_(path_.string() + ".tmp"),
      descriptor_(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {
  if (descriptor_ < 0) fail(temporary_, "create", errno);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) (void)::close(descriptor_);
  if (!committed_) (void)::unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const std::byte> content) {
  write_all(descriptor_, content, temporary_);
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) fail(temporary_, "sync", errno);
  if (::close(std::exchange(descriptor_, -1)) != 0) fail(temporary_, "close", errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail(path_, "replace", errno);
  committed_ = true;
  const auto parent = path_.parent_path();
  sync_directory(parent.empty() ? "." : parent);
}

RandomAccessFile::RandomAccessFile(std::filesystem::path path)
    : path_(std::move(path)),
      descriptor_((require_regular(path_), ::open(path_.c_str(), O_RDONLY | O_CLOEXEC))) {
  if (descriptor_ < 0) fail(path_, "open", errno);
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) {
    const int code = errno;
    (void)::close(descriptor_);
    fail(path_, "read", code);
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

RandomAccessFile::~RandomAccessFile() {
  (void)::close(descriptor_);
}

void RandomAccessFile::read(std::uint64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t got = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path_, "read", errno);
    if (got == 0) reject_file(path_.string(), "ends too early; it is truncated, copy it again");
    offset += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
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

namespace {

// Also where the path ends in a slash.
std::filesystem::path partial_path(const std::filesystem::path& path) {
  return (path / "").parent_path().string() + ".edgeprune-partial";
}

void require_new(const std::filesystem::path& path) {
  std::error_code code;
  const auto status = std::filesystem::symlink_status(path, code);
  if (!std::filesystem::exists(status)) return;
  if (std::filesystem::is_directory(status) && std::filesystem::is_empty(path, code)) return;
  throw Error(ErrorKind::io,
              fmt::format("{}: exists already; name a new directory", path.string()));
}

void remove_content(const std::filesystem::path& directory) {
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(directory, code)) {
    std::filesystem::remove_all(entry.path(), code);
    if (code) fail(entry.path(), "remove", code.value());
  }
}

}  // namespace

void write_directory_atomically(
    const std::filesystem::path& path,
    const std::function<void(const std::filesystem::path& partial)>& fill) {
  require_new(path);
  const std::filesystem::path partial = partial_path(path);
  if (std::filesystem::is_symlink(std::filesystem::symlink_status(partial))) {
    fail(partial, "write through the link", ELOOP);
  }
  core::create_directories(partial);
  const DirectoryLock lock(partial);
  remove_content(partial);
  try {
    fill(partial);
    if (::rename(partial.c_str(), path.c_str()) != 0) fail(path, "create", errno);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove_all(partial, ignored);
    throw;
  }
  const auto parent = partial.parent_path();
  sync_directory(parent.empty() ? "." : parent);
}

}  // namespace edgeprune::core
