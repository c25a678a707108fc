// Memory for files, and work on what was read into it that is begun on another thread before JavaScript comes to it.
#pragma once
#include <cstdint>
#include <optional>

#include "merganser/bpe/saved_tables.hpp"
#include "reading.hpp"

namespace merganser::addon {

// Of what `readAhead` was told of, waited for if a thread is at it; nothing of other bytes.
// The checksum of a strip of a file (io::kReadStrip).
std::optional<uint64_t> checksum_read_ahead(ByteSpan bytes);
// Each once.
std::optional<bpe::SavedIndex> take_index_read_ahead(const uint8_t* tables);
std::optional<bpe::SavedPairs> take_pairs_read_ahead(const uint8_t* tables);
// Nobody needs what comes of these tables.
void drop_tables_read_ahead(const uint8_t* tables);

}  // namespace merganser::addon
