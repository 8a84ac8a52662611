#pragma once
// Files that are either whole or not there.
//
// write_file_atomically writes to a temporary file beside the target, syncs, renames, and syncs the
// directory: a reader, or a machine that lost power, sees the old content or the new, never a part.
// Every failure is an Error of kind io that names the path, the system's reason and the fix.
//
// A file is named by its path or by its place in an open directory (directory.h). By its path it is
// found through links. In an open directory a link is never written through: the new file takes its
// place. That such a directory was removed meanwhile is an Error of kind run_directory.

#include "edgeprune/core/directory.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace edgeprune::core {

/// Regular files only: a pipe or a device could keep the reader waiting for ever.
[[nodiscard]] std::string read_file(const FilePlace& place);

void write_file_atomically(const FilePlace& place, std::string_view content);
void write_file_atomically(const FilePlace& place, std::span<const std::byte> content);

/// The content of a file under another name or in another directory, written as atomically and
/// durably; of a regular file only, not of what a link leads to.
void copy_file_durably(const FilePlace& from, const FilePlace& to);

/// The same in pieces, for content that is never whole in memory. A directory, pipe or device in
/// its place, and a path to a link to nothing, are Errors of kind io. A file that is replaced
/// leaves its permissions to the new one; others get the user's (umask).
///
///   AtomicFile file(path);
///   file.write(bytes);   // as often as needed
///   file.commit();       // without it, the old content stays
///
/// What is written lies under a name that nobody can guess until then, in a file that did not exist
/// before. Killed processes leave it behind: is_temporary_name() knows it.
class AtomicFile {
 public:
  explicit AtomicFile(const FilePlace& place);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> content);
  void commit();

 private:
  [[noreturn]] void fail_at(std::string_view action, int code) const;

  std::filesystem::path path_;  // for messages
  bool is_by_name_;             // in a directory that the caller holds open
  Directory directory_;
  std::string name_;
  std::string temporary_;
  int descriptor_ = -1;
};

/// Reads parts of a file. Regular files only, as read_file.
class RandomAccessFile {
 public:
  explicit RandomAccessFile(const FilePlace& place);
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

/// A directory that is whole or not there, also after a loss of power. `fill` writes into
/// PATH.edgeprune-partial, a new directory beside it, which is synced with all that is in it and
/// then gets the name PATH; where `fill` throws it is removed. That name is edgeprune's own: what a
/// killed process has left under it is removed by the next that writes PATH. While one does,
/// another that tries is an Error of kind run_directory; a PATH that exists and is not an empty
/// directory is one of kind io, and is left alone, as is another user's PATH.edgeprune-partial.
void write_directory_atomically(
    const std::filesystem::path& path,
    const std::function<void(const std::filesystem::path& partial)>& fill);
/// The same of the directory `name` in `parent`.
void write_directory_atomically(const Directory& parent, const std::string& name,
                                const std::function<void(const Directory& partial)>& fill);

}  // namespace edgeprune::core
