#include "merganser/quantizers/beam_search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace merganser::quantizers {
namespace {

using namespace clustering;

constexpr size_t kLanes = 16;

void subtract(const float* from, const float* row, size_t dims, float* to) {
  for (size_t dim = 0; dim < dims; ++dim) to[dim] = from[dim] - row[dim];
}

// Whether any of sixteen numbers is at least the limit.
bool any_reaches(const float* numbers, float limit) {
  int reached = 0;
  for (size_t lane = 0; lane < kLanes; ++lane) reached |= numbers[lane] >= limit;
  return reached != 0;
}

}  // namespace

PackedCodebook::PackedCodebook(const Codebook& codebook, unsigned threads)
    : source(codebook), centre(centre_on({codebook.rows, codebook.codes}, codebook.dims)), panels(codebook.rows, codebook.codes, codebook.dims, centre) {
  panels.pack(threads);
}

BeamSearch::BeamSearch(const std::vector<PackedCodebook>& codebooks, size_t beam)
    : codebooks_(codebooks),
      beam_(beam),
      dims_(codebooks[0].source.dims),
      padded_(codebooks[0].centre.size()),
      centred_(block_rows(beam) * beam, padded_),
      slots_(block_rows(beam)) {
  size_t slots = 0;
  for (const PackedCodebook& codebook : codebooks) slots = std::max(slots, codebook.panels.slots());
  scores_.resize(block_rows(beam) * (beam == 1 ? 1 : beam * slots));
}

void BeamSearch::encode(float* vectors, size_t stride, size_t count, uint32_t* codes) {
  if (beam_ == 1) return encode_greedily(vectors, stride, count, codes);
  const size_t books = codebooks_.size();
  States *from = &states_[0], *to = &states_[1];
  from->width = 1;
  from->paths.clear();
  from->rests.resize(count * padded_);
  for (size_t row = 0; row < count; ++row) std::copy_n(vectors + row * stride, padded_, from->rests.data() + row * padded_);
  for (size_t book = 0; book < books; ++book) {
    measure(*from, count, book);
    extend(*from, count, book, *to);
    std::swap(from, to);
  }
  for (size_t row = 0; row < count; ++row) std::copy_n(from->paths.data() + row * from->width * books, books, codes + row * books);
}

void BeamSearch::encode_greedily(float* vectors, size_t stride, size_t count, uint32_t* codes) {
  static const auto best = MERGANSER_SELECT_FROM(clustering::, best_slots);
  const size_t books = codebooks_.size();
  for (size_t book = 0; book < books; ++book) {
    const PackedCodebook& codebook = codebooks_[book];
    for (size_t row = 0; row < count; ++row) subtract(vectors + row * stride, codebook.centre.data(), padded_, centred_.row(row));
    best(centred_.rows(count), codebook.panels.view(), slots_.data(), scores_.data());
    for (size_t row = 0; row < count; ++row) {
      // Where rests have grown beyond what scores bear, a slot that pads a panel may win.
      const uint32_t code = std::min(slots_[row], static_cast<uint32_t>(codebook.source.codes - 1));
      codes[row * books + book] = code;
      float* const vector = vectors + row * stride;
      subtract(vector, codebook.source.rows + code * dims_, dims_, vector);
    }
  }
}

// The rests less the codebook's centre, and their lengths.
void BeamSearch::measure(States& states, size_t count, size_t book) {
  static const auto square = MERGANSER_SELECT_FROM(clustering::, squared_norm);
  states.halves.resize(count * states.width);
  for (size_t i = 0; i < states.halves.size(); ++i) {
    float* const row = centred_.row(i);
    subtract(states.rests.data() + i * padded_, codebooks_[book].centre.data(), padded_, row);
    states.halves[i] = square(row, padded_) / 2;
  }
}

void BeamSearch::extend(const States& from, size_t count, size_t book, States& to) {
  static const auto all = MERGANSER_SELECT_FROM(clustering::, all_scores);
  const PackedCodebook& codebook = codebooks_[book];
  const size_t codes = codebook.source.codes, slots = codebook.panels.slots();
  all(centred_.rows(count * from.width), codebook.panels.view(), scores_.data(), slots);
  to.width = std::min(beam_, from.width * codes);
  to.paths.resize(count * to.width * (book + 1));
  const bool last = book + 1 == codebooks_.size();
  if (!last) to.rests.resize(count * to.width * padded_);
  for (size_t row = 0; row < count; ++row) {
    best_few(from, row, codes, slots, to.width);
    for (size_t rank = 0; rank < to.width; ++rank) {
      const size_t state = row * from.width + places_[rank] / codes, code = places_[rank] % codes, made = row * to.width + rank;
      uint32_t* const path = to.paths.data() + made * (book + 1);
      std::copy_n(from.paths.data() + state * book, book, path);
      path[book] = static_cast<uint32_t>(code);
      if (last) continue;
      float* const rest = to.rests.data() + made * padded_;
      subtract(from.rests.data() + state * padded_, codebook.source.rows + code * dims_, dims_, rest);
      std::fill(rest + dims_, rest + padded_, 0.f);
    }
  }
}

// The least half - score of all states and codes of a row, which is half the squared length of what they leave.
void BeamSearch::best_few(const States& from, size_t row, size_t codes, size_t slots, size_t width) {
  values_.assign(width, std::numeric_limits<double>::infinity());
  places_.assign(width, 0);
  for (size_t state = 0; state < from.width; ++state) {
    const double half = from.halves[row * from.width + state];
    const float* const scores = scores_.data() + (row * from.width + state) * slots;
    // Slots that pad a panel reach no finite limit, and are behind all others while there is none.
    const auto limit = [&] { return std::nextafter(static_cast<float>(half - values_.back()), -std::numeric_limits<float>::infinity()); };
    float least = limit();
    for (size_t first = 0; first < codes; first += kLanes) {
      if (!any_reaches(scores + first, least)) continue;
      const size_t end = std::min(first + kLanes, codes);
      for (size_t code = first; code < end; ++code) {
        const double value = half - scores[code];
        if (!(value < values_.back())) continue;
        size_t at = width - 1;
        for (; at > 0 && values_[at - 1] > value; --at) {
          values_[at] = values_[at - 1];
          places_[at] = places_[at - 1];
        }
        values_[at] = value;
        places_[at] = state * codes + code;
      }
      least = limit();
    }
  }
}

}  // namespace merganser::quantizers
