// MaxSim. The rows of all queries are packed into panels, once, and the rows of documents go through them as they are: a tile's accumulators then hold the
// products of one query row by lane, and the greatest of them is found without moving anything across.
#include <algorithm>
#include <vector>

#include "merganser/clustering/packed_rows.hpp"
#include "merganser/clustering/point_blocks.hpp"
#include "merganser/clustering/products.hpp"
#include "merganser/clustering/score_panels.hpp"
#include "merganser/parallel/parallel_for.hpp"

namespace merganser::clustering {
namespace {

constexpr float kLowest = -3e38f;
// Rows that go through the panels together, and documents that one thread takes at a time.
constexpr size_t kRows = 240;
constexpr size_t kDocuments = 8;
constexpr float kTooLarge = 1e18f;

PointSource source_of(const Sequences& sequences, size_t dims) { return {sequences.data, sequences.type, dims, nullptr, nullptr}; }

bool counts(const Sequences& sequences, size_t row) { return !sequences.mask || sequences.mask[row]; }

// begins[query]: the first slot of its rows.
PackedRows pack_queries(const Sequences& queries, size_t dims, std::vector<size_t>& begins) {
  const auto stage = MERGANSER_SELECT(stage_row);
  begins.assign(1, 0);
  for (size_t query = 0; query < queries.count; ++query) {
    size_t rows = 0;
    for (size_t row = queries.offsets[query]; row < queries.offsets[query + 1]; ++row) rows += counts(queries, row);
    begins.push_back(begins.back() + rows);
  }
  PackedRows packed(begins.back(), dims, 0);
  std::vector<float> numbers(dims);
  for (size_t row = 0, slot = 0; row < queries.offsets[queries.count]; ++row) {
    if (!counts(queries, row)) continue;
    stage(source_of(queries, dims), row, numbers.data(), dims);
    packed.set(slot++, numbers.data());
  }
  return packed;
}

class DocumentRows {
 public:
  DocumentRows(const Sequences& documents, size_t dims)
      : documents_(documents),
        dims_(dims),
        in_place_(documents.type == ElementType::float32 && !documents.mask),
        staged_(in_place_ ? 0 : kRows, dims) {}

  // The number of the first row of a document that holds a number too large, if any of `some` of its rows does: else SIZE_MAX.
  size_t first_unfit(size_t document, const Rows& some) const {
    static const auto magnitude = MERGANSER_SELECT(greatest_magnitude);
    static const auto stage = MERGANSER_SELECT(stage_row);
    // All rows in one go: between them there is nothing, or zeros.
    if (magnitude(some.data, (some.count - 1) * some.stride + dims_) < kTooLarge) return SIZE_MAX;
    std::vector<float> numbers(dims_);
    for (size_t row = documents_.offsets[document];; ++row) {
      if (!counts(documents_, row)) continue;
      stage(source_of(documents_, dims_), row, numbers.data(), dims_);
      if (!(magnitude(numbers.data(), dims_) < kTooLarge)) return row;
    }
  }

  // Calls take(rows) with all rows of a document that count, some at a time.
  template <typename Take>
  void each(size_t document, Take take) {
    static const auto stage = MERGANSER_SELECT(stage_row);
    const size_t end = documents_.offsets[document + 1];
    for (size_t row = documents_.offsets[document]; row < end;) {
      if (in_place_) {
        const size_t count = std::min(kRows, end - row);
        take(Rows{static_cast<const float*>(documents_.data) + row * dims_, dims_, count});
        row += count;
        continue;
      }
      size_t count = 0;
      for (; row < end && count < kRows; ++row) {
        if (counts(documents_, row)) stage(source_of(documents_, dims_), row, staged_.row(count++), dims_);
      }
      if (count > 0) take(staged_.rows(count));
    }
  }

 private:
  const Sequences& documents_;
  size_t dims_;
  bool in_place_;
  StagedRows staged_;
};

}  // namespace

size_t max_sim(const Sequences& queries, const Sequences& documents, size_t dims, unsigned threads, const std::atomic<bool>* cancelled, double* out) {
  static const auto greatest_of = MERGANSER_SELECT(greatest_of_panels);
  std::vector<size_t> begins;
  const PackedRows packed = pack_queries(queries, dims, begins);
  const size_t rounds = (documents.count + kDocuments - 1) / kDocuments;
  std::vector<size_t> unfit(rounds + 1, SIZE_MAX);
  parallel::parallel_for(threads, rounds, [&](size_t round) {
    if (cancelled && *cancelled) return;
    std::vector<float> greatest(packed.slots());
    DocumentRows rows(documents, dims);
    for (size_t document = round * kDocuments; document < std::min(documents.count, (round + 1) * kDocuments); ++document) {
      std::fill(greatest.begin(), greatest.end(), kLowest);
      bool any = false;
      rows.each(document, [&](const Rows& some) {
        any = true;
        if (unfit[round] == SIZE_MAX) unfit[round] = rows.first_unfit(document, some);
        greatest_of(some, packed.view(), greatest.data());
      });
      for (size_t query = 0; query < queries.count; ++query) {
        double sum = 0;
        for (size_t slot = begins[query]; any && slot < begins[query + 1]; ++slot) sum += static_cast<double>(greatest[slot]);
        out[query * documents.count + document] = sum;
      }
    }
  });
  return *std::min_element(unfit.begin(), unfit.end());
}

}  // namespace merganser::clustering
