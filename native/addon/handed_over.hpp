// Big results: handed over to JavaScript as they are.
#pragma once
#include <napi.h>

#include "merganser/parallel/kept_buffer.hpp"

namespace merganser::addon {

// Below this a copy is cheaper than a finalizer.
constexpr size_t kHandOverBytes = size_t{1} << 18;

// How much may be out at a time: results of calls that do not let the event loop turn are given back late, others as soon as nobody holds them.
enum class HandOver { limited, always };

// An ArrayBuffer of the first `bytes` of the memory, which is empty then. null, and nothing changed, where memory of one's own is not allowed
// (Electron), or too much of it is out.
napi_value hand_over(napi_env env, parallel::KeptBuffer& memory, size_t bytes, HandOver limit = HandOver::limited);

// The same for strings, of so many characters of Latin-1 or units of UTF-16. null also where Node is too old for it, or the string is too long.
napi_value hand_over_latin1(napi_env env, parallel::KeptBuffer& memory, size_t length);
napi_value hand_over_utf16(napi_env env, parallel::KeptBuffer& memory, size_t length);

}  // namespace merganser::addon
