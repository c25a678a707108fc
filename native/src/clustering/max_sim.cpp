// MaxSim. The rows of all queries are packed into panels, once, and the rows of documents go through them as they are: a tile's accumulators then hold the
// products of one query row by lane, and the greatest of them is found without moving anything across.
#include <algorithm>
#include <cmath>
#include <vector>

#include "merganser/clustering/greatest_square.hpp"
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
        short_(static_cast<float>(0.99 * std::sqrt(kGreatestSquare / static_cast<double>(dims)))),
        staged_(in_place_ ? 0 : kRows, dims) {}

  // Whether none of the rows can be as long as is refused, by their greatest number: for all in one go, as between them there is nothing, or zeros.
  bool surely_short(const Rows& some) const {
    static const auto magnitude = MERGANSER_SELECT(greatest_magnitude);
    return magnitude(some.data, (some.count - 1) * some.stride + dims_) < short_;
  }

  // The first row of a document that is too long for finite products, or not finite; SIZE_MAX: there is none.
  size_t first_unfit(size_t document) const {
    static const auto stage = MERGANSER_SELECT(stage_row);
    std::vector<float> numbers(dims_);
    for (size_t row = documents_.offsets[document]; row < documents_.offsets[document + 1]; ++row) {
      if (!counts(documents_, row)) continue;
      stage(source_of(documents_, dims_), row, numbers.data(), dims_);
      double square = 0;
      for (const float number : numbers) square += static_cast<double>(number) * static_cast<double>(number);
      if (!(square < kGreatestSquare)) return row;
    }
    return SIZE_MAX;
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
  // Rows of smaller numbers are not too long.
  float short_;
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
      bool any = false, surely_short = true;
      rows.each(document, [&](const Rows& some) {
        any = true;
        surely_short = surely_short && rows.surely_short(some);
        greatest_of(some, packed.view(), greatest.data());
      });
      if (!surely_short && unfit[round] == SIZE_MAX) unfit[round] = rows.first_unfit(document);
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
