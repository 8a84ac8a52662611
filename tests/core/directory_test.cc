#include "edgeprune/core/directory.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"

#include "support/expect_error.h"
#include "support/temp_directory.h"

#include <gtest/gtest.h>

namespace edgeprune::core {
namespace {

using testing::expect_error;
using testing::TempDirectory;
namespace fs = std::filesystem;

TEST(CreateDirectories, MakesParentsAndAcceptsWhatExists) {
  const TempDirectory directory;
  core::create_directories(directory / "a/b/c");
  core::create_directories(directory / "a/b/c");
  EXPECT_TRUE(std::filesystem::is_directory(directory / "a/b/c"));
}

TEST(CreateDirectories, AFileInTheWayIsAnErrorThatNamesThePath) {
  const TempDirectory directory;
  write_file_atomically(directory / "a", "a file");
  expect_error(ErrorKind::io, {"a/b", "directory"},
               [&] { core::create_directories(directory / "a/b"); });
}

TEST(Directory, WritesWhereItIsMovedToAndNotIntoWhatGetsItsName) {
  const TempDirectory directory;
  core::create_directories(directory / "run");
  const Directory run = Directory::locked(directory / "run");
  EXPECT_TRUE(run.is_in_place());
  fs::rename(directory / "run", directory / "moved");
  expect_error(ErrorKind::run_directory, {"/run", "moved"}, [&] { run.require_in_place(); });
  core::create_directories(directory / "run");
  write_file_atomically(run / "a", "first");
  EXPECT_EQ(read_file(directory / "moved/a"), "first");
  EXPECT_EQ(read_file(run / "a"), "first");
  EXPECT_TRUE(fs::is_empty(directory / "run"));
  expect_error(ErrorKind::run_directory, {"/run", "replaced"}, [&] { run.require_in_place(); });
}

TEST(Directory, ThatWasRemovedIsAnErrorThatSaysSo) {
  const TempDirectory directory;
  core::create_directories(directory / "run");
  const Directory run(directory / "run");
  fs::remove(directory / "run");
  expect_error(ErrorKind::run_directory, {"/run", "removed", "a cannot be written"},
               [&] { write_file_atomically(run / "a", "x"); });
}

TEST(Directory, IsForOneHolderAtATime) {
  const TempDirectory directory;
  {
    const Directory first = Directory::locked(directory.path());
    const Directory copy = first;
    copy.lock();
    expect_error(ErrorKind::run_directory, {"in use", directory.path().string()},
                 [&] { (void)Directory::locked(directory.path()); });
  }
  (void)Directory::locked(directory.path());
}

TEST(Directory, ReplacesALinkInsteadOfWritingThroughIt) {
  const TempDirectory directory;
  core::create_directories(directory / "run");
  write_file_atomically(directory / "mine", "mine");
  fs::create_symlink("../mine", directory / "run/plan.json");
  const Directory run(directory / "run");
  write_file_atomically(run / "plan.json", "plan");
  EXPECT_EQ(read_file(directory / "mine"), "mine");
  EXPECT_FALSE(fs::is_symlink(directory / "run/plan.json"));
  fs::create_directory_symlink("..", directory / "run/controls");
  expect_error(ErrorKind::io, {"run/controls", "link"},
               [&] { (void)run.subdirectory("controls"); });
}

TEST(Directory, ListsAndRemovesWhatIsInIt) {
  const TempDirectory directory;
  core::create_directories(directory / "a/b");
  write_file_atomically(directory / "a/b/file", "x");
  write_file_atomically(directory / "outside", "x");
  fs::create_symlink("../outside", directory / "a/link");
  const Directory a(directory / "a");
  ASSERT_EQ(a.entries().size(), 2u);
  EXPECT_EQ(a.entries()[0].name, "b");
  EXPECT_EQ(a.entries()[1].type, fs::file_type::symlink);
  for (const char* name : {"b", "link", "missing"}) a.remove(name);
  EXPECT_TRUE(fs::is_empty(directory / "a"));
  EXPECT_TRUE(fs::exists(directory / "outside"));
}

TEST(Directory, RemovesTheTemporaryFilesOfKilledProcessesAndNoOthers) {
  const TempDirectory directory;
  for (const std::string& name : {make_temporary_name(), std::string("plan.json.tmp")}) {
    write_file_atomically(directory / name, "x");
  }
  core::create_directories(directory / make_temporary_name());
  const Directory open(directory.path());
  open.remove_temporaries();
  ASSERT_EQ(open.entries().size(), 2u);
  EXPECT_TRUE(open.contains("plan.json.tmp"));
}

}  // namespace
}  // namespace edgeprune::core
