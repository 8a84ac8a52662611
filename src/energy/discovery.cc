#include "edgeprune/energy/discovery.h"

#include "edgeprune/core/error.h"

#include "sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace edgeprune::energy {
namespace {

using Candidates = std::vector<Candidate>;

Candidates look_at(Source source, const MeterSearch& search) {
  switch (source) {
    case Source::rapl:
      return look_at_rapl(search);
    case Source::battery:
      return look_at_battery(search);
    case Source::hwmon:
      return look_at_hwmon(search);
    case Source::nvml:
      return look_at_nvml(search);
    case Source::command:
      return look_at_command(search);
    case Source::file:
      return look_at_file(search);
    case Source::model:
      return look_at_model(search);
  }
  return {};
}

bool has_counted(const Candidates& candidates) {
  return std::any_of(candidates.begin(), candidates.end(), [](const Candidate& candidate) {
    return candidate.meter && candidate.finding.info.is_counted;
  });
}

// The same, or what was given along with `automatic`.
std::optional<Source> named_source(const MeterSearch& search) {
  if (search.choice != MeterChoice::automatic) return source_of(search.choice);
  if (!search.command.empty()) return Source::command;
  if (!search.file.empty()) return Source::file;
  return std::nullopt;
}

void append(Candidates& all, Candidates more) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

// The best source that has something to count, in this order.
Candidates best_source(const MeterSearch& search) {
  for (const Source source : {Source::hwmon, Source::rapl, Source::battery, Source::model}) {
    Candidates found = look_at(source, search);
    if (!has_counted(found)) continue;
    if (source == Source::rapl) append(found, look_at(Source::nvml, search));
    return found;
  }
  return {};
}

Candidates choose(const MeterSearch& search) {
  if (search.choice == MeterChoice::none) return {};
  const std::optional<Source> named = named_source(search);
  return named ? look_at(*named, search) : best_source(search);
}

[[noreturn]] void refuse(Source source, const Candidates& found) {
  const auto broken = std::find_if(found.begin(), found.end(),
                                   [](const Candidate& candidate) { return !candidate.meter; });
  const std::string why =
      broken != found.end()
          ? broken->finding.why_not
          : "no sensor is known to measure the whole board; name the one that does by energy.file";
  throw core::Error(core::ErrorKind::config,
                    fmt::format("energy.meter: {} cannot be used: {}", name_of(source), why));
}

bool is_same(const MeterInfo& left, const MeterInfo& right) {
  return left.source == right.source && left.name == right.name && left.path == right.path;
}

class CountedMeter final : public Meter {
 public:
  CountedMeter(MeterInfo info, std::unique_ptr<Meter> meter)
      : info_(std::move(info)), meter_(std::move(meter)) {}
  [[nodiscard]] const MeterInfo& info() const override { return info_; }
  [[nodiscard]] std::optional<double> read() override { return meter_->read(); }

 private:
  MeterInfo info_;
  std::unique_ptr<Meter> meter_;
};

}  // namespace

std::vector<Finding> find_meters(const MeterSearch& search) {
  const Candidates chosen = choose(search);
  std::vector<Finding> findings;
  for (const Source source : {Source::hwmon, Source::rapl, Source::nvml, Source::battery,
                              Source::command, Source::file, Source::model}) {
    for (Candidate& candidate : look_at(source, search)) {
      candidate.finding.is_chosen =
          candidate.meter && std::any_of(chosen.begin(), chosen.end(), [&](const Candidate& one) {
            return one.meter && is_same(one.finding.info, candidate.finding.info);
          });
      findings.push_back(std::move(candidate.finding));
    }
  }
  return findings;
}

bool runs_command(const MeterSearch& search) {
  return !search.command.empty() && named_source(search) == Source::command;
}

std::vector<std::unique_ptr<Meter>> open_meters(const MeterSearch& search) {
  Candidates found = choose(search);
  const std::optional<Source> named = named_source(search);
  if (named && !has_counted(found)) refuse(*named, found);
  std::vector<std::unique_ptr<Meter>> meters;
  for (Candidate& candidate : found) {
    if (!candidate.meter) continue;
    meters.push_back(
        std::make_unique<CountedMeter>(candidate.finding.info, std::move(candidate.meter)));
  }
  return meters;
}

}  // namespace edgeprune::energy
