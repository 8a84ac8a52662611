#include "edgeprune/core/thread_pool.h"

#include "edgeprune/core/error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <set>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <vector>

namespace edgeprune::core {
namespace {

struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool operator==(const Range&) const = default;
};

// The range that each thread was given; {0, 0} for none.
std::vector<Range> ranges_of(ThreadPool& pool, std::size_t count) {
  std::vector<Range> ranges(static_cast<std::size_t>(pool.size()));
  pool.for_ranges(count, [&](std::size_t begin, std::size_t end, int thread) {
    ranges[static_cast<std::size_t>(thread)] = {begin, end};
  });
  return ranges;
}

TEST(ThreadPool, CutsWorkIntoRangesAsEqualAsCanBe) {
  ThreadPool pool(3);
  EXPECT_EQ(ranges_of(pool, 9), (std::vector<Range>{{0, 3}, {3, 6}, {6, 9}}));
  for (const Range& range : ranges_of(pool, 10)) {
    EXPECT_GE(range.end - range.begin, 3U);
    EXPECT_LE(range.end - range.begin, 4U);
  }
}

TEST(ThreadPool, GivesTheSameThreadTheSameRangeEveryTime) {
  ThreadPool pool(4);
  const auto first = ranges_of(pool, 1001);
  for (int i = 0; i < 200; ++i) ASSERT_EQ(ranges_of(pool, 1001), first);
}

TEST(ThreadPool, RunsEveryThreadOnceAndTheCallerIsThreadZero) {
  ThreadPool pool(4);
  std::vector<std::thread::id> ids(4);
  std::atomic<int> calls = 0;
  pool.run([&](int thread) {
    ids[static_cast<std::size_t>(thread)] = std::this_thread::get_id();
    ++calls;
  });
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(ids[0], std::this_thread::get_id());
  EXPECT_EQ((std::set<std::thread::id>(ids.begin(), ids.end()).size()), 4U);
}

TEST(ThreadPool, OneThreadIsTheCaller) {
  ThreadPool pool(1);
  EXPECT_EQ(pool.size(), 1);
  EXPECT_EQ(ranges_of(pool, 5), (std::vector<Range>{{0, 5}}));
}

TEST(ThreadPool, MoreThreadsThanWorkLeaveSomeWithout) {
  ThreadPool pool(5);
  std::atomic<int> calls = 0;
  pool.for_ranges(2, [&](std::size_t begin, std::size_t end, int) {
    EXPECT_EQ(end - begin, 1U);
    ++calls;
  });
  EXPECT_EQ(calls, 2);
}

TEST(ThreadPool, NoWorkCallsNobody) {
  ThreadPool pool(3);
  pool.for_ranges(0, [](std::size_t, std::size_t, int) { FAIL() << "called"; });
}

TEST(ThreadPool, WritesOfAllThreadsAreSeenAfterTheCall) {
  ThreadPool pool(3);
  std::vector<int> counts(1000);
  for (int i = 0; i < 500; ++i) {
    pool.for_ranges(counts.size(), [&](std::size_t begin, std::size_t end, int) {
      for (std::size_t n = begin; n < end; ++n) ++counts[n];
    });
  }
  EXPECT_EQ(std::count(counts.begin(), counts.end(), 500), 1000);
}

// The message of what a run throws in which the listed threads throw their number.
std::string thrown_by(ThreadPool& pool, const std::set<int>& throwing) {
  try {
    pool.run([&](int thread) {
      if (throwing.contains(thread)) throw std::runtime_error(std::to_string(thread));
    });
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "nothing";
}

TEST(ThreadPool, RethrowsWhatAThreadThrows) {
  ThreadPool pool(3);
  EXPECT_EQ(thrown_by(pool, {0}), "0");
  EXPECT_EQ(thrown_by(pool, {2}), "2");
  EXPECT_EQ(thrown_by(pool, {}), "nothing");
}

TEST(ThreadPool, RethrowsTheLowestThreadsExceptionAndForgetsTheOthers) {
  ThreadPool pool(3);
  EXPECT_EQ(thrown_by(pool, {1, 2}), "1");
  EXPECT_EQ(thrown_by(pool, {}), "nothing");
}

TEST(ThreadPool, WorksOnAfterAnException) {
  ThreadPool pool(3);
  const auto before = ranges_of(pool, 100);
  EXPECT_EQ(thrown_by(pool, {1}), "1");
  EXPECT_EQ(ranges_of(pool, 100), before);
}

TEST(AvailableThreads, IsAtLeastOne) {
  EXPECT_GE(available_threads(), 1);
}

RC_GTEST_PROP(ThreadPoolProperty, RangesCoverTheWorkInOrder, ()) {
  ThreadPool pool(*rc::gen::inRange(1, 8));
  const auto count = *rc::gen::inRange<std::size_t>(0, 1000);
  std::size_t next = 0;
  for (const Range& range : ranges_of(pool, count)) {
    if (range.begin == range.end) continue;
    RC_ASSERT(range.begin == next);
    next = range.end;
  }
  RC_ASSERT(next == count);
}

// A sanitizer's shadow memory is larger than any limit that would refuse a thread, and an emulator
// of another processor does not keep to the limit.
#if !defined(EDGEPRUNE_SANITIZED) && defined(__x86_64__)
[[noreturn]] void ask_for_too_many_threads() {
  const rlimit limit{.rlim_cur = std::size_t{1} << 30, .rlim_max = std::size_t{1} << 30};
  setrlimit(RLIMIT_AS, &limit);
  try {
    ThreadPool pool(5000);
  } catch (const Error& error) {
    std::cerr << error.what();
    std::_Exit(exit_code(error.kind()));
  }
  std::_Exit(0);
}

TEST(ThreadPool, AThreadTooManyIsAnErrorAndDoesNotHang) {
  EXPECT_EXIT(ask_for_too_many_threads(), ::testing::ExitedWithCode(exit_code(ErrorKind::io)),
              "of 5000.*run.threads");
}
#endif

}  // namespace
}  // namespace edgeprune::core
