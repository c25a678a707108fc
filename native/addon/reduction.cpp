// Token reduction. All work is done at once, on the pool's threads.
#include <napi.h>

#include "merganser/parallel/thread_pool.hpp"
#include "merganser/reduction/combinations.hpp"
#include "merganser/reduction/nearest.hpp"

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

unsigned pool_size() { return parallel::ThreadPool::shared().size(); }

// (left values, left rows, right values, right rows, dims, cosine, columns, values)
void run_nearest_rows(const Napi::CallbackInfo& info) {
  const size_t dims = number_of(info[4]);
  const auto similarity = info[5].ToBoolean() ? Similarity::cosine : Similarity::euclidean;
  nearest_rows(rows_of(info[0], info[1], dims), rows_of(info[2], info[3], dims), similarity, pool_size(), data_of<uint32_t>(info[6]), data_of<float>(info[7]));
}

// (left values, right values, dims, few, columns, squares)
void run_few_nearest(const Napi::CallbackInfo& info) {
  const size_t dims = number_of(info[2]);
  const Napi::Value all = info.Env().Null();
  few_nearest(rows_of(info[0], all, dims), rows_of(info[1], all, dims), number_of(info[3]), pool_size(), data_of<uint32_t>(info[4]), data_of<float>(info[5]));
}

// (values, rows, dims, squares)
void run_nearest_before(const Napi::CallbackInfo& info) {
  nearest_before(rows_of(info[0], info[1], number_of(info[2])), pool_size(), data_of<float>(info[3]));
}

// (values, dims, margin, means)
void run_mean_elu(const Napi::CallbackInfo& info) {
  mean_elu(rows_of(info[0], info.Env().Null(), number_of(info[1])), info[2].As<Napi::Number>(), pool_size(), data_of<double>(info[3]));
}

// (values) => number
Napi::Value run_greatest_magnitude(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), greatest_magnitude(data_of<float>(info[0]), length_of(info[0]), pool_size()));
}

SparseRows sparse_of(const Napi::Value& offsets, const Napi::Value& columns) {
  return {data_of<uint32_t>(offsets), data_of<uint32_t>(columns), length_of(offsets) - 1};
}

// (offsets, columns, weights, values, dims, out)
void run_combine_rows(const Napi::CallbackInfo& info) {
  combine_rows(sparse_of(info[0], info[1]), data_of<float>(info[2]), data_of<float>(info[3]), number_of(info[4]), pool_size(), data_of<float>(info[5]));
}

// (offsets, columns, left, right, dims, out)
void run_sparse_squares(const Napi::CallbackInfo& info) {
  const size_t dims = number_of(info[4]);
  sparse_squares(sparse_of(info[0], info[1]), data_of<float>(info[2]), data_of<float>(info[3]), length_of(info[3]) / dims, dims, pool_size(),
                 data_of<float>(info[5]));
}

}  // namespace

void register_reduction(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, auto function) { exports.Set(name, Napi::Function::New(env, function, name)); };
  add("nearestRows", run_nearest_rows);
  add("fewNearest", run_few_nearest);
  add("nearestBefore", run_nearest_before);
  add("meanElu", run_mean_elu);
  add("greatestMagnitude", run_greatest_magnitude);
  add("combineRows", run_combine_rows);
  add("sparseSquares", run_sparse_squares);
}

}  // namespace merganser::addon
