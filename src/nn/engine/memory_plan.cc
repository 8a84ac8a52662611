#include "memory_plan.h"

#include <algorithm>
#include <map>

namespace edgeprune::nn {
namespace {

// When a value is written and read, in steps.
struct Use {
  std::size_t written = 0;
  std::size_t last_read = 0;  // forward
  bool needs_backward = false;
  std::size_t first_backward = 0;  // of the steps whose backward pass reads it, the last to run
};

class Planner {
 public:
  Planner(const CompiledNetwork& network, const ProgramOptions& options)
      : network_(network), options_(options), num_steps_(network.steps.size()) {
    for (std::size_t i = 0; i < network.activations.size(); ++i) {
      index_[network.activations[i].get()] = i;
    }
    uses_.resize(network.activations.size());
    find_uses();
  }

  // One plan for these segments.
  [[nodiscard]] MemoryPlan plan(const std::vector<Segment>& segments) const {
    std::vector<Lifetime> lifetimes;
    std::vector<std::size_t MemoryPlan::Place::*> fields;
    std::vector<std::size_t> owners;
    const auto add = [&](std::size_t owner, std::size_t MemoryPlan::Place::*field,
                         std::size_t begin, std::size_t end) {
      lifetimes.push_back({.bytes = bytes_of(owner), .begin = begin, .end = end});
      fields.push_back(field);
      owners.push_back(owner);
    };
    MemoryPlan plan{.places = std::vector<MemoryPlan::Place>(uses_.size())};
    for (std::size_t i = 1; i < uses_.size(); ++i) {
      const Use& use = uses_[i];
      const Segment* segment = recomputing_segment(segments, use);
      if (segment != nullptr) {
        plan.places[i].recomputed = true;
        add(i, &MemoryPlan::Place::forward, use.written, use.last_read);
        add(i, &MemoryPlan::Place::backward, backward_time(segment->end - 1),
            backward_time(use.first_backward));
      } else {
        add(i, &MemoryPlan::Place::forward, use.written, last_moment(i));
      }
      if (network_.activations[i]->wants_gradient) {
        const bool is_output = network_.activations[i].get() == network_.output;
        add(i, &MemoryPlan::Place::gradient, is_output ? num_steps_ : backward_time(use.last_read),
            backward_time(use.written));
      }
    }
    const ArenaPlan arena = plan_arena(lifetimes);
    plan.bytes = arena.bytes;
    if (!segments.empty()) plan.segments.assign(segments.begin(), segments.end() - 1);
    for (std::size_t k = 0; k < owners.size(); ++k) {
      plan.places[owners[k]].*fields[k] = arena.offsets[k];
    }
    for (MemoryPlan::Place& place : plan.places) {
      if (!place.recomputed) place.backward = place.forward;
    }
    return plan;
  }

  // Steps after which only one value is still to be read.
  [[nodiscard]] std::vector<std::size_t> cuts() const {
    std::vector<std::size_t> result;
    for (std::size_t step = 0; step + 1 < num_steps_; ++step) {
      const auto crosses = [&](const Use& use) {
        return use.written <= step && use.last_read > step;
      };
      if (std::count_if(uses_.begin() + 1, uses_.end(), crosses) == 1) result.push_back(step + 1);
    }
    return result;
  }

  [[nodiscard]] std::size_t num_steps() const { return num_steps_; }

 private:
  [[nodiscard]] std::size_t backward_time(std::size_t step) const {
    return 2 * num_steps_ - 1 - step;
  }
  [[nodiscard]] std::size_t bytes_of(std::size_t activation) const {
    const Activation& a = *network_.activations[activation];
    return a.values_of(options_.max_batch) * kernels::size_of(a.type);
  }
  [[nodiscard]] std::size_t index_of(const Activation* activation) const {
    return index_.at(activation);
  }

  void find_uses() {
    std::vector<bool> seen(uses_.size(), false);
    for (std::size_t step = 0; step < num_steps_; ++step) {
      Step& s = *network_.steps[step];
      const std::size_t out = index_of(s.output());
      const bool has_backward = s.output()->wants_gradient;
      if (!seen[out]) uses_[out] = {.written = step, .last_read = step};
      seen[out] = true;
      note_backward(out, step, has_backward);
      for (const Step::Input& input : s.inputs()) {
        const std::size_t in = index_of(input.activation);
        uses_[in].last_read = step;
        note_backward(in, step, has_backward);
      }
    }
  }

  void note_backward(std::size_t activation, std::size_t step, bool has_backward) {
    Use& use = uses_[activation];
    if (!has_backward || use.needs_backward) return;
    use.needs_backward = true;
    use.first_backward = step;
  }

  [[nodiscard]] std::size_t last_moment(std::size_t activation) const {
    // The logits stay until the next forward pass.
    if (network_.activations[activation].get() == network_.output) return 2 * num_steps_;
    const Use& use = uses_[activation];
    if (use.needs_backward) return backward_time(use.first_backward);
    const bool is_features = network_.activations[activation].get() == network_.features;
    return is_features ? num_steps_ : use.last_read;
  }

  // The segment that computes a value again; null where it is kept: what crosses a cut, and the
  // last segment, whose backward pass follows at once.
  [[nodiscard]] const Segment* recomputing_segment(const std::vector<Segment>& segments,
                                                   const Use& use) const {
    for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
      if (use.written < segments[i].begin || use.written >= segments[i].end) continue;
      return use.last_read < segments[i].end && use.needs_backward ? &segments[i] : nullptr;
    }
    return nullptr;
  }

  const CompiledNetwork& network_;
  ProgramOptions options_;
  std::size_t num_steps_;
  std::map<const Activation*, std::size_t> index_;
  std::vector<Use> uses_;
};

// Segments that end at every `stride`-th cut.
std::vector<Segment> segments_at(const std::vector<std::size_t>& cuts, std::size_t stride,
                                 std::size_t num_steps) {
  std::vector<Segment> segments;
  std::size_t begin = 0;
  for (std::size_t i = stride - 1; i < cuts.size(); i += stride) {
    segments.push_back({begin, cuts[i]});
    begin = cuts[i];
  }
  segments.push_back({begin, num_steps});
  return segments;
}

}  // namespace

MemoryPlan plan_memory(const CompiledNetwork& network, const ProgramOptions& options) {
  const Planner planner(network, options);
  MemoryPlan best = planner.plan({});
  if (!options.recompute || !options.backward) return best;
  const std::vector<std::size_t> cuts = planner.cuts();
  for (std::size_t stride = 1; stride <= cuts.size(); ++stride) {
    MemoryPlan plan = planner.plan(segments_at(cuts, stride, planner.num_steps()));
    if (plan.bytes < best.bytes) best = std::move(plan);
  }
  return best;
}

}  // namespace edgeprune::nn
