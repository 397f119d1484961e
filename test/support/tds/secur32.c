/* In place of Windows' secur32.dll, to see what a program hands it: writes the channel bindings and the
   target of the first login into C:\bindings.bin and C:\target.bin, and refuses it. */
#include <windows.h>

typedef struct { ULONG length, type; void *bytes; } Buffer;
typedef struct { ULONG version, count; Buffer *buffers; } Description;

static const LONG denied = (LONG)0x8009030C;

static void note(const char *path, const void *bytes, DWORD length) {
  HANDLE file = CreateFileA(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
  if (file == INVALID_HANDLE_VALUE) return;
  WriteFile(file, bytes, length, &length, NULL);
  CloseHandle(file);
}

__declspec(dllexport) LONG WINAPI AcquireCredentialsHandleW(void *a, void *b, ULONG c, void *d,
    void *e, void *f, void *g, void *h, void *i) { return 0; }

__declspec(dllexport) LONG WINAPI InitializeSecurityContextW(void *credentials, void *context,
    WCHAR *target, ULONG requirements, ULONG first, ULONG representation, Description *input,
    ULONG second, void *made, Description *output, ULONG *attributes, void *expiry) {
  note("C:\\target.bin", target, lstrlenW(target) * 2);
  for (ULONG at = 0; input && at < input->count; at++)
    if (input->buffers[at].type == 14)
      note("C:\\bindings.bin", input->buffers[at].bytes, input->buffers[at].length);
  return denied;
}

__declspec(dllexport) LONG WINAPI CompleteAuthToken(void *a, void *b) { return denied; }
__declspec(dllexport) LONG WINAPI DeleteSecurityContext(void *a) { return 0; }
__declspec(dllexport) LONG WINAPI FreeCredentialsHandle(void *a) { return 0; }
