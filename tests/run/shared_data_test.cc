#include "edgeprune/run/shared_data.h"

#include "run/small_run.h"

#include <gtest/gtest.h>

namespace edgeprune::run {
namespace {

TEST(SharedData, AreOpenedOnceForAllRunsThatReadTheSame) {
  const SmallRun small;
  SharedData shared;
  const auto first = shared.open(small.config("a", {"run.seed=1", "prune.keep_ratio=0.2"}));
  EXPECT_EQ(shared.open(small.config("b", {"run.seed=2", "prune.keep_ratio=0.5"})), first);
  EXPECT_NE(shared.open(small.config("c", {"data.train_limit=100"})), first);
}

TEST(SharedData, AreThoseOfTheSeedWhereItDrawsThem) {
  const SmallRun small;
  SharedData shared;
  const auto noisy = [&](const std::string& seed) {
    return shared.open(small.config("a", {"data.label_noise=0.5", "run.seed=" + seed}));
  };
  const auto first = noisy("1");
  EXPECT_EQ(noisy("1"), first);
  EXPECT_NE(noisy("2")->train.labels, first->train.labels);
}

TEST(SharedData, AreWhatTheRunItselfWouldOpen) {
  const SmallRun small;
  SharedData shared;
  const config::Config config = small.config("a");
  EXPECT_EQ(shared.open(config)->train.content_hash, open_run_data(config).train.content_hash);
}

TEST(SharedData, HoldNoMoreThanTheyMayOfWhatNobodyUses) {
  const SmallRun small;
  const config::Config all = small.config("a");
  const RunData own = open_run_data(all);
  SharedData shared(own.train.num_bytes() + own.test->num_bytes());
  std::weak_ptr<const RunData> first = shared.open(all);
  EXPECT_FALSE(first.expired());
  (void)shared.open(small.config("b", {"data.train_limit=100"}));
  EXPECT_TRUE(first.expired());
}

}  // namespace
}  // namespace edgeprune::run
