"""Known answers for the selectors on features: facility_location, k_center, moderate.

    python3 tests/select/make_feature_golden.py     # writes tests/select/golden/features.json

Needs numpy and, for facility location, apricot-select 0.6.1 with scikit-learn. Features are whole
numbers, so that squared distances are exact and only one rounding, that of the root, is left.

Compared, on the same features, with public code:
- facility location: apricot's `naive` optimizer makes the picks. Two samples nearest to each other
  often tie, which `naive` decides for the smaller index as we do; `lazy` may take the other one,
  with the same gains.
- k_center: DeepCore's k_center_greedy (github.com/PatrickZH/DeepCore, kcentergreedy.py), started
  from the same sample of each class, makes the same 20 picks in each of the three classes.
- moderate: get_distance and get_prune_idx of the authors' selection.py
  (github.com/tmllab/2023_ICLR_Moderate-DS), run on one class at a time, leave the same samples for
  every even number of samples left out.
"""
import json
import pathlib

import numpy as np

GOLDEN = pathlib.Path(__file__).parent / "golden" / "features.json"
CLASS_SIZES = [110, 70, 40]
WIDTH = 6


def quotas(sizes, total):
    exact = [total * size / sum(sizes) for size in sizes]
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(sizes)), key=lambda c: shares[c] - exact[c])
    for c in by_remainder[:total - sum(shares)]:
        shares[c] += 1
    return shares


def distances(h):
    squares = ((h[:, None, :] - h[None, :, :]) ** 2).sum(axis=2)
    return np.sqrt(squares.astype(np.float32))


def facility_location(h, count):
    from apricot import FacilityLocationSelection
    similarity = distances(h).astype(np.float64)
    similarity = similarity.max() - similarity
    naive, lazy = (FacilityLocationSelection(count, metric="precomputed", optimizer=optimizer)
                   .fit(similarity) for optimizer in ("naive", "lazy"))
    assert np.allclose(naive.gains, lazy.gains, rtol=1e-12)
    return naive.ranking


def k_center(h, count, first=None):
    first = np.linalg.norm(h - h.mean(axis=0), axis=1).argmin() if first is None else first
    picks, nearest = [first], distances(h)[first]
    while len(picks) < count:
        picks.append(nearest.argmax())
        nearest = np.minimum(nearest, distances(h)[picks[-1]])
    return picks


def moderate(h, count):
    from_median = np.linalg.norm(h - np.median(h, axis=0), axis=1)
    order = from_median.argsort(kind="stable")
    low = (len(h) - count) // 2
    return order[low:low + count]


def main():
    draw = np.random.default_rng(7)
    labels = draw.permutation(np.repeat(np.arange(len(CLASS_SIZES)), CLASS_SIZES))
    centres = draw.integers(-300, 301, size=(len(CLASS_SIZES), 4, WIDTH))
    h = centres[labels, draw.integers(0, 4, size=len(labels))]
    h = h + draw.integers(-200, 201, size=h.shape)
    cases = []
    for total in (3, 22, 110, 200):
        case = {"num_kept": total}
        for select in (facility_location, k_center, moderate):
            kept = []
            for c, quota in enumerate(quotas(CLASS_SIZES, total)):
                members = np.flatnonzero(labels == c)
                kept += members[np.asarray(select(h[members], quota), dtype=int)].tolist()
            case[select.__name__] = sorted(kept)
        cases.append(case)
    GOLDEN.write_text(json.dumps({"width": WIDTH, "labels": labels.tolist(),
                                  "features": h.ravel().tolist(), "cases": cases}) + "\n")


if __name__ == "__main__":
    main()
