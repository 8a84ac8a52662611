#include "edgeprune/core/units.h"
#include "edgeprune/study/cost_plan.h"
#include "edgeprune/study/recommendation.h"

#include "page.h"

#include <fmt/format.h>

#include <filesystem>

namespace edgeprune::embedded {
extern const std::string_view cost_plan_template;  // src/study/cost_plan_template.html
}  // namespace edgeprune::embedded

namespace edgeprune::study {

std::string cost_plan_html(const CostPlan& plan, std::string_view command,
                           const Recommended* recommended) {
  const std::string facts =
      fmt::format("{} samples, {} epochs, strategy {}", core::format_count(plan.num_samples),
                  plan.epochs, plan.strategy);
  const std::string data = std::filesystem::path(plan.dataset).filename().string();
  const std::string tables = recommended ? recommendation_table(*recommended) : "";
  const std::string json = recommended ? recommendation_json(*recommended) : "null";
  return filled_page(
      embedded::cost_plan_template,
      {{"title", escaped(fmt::format("{} on {}, {}", plan.network, data, plan.from.device))},
       {"facts", escaped(facts)},
       {"time", escaped(plan.from.time)},
       {"power", escaped(plan.from.power)},
       {"memory", escaped(plan.from.memory)},
       {"table", escaped(cost_plan_table(plan) + tables)},
       {"command", escaped(command)},
       {"json", inside_script(cost_plan_json(plan))},
       {"recommendation", inside_script(json)}});
}

}  // namespace edgeprune::study
