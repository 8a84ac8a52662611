#include "edgeprune/core/directory.h"

#include "edgeprune/core/error.h"

#include "system_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace edgeprune::core {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemporaryStart = "edgeprune-";
constexpr std::string_view kTemporaryEnd = ".tmp";
constexpr std::size_t kTemporaryDigits = 32;

// Of the directory in which `path` lies.
fs::path parent_of(const fs::path& path) {
  const fs::path parent = path.parent_path();
  return parent.empty() ? "." : parent;
}

fs::file_type type_of(mode_t mode) {
  if (S_ISREG(mode)) return fs::file_type::regular;
  if (S_ISDIR(mode)) return fs::file_type::directory;
  if (S_ISLNK(mode)) return fs::file_type::symlink;
  return fs::file_type::unknown;
}

}  // namespace

struct Directory::Open {
  Descriptor descriptor;
  fs::path path;
};

std::shared_ptr<const Directory::Open> Directory::open(const fs::path& path) {
  Descriptor descriptor(
      ::open(path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor.is_open()) fail(path, "open the directory", errno);
  return std::make_shared<const Open>(Open{std::move(descriptor), path});
}

const fs::path& Directory::path() const {
  return open_->path;
}
int Directory::descriptor() const {
  return open_->descriptor.number();
}

void Directory::lock() const {
  if (::flock(descriptor(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  throw Error(ErrorKind::run_directory,
              fmt::format("{}: in use by another edgeprune process; wait for it or stop it",
                          path().string()));
}

// What was moved or replaced between opening and locking is not what was asked for.
Directory Directory::locked(const fs::path& path) {
  constexpr int kTries = 10;
  for (int i = 1;; ++i) {
    const Directory directory(path);
    directory.lock();
    if (directory.is_in_place()) return directory;
    if (i == kTries) directory.require_in_place();
  }
}

Directory Directory::subdirectory(std::string_view name) const {
  const std::string text(name);
  const fs::path inside = path() / name;
  if (::mkdirat(descriptor(), text.c_str(), 0777) == 0) {
    sync();
  } else if (errno != EEXIST) {
    fail(inside, "create the directory", errno);
  }
  Descriptor opened(
      ::openat(descriptor(), text.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!opened.is_open()) {
    const int code = errno;
    std::error_code ignored;
    const bool is_link = fs::is_symlink(fs::symlink_status(inside, ignored));
    fail(inside, is_link ? "write through the link" : "open the directory", code);
  }
  return Directory(std::make_shared<const Open>(Open{std::move(opened), inside}));
}

FilePlace Directory::operator/(std::string_view name) const {
  return {*this, name};
}

bool Directory::contains(std::string_view name) const {
  struct stat status {};
  return ::fstatat(descriptor(), std::string(name).c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

std::vector<Directory::Entry> Directory::entries() const {
  // Opened anew: a copy of the descriptor would share its place in the list.
  Descriptor listed(::openat(descriptor(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  DIR* stream = listed.is_open() ? ::fdopendir(listed.number()) : nullptr;
  if (stream == nullptr) fail(path(), "list", errno);
  (void)listed.release();
  const std::unique_ptr<DIR, int (*)(DIR*)> closing(stream, ::closedir);
  std::vector<Entry> entries;
  for (errno = 0; const dirent* entry = ::readdir(stream); errno = 0) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat status {};
    if (::fstatat(descriptor(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    entries.push_back({name, type_of(status.st_mode)});
  }
  if (errno != 0) fail(path(), "list", errno);
  std::ranges::sort(entries, {}, &Entry::name);
  return entries;
}

void Directory::remove(std::string_view name) const {
  const std::string text(name);
  if (::unlinkat(descriptor(), text.c_str(), 0) == 0 || errno == ENOENT) return;
  const int code = errno;
  struct stat status {};
  (void)::fstatat(descriptor(), text.c_str(), &status, AT_SYMLINK_NOFOLLOW);
  if (!S_ISDIR(status.st_mode)) fail(path() / name, "remove", code);
  const Directory inside = subdirectory(name);
  for (const Entry& entry : inside.entries()) inside.remove(entry.name);
  if (::unlinkat(descriptor(), text.c_str(), AT_REMOVEDIR) != 0) {
    fail(path() / name, "remove", errno);
  }
}

void Directory::remove_temporaries() const {
  for (const Entry& entry : entries()) {
    if (entry.type == fs::file_type::regular && is_temporary_name(entry.name)) remove(entry.name);
  }
}

void Directory::sync() const {
  sync_directory(descriptor(), path());
}

bool Directory::is_in_place() const {
  struct stat here {};
  struct stat there {};
  return ::fstat(descriptor(), &here) == 0 &&
         ::stat(path().empty() ? "." : path().c_str(), &there) == 0 && is_same(here, there);
}

void Directory::require_in_place() const {
  if (is_in_place()) return;
  throw Error(ErrorKind::run_directory,
              fmt::format("{}: no longer the directory that was opened: it was removed, moved or "
                          "replaced meanwhile; put it back, or begin again",
                          path().string()));
}

FilePlace::FilePlace(const Directory& directory, std::string_view name)
    : path_(directory.path() / name), directory_(std::make_shared<const Directory>(directory)) {}

bool FilePlace::exists() const {
  if (directory_) return directory_->contains(path_.filename().string());
  std::error_code ignored;
  return fs::exists(path_, ignored);
}

bool is_temporary_name(std::string_view name) {
  if (!name.starts_with(kTemporaryStart) || !name.ends_with(kTemporaryEnd)) return false;
  const std::size_t around = kTemporaryStart.size() + kTemporaryEnd.size();
  return name.size() == around + kTemporaryDigits &&
         name.substr(kTemporaryStart.size(), kTemporaryDigits)
                 .find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string make_temporary_name() {
  std::uint64_t random[2];
  if (::getrandom(random, sizeof(random), 0) != sizeof(random)) {
    throw Error(ErrorKind::io,
                "the system has no random numbers for the name of a temporary file; "
                "try again");
  }
  return fmt::format("{}{:016x}{:016x}{}", kTemporaryStart, random[0], random[1], kTemporaryEnd);
}

namespace {

// `whole` is what was asked for.
void create_up_to(const fs::path& path, const fs::path& whole) {
  std::error_code ignored;
  if (path.empty() || fs::is_directory(path, ignored)) return;
  create_up_to(path.parent_path(), whole);
  if (!path.has_filename()) return;  // "a/" is "a"
  if (::mkdir(path.c_str(), 0777) == 0) return sync_directory(parent_of(path));
  const int code = errno;
  if (!fs::is_directory(path, ignored)) {
    fail(whole, "create the directory", code == EEXIST ? ENOTDIR : code);
  }
}

}  // namespace

void create_directories(const fs::path& path) {
  create_up_to(path, path);
}

}  // namespace edgeprune::core
