#include "edgeprune/core/error.h"

#include <gtest/gtest.h>

namespace edgeprune::core {
namespace {

// docs/cli.md promises these numbers to scripts.
TEST(ExitCode, IsOneNumberPerKind) {
  EXPECT_EQ(exit_code(ErrorKind::internal), 1);
  EXPECT_EQ(exit_code(ErrorKind::usage), 2);
  EXPECT_EQ(exit_code(ErrorKind::config), 3);
  EXPECT_EQ(exit_code(ErrorKind::data), 4);
  EXPECT_EQ(exit_code(ErrorKind::io), 5);
  EXPECT_EQ(exit_code(ErrorKind::numeric), 6);
  EXPECT_EQ(exit_code(ErrorKind::run_directory), 7);
  EXPECT_EQ(exit_code(ErrorKind::budget), 8);
  EXPECT_EQ(exit_code(ErrorKind::paused), 9);
  EXPECT_EQ(exit_code(ErrorKind::interrupted), 130);  // 128 + SIGINT, as shells have it
}

TEST(Error, CarriesItsKindAndMessage) {
  const Error error(ErrorKind::data, "labels.idx: truncated");
  EXPECT_EQ(error.kind(), ErrorKind::data);
  EXPECT_STREQ(error.what(), "labels.idx: truncated");
}

TEST(Error, CarriesNoReasonUnlessItIsGiven) {
  EXPECT_EQ(Error(ErrorKind::io, "full").reason(), ErrorReason::none);
}

TEST(Error, KeepsKindAndContextWhereItIsSaidOfAWhole) {
  const Error error(ErrorKind::budget, "too little",
                    {ErrorReason::run_resumable, "runs/a", "budget.seconds=9"});
  const Error whole = error.of("control random");
  EXPECT_STREQ(whole.what(), "control random: too little");
  EXPECT_EQ(whole.kind(), ErrorKind::budget);
  EXPECT_EQ(whole.reason(), ErrorReason::run_resumable);
  EXPECT_EQ(whole.context().subject, "runs/a");
  EXPECT_EQ(whole.context().setting, "budget.seconds=9");
}

}  // namespace
}  // namespace edgeprune::core
