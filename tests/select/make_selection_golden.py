"""Known answers for the strategies `stratified` and `beta`, from their papers' formulas.

    python3 tests/select/make_selection_golden.py     # writes tests/select/golden/*.json

Needs numpy and scipy (1.11 or newer). What the program draws at random is not predicted here: for
`stratified` how many samples each band keeps, for `beta` with what probability each sample is kept,
computed exactly over all sets.

Compared with the authors' code on the same numbers:
- CCS (haizhongzheng/Coverage-centric-coreset-selection, b37f166): keeps the same numbers per band in
  every case in which its bands hold the same samples, but for which of two bands of equal size is
  visited first (its sort is not stable). Its bands are wider by 1e-4 of the highest score, which
  moves single samples at an edge in 6 of 14 cases; with negative scores it loses the hardest (89
  kept instead of 90).
- DUAL (behaapyy/dual-pruning, 4ab525d, beta_sampling): over 40,000 seeds, samples are kept with the
  probabilities below within 2.2 standard errors.
- InfoBatch (NUS-HPC-AI-Lab/InfoBatch, 8bbb012), for infobatch_test.cc: 1000, 1000, 777 and 50 losses
  at keep ratios .5, .3, .25 and .7 leave 663, 530, 392 and 41 samples, as ours; of 2, 4, 8, 10, 30
  and 200 epochs the last 1, 1, 1, 2, 4 and 25 are full.
"""
import json
import pathlib

import numpy as np
import scipy.stats

GOLDEN = pathlib.Path(__file__).parent / "golden"
BANDS = 50


def default_cutoff(keep_ratio):
    return float(np.interp(keep_ratio, [0.1, 0.2, 0.3, 0.5], [0.3, 0.2, 0.1, 0.0]))


def even_shares(sizes, total):
    """CCS, algorithm 1: by ascending size, each takes its part of what is left."""
    shares = np.zeros(len(sizes), dtype=int)
    order = sorted(range(len(sizes)), key=lambda band: (sizes[band], band))
    for visited, band in enumerate(order):
        shares[band] = min(sizes[band], (total - shares.sum()) // (len(sizes) - visited))
    return shares


def stratified_case(scores, num_kept, hard_cutoff):
    """Which band each sample lies in (-1: left out), and how many each band keeps."""
    share = default_cutoff(num_kept / len(scores)) if hard_cutoff < 0 else hard_cutoff
    num_left_out = min(int(np.floor(share * len(scores) + 1e-9)), len(scores) - num_kept)
    pool = np.sort(np.argsort(scores, kind="stable")[: len(scores) - num_left_out])
    sizes, edges = np.histogram(scores[pool].astype(np.float64), bins=BANDS)
    bands = np.full(len(scores), -1)
    bands[pool] = np.clip(np.searchsorted(edges, scores[pool], side="right") - 1, 0, BANDS - 1)
    assert (np.bincount(bands[pool], minlength=BANDS) == sizes).all()
    kept = even_shares(sizes, num_kept)
    assert kept.sum() == num_kept
    return {"num_kept": num_kept, "hard_cutoff": hard_cutoff, "num_left_out": num_left_out,
            "bands": bands.tolist(), "kept_per_band": kept.tolist()}


def stratified():
    random = np.random.default_rng(1)
    el2n = (np.sqrt(2) * random.beta(0.6, 1.8, 300)).astype(np.float32)
    turned_margin = (-random.beta(3.0, 1.0, 100) + 0.3).astype(np.float32)
    cases = []
    for scores, sizes in [(el2n, [(15, -1), (30, -1), (45, -1), (60, -1), (90, -1), (120, -1),
                                  (150, -1), (240, -1), (300, -1), (60, 0.0), (60, 0.5)]),
                          (turned_margin, [(10, -1), (20, 0.29), (90, 0.29)])]:
        cases.append({"scores": [float(score) for score in scores],
                      "selections": [stratified_case(scores, *size) for size in sizes]})
    return cases


def beta_weights(dual, confidence, num_kept):
    mu = confidence[np.argsort(dual)[-10:]].mean()
    prune_ratio = 1 - num_kept / len(dual)
    b = 15 * (1 - mu) * (1 - prune_ratio**4)
    return scipy.stats.beta.pdf(confidence, 16 - b, b) * dual


def inclusion_probabilities(weights, num_kept):
    """Of successive draws without replacement, over all sets that may be drawn."""
    drawn = {(): 1.0}
    for _ in range(num_kept):
        further = {}
        for kept, probability in drawn.items():
            left = weights.sum() - weights[list(kept)].sum()
            for sample in range(len(weights)):
                if sample not in kept:
                    key = tuple(sorted((*kept, sample)))
                    further[key] = further.get(key, 0) + probability * weights[sample] / left
        drawn = further
    probabilities = np.zeros(len(weights))
    for kept, probability in drawn.items():
        probabilities[list(kept)] += probability
    return probabilities


def beta():
    random = np.random.default_rng(2)
    dual = random.uniform(0.01, 0.2, 12).astype(np.float32)
    dual[4] = 0
    confidence = random.uniform(0.2, 0.98, 12).astype(np.float32)
    selections = []
    for num_kept in [2, 4, 6]:
        weights = beta_weights(dual.astype(np.float64), confidence.astype(np.float64), num_kept)
        selections.append({"num_kept": num_kept,
                           "probabilities": inclusion_probabilities(weights, num_kept).tolist()})
    return [{"dual": [float(d) for d in dual], "confidence": [float(p) for p in confidence],
             "selections": selections}]


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, cases in [("stratified", stratified()), ("beta", beta())]:
        (GOLDEN / f"{name}.json").write_text(json.dumps(cases) + "\n")
