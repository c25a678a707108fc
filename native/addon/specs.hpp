// Definitions of patterns, models and encoders out of JavaScript objects (the types of lib/backend/kernels.ts).
#pragma once
#include "merganser/bpe/encoder_spec.hpp"
#include "reading.hpp"

namespace merganser::bpe {
class SavedTables;
}

namespace merganser::addon {

text::PatternProgram read_pattern(Reader& reader);
// `steps`, `prefixSpace` and `scanner` of an encoder or of what is like it: it has the
// `scannerKinds`, unless they are in saved tables.
std::vector<bpe::SplitStep> read_steps(Reader& reader, const bpe::SavedTables* saved);
// Of `owner`, a step or the whole; null if there is none, and for families that are scanned by their pattern.
std::shared_ptr<const text::Scanner> read_scanner(Reader& owner, Reader& encoder, const bpe::SavedTables* saved);
bpe::PrefixSpace read_prefix_space(Reader& reader);
// One model for all handles on the same definition. `tables`, if there are any, are what was derived from it; throws io::Damaged if they do not fit.
std::shared_ptr<const bpe::Model> read_model(Reader& reader);
bpe::EncoderSpec read_encoder(Reader& reader);

}  // namespace merganser::addon
