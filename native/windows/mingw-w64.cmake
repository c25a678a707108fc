# Cross-compiles for 64-bit Windows by mingw-w64's GCC (scripts/prebuild-win32-x64.sh).
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR AMD64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc-posix)
set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++-posix)
# Windows aligns the stack to 16 bytes, and GCC takes it to be aligned for whole registers there (its bug 54412): moves must not ask for it.
set(CMAKE_CXX_FLAGS_INIT "-Wa,-muse-unaligned-vector-move")
# The libraries of GCC and its threads go into the binary.
set(CMAKE_SHARED_LINKER_FLAGS_INIT "-static -s")
