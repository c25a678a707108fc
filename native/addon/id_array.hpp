// Ids as a Uint32Array.
#pragma once
#include <napi.h>

#include "handed_over.hpp"
#include "merganser/bpe/id_buffer.hpp"

namespace merganser::addon {

// Large ones are handed over as they are where the runtime allows that; the buffer is empty then. Else they are copied.
Napi::Value id_array(Napi::Env env, bpe::IdBuffer& ids, HandOver limit = HandOver::limited);

}  // namespace merganser::addon
