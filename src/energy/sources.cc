#include "sources.h"

#include "edgeprune/energy/plausible.h"

#include <fmt/format.h>

#include <utility>

namespace edgeprune::energy {
namespace {

class AskingMeter final : public Meter {
 public:
  AskingMeter(MeterInfo info, std::function<Reading()> read)
      : info_(std::move(info)), read_(std::move(read)) {}
  [[nodiscard]] const MeterInfo& info() const override { return info_; }
  [[nodiscard]] std::optional<double> read() override { return read_().value; }

 private:
  MeterInfo info_;
  std::function<Reading()> read_;
};

std::string said_of(const MeterInfo& info, const std::string& absurd) {
  if (absurd.empty()) return {};
  return fmt::format("{}: says {}", info.path.empty() ? info.name : info.path, absurd);
}

}  // namespace

Candidate try_meter(MeterInfo info, std::function<Reading()> read) {
  Reading first = read();
  if (first.value) first.why_not = said_of(info, why_absurd(info, *first.value));
  if (!first.why_not.empty()) return unusable(std::move(info), std::move(first.why_not));
  return usable(std::make_unique<AskingMeter>(std::move(info), std::move(read)));
}

Candidate usable(std::unique_ptr<Meter> meter) {
  Candidate candidate;
  candidate.finding.info = meter->info();
  candidate.finding.is_usable = true;
  candidate.meter = std::move(meter);
  return candidate;
}

Candidate unusable(MeterInfo info, std::string why_not) {
  Candidate candidate;
  candidate.finding.info = std::move(info);
  candidate.finding.info.is_counted = false;
  candidate.finding.why_not = std::move(why_not);
  return candidate;
}

}  // namespace edgeprune::energy
