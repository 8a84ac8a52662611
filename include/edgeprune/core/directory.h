#pragma once
// Directories held open, and where in them files lie.
//
//   const Directory run = Directory::locked("runs/a");   // nobody else has it
//   write_file_atomically(run / "plan.json", text);      // in this directory, wherever it is moved
//   run.require_in_place();                              // its path still leads to it
//
// What a run reads and writes goes by the open directory, never by its path: a directory that is
// moved takes its run along, and what gets its old name is not written to.

#include <concepts>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace edgeprune::core {

class FilePlace;

/// A copy is the same open directory; it is closed, and its lock let go, with the last.
class Directory {
 public:
  struct Entry {
    std::string name;
    std::filesystem::file_type type;  // of a link itself, not of where it leads
  };

  /// Opens the directory of this path, which may lead through links. A path will also do where a
  /// Directory is wanted.
  template <typename Path>
  requires(std::convertible_to<const Path&, std::filesystem::path> &&
           !std::derived_from<Path, Directory>)
      Directory(const Path& path)  // NOLINT(google-explicit-constructor)
      : Directory(open(path)) {}

  /// The same, kept from all others that ask for its lock as long as a copy lives. An Error of kind
  /// run_directory where another has it.
  [[nodiscard]] static Directory locked(const std::filesystem::path& path);
  void lock() const;

  /// The directory of this name in it, created where it is missing. A link is an Error of kind io.
  [[nodiscard]] Directory subdirectory(std::string_view name) const;

  /// The path by which it was opened, for messages and for paths of what lies in it.
  [[nodiscard]] const std::filesystem::path& path() const;
  [[nodiscard]] FilePlace operator/(std::string_view name) const;
  [[nodiscard]] int descriptor() const;

  /// Also where it is a link that leads nowhere.
  [[nodiscard]] bool contains(std::string_view name) const;
  [[nodiscard]] std::vector<Entry> entries() const;
  /// Removes a file, link, or directory with all that is in it; what is missing is removed already.
  void remove(std::string_view name) const;
  /// Removes the temporary files that killed processes left (is_temporary_name). Only where nobody
  /// writes: its lock must be held.
  void remove_temporaries() const;
  void sync() const;

  /// Whether its path leads to it: it is still there and was neither moved nor replaced.
  [[nodiscard]] bool is_in_place() const;
  /// An Error of kind run_directory where it does not.
  void require_in_place() const;

 private:
  struct Open;
  explicit Directory(std::shared_ptr<const Open> open) : open_(std::move(open)) {}
  [[nodiscard]] static std::shared_ptr<const Open> open(const std::filesystem::path& path);

  std::shared_ptr<const Open> open_;
};

/// Where a file lies: at a path, or by its name in an open directory.
class FilePlace {
 public:
  template <typename Path>
  requires(std::convertible_to<const Path&, std::filesystem::path> &&
           !std::derived_from<Path, FilePlace>) FilePlace(const Path& path)
      : path_(path) {}  // NOLINT(google-explicit-constructor)
  FilePlace(const Directory& directory, std::string_view name);

  /// For messages; relative to nothing but the working directory.
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string text() const { return path_.string(); }
  /// Null: it is a path.
  [[nodiscard]] const Directory* directory() const { return directory_.get(); }
  [[nodiscard]] bool exists() const;

 private:
  std::filesystem::path path_;
  std::shared_ptr<const Directory> directory_;
};

/// The name of a temporary file (files.h): no other file is called like that.
[[nodiscard]] bool is_temporary_name(std::string_view name);
/// A new one, which nobody can guess.
[[nodiscard]] std::string make_temporary_name();

/// Creates the directory and its parents, and makes what it created durable; an existing directory
/// is fine.
void create_directories(const std::filesystem::path& path);

}  // namespace edgeprune::core
