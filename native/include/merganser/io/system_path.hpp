// Paths as the system's functions take them: Windows has UTF-16 for all characters, JavaScript hands over UTF-8.
#pragma once
#include <filesystem>
#include <string>

namespace merganser::io {

inline std::filesystem::path system_path(const std::string& utf8) { return std::filesystem::path(std::u8string(utf8.begin(), utf8.end())); }

}  // namespace merganser::io
