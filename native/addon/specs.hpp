// Definitions of patterns, models and encoders out of JavaScript objects (the types of lib/backend/kernels.ts).
#pragma once
#include "merganser/bpe/encoder_spec.hpp"
#include "reading.hpp"

namespace merganser::addon {

text::PatternProgram read_pattern(Reader& reader);
// One model for all handles on the same definition. `tables`, if there are any, are what was derived from it; throws io::Damaged if they do not fit.
std::shared_ptr<const bpe::Model> read_model(Reader& reader);
bpe::EncoderSpec read_encoder(Reader& reader);

}  // namespace merganser::addon
