// MaxSim. The rows of all queries are packed into panels, once, and the rows of documents go through them as they are: a tile's accumulators then hold the
// products of one query row by lane, and the greatest of them is found without moving anything across.
#include <algorithm>
#include <vector>

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

class PackedQueries {
 public:
  PackedQueries(const Sequences& queries, size_t dims) : begins_(queries.count + 1) {
    for (size_t query = 0; query < queries.count; ++query) {
      begins_[query + 1] = begins_[query];
      for (size_t row = queries.offsets[query]; row < queries.offsets[query + 1]; ++row) begins_[query + 1] += counts(queries, row);
    }
    panels_ = (begins_.back() + kPanel - 1) / kPanel;
    memory_.resize(panels_ * kPanel * (dims + 1) + 16);
    packed_ = memory_.data() + (64 - reinterpret_cast<uintptr_t>(memory_.data()) % 64) % 64 / sizeof(float);
    dims_ = dims;
    const auto stage = MERGANSER_SELECT(stage_row);
    std::vector<float> numbers(dims);
    size_t slot = 0;
    for (size_t row = 0; row < queries.offsets[queries.count]; ++row) {
      if (!counts(queries, row)) continue;
      stage(source_of(queries, dims), row, numbers.data(), dims);
      float* const to = packed_ + slot / kPanel * dims * kPanel + slot % kPanel;
      for (size_t dim = 0; dim < dims; ++dim) to[dim * kPanel] = numbers[dim];
      ++slot;
    }
  }
  // Half norms of zero: scores are products.
  Panels view() const { return {packed_, packed_ + panels_ * kPanel * dims_, panels_, dims_}; }
  size_t slots() const { return panels_ * kPanel; }
  size_t begin(size_t query) const { return begins_[query]; }

 private:
  std::vector<size_t> begins_;
  size_t panels_, dims_;
  std::vector<float> memory_;
  float* packed_;
};

class DocumentRows {
 public:
  DocumentRows(const Sequences& documents, size_t dims)
      : documents_(documents),
        dims_(dims),
        in_place_(documents.type == ElementType::float32 && !documents.mask),
        staged_(in_place_ ? 0 : kRows, dims) {}

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

void max_sim(const Sequences& queries, const Sequences& documents, size_t dims, unsigned threads, const std::atomic<bool>* cancelled, double* out) {
  static const auto greatest_of = MERGANSER_SELECT(greatest_of_panels);
  const PackedQueries packed(queries, dims);
  parallel::parallel_for(threads, (documents.count + kDocuments - 1) / kDocuments, [&](size_t round) {
    if (cancelled && *cancelled) return;
    std::vector<float> greatest(packed.slots());
    DocumentRows rows(documents, dims);
    for (size_t document = round * kDocuments; document < std::min(documents.count, (round + 1) * kDocuments); ++document) {
      std::fill(greatest.begin(), greatest.end(), kLowest);
      bool any = false;
      rows.each(document, [&](const Rows& some) {
        any = true;
        greatest_of(some, packed.view(), greatest.data());
      });
      for (size_t query = 0; query < queries.count; ++query) {
        double sum = 0;
        for (size_t slot = packed.begin(query); any && slot < packed.begin(query + 1); ++slot) sum += static_cast<double>(greatest[slot]);
        out[query * documents.count + document] = sum;
      }
    }
  });
}

}  // namespace merganser::clustering
