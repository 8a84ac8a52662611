#pragma once
// Files that are either whole or not there.
//
// write_file_atomically writes to a temporary name beside the target, syncs, renames, and syncs the
// directory: a reader, or a machine that lost power, sees the old content or the new, never a part.
// Every failure is an Error of kind io that names the path, the system's reason and the fix.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace edgeprune::core {

/// Regular files only: a pipe or a device could keep the reader waiting for ever.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);

void write_file_atomically(const std::filesystem::path& path, std::string_view content);
void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> content);

/// The same in pieces, for content that is never whole in memory. Through a link its target is
/// replaced; a directory, pipe or device, and a link to nothing, are Errors of kind io.
///
///   AtomicFile file(path);
///   file.write(bytes);   // as often as needed
///   file.commit();       // without it, the old content stays
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> content);
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_;
  bool committed_ = false;
};

/// Reads parts of a file. Regular files only, as read_file.
class RandomAccessFile {
 public:
  explicit RandomAccessFile(std::filesystem::path path);
  ~RandomAccessFile();
  RandomAccessFile(const RandomAccessFile&) = delete;
  RandomAccessFile& operator=(const RandomAccessFile&) = delete;

  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Fills `out` with what lies at `offset`; a file that ends before is an Error of kind data.
  void read(std::uint64_t offset, std::span<std::byte> out) const;

 private:
  std::filesystem::path path_;
  int descriptor_;
  std::uint64_t size_ = 0;
};

/// A directory that is whole or not there. `fill` writes into PATH.edgeprune-partial, a new
/// directory beside it, which gets the name PATH once it is full; where `fill` throws it is
/// removed. That name is edgeprune's own: what a killed process has left under it is removed by the
/// next that writes PATH. While one does, another that tries is an Error of kind run_directory; a
/// PATH that exists and is not an empty directory is one of kind io, and is left alone.
void write_directory_atomically(
    const std::filesystem::path& path,
    const std::function<void(const std::filesystem::path& partial)>& fill);

/// Creates the directory and its parents; an existing directory is fine.
void create_directories(const std::filesystem::path& path);

/// Keeps other processes that ask for it out of a directory while it lives. An Error of kind
/// run_directory where another process holds it.
class DirectoryLock {
 public:
  explicit DirectoryLock(const std::filesystem::path& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace edgeprune::core
