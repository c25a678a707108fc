// The addon takes Node-API from node.exe, but what has loaded it may have another name (Electron, a renamed Node, a program that Node is part of). So
// its import is delayed until the first call, and answered with the process itself.
#include <windows.h>

#include <cstring>

#include <delayimp.h>

namespace {

FARPROC WINAPI find_host(unsigned event, DelayLoadInfo* request) {
  if (event != dliNotePreLoadLibrary || _stricmp(request->szDll, "node.exe") != 0) return nullptr;
  const HMODULE shared = GetModuleHandleA("libnode.dll");
  return reinterpret_cast<FARPROC>(shared != nullptr ? shared : GetModuleHandleA(nullptr));
}

}  // namespace

extern "C" {
PfnDliHook __pfnDliNotifyHook2 = find_host;
}
