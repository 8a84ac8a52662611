#include "edgeprune/core/files.h"

#include "edgeprune/core/error.h"

#include "support/expect_error.h"
#include "support/temp_directory.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <csignal>
#include <set>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace edgeprune::core {
namespace {

using testing::expect_error;
using testing::TempDirectory;

std::set<std::string> names_in(const std::filesystem::path& directory) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

// Permissions do not bind root: as root, a test of them becomes "nobody" while it runs.
class WithoutPrivileges {
 public:
  WithoutPrivileges() : user_(::geteuid()) {
    if (user_ == 0 && ::seteuid(65534) != 0) throw std::runtime_error("cannot become nobody");
  }
  ~WithoutPrivileges() {
    if (user_ == 0 && ::seteuid(0) != 0) std::abort();
  }
  WithoutPrivileges(const WithoutPrivileges&) = delete;
  WithoutPrivileges& operator=(const WithoutPrivileges&) = delete;

 private:
  uid_t user_;
};

TEST(WriteFileAtomically, CreatesAFile) {
  const TempDirectory directory;
  write_file_atomically(directory / "a", "content");
  EXPECT_EQ(read_file(directory / "a"), "content");
  EXPECT_EQ(names_in(directory.path()), (std::set<std::string>{"a"}));
}

TEST(WriteFileAtomically, ReplacesAFile) {
  const TempDirectory directory;
  write_file_atomically(directory / "a", "the old and longer content");
  write_file_atomically(directory / "a", "new");
  EXPECT_EQ(read_file(directory / "a"), "new");
  EXPECT_EQ(names_in(directory.path()), (std::set<std::string>{"a"}));
}

// A name that could be guessed could be a link to somebody's file, or a pipe that nobody reads.
TEST(WriteFileAtomically, ItsTemporaryFileIsNoFileThatWasThere) {
  const TempDirectory directory;
  write_file_atomically(directory / "mine", "mine");
  std::filesystem::create_symlink("mine", directory / "a.tmp");
  ASSERT_EQ(::mkfifo((directory / "b.tmp").c_str(), 0600), 0);
  write_file_atomically(directory / "a", "content");
  write_file_atomically(directory / "b", "content");
  EXPECT_EQ(read_file(directory / "mine"), "mine");
  EXPECT_EQ(read_file(directory / "a"), "content");
  EXPECT_EQ(read_file(directory / "b"), "content");
}

std::string only_other_name(const TempDirectory& directory, const std::string& name) {
  std::set<std::string> names = names_in(directory.path());
  names.erase(name);
  return names.size() == 1 ? *names.begin() : "";
}

TEST(AtomicFile, WritesUnderAnotherNameEachTimeThatIsKnown) {
  const TempDirectory directory;
  std::set<std::string> seen;
  for (int i = 0; i < 20; ++i) {
    AtomicFile file(directory / "a");
    const std::string name = only_other_name(directory, "a");
    EXPECT_TRUE(is_temporary_name(name)) << name;
    EXPECT_TRUE(seen.insert(name).second);
    file.commit();
  }
  for (const char* other : {"a.tmp", "edgeprune-.tmp", "edgeprune-0123456789abcdef.tmp",
                            "edgeprune-0123456789abcdef0123456789abcdeX.tmp"}) {
    EXPECT_FALSE(is_temporary_name(other)) << other;
  }
}

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_mode & 07777U;
}

TEST(AtomicFile, KeepsThePermissionsOfTheFileThatItReplaces) {
  const TempDirectory directory;
  const mode_t before = ::umask(027);
  write_file_atomically(directory / "new", "x");
  EXPECT_EQ(mode_of(directory / "new"), 0640U);
  for (const mode_t mode : {0600U, 0644U, 0666U, 0400U}) {
    ASSERT_EQ(::chmod((directory / "new").c_str(), mode), 0);
    write_file_atomically(directory / "new", "y");
    EXPECT_EQ(mode_of(directory / "new"), mode);
  }
  (void)::umask(before);
}

TEST(CopyFile, CopiesAFileAndNoLink) {
  const TempDirectory directory;
  const std::string content(200'000, 'x');
  write_file_atomically(directory / "a", content);
  std::filesystem::create_symlink("a", directory / "link");
  copy_file_durably(directory / "a", directory / "b");
  EXPECT_EQ(read_file(directory / "b"), content);
  expect_error(ErrorKind::io, {"/link"},
               [&] { copy_file_durably(directory / "link", directory / "c"); });
}

TEST(WriteFileAtomically, AMissingDirectoryIsAnErrorThatNamesThePath) {
  const TempDirectory directory;
  expect_error(ErrorKind::io, {"nowhere/a", "No such file", "check the path"},
               [&] { write_file_atomically(directory / "nowhere/a", "content"); });
  EXPECT_TRUE(names_in(directory.path()).empty());
}

TEST(WriteFileAtomically, ADirectoryInTheWayIsAnErrorAndLeavesNothing) {
  const TempDirectory directory;
  core::create_directories(directory / "a");
  expect_error(ErrorKind::io, {"/a", "directory"},
               [&] { write_file_atomically(directory / "a", "content"); });
  EXPECT_EQ(names_in(directory.path()), (std::set<std::string>{"a"}));
}

TEST(WriteFileAtomically, APipeIsNotReplaced) {
  const TempDirectory directory;
  ASSERT_EQ(::mkfifo((directory / "a").c_str(), 0600), 0);
  expect_error(ErrorKind::io, {"/a", "name another"},
               [&] { write_file_atomically(directory / "a", "content"); });
  EXPECT_TRUE(std::filesystem::is_fifo(directory / "a"));
}

TEST(WriteFileAtomically, ReplacesTheFileThatALinkLeadsTo) {
  const TempDirectory directory;
  write_file_atomically(directory / "a", "old");
  std::filesystem::create_symlink("a", directory / "link");
  write_file_atomically(directory / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(directory / "link"));
  EXPECT_EQ(read_file(directory / "a"), "new");
  std::filesystem::create_symlink("nowhere", directory / "dangling");
  expect_error(ErrorKind::io, {"/dangling", "No such file"},
               [&] { write_file_atomically(directory / "dangling", "content"); });
}

TEST(WriteFileAtomically, AnUnwritableDirectoryIsAnErrorThatSaysSo) {
  const TempDirectory directory;
  core::create_directories(directory / "closed");
  std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
  std::filesystem::permissions(directory / "closed", std::filesystem::perms(0555));
  const WithoutPrivileges nobody;
  expect_error(ErrorKind::io, {"closed/a", "Permission denied", "check its permissions"},
               [&] { write_file_atomically(directory / "closed/a", "content"); });
}

// A program that ignores the signal, as edgeprune does, gets an error.
TEST(WriteFileAtomically, AFileThatMayNotGrowIsAnErrorAndLeavesTheOldContent) {
  const TempDirectory directory;
  write_file_atomically(directory / "a", "old");
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* const handler = ::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small { 1000, before.rlim_max };
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  expect_error(ErrorKind::io, {"/a", "File too large", "ulimit -f"},
               [&] { write_file_atomically(directory / "a", std::string(5000, 'x')); });
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  (void)::signal(SIGXFSZ, handler);
  EXPECT_EQ(read_file(directory / "a"), "old");
  EXPECT_EQ(names_in(directory.path()), (std::set<std::string>{"a"}));
}

TEST(ReadFile, DoesNotWaitForTheOtherEndOfAPipe) {
  const TempDirectory directory;
  ASSERT_EQ(::mkfifo((directory / "a").c_str(), 0600), 0);
  expect_error(ErrorKind::io, {"/a", "pipe"}, [&] { (void)read_file(directory / "a"); });
  const Directory open(directory.path());
  expect_error(ErrorKind::io, {"/a", "pipe"}, [&] { (void)read_file(open / "a"); });
}

TEST(WriteDirectoryAtomically, GivesAFullDirectoryItsName) {
  const TempDirectory directory;
  write_directory_atomically(directory / "kept/", [&](const std::filesystem::path& partial) {
    EXPECT_NE(partial, directory / "kept");
    write_file_atomically(partial / "a", "content");
    EXPECT_FALSE(std::filesystem::exists(directory / "kept"));
  });
  EXPECT_EQ(read_file(directory / "kept/a"), "content");
  EXPECT_EQ(names_in(directory.path()), (std::set<std::string>{"kept"}));
}

TEST(WriteDirectoryAtomically, LeavesNothingWhereFillingFails) {
  const TempDirectory directory;
  expect_error(ErrorKind::io, {"full"}, [&] {
    write_directory_atomically(directory / "kept", [](const std::filesystem::path& partial) {
      write_file_atomically(partial / "a", "content");
      throw Error(ErrorKind::io, "full");
    });
  });
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(WriteDirectoryAtomically, ReplacesWhatAKilledProcessLeft) {
  const TempDirectory directory;
  core::create_directories(directory / "kept.edgeprune-partial/half");
  write_directory_atomically(directory / "kept", [](const std::filesystem::path& partial) {
    EXPECT_TRUE(std::filesystem::is_empty(partial));
    write_file_atomically(partial / "a", "content");
  });
  EXPECT_EQ(names_in(directory / "kept"), (std::set<std::string>{"a"}));
  EXPECT_EQ(names_in(directory.path()), (std::set<std::string>{"kept"}));
}

TEST(WriteDirectoryAtomically, KeepsASecondWriterOut) {
  const TempDirectory directory;
  write_directory_atomically(directory / "kept", [&](const std::filesystem::path& partial) {
    write_file_atomically(partial / "a", "content");
    expect_error(ErrorKind::run_directory, {"kept", "in use"}, [&] {
      write_directory_atomically(directory / "kept", [](const auto&) { FAIL(); });
    });
  });
  EXPECT_EQ(names_in(directory / "kept"), (std::set<std::string>{"a"}));
}

TEST(WriteDirectoryAtomically, LeavesAloneWhatIsThere) {
  const TempDirectory directory;
  core::create_directories(directory / "kept");
  write_file_atomically(directory / "kept/letter", "dear");
  write_file_atomically(directory / "file", "dear");
  for (const char* name : {"kept", "file"}) {
    expect_error(ErrorKind::io, {name, "exists already"}, [&] {
      write_directory_atomically(directory / name, [](const auto&) { FAIL(); });
    });
  }
  core::create_directories(directory / "elsewhere");
  std::filesystem::create_directory_symlink(directory / "elsewhere",
                                            directory / "new.edgeprune-partial");
  expect_error(ErrorKind::io, {"new.edgeprune-partial", "link"},
               [&] { write_directory_atomically(directory / "new", [](const auto&) { FAIL(); }); });
  EXPECT_EQ(names_in(directory.path()),
            (std::set<std::string>{"kept", "file", "elsewhere", "new.edgeprune-partial"}));
}

TEST(ReadFile, ReadsAnEmptyFile) {
  const TempDirectory directory;
  write_file_atomically(directory / "a", "");
  EXPECT_EQ(read_file(directory / "a"), "");
}

TEST(ReadFile, AMissingFileIsAnErrorThatNamesIt) {
  const TempDirectory directory;
  expect_error(ErrorKind::io, {"missing.txt", "No such file", "check the path"},
               [&] { (void)read_file(directory / "missing.txt"); });
}

TEST(ReadFile, ReadsMoreThanIsReadAtATime) {
  const TempDirectory directory;
  const std::string content(200'000, 'x');
  write_file_atomically(directory / "a", content);
  EXPECT_EQ(read_file(directory / "a"), content);
}

// Linux' view of this process' own memory: nothing is mapped where it begins.
TEST(ReadFile, AReadErrorIsNoEmptyFile) {
  expect_error(ErrorKind::io, {"/proc/self/mem", "cannot read"},
               [] { (void)read_file("/proc/self/mem"); });
}

TEST(ReadFile, ADirectoryIsAnErrorThatNamesIt) {
  const TempDirectory directory;
  expect_error(ErrorKind::io, {directory.path().string(), "directory"},
               [&] { (void)read_file(directory.path()); });
}

RC_GTEST_PROP(WriteFileAtomicallyProperty, WhatIsWrittenIsRead, ()) {
  const auto content = *rc::gen::arbitrary<std::vector<std::uint8_t>>();
  const TempDirectory directory;
  write_file_atomically(directory / "a", std::as_bytes(std::span(content)));
  RC_ASSERT(read_file(directory / "a") == std::string(content.begin(), content.end()));
}

}  // namespace
}  // namespace edgeprune::core
