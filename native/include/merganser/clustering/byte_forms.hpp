// Points and centroids rounded to bytes, and how far that is off: bounds of their scores by products of bytes, which processors that have an instruction for
// them compute four times as fast as in single precision.
//
// x = s·q + e with whole numbers q and a remainder e whose length is known, and so ⟨x, c⟩ = s s' ⟨q, q'⟩ + ⟨e, c − e'⟩ + ⟨x, e'⟩, of which the last two are at
// most ‖e‖ ‖c − e'‖ and ‖x‖ ‖e'‖ (Cauchy–Schwarz). These are one or two hundredths of ‖x‖ ‖c‖ on vectors of any kind, and leave one panel in a hundred. From
// the same numbers follows which centroid is about the nearest (with which a run begins), and about how far a point is from its own: it need not be read before
// some panel is in reach all the same.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "merganser/clustering/byte_centroids.hpp"
#include "merganser/clustering/point_blocks.hpp"
#include "merganser/clustering/short_forms.hpp"
#include "merganser/clustering/sift_bytes.hpp"
#include "merganser/parallel/kept_array.hpp"

namespace merganser::clustering {

class ByteForms final : public ShortForms {
 public:
  // Null if this processor would not gain by them, or they take more than `bytes`.
  static std::unique_ptr<ByteForms> make(const PointBlocks& points, const CentroidPanels& centroids, size_t bytes, unsigned threads);

  // What they take at most.
  size_t bytes() const { return needed(points_, centroids_); }
  // The slots of centroids that are about the nearest. `renew` comes first.
  void guess(std::vector<uint32_t>& slots, unsigned threads) const;
  // new_order[position] = the position where the point stood before.
  void reorder(const std::vector<uint32_t>& new_order, unsigned threads);

  void renew(unsigned threads) override;
  float allowance(float) const override { return 0; }
  void sift(size_t block, size_t panel, size_t how_many, size_t alone, uint32_t* list, size_t count, const BlockBounds& bounds, const float* reach,
            ReachLists& kept) const override;
  double cost(double surviving) const override;
  float least_score(size_t position, uint32_t slot) const override;
  bool knows_least_scores() const override { return true; }

 private:
  ByteForms(const PointBlocks& points, const CentroidPanels& centroids, unsigned threads);
  static bool by_matrix_tiles(size_t dims);
  static size_t stride_of(size_t dims);
  static size_t needed(const PointBlocks& points, const CentroidPanels& centroids);
  ByteRows of_block(size_t block) const;

  const PointBlocks& points_;
  const CentroidPanels& centroids_;
  const bool matrix_tiles_;
  const size_t stride_;  // bytes of a row
  std::unique_ptr<parallel::KeptArray<uint8_t>> rows_;
  std::vector<float> scales_, errors_, lengths_;  // by position
  ByteCentroids rounded_;
};

}  // namespace merganser::clustering
