#include "merganser/quantizers/code_vectors.hpp"

#include <algorithm>

#include "merganser/clustering/greatest_square.hpp"
#include "merganser/parallel/parallel_for.hpp"
#include "merganser/quantizers/beam_search.hpp"

namespace merganser::quantizers {
namespace {

using namespace clustering;

constexpr size_t kPartRows = 240;
// Numbers that a thread decodes at a time.
constexpr size_t kDecodedNumbers = size_t{1} << 16;
// Results of so many numbers do not stay in the caches: writing past them saves reading what is overwritten. What is written so is made near first, a few numbers at a time.
constexpr size_t kLargeResult = size_t{1} << 20, kStreamedNumbers = size_t{1} << 12;

// Stages points from `begin` on; the first that is not finite is kept in `bad`.
void stage_points(const PointSet& points, const std::vector<float>& centre, size_t begin, size_t count, StagedRows& staged, size_t& bad) {
  static const auto stage = MERGANSER_SELECT_FROM(clustering::, stage_row);
  static const auto square = MERGANSER_SELECT_FROM(clustering::, squared_norm);
  const PointSource source{points.data, points.type, points.dims, nullptr, centre.data()};
  for (size_t i = 0; i < count; ++i) {
    stage(source, points.rows ? points.rows[begin + i] : begin + i, staged.row(i), centre.size());
    if (!(square(staged.row(i), centre.size()) < kGreatestSquare)) bad = std::min(bad, begin + i);
  }
}

// Runs `encode(staged rows, count, codes)` on all blocks.
template <class MakeEncoder>
void each_block(const PointSet& points, const std::vector<float>& centre, size_t rows, const CodingControl& control, uint32_t* codes, size_t books, MakeEncoder&& encoder) {
  const size_t blocks = (points.count + rows - 1) / rows;
  std::vector<size_t> bad(blocks, points.count);
  // Several blocks to a thread's turn, so that what it needs for them is made seldom.
  const size_t turns = std::min<size_t>(blocks, 8 * std::max(1u, control.threads));
  parallel::parallel_for(control.threads, turns, [&](size_t turn) {
    StagedRows staged(std::min(rows, points.count), centre.size());
    auto encode = encoder();
    for (size_t block = turn * blocks / turns; block < (turn + 1) * blocks / turns; ++block) {
      if (control.cancelled && *control.cancelled) return;
      const size_t begin = block * rows, count = std::min(rows, points.count - begin);
      stage_points(points, centre, begin, count, staged, bad[block]);
      if (bad[block] < points.count) return;
      encode(staged, count, codes + begin * books);
      if (control.done) control.done(count);
    }
  });
  const size_t first_bad = blocks == 0 ? 0 : *std::min_element(bad.begin(), bad.end());
  if (first_bad < points.count) throw NotFinite(first_bad);
}

void encode_parts(const PointSet& points, const std::vector<PackedCodebook>& codebooks, const CodingControl& control, uint32_t* codes) {
  static const auto best = MERGANSER_SELECT_FROM(clustering::, best_slots);
  std::vector<float> centre((points.dims + 7) / 8 * 8);
  for (const PackedCodebook& codebook : codebooks) std::copy_n(codebook.centre.data(), codebook.source.dims, centre.data() + codebook.source.place);
  const size_t books = codebooks.size();
  each_block(points, centre, kPartRows, control, codes, books, [&] {
    return [&, slots = std::vector<uint32_t>(kPartRows), scores = std::vector<float>(kPartRows)](StagedRows& staged, size_t count, uint32_t* to) mutable {
      for (size_t book = 0; book < books; ++book) {
        Rows rows = staged.rows(count);
        rows.data += codebooks[book].source.place;
        best(rows, codebooks[book].panels.view(), slots.data(), scores.data());
        for (size_t row = 0; row < count; ++row) to[row * books + book] = slots[row];
      }
    };
  });
}

void encode_rests(const PointSet& points, const std::vector<PackedCodebook>& codebooks, size_t beam, const CodingControl& control, uint32_t* codes) {
  const std::vector<float> none((points.dims + 7) / 8 * 8);
  const size_t rows = BeamSearch::block_rows(beam);
  each_block(points, none, rows, control, codes, codebooks.size(), [&] {
    return [search = BeamSearch(codebooks, beam)](StagedRows& staged, size_t count, uint32_t* to) mutable {
      search.encode(staged.row(0), staged.rows(count).stride, count, to);
    };
  });
}

}  // namespace

void encode_vectors(const PointSet& points, const std::vector<Codebook>& codebooks, CodeKind kind, size_t beam, const CodingControl& control, uint32_t* codes) {
  std::vector<PackedCodebook> packed;
  packed.reserve(codebooks.size());
  for (const Codebook& codebook : codebooks) packed.emplace_back(codebook, control.threads);
  if (kind == CodeKind::part) encode_parts(points, packed, control, codes);
  else encode_rests(points, packed, beam, control, codes);
}

void decode_codes(const uint32_t* codes, size_t count, const std::vector<Codebook>& codebooks, size_t dims, const CodingControl& control, float* out) {
  static const auto known = MERGANSER_SELECT(all_known);
  static const auto parts = MERGANSER_SELECT(decode_parts);
  static const auto sums = MERGANSER_SELECT(decode_sums);
  static const auto stream = MERGANSER_SELECT(stream_numbers);
  const size_t books = codebooks.size(), rows = std::max<size_t>(1, kDecodedNumbers / std::max(dims, books));
  const auto decode = books == 1 || codebooks[0].dims < dims ? parts : sums;
  // False if a code is unknown.
  const auto decode_all = [&](size_t begin, size_t some, float* to) {
    const uint32_t* const from = codes + begin * books;
    if (!known(from, some, codebooks.data(), books)) return false;
    decode(from, some, codebooks.data(), books, dims, to);
    return true;
  };
  const auto decode_through_cache = [&](size_t begin, size_t some) {
    const size_t rows_at_a_time = std::max<size_t>(1, kStreamedNumbers / dims);
    std::vector<float> near(rows_at_a_time * dims);
    for (const size_t end = begin + some; begin < end; begin += rows_at_a_time) {
      const size_t few = std::min(rows_at_a_time, end - begin);
      if (!decode_all(begin, few, near.data())) return false;
      stream(near.data(), few * dims, out + begin * dims);
    }
    return true;
  };
  const bool large = count * dims >= kLargeResult;
  std::atomic<bool> unknown{false};
  parallel::parallel_for(control.threads, (count + rows - 1) / rows, [&](size_t block) {
    if (unknown || (control.cancelled && *control.cancelled)) return;
    const size_t begin = block * rows, some = std::min(count - begin, rows);
    if (!(large ? decode_through_cache(begin, some) : decode_all(begin, some, out + begin * dims))) unknown = true;
    if (control.done) control.done(some);
  });
  if (unknown) throw NoSuchCode();
}

}  // namespace merganser::quantizers
