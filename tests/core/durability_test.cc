// What a loss of power would leave: the order of the system calls that make files durable, recorded
// in their place. In this program's calls of fsync, renameat and write these definitions count.

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"

#include "support/expect_error.h"
#include "support/temp_directory.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace {

// Of the one test that has it recorded.
struct Calls {
  std::vector<std::string> all;  // "sync NAME", "rename TO"
  int write_error = 0;           // of every write
  int sync_error = 0;            // of syncs of directories
};
std::optional<Calls> calls;

bool is_directory(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
}

// Temporary names are all one.
std::string name_of(int descriptor) {
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  const auto name = std::filesystem::read_symlink(link).filename().string();
  return edgeprune::core::is_temporary_name(name) ? "temporary" : name;
}

}  // namespace

extern "C" int fsync(int descriptor) {
  if (calls) {
    calls->all.push_back("sync " + name_of(descriptor));
    if (calls->sync_error != 0 && is_directory(descriptor)) {
      errno = calls->sync_error;
      return -1;
    }
  }
  return static_cast<int>(::syscall(SYS_fsync, descriptor));
}

extern "C" int renameat(int from_in, const char* from, int to_in, const char* to) noexcept {
  if (calls) calls->all.push_back(std::string("rename ") + to);
  return static_cast<int>(::syscall(SYS_renameat2, from_in, from, to_in, to, 0));
}

extern "C" ssize_t write(int descriptor, const void* bytes, size_t size) {
  if (calls && calls->write_error != 0) {
    errno = calls->write_error;
    return -1;
  }
  return ::syscall(SYS_write, descriptor, bytes, size);
}

namespace edgeprune::core {
namespace {

using testing::expect_error;
using testing::TempDirectory;
using Order = std::vector<std::string>;

class Recorded {
 public:
  Recorded() { calls.emplace(); }
  ~Recorded() { calls.reset(); }
  Recorded(const Recorded&) = delete;
  Recorded& operator=(const Recorded&) = delete;
};

TEST(Durability, AFileIsSyncedThenRenamedThenItsDirectorySynced) {
  const TempDirectory directory;
  core::create_directories(directory / "run");
  const Recorded recorded;
  write_file_atomically(directory / "run/a", "content");
  EXPECT_EQ(calls->all, (Order{"sync temporary", "rename a", "sync run"}));
}

TEST(Durability, ACopyIsSyncedLikeAFile) {
  const TempDirectory directory;
  core::create_directories(directory / "run");
  write_file_atomically(directory / "a", "content");
  const Recorded recorded;
  copy_file_durably(directory / "a", directory / "run/b");
  EXPECT_EQ(calls->all, (Order{"sync temporary", "rename b", "sync run"}));
}

TEST(Durability, ADirectoryIsSyncedWithAllThatIsInItBeforeItGetsItsName) {
  const TempDirectory directory;
  core::create_directories(directory / "here");
  const Recorded recorded;
  write_directory_atomically(directory / "here/kept", [](const std::filesystem::path& partial) {
    std::filesystem::create_directories(partial / "cats");
    std::ofstream(partial / "cats/1.png") << "x";
    std::ofstream(partial / "list") << "x";
    calls->all.clear();
  });
  EXPECT_EQ(calls->all, (Order{"sync 1.png", "sync cats", "sync list",
                               "sync kept.edgeprune-partial", "rename kept", "sync here"}));
}

TEST(Durability, EveryCreatedDirectoryIsSyncedIntoItsParent) {
  const TempDirectory directory;
  core::create_directories(directory / "a");
  const Recorded recorded;
  core::create_directories(directory / "a/b/c/");
  EXPECT_EQ(calls->all, (Order{"sync a", "sync b"}));
  (void)Directory(directory / "a/b/c").subdirectory("d");
  EXPECT_EQ(calls->all.back(), "sync c");
}

TEST(Durability, ADirectoryThatCannotBeSyncedIsAnErrorUnlessItsFileSystemKnowsNoSync) {
  const TempDirectory directory;
  const Recorded recorded;
  for (const int error : {EIO, ENOSPC}) {
    calls->sync_error = error;
    expect_error(ErrorKind::io, {directory.path().string(), "cannot sync"},
                 [&] { write_file_atomically(directory / "a", "x"); });
    expect_error(ErrorKind::io, {directory.path().string(), "cannot sync"},
                 [&] { core::create_directories(directory / ("b" + std::to_string(error))); });
  }
  for (const int error : {EINVAL, ENOTSUP}) {
    calls->sync_error = error;
    write_file_atomically(directory / "a", "x");
  }
}

TEST(Durability, AWriteThatFailsIsAnErrorWithItsFixAndLeavesTheOldContent) {
  const TempDirectory directory;
  write_file_atomically(directory / "a", "old");
  const Recorded recorded;
  calls->write_error = ENOSPC;
  expect_error(ErrorKind::io, {"/a", "No space left", "free some space"},
               [&] { write_file_atomically(directory / "a", "new"); });
  calls->write_error = EIO;
  expect_error(ErrorKind::io, {"/a", "Input/output error", "its disk"},
               [&] { write_file_atomically(directory / "a", "new"); });
  EXPECT_EQ(read_file(directory / "a"), "old");
  EXPECT_EQ(Directory(directory.path()).entries().size(), 1u);
}

}  // namespace
}  // namespace edgeprune::core
