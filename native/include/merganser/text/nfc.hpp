// Unicode normalization form C with the tables of Unicode 9, the ones Hugging Face's normalizer has (lib/tokenizer/unicode/normalize.ts is the
// reference). Text is well-formed UTF-8.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace merganser::text {

// true: the text is in NFC. false: it may not be.
bool is_nfc_quick(const uint8_t* text, size_t size);

// Appends the text in NFC. Linear, whatever the text.
void to_nfc(const uint8_t* text, size_t size, std::vector<uint8_t>& out);

}  // namespace merganser::text
