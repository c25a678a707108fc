#include "read_ahead.hpp"

#include <condition_variable>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "merganser/io/xxh64.hpp"
#include "merganser/parallel/huge_array.hpp"
#include "merganser/parallel/thread_pool.hpp"

namespace merganser::addon {
namespace {

// Work that whoever comes first does: a thread of the pool, or, if all are busy, the one that needs what comes of it.
template <typename Result>
class EarlyWork {
 public:
  EarlyWork(ByteSpan bytes, std::function<Result(ByteSpan)> work) : bytes_(bytes), work_(std::move(work)) {}
  bool is_of(ByteSpan bytes) const { return bytes.data == bytes_.data && bytes.size == bytes_.size; }

  void begin() {
    {
      const std::lock_guard lock(mutex_);
      if (begun_) return;
      begun_ = true;
    }
    std::optional<Result> result;
    std::exception_ptr error;
    try {
      result.emplace(work_(bytes_));
    } catch (...) {
      error = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    result_ = std::move(result);
    error_ = error;
    done_ = true;
    over_.notify_all();
  }
  // Nothing the second time.
  std::optional<Result> take() {
    begin();
    std::unique_lock lock(mutex_);
    over_.wait(lock, [this] { return done_; });
    if (error_) std::rethrow_exception(error_);
    return std::exchange(result_, std::nullopt);
  }

 private:
  const ByteSpan bytes_;
  const std::function<Result(ByteSpan)> work_;
  std::mutex mutex_;
  std::condition_variable over_;
  bool begun_ = false, done_ = false;
  std::optional<Result> result_;
  std::exception_ptr error_;
};

uint64_t checksum_of(ByteSpan bytes) { return io::xxh64(bytes.data, bytes.size); }

bpe::SavedTables tables_of(ByteSpan bytes) {
  bpe::SavedTables tables(bytes.data, bytes.size);
  tables.read_ahead();
  return tables;
}

struct FileMemory {
  explicit FileMemory(size_t size) : bytes(size) {}

  parallel::HugeArray<uint8_t> bytes;
  std::optional<EarlyWork<uint64_t>> checksum;
  std::optional<EarlyWork<bpe::SavedTables>> tables;
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

// (size) => zeroed bytes on huge pages, which are there at the first touch some ten times faster than small ones; null where JavaScript may not
// hold memory of others (Electron)
Napi::Value allocate(const Napi::CallbackInfo& info) {
  const size_t size = static_cast<size_t>(info[0].ToNumber().Int64Value());
  auto file = std::make_shared<FileMemory>(size);
  uint8_t* const begin = file->bytes.data();
  {
    const std::lock_guard lock(files_mutex);
    files().emplace(begin, std::move(file));
  }
  napi_value buffer;
  const auto gone = [](napi_env, void* data, void*) { forget(static_cast<const uint8_t*>(data)); };
  if (napi_create_external_arraybuffer(info.Env(), begin, size, gone, nullptr, &buffer) != napi_ok) {
    forget(begin);
    return info.Env().Null();
  }
  return Napi::Uint8Array::New(info.Env(), size, Napi::ArrayBuffer(info.Env(), buffer), 0);
}

// (checked, tables): parts of what `allocate` gave, of which the checksum and the tables will be asked for
void read_ahead(const Napi::CallbackInfo& info) {
  const ByteSpan checked = bytes_of(info[0]), tables = bytes_of(info[1]);
  const auto file = file_at(checked.data);
  if (!file || file != file_at(tables.data) || file->checksum || file->tables) return;
  file->checksum.emplace(checked, checksum_of);
  file->tables.emplace(tables, tables_of);
  try {
    auto& pool = parallel::ThreadPool::shared();
    pool.run([file] {
      file->checksum->begin();
      file->tables->begin();
    });
    // One more would keep this thread from its own work where there are but two processors.
    if (pool.size() > 2) pool.run([file] { file->tables->begin(); });
  } catch (const std::exception&) {
    return;  // no thread can be had: then it is done when it is asked for
  }
}

}  // namespace

std::optional<uint64_t> take_checksum_read_ahead(ByteSpan bytes) {
  const auto file = file_at(bytes.data);
  if (!file || !file->checksum || !file->checksum->is_of(bytes)) return std::nullopt;
  return file->checksum->take();
}

std::optional<bpe::SavedTables> take_tables_read_ahead(ByteSpan bytes) {
  const auto file = file_at(bytes.data);
  if (!file || !file->tables || !file->tables->is_of(bytes)) return std::nullopt;
  return file->tables->take();
}

void register_read_ahead(Napi::Env env, Napi::Object exports) {
  exports.Set("allocate", Napi::Function::New(env, allocate, "allocate"));
  exports.Set("readAhead", Napi::Function::New(env, read_ahead, "readAhead"));
}

}  // namespace merganser::addon
