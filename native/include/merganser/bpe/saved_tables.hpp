// What an encoder derives from its specification, as bytes to keep in a file: the model's tables, and where the encoder has them its safe cuts and
// its scanner's characters.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "merganser/bpe/model.hpp"
#include "merganser/bpe/safe_cuts.hpp"
#include "merganser/io/tables.hpp"
#include "merganser/text/scanner.hpp"

namespace merganser::bpe {

// To be raised with every change of a table's layout, of a hash or of what the tables mean.
constexpr uint64_t kTablesVersion = 4;

// null: there are none.
std::vector<uint8_t> save_tables(const Model& model, const SafeCuts* cuts, const text::Scanner* scanner);

// Bytes that `save_tables` gave, or anything else: throws io::Damaged.
class SavedTables {
 public:
  SavedTables(const uint8_t* bytes, size_t size);
  const uint8_t* bytes() const { return bytes_; }
  // What of the model needs no specification and takes longest.
  SavedIndex index() const { return SavedIndex(model_.index); }
  SavedPairs pairs() const { return SavedPairs(model_.pairs); }
  // The model for the specification that the tables were derived from.
  std::shared_ptr<Model> model(ModelSpec spec, SavedIndex index, SavedPairs pairs) const;
  // null: none were kept.
  std::unique_ptr<SafeCuts> cuts() const;
  // Fills in `pages` and `kinds`.
  void scanner(text::ScannerSpec& spec) const;

 private:
  const uint8_t* bytes_;
  static std::array<io::TableReader, 3> parts_of(io::TableReader reader);
  std::array<io::TableReader, 3> parts_;
  SavedModel model_;
};

}  // namespace merganser::bpe
