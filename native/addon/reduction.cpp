// Token reduction: calls with their arguments in an array, done at once or as jobs (see task.hpp), on the pool's threads.
#include <napi.h>

#include <functional>
#include <map>
#include <string>

#include "merganser/clustering/products.hpp"
#include "merganser/parallel/thread_pool.hpp"
#include "merganser/reduction/combinations.hpp"
#include "merganser/reduction/density_peaks.hpp"
#include "merganser/reduction/distances.hpp"
#include "merganser/reduction/energies.hpp"
#include "merganser/reduction/join_nearest.hpp"
#include "merganser/reduction/medoids.hpp"
#include "merganser/reduction/nearest.hpp"
#include "merganser/reduction/token_blocks.hpp"
#include "task.hpp"

namespace merganser::addon {
namespace {

using namespace reduction;

template <typename T>
T* data_of(const Napi::Value& value) {
  return value.IsTypedArray() ? static_cast<T*>(value.As<Napi::TypedArrayOf<T>>().Data()) : nullptr;
}

size_t length_of(const Napi::Value& value) { return value.As<Napi::TypedArray>().ElementLength(); }

size_t number_of(const Napi::Value& value) { return value.As<Napi::Number>().Uint32Value(); }

// (values, rows | null)
TokenRows rows_of(const Napi::Value& values, const Napi::Value& rows, size_t dims) {
  return {data_of<float>(values), data_of<uint32_t>(rows), rows.IsTypedArray() ? length_of(rows) : length_of(values) / dims, dims};
}

TokenRows all_rows_of(const Napi::Value& values, size_t dims) { return {data_of<float>(values), nullptr, length_of(values) / dims, dims}; }

unsigned pool_size() { return parallel::ThreadPool::shared().size(); }

SparseRows sparse_of(const Napi::Value& offsets, const Napi::Value& columns) {
  return {data_of<uint32_t>(offsets), data_of<uint32_t>(columns), length_of(offsets) - 1};
}

// What a call does, once its arguments are read: no JavaScript in it.
using Work = std::function<void()>;

// The arguments of a call, in the order of the comments below.
class Arguments {
 public:
  explicit Arguments(const Napi::Value& array) : array_(array.As<Napi::Array>()) {}
  Napi::Value operator[](uint32_t i) const { return array_.Get(i); }

 private:
  Napi::Array array_;
};

// left values, left rows, right values, right rows, dims, cosine, columns, values
Work nearest_rows_of(const Arguments& arguments) {
  const size_t dims = number_of(arguments[4]);
  const auto similarity = arguments[5].ToBoolean() ? Similarity::cosine : Similarity::euclidean;
  const TokenRows left = rows_of(arguments[0], arguments[1], dims), right = rows_of(arguments[2], arguments[3], dims);
  uint32_t* const columns = data_of<uint32_t>(arguments[6]);
  float* const values = data_of<float>(arguments[7]);
  return [=] { nearest_rows(left, right, similarity, pool_size(), columns, values); };
}

// values, dims, candidates, destinations, remove | null, threshold | null, source, kept
Work join_nearest_of(const Arguments& arguments) {
  const size_t dims = number_of(arguments[1]), tokens = length_of(arguments[6]);
  const TokenRows candidates = rows_of(arguments[0], arguments[2], dims), destinations = rows_of(arguments[0], arguments[3], dims);
  Joining joining{0, std::nullopt};
  if (arguments[4].IsNumber()) joining.remove = number_of(arguments[4]);
  else joining.threshold = arguments[5].As<Napi::Number>().DoubleValue();
  uint32_t *const source = data_of<uint32_t>(arguments[6]), *const kept = data_of<uint32_t>(arguments[7]);
  return [=] { *kept = static_cast<uint32_t>(join_nearest(candidates, destinations, joining, tokens, pool_size(), source)); };
}

// left values, right values, dims, few, columns, squares
Work few_nearest_of(const Arguments& arguments) {
  const size_t dims = number_of(arguments[2]), few = number_of(arguments[3]);
  const TokenRows left = all_rows_of(arguments[0], dims), right = all_rows_of(arguments[1], dims);
  uint32_t* const columns = data_of<uint32_t>(arguments[4]);
  float* const squares = data_of<float>(arguments[5]);
  return [=] { few_nearest(left, right, few, pool_size(), columns, squares); };
}

// values, dims, neighbours, peaks, source, greatest | null
Work density_peaks_of(const Arguments& arguments) {
  const TokenRows tokens = all_rows_of(arguments[0], number_of(arguments[1]));
  const size_t neighbours = number_of(arguments[2]), peaks = length_of(arguments[3]);
  uint32_t *const numbers = data_of<uint32_t>(arguments[3]), *const source = data_of<uint32_t>(arguments[4]);
  float* const greatest = data_of<float>(arguments[5]);
  return [=] {
    const float most = density_peaks(tokens, neighbours, peaks, pool_size(), numbers, source);
    if (greatest) *greatest = most;
  };
}

// values, dims, cosine, most iterations, medoids, source, greatest | null
Work find_medoids_of(const Arguments& arguments) {
  const TokenRows tokens = all_rows_of(arguments[0], number_of(arguments[1]));
  const bool cosine = arguments[2].ToBoolean();
  const size_t most = number_of(arguments[3]), medoids = length_of(arguments[4]);
  uint32_t *const chosen = data_of<uint32_t>(arguments[4]), *const source = data_of<uint32_t>(arguments[5]);
  float* const greatest = data_of<float>(arguments[6]);
  return [=] {
    const float magnitude = find_medoids(tokens, cosine, most, medoids, pool_size(), chosen, source);
    if (greatest) *greatest = magnitude;
  };
}

// values, dims, squares
Work squared_distances_of(const Arguments& arguments) {
  const TokenRows tokens = all_rows_of(arguments[0], number_of(arguments[1]));
  float* const squares = data_of<float>(arguments[2]);
  return [=] { squared_distances(tokens, pool_size(), squares, tokens.count); };
}

// values, dims, margin, means, ranked
Work mean_elu_of(const Arguments& arguments) {
  const TokenRows tokens = all_rows_of(arguments[0], number_of(arguments[1]));
  const float margin = arguments[2].As<Napi::Number>();
  double* const means = data_of<double>(arguments[3]);
  const size_t ranked = number_of(arguments[4]);
  return [=] { mean_elu(tokens, margin, ranked, pool_size(), means); };
}

// values, greatest
Work greatest_magnitude_of(const Arguments& arguments) {
  const float* const values = data_of<float>(arguments[0]);
  const size_t count = length_of(arguments[0]);
  float* const greatest = data_of<float>(arguments[1]);
  return [=] { *greatest = greatest_magnitude(values, count, pool_size()); };
}

// offsets, columns, weights, values, dims, out, greatest | null
Work combine_rows_of(const Arguments& arguments) {
  const SparseRows matrix = sparse_of(arguments[0], arguments[1]);
  const float *const weights = data_of<float>(arguments[2]), *const values = data_of<float>(arguments[3]);
  const size_t dims = number_of(arguments[4]);
  float *const out = data_of<float>(arguments[5]), *const greatest = data_of<float>(arguments[6]);
  return [=] { combine_rows(matrix, weights, values, dims, pool_size(), out, greatest); };
}

// values, dims, lengths
Work row_lengths_of(const Arguments& arguments) {
  const float* const values = data_of<float>(arguments[0]);
  const size_t dims = number_of(arguments[1]), rows = length_of(arguments[2]);
  double* const lengths = data_of<double>(arguments[2]);
  return [=] { row_lengths(values, rows, dims, pool_size(), lengths); };
}

// groups, weights, masses, values, dims, longest, out, greatest | null
Work group_means_of(const Arguments& arguments) {
  const RowGroups groups{data_of<uint32_t>(arguments[0]), data_of<float>(arguments[1]), length_of(arguments[0]), data_of<double>(arguments[2]), length_of(arguments[2])};
  const float* const values = data_of<float>(arguments[3]);
  const size_t dims = number_of(arguments[4]);
  const bool longest = arguments[5].ToBoolean();
  float *const out = data_of<float>(arguments[6]), *const greatest = data_of<float>(arguments[7]);
  return [=] { group_means(groups, values, dims, longest, pool_size(), out, greatest); };
}

// offsets, columns, left, right, dims, out, known | null
Work sparse_squares_of(const Arguments& arguments) {
  const SparseRows matrix = sparse_of(arguments[0], arguments[1]);
  const size_t dims = number_of(arguments[4]), right_rows = length_of(arguments[3]) / dims;
  const float *const left = data_of<float>(arguments[2]), *const right = data_of<float>(arguments[3]);
  float* const out = data_of<float>(arguments[5]);
  double* const known = data_of<double>(arguments[6]);
  return [=] { sparse_squares(matrix, left, right, right_rows, dims, pool_size(), out, known); };
}

// order, offsets, columns, values, dims, squares, greatest
Work block_squares_of(const Arguments& arguments) {
  const TokenBlocks blocks{data_of<uint32_t>(arguments[0]), length_of(arguments[0]), data_of<uint32_t>(arguments[1]), data_of<uint32_t>(arguments[2])};
  const float* const values = data_of<float>(arguments[3]);
  const size_t dims = number_of(arguments[4]);
  float *const squares = data_of<float>(arguments[5]), *const greatest = data_of<float>(arguments[6]);
  return [=] { *greatest = block_squares(blocks, values, dims, pool_size(), squares); };
}

// cells' offsets, cells' blocks, squares, members' offsets, members' places, shares, near offsets, near places, targets, out
Work mean_squares_of(const Arguments& arguments) {
  const CellBlocks cells{length_of(arguments[0]) - 1, data_of<uint32_t>(arguments[0]), data_of<uint32_t>(arguments[1])};
  const CellPlaces members{data_of<uint32_t>(arguments[3]), data_of<uint32_t>(arguments[4])}, near{data_of<uint32_t>(arguments[6]), data_of<uint32_t>(arguments[7])};
  const float *const squares = data_of<float>(arguments[2]), *const shares = data_of<float>(arguments[5]);
  const uint32_t* const targets = data_of<uint32_t>(arguments[8]);
  float* const out = data_of<float>(arguments[9]);
  return [=] { mean_squares(cells, squares, members, shares, near, targets, pool_size(), out); };
}

// offsets, squares, temperature, squared, weights
Work softmax_rows_of(const Arguments& arguments) {
  const uint32_t* const offsets = data_of<uint32_t>(arguments[0]);
  const size_t rows = length_of(arguments[0]) - 1;
  const float* const squares = data_of<float>(arguments[1]);
  const double temperature = arguments[2].As<Napi::Number>();
  const bool squared = arguments[3].ToBoolean();
  float* const weights = data_of<float>(arguments[4]);
  return [=] { softmax_rows(offsets, rows, squares, temperature, squared, pool_size(), weights); };
}

// left, right, dims, out
Work products_of(const Arguments& arguments) {
  const size_t dims = number_of(arguments[2]);
  const clustering::Matrix left{data_of<float>(arguments[0]), length_of(arguments[0]) / dims}, right{data_of<float>(arguments[1]), length_of(arguments[1]) / dims};
  float* const out = data_of<float>(arguments[3]);
  return [=] { clustering::products(left, right, dims, pool_size(), out); };
}

Work work_of(const Napi::Value& name, const Napi::Value& array) {
  static const std::map<std::string, Work (*)(const Arguments&)> calls = {
      {"nearestRows", nearest_rows_of},     {"fewNearest", few_nearest_of},    {"densityPeaks", density_peaks_of},
      {"meanElu", mean_elu_of},             {"combineRows", combine_rows_of},  {"sparseSquares", sparse_squares_of},
      {"greatestMagnitude", greatest_magnitude_of}, {"products", products_of},
      {"squaredDistances", squared_distances_of}, {"rowLengths", row_lengths_of}, {"groupMeans", group_means_of}, {"joinNearest", join_nearest_of},
      {"softmaxRows", softmax_rows_of}, {"findMedoids", find_medoids_of},
      {"blockSquares", block_squares_of}, {"meanSquares", mean_squares_of},
  };
  return calls.at(name.As<Napi::String>())(Arguments(array));
}

class ReductionTask final : public Task {
 public:
  ReductionTask(Napi::Env env, const Napi::Value& listener, const Napi::Object& keep_alive, Work work)
      : Task(env, "merganser reduce", listener, keep_alive), work_(std::move(work)) {}

 private:
  void work() override { work_(); }
  Work work_;
};

// (name, arguments)
void run_reduction(const Napi::CallbackInfo& info) { work_of(info[0], info[1])(); }

// (name, arguments, listener) => job
Napi::Value start_reduction(const Napi::CallbackInfo& info) {
  return start(info.Env(), std::make_shared<ReductionTask>(info.Env(), info[2], info[1].As<Napi::Object>(), work_of(info[0], info[1])));
}

}  // namespace

void register_reduction(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, auto function) { exports.Set(name, Napi::Function::New(env, function, name)); };
  add("runReduction", run_reduction);
  add("startReduction", start_reduction);
}

}  // namespace merganser::addon
