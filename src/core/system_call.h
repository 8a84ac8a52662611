#pragma once
// System calls on files and directories: descriptors that close themselves, and failures as Errors
// of kind io that name the path, the system's reason and the fix.

#include <filesystem>
#include <string_view>
#include <sys/stat.h>

namespace edgeprune::core {

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view action, int code);

/// A number that open() gave, closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&&) = delete;

  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }
  /// It is the caller's to close.
  [[nodiscard]] int release();

 private:
  int number_;
};

/// fsync. What a directory's file system cannot sync is as durable as that file system makes it;
/// any other failure is an Error.
void sync_directory(int directory, const std::filesystem::path& path);
void sync_directory(const std::filesystem::path& path);
void sync_file(int file, const std::filesystem::path& path);

/// Whether both are of the same file or directory.
[[nodiscard]] bool is_same(const struct stat& a, const struct stat& b);

}  // namespace edgeprune::core
