#include "edgeprune/core/files.h"

#include "edgeprune/core/error.h"

#include "system_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace edgeprune::core {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void reject_special(const fs::path& path) {
  throw Error(ErrorKind::io,
              fmt::format("{}: a directory, pipe or device where a file is wanted; check the path",
                          path.string()));
}

// Never waits for the other end of a pipe.
Descriptor open_regular(const FilePlace& place, int more_flags = 0) {
  const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | more_flags;
  const Directory* directory = place.directory();
  Descriptor file(directory == nullptr
                      ? ::open(place.path().c_str(), flags)
                      : ::openat(directory->descriptor(), place.path().filename().c_str(), flags));
  if (!file.is_open() && errno == ENXIO) reject_special(place.path());
  if (!file.is_open()) fail(place.path(), "open", errno);
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) fail(place.path(), "read", errno);
  if (!S_ISREG(status.st_mode)) reject_special(place.path());
  return file;
}

// As many bytes as there are, up to those of `out`; less only at the end of the file.
std::size_t read_some(int file, std::span<std::byte> out, const fs::path& path) {
  ssize_t got = 0;
  do {
    got = ::read(file, out.data(), out.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) fail(path, "read", errno);
  return static_cast<std::size_t>(got);
}

constexpr std::size_t kChunk = std::size_t{1} << 16;

}  // namespace

// By system calls: a stream takes an error while it reads for the end of the file.
std::string read_file(const FilePlace& place) {
  const Descriptor file = open_regular(place);
  std::string content;
  std::size_t got = 0;
  do {
    const std::size_t size = content.size();
    content.resize(size + kChunk);
    got = read_some(file.number(), std::as_writable_bytes(std::span(content)).subspan(size),
                    place.path());
    content.resize(size + got);
  } while (got > 0);
  return content;
}

void write_file_atomically(const FilePlace& place, std::span<const std::byte> content) {
  AtomicFile file(place);
  file.write(content);
  file.commit();
}

void write_file_atomically(const FilePlace& place, std::string_view content) {
  write_file_atomically(place, std::as_bytes(std::span(content.data(), content.size())));
}

void copy_file_durably(const FilePlace& from, const FilePlace& to) {
  const Descriptor source = open_regular(from, O_NOFOLLOW);
  AtomicFile target(to);
  std::vector<std::byte> chunk(kChunk);
  while (const std::size_t got = read_some(source.number(), chunk, from.path())) {
    target.write(std::span(chunk).first(got));
  }
  target.commit();
}

namespace {

// The file that a link leads to: it is replaced, not the link.
fs::path followed(const FilePlace& place) {
  const fs::path& path = place.path();
  std::error_code code;
  if (place.directory() != nullptr || !fs::is_symlink(fs::symlink_status(path, code))) return path;
  const fs::path target = fs::canonical(path, code);
  if (code) fail(path, "follow the link", code.value());
  return target;
}

Directory directory_of(const FilePlace& place, const fs::path& target) {
  if (place.directory() != nullptr) return *place.directory();
  const fs::path parent = target.has_parent_path() ? target.parent_path() : ".";
  struct stat status {};
  if (::stat(parent.c_str(), &status) != 0) fail(target, "create", errno);
  return parent;
}

// The permissions of the file that is to be replaced, where there is one. A rename would put a file
// in the place of a device.
std::optional<mode_t> replaced_mode(const Directory& directory, const std::string& name,
                                    const fs::path& path) {
  struct stat status {};
  if (::fstatat(directory.descriptor(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return {};
  if (S_ISREG(status.st_mode)) return status.st_mode & 0777U;
  if (S_ISLNK(status.st_mode)) return {};
  throw Error(ErrorKind::io,
              fmt::format("{}: a directory, pipe or device, not replaced by a file; name another",
                          path.string()));
}

}  // namespace

AtomicFile::AtomicFile(const FilePlace& place)
    : path_(followed(place)),
      is_by_name_(place.directory() != nullptr),
      directory_(directory_of(place, path_)),
      name_(path_.filename().string()),
      temporary_(make_temporary_name()) {
  if (name_.empty()) fail(path_, "create", EISDIR);
  const std::optional<mode_t> mode = replaced_mode(directory_, name_, path_);
  descriptor_ = ::openat(directory_.descriptor(), temporary_.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode ? 0600 : 0666);
  if (descriptor_ < 0) fail_at("create", errno);
  // Where the file system knows no permissions there are none to keep.
  if (mode) (void)::fchmod(descriptor_, *mode);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) (void)::close(descriptor_);
  if (!temporary_.empty()) (void)::unlinkat(directory_.descriptor(), temporary_.c_str(), 0);
}

// In an open directory a name can be missing only where the directory is.
void AtomicFile::fail_at(std::string_view action, int code) const {
  if (code != ENOENT || !is_by_name_) fail(path_, action, code);
  throw Error(ErrorKind::run_directory,
              fmt::format("{}: the directory was removed while it was in use, so {} cannot be "
                          "written; begin again",
                          directory_.path().string(), name_));
}

void AtomicFile::write(std::span<const std::byte> content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor_, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path_, "write", errno);
    content = content.subspan(static_cast<std::size_t>(written));
  }
}

void AtomicFile::commit() {
  sync_file(descriptor_, path_);
  if (::close(std::exchange(descriptor_, -1)) != 0) fail(path_, "close", errno);
  const int directory = directory_.descriptor();
  if (::renameat(directory, temporary_.c_str(), directory, name_.c_str()) != 0) {
    fail_at("replace", errno);
  }
  temporary_.clear();
  directory_.sync();
}

RandomAccessFile::RandomAccessFile(const FilePlace& place)
    : path_(place.path()), descriptor_(open_regular(place).release()) {
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

namespace {

void require_new(const Directory& parent, const std::string& name) {
  for (const Directory::Entry& entry : parent.entries()) {
    if (entry.name != name) continue;
    const bool is_directory = entry.type == fs::file_type::directory;
    if (is_directory && parent.subdirectory(name).entries().empty()) return;
    throw Error(ErrorKind::io, fmt::format("{}: exists already; name a new directory",
                                           (parent.path() / name).string()));
  }
}

// Ours alone, and empty.
Directory open_partial(const Directory& parent, const std::string& name) {
  const Directory partial = parent.subdirectory(name);
  struct stat status {};
  if (::fstat(partial.descriptor(), &status) != 0) fail(partial.path(), "open", errno);
  if (status.st_uid != ::geteuid()) fail(partial.path(), "write into another's directory", EPERM);
  partial.lock();
  for (const Directory::Entry& entry : partial.entries()) partial.remove(entry.name);
  return partial;
}

// All that lies in it, then itself: a name is worth what it names.
void sync_tree(const Directory& directory) {
  for (const Directory::Entry& entry : directory.entries()) {
    if (entry.type == fs::file_type::directory) {
      sync_tree(directory.subdirectory(entry.name));
    } else if (entry.type == fs::file_type::regular) {
      const FilePlace place = directory / entry.name;
      sync_file(open_regular(place, O_NOFOLLOW).number(), place.path());
    }
  }
  directory.sync();
}

}  // namespace

void write_directory_atomically(const Directory& parent, const std::string& name,
                                const std::function<void(const Directory& partial)>& fill) {
  require_new(parent, name);
  const std::string partial_name = name + ".edgeprune-partial";
  const Directory partial = open_partial(parent, partial_name);
  try {
    fill(partial);
    sync_tree(partial);
    const int in = parent.descriptor();
    if (::renameat(in, partial_name.c_str(), in, name.c_str()) != 0) {
      fail(parent.path() / name, "create", errno);
    }
  } catch (...) {
    try {
      parent.remove(partial_name);
    } catch (const Error&) {
      // What filling it has met counts.
    }
    throw;
  }
  parent.sync();
}

void write_directory_atomically(const fs::path& path,
                                const std::function<void(const fs::path& partial)>& fill) {
  const fs::path target = path.has_filename() ? path : path.parent_path();
  core::create_directories(target.parent_path());
  write_directory_atomically(target.parent_path(), target.filename().string(),
                             [&](const Directory& partial) {
                               fill(partial.path());
                               partial.require_in_place();
                             });
}

}  // namespace edgeprune::core
