#include "edgeprune/select/selectors.h"
#include "edgeprune/select/strategy.h"

#include <deque>
#include <vector>

namespace edgeprune::select {
namespace {

std::vector<Strategy> by_scores() {
  return {
      Strategy{.name = "top",
               .summary = "the paper's rule: keep the M hardest samples",
               .formula = "the M highest scores, ties by the smaller index",
               .source = "Algorithm 1, equations (15)-(20)",
               .direction = "high = keep",
               .time = "O(N)",
               .memory = "4 bytes per kept sample",
               .score = "loss",
               .warms_up = true,
               .select = select_top},
      Strategy{.name = "bottom",
               .summary = "keep the M easiest samples",
               .formula = "the M lowest scores, ties by the smaller index",
               .source = "the opposite end of equation (15); Sorscher et al. 2022",
               .direction = "low = keep",
               .time = "O(N)",
               .memory = "4 bytes per kept sample",
               .score = "loss",
               .warms_up = true,
               .select = select_bottom},
      Strategy{.name = "middle",
               .summary = "keep the M samples around the median score",
               .formula = "all but the floor((N - M) / 2) highest and the ceil((N - M) / 2) lowest "
                          "scores",
               .source = "this project, src/select/middle.cc",
               .direction = "middle = keep",
               .time = "O(N)",
               .memory = "at most 8 bytes per sample",
               .score = "loss",
               .warms_up = true,
               .select = select_middle},
      Strategy{.name = "stratified",
               .summary = "samples of every difficulty but the extreme, each band of scores alike",
               .formula =
                   "leave out the floor(beta N) highest scores (hard_cutoff; by keep "
                   "ratio .3 up to .1, .2 at .2, .1 at .3, 0 from .5), cut the rest into 50 "
                   "bands of equal width, share M among them as evenly as their sizes allow, "
                   "at random within a band",
               .source = "CCS: Zheng et al. 2023, algorithm 1 (with AUM, EL2N or forgetting)",
               .direction = "none, beyond the cut-off",
               .time = "O(N)",
               .memory = "at most 28 bytes per sample",
               .score = "el2n",
               .warms_up = true,
               .select = select_stratified},
      Strategy{.name = "beta",
               .summary = "draw M uncertain samples, the easier the fewer are kept",
               .formula = "M draws without replacement, in proportion to BetaPDF(p; a, b) D; D = "
                          "dual, p = confidence, b = 15 (1 - mu)(1 - r^4), a = 16 - b, r = 1 - M / "
                          "N, mu = mean p of the 10 highest D",
               .source = "DUAL + beta sampling: Cho et al. 2025",
               .direction = "high = keep, by chance",
               .time = "O(N)",
               .memory = "at most 16 bytes per sample",
               .score = "dual",
               .other_column = "confidence",
               .warms_up = true,
               .select = select_beta}};
}

std::vector<Strategy> by_features() {
  return {
      Strategy{.name = "facility_location",
               .summary = "samples that stand for all others of their class",
               .formula = "within each class, greedily, the M_c samples with the largest sum over "
                          "the class of the similarity to the nearest chosen one",
               .source = "CRAIG: Mirzasoleiman et al. 2020; lazy greedy: Minoux 1978",
               .direction = "none",
               .time = "O(N^2) within a class, at most 4096 samples at once",
               .memory = "4 bytes per pair within a class, at most 64 MB, and a class's features",
               .warms_up = true,
               .needs_features = true,
               .needs_labels = true,
               .pairs_of_samples = 4096,
               .select = select_facility_location},
      Strategy{.name = "k_center",
               .summary = "samples of each class as far from each other as can be",
               .formula = "within each class, M_c times the sample furthest from those chosen",
               .source = "k-center greedy: Sener and Savarese 2018; Gonzalez 1985",
               .direction = "none",
               .time = "O(M N) within a class",
               .memory = "4 bytes per sample of a class, and its features",
               .warms_up = true,
               .needs_features = true,
               .needs_labels = true,
               .select = select_k_center},
      Strategy{.name = "moderate",
               .summary = "samples neither typical of their class nor far from it",
               .formula = "within each class, the M_c samples whose distance to the class's median "
                          "feature is nearest, by rank, to the median of these distances",
               .source = "Moderate coreset: Xia et al. 2023",
               .direction = "middle = keep",
               .time = "O(N log N)",
               .memory = "16 bytes per sample of a class, and its features",
               .warms_up = true,
               .needs_features = true,
               .needs_labels = true,
               .select = select_moderate}};
}

std::vector<Strategy> at_random() {
  return {Strategy{.name = "random",
                   .summary = "control: the same warm-up, then M random samples",
                   .formula = "the M highest of N uniform draws",
                   .source = "docs/method.md, controls",
                   .direction = "none",
                   .time = "O(N)",
                   .memory = "12 bytes per sample",
                   .warms_up = true,
                   .select = select_random},
          Strategy{.name = "random_scratch",
                   .summary = "control: M random samples from the first step, no warm-up",
                   .formula = "the M highest of N uniform draws",
                   .source = "docs/method.md, controls",
                   .direction = "none",
                   .time = "O(N)",
                   .memory = "12 bytes per sample",
                   .select = select_random}};
}

std::vector<Strategy> each_epoch() {
  return {
      Strategy{.name = "rs2",
               .summary = "a fresh random share of M samples each epoch, all of them in turn",
               .formula = "consecutive runs of M places in a random order of all samples, which is "
                          "drawn anew every ceil(N / M) epochs",
               .source = "RS2 without replacement: Okanovic et al. 2024",
               .direction = "none",
               .time = "O(N) per epoch",
               .memory = "8 bytes per sample",
               .sampler = sample_rs2},
      Strategy{.name = "infobatch",
               .summary = "each epoch skips some well learned samples and weighs the others up",
               .formula =
                   "of samples whose last loss is below the mean a share 1 - r = M / N, at "
                   "random, with weight 1 / (1 - r), and all others; everything in the last "
                   "ceil(E / 8) epochs. M is nominal: how many were trained on depends on the "
                   "losses",
               .source = "InfoBatch: Qin et al. 2024",
               .direction = "high = keep",
               .time = "O(N) per epoch",
               .memory = "8 bytes per sample, at most 24 more while it chooses",
               .keeps_all = true,
               .sampler = sample_infobatch}};
}

std::vector<Strategy> of_everything() {
  return {
      Strategy{.name = "short",
               .summary = "control: all samples, as many steps in all as `top` with its warm-up",
               .formula = "all samples, M = N",
               .source = "docs/method.md, controls",
               .direction = "none",
               .time = "O(N)",
               .memory = "4 bytes per sample",
               .keeps_all = true,
               .duration = Duration::total_steps,
               .select = select_all},
      Strategy{.name = "full",
               .summary = "control: all samples for all epochs",
               .formula = "all samples, M = N",
               .source = "the paper's full-data training",
               .direction = "none",
               .time = "O(N)",
               .memory = "4 bytes per sample",
               .keeps_all = true,
               .select = select_all}};
}

std::vector<Strategy> not_by_themselves() {
  return {Strategy{.name = "auto",
                   .summary = "the one that suits what the device is short of",
                   .formula =
                       "another row of this table, chosen by constraint, keep ratio and estimated "
                       "label noise",
                   .source = "docs/choosing.md",
                   .direction = "the chosen row's",
                   .time = "the chosen row's",
                   .memory = "the chosen row's"},
          Strategy{.name = "file",
                   .summary = "the samples that a file lists, no warm-up",
                   .formula = "the index list as it is, M its length",
                   .source = "an index list from outside",
                   .direction = "none",
                   .time = "O(N)",
                   .memory = "at most 20 bytes per index"}};
}

std::deque<Strategy> our_strategies() {
  std::deque<Strategy> rows;
  for (const auto& group : {by_scores(), by_features(), at_random(), each_epoch(), of_everything(),
                            not_by_themselves()}) {
    rows.insert(rows.end(), group.begin(), group.end());
  }
  return rows;
}

}  // namespace

const StrategyCatalogue& strategies() {
  static const StrategyCatalogue ours(our_strategies());
  return ours;
}

}  // namespace edgeprune::select
