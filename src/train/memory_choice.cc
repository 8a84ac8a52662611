#include "edgeprune/train/memory_choice.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

namespace edgeprune::train {
namespace {

[[noreturn]] void reject(const std::string& message) {
  throw core::Error(core::ErrorKind::config, message);
}

void check_micro_batch(const MemoryRequest& request) {
  const std::uint32_t size = request.micro_batch_size;
  if (size > 0 && size < request.min_micro_batch) {
    reject(fmt::format("train.micro_batch_size is {}, which batch norm cannot use; use at least {}",
                       size, request.min_micro_batch));
  }
  if (request.mode == MemoryMode::accumulate && size == 0 && request.limit_bytes == 0) {
    reject(
        "train.memory is accumulate; give train.micro_batch_size, or limits.memory_bytes to "
        "choose it by");
  }
}

// Halves, thirds, ... of the batch: the largest micro-batches for each number of them.
std::vector<std::uint32_t> micro_batch_sizes(const MemoryRequest& request) {
  if (request.micro_batch_size > 0) {
    return {std::min(request.micro_batch_size, request.batch_size)};
  }
  std::vector<std::uint32_t> sizes;
  for (std::uint32_t parts = 2; parts <= request.batch_size; ++parts) {
    const std::uint32_t size = (request.batch_size + parts - 1) / parts;
    if (size < request.min_micro_batch) break;
    if (sizes.empty() || size < sizes.back()) sizes.push_back(size);
  }
  return sizes;
}

// What the request allows, best first.
std::vector<MemoryChoice> candidates_of(const MemoryRequest& request) {
  const std::uint32_t whole = request.batch_size;
  const bool any = request.mode == MemoryMode::automatic;
  std::vector<MemoryChoice> candidates;
  if (any || request.mode == MemoryMode::keep) {
    candidates.push_back({MemoryMode::keep, {.recompute = false, .micro_batch_size = whole}});
  }
  if (any || request.mode == MemoryMode::recompute) {
    candidates.push_back({MemoryMode::recompute, {.recompute = true, .micro_batch_size = whole}});
  }
  if (any || request.mode == MemoryMode::accumulate) {
    for (const std::uint32_t size : micro_batch_sizes(request)) {
      candidates.push_back({MemoryMode::accumulate, {.recompute = any, .micro_batch_size = size}});
    }
  }
  return candidates;
}

[[noreturn]] void reject_limit(const MemoryRequest& request, std::uint64_t least) {
  const bool any = request.mode == MemoryMode::automatic;
  reject(fmt::format(
      "limits.memory_bytes is {}, but {} takes at least {}; raise the limit{}", request.limit_bytes,
      any ? std::string("this run") : fmt::format("train.memory {}", name_of(request.mode)), least,
      any ? ", or use a smaller network" : ", or set train.memory to auto"));
}

}  // namespace

std::string_view name_of(MemoryMode mode) {
  switch (mode) {
    case MemoryMode::automatic:
      return "auto";
    case MemoryMode::keep:
      return "keep";
    case MemoryMode::recompute:
      return "recompute";
    case MemoryMode::accumulate:
      return "accumulate";
  }
  return "auto";
}

MemoryChoice choose_memory(const MemoryRequest& request, const PredictBytes& predict) {
  check_micro_batch(request);
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  for (MemoryChoice candidate : candidates_of(request)) {
    candidate.predicted_bytes = predict(candidate.step);
    if (request.limit_bytes == 0 || candidate.predicted_bytes <= request.limit_bytes) {
      return candidate;
    }
    least = std::min(least, candidate.predicted_bytes);
  }
  reject_limit(request, least);
}

}  // namespace edgeprune::train
