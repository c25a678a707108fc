#include "read_ahead.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "merganser/io/read_file.hpp"
#include "merganser/io/xxh64.hpp"
#include "merganser/parallel/huge_array.hpp"
#include "merganser/parallel/thread_pool.hpp"

namespace merganser::addon {
namespace {

// Work that whoever comes first does: a thread of the pool, or, if all are busy, the one that needs what comes of it.
template <typename Result>
class EarlyWork {
 public:
  explicit EarlyWork(std::function<Result()> work) : work_(std::move(work)) {}

  void begin() {
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(begun_, true)) return;
    }
    std::optional<Result> result;
    std::exception_ptr error;
    try {
      result.emplace(work_());
    } catch (...) {
      error = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    if (wanted_) result_ = std::move(result);
    error_ = error;
    done_ = true;
    over_.notify_all();
  }
  void wait() {
    begin();
    std::unique_lock lock(mutex_);
    over_.wait(lock, [this] { return done_; });
    if (error_) std::rethrow_exception(error_);
  }
  // Nothing the second time.
  std::optional<Result> take() {
    wait();
    const std::lock_guard lock(mutex_);
    return std::exchange(result_, std::nullopt);
  }
  // In place of taking it.
  void drop() {
    const std::lock_guard lock(mutex_);
    wanted_ = false;
    if (!std::exchange(begun_, true)) done_ = true;
    result_.reset();
  }

 private:
  const std::function<Result()> work_;
  std::mutex mutex_;
  std::condition_variable over_;
  bool begun_ = false, done_ = false, wanted_ = true;
  std::optional<Result> result_;
  std::exception_ptr error_;
};

// The checksums of a file's strips. Whoever reads a strip makes its checksum too, while it is in the cache.
struct StripChecksums {
  explicit StripChecksums(ByteSpan file) : file(file), made((file.size + io::kReadStrip - 1) / io::kReadStrip) {}

  ByteSpan strip(size_t number) const {
    const size_t begin = number * io::kReadStrip;
    return {file.data + begin, std::min(io::kReadStrip, file.size - begin)};
  }
  void make(size_t number) { made[number] = io::xxh64(strip(number).data, strip(number).size); }
  bool make_all() {
    for (size_t i = 0; i < made.size(); ++i) make(i);
    return true;
  }

  const ByteSpan file;
  std::vector<uint64_t> made;
};

// What is done of a file's bytes.
struct ReadAhead {
  ReadAhead(StripChecksums& strips, bool made, ByteSpan tables)
      : tables(tables),
        checksums([&strips, made] { return made || strips.make_all(); }),
        index([tables] { return bpe::SavedTables(tables.data, tables.size).index(); }),
        pairs([tables] { return bpe::SavedTables(tables.data, tables.size).pairs(); }) {}

  const ByteSpan tables;
  EarlyWork<bool> checksums;
  EarlyWork<bpe::SavedIndex> index;
  EarlyWork<bpe::SavedPairs> pairs;
};

struct FileMemory {
  explicit FileMemory(size_t size) : bytes(size), strips({bytes.data(), size}) {}

  parallel::HugeArray<uint8_t> bytes;
  StripChecksums strips;
  bool checksums_made = false;
  std::optional<ReadAhead> ahead;
};

// All memory that JavaScript holds, by where it begins. JavaScript's threads come here only, so work is there or not for as long as it looks.
std::mutex files_mutex;
using Files = std::map<const uint8_t*, std::shared_ptr<FileMemory>>;
Files& files() {
  static auto* const files = new Files();  // never destroyed: worker threads may outlive static data
  return *files;
}

// What lies at the address; null if nothing of ours does.
std::shared_ptr<FileMemory> file_at(const uint8_t* address) {
  const std::lock_guard lock(files_mutex);
  auto after = files().upper_bound(address);
  if (after == files().begin()) return nullptr;
  const auto& file = (--after)->second;
  return address < file->bytes.data() + file->bytes.size() ? file : nullptr;
}

void forget(const uint8_t* begin) {
  const std::lock_guard lock(files_mutex);
  files().erase(begin);
}

// As an array of JavaScript's; null where that may not hold memory of others (Electron).
Napi::Value to_javascript(Napi::Env env, std::shared_ptr<FileMemory> file) {
  uint8_t* const begin = file->bytes.data();
  const size_t size = file->bytes.size();
  {
    const std::lock_guard lock(files_mutex);
    files().emplace(begin, std::move(file));
  }
  napi_value buffer;
  const auto gone = [](napi_env, void* data, void*) { forget(static_cast<const uint8_t*>(data)); };
  if (napi_create_external_arraybuffer(env, begin, size, gone, nullptr, &buffer) != napi_ok) {
    forget(begin);
    return env.Null();
  }
  return Napi::Uint8Array::New(env, size, Napi::ArrayBuffer(env, buffer), 0);
}

// (size) => zeroed bytes on huge pages, which are there at the first touch some ten times faster than small ones | null
Napi::Value allocate(const Napi::CallbackInfo& info) {
  return to_javascript(info.Env(), std::make_shared<FileMemory>(static_cast<size_t>(info[0].ToNumber().Int64Value())));
}

// (path, most | undefined) => the file's bytes, the first `most` of them, in such memory | null
Napi::Value read_file(const Napi::CallbackInfo& info) {
  std::shared_ptr<FileMemory> file;
  const auto memory = [&](size_t size) {
    file = std::make_shared<FileMemory>(size);
    return file->bytes.data();
  };
  const std::string path = info[0].As<Napi::String>();
  const size_t most = info[1].IsUndefined() ? SIZE_MAX : static_cast<size_t>(info[1].ToNumber().Int64Value());
  if (!io::read_file(path, most, memory, [&](size_t strip) { file->strips.make(strip); })) return info.Env().Null();
  file->checksums_made = true;
  return to_javascript(info.Env(), std::move(file));
}

// (tables): a part of one such array, which will be asked for, as checksums of the array's strips will be
void read_ahead(const Napi::CallbackInfo& info) {
  const ByteSpan tables = bytes_of(info[0]);
  const auto file = file_at(tables.data);
  if (!file || file->ahead) return;
  ReadAhead& ahead = file->ahead.emplace(file->strips, file->checksums_made, tables);
  try {
    auto& pool = parallel::ThreadPool::shared();
    // In the order in which JavaScript's thread comes to them. More threads would keep it from its own work where there are but two processors.
    if (pool.size() > 2) {
      pool.run([file, &ahead] { ahead.pairs.begin(); });
      pool.run([file, &ahead] { ahead.index.begin(); });
    }
    pool.run([file, &ahead] {
      ahead.checksums.begin();
      ahead.pairs.begin();
      ahead.index.begin();
    });
  } catch (const std::exception&) {
    return;  // no thread can be had: then it is done when it is asked for
  }
}

// What was begun of these tables.
std::shared_ptr<FileMemory> file_with(const uint8_t* tables) {
  auto file = file_at(tables);
  return file && file->ahead && file->ahead->tables.data == tables ? file : nullptr;
}

template <typename Result>
std::optional<Result> take_of(const uint8_t* tables, EarlyWork<Result> ReadAhead::* work) {
  const auto file = file_with(tables);
  return file ? ((*file->ahead).*work).take() : std::nullopt;
}

}  // namespace

std::optional<uint64_t> checksum_read_ahead(ByteSpan bytes) {
  const auto file = file_at(bytes.data);
  if (!file || !file->ahead) return std::nullopt;
  const size_t number = static_cast<size_t>(bytes.data - file->bytes.data()) / io::kReadStrip;
  const ByteSpan strip = file->strips.strip(number);
  if (bytes.data != strip.data || bytes.size != strip.size) return std::nullopt;
  file->ahead->checksums.wait();
  return file->strips.made[number];
}

std::optional<bpe::SavedIndex> take_index_read_ahead(const uint8_t* tables) { return take_of(tables, &ReadAhead::index); }

std::optional<bpe::SavedPairs> take_pairs_read_ahead(const uint8_t* tables) { return take_of(tables, &ReadAhead::pairs); }

void drop_tables_read_ahead(const uint8_t* tables) {
  if (const auto file = file_with(tables)) {
    file->ahead->index.drop();
    file->ahead->pairs.drop();
  }
}

void register_read_ahead(Napi::Env env, Napi::Object exports) {
  exports.Set("allocate", Napi::Function::New(env, allocate, "allocate"));
  exports.Set("readFile", Napi::Function::New(env, read_file, "readFile"));
  exports.Set("readAhead", Napi::Function::New(env, read_ahead, "readAhead"));
}

}  // namespace merganser::addon
