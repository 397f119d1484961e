/* In place of Wine's sc.exe, which knows neither `config` nor `failure`: notes each call in C:\sc.log,
   creates and removes services, and has nothing against the rest. */
#include <stdio.h>
#include <windows.h>

static const WCHAR *after(int count, WCHAR **words, const WCHAR *name) {
  for (int at = 3; at + 1 < count; at++)
    if (!lstrcmpiW(words[at], name)) return words[at + 1];
  return NULL;
}

static int create(SC_HANDLE manager, int count, WCHAR **words) {
  const WCHAR *title = after(count, words, L"DisplayName=");
  const WCHAR *path = after(count, words, L"binPath=");
  SC_HANDLE made = CreateServiceW(manager, words[2], title, SERVICE_ALL_ACCESS,
    SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, path, NULL, NULL, NULL,
    after(count, words, L"obj="), NULL);
  return made ? 0 : (int)GetLastError();
}

static int query(SC_HANDLE service) {
  SERVICE_STATUS status;
  if (!service || !QueryServiceStatus(service, &status)) return (int)GetLastError();
  printf("        STATE              : %lu  %s\n", status.dwCurrentState,
    status.dwCurrentState == SERVICE_RUNNING ? "RUNNING" : "OTHER");
  return 0;
}

int wmain(int count, WCHAR **words) {
  FILE *log = fopen("C:\\sc.log", "a");
  for (int at = 1; log && at < count; at++) fprintf(log, "%ls%c", words[at], at + 1 < count ? '|' : '\n');
  if (log) fclose(log);
  if (count < 3) return 1;
  SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
  if (!lstrcmpiW(words[1], L"create")) return create(manager, count, words);
  SC_HANDLE service = OpenServiceW(manager, words[2], SERVICE_ALL_ACCESS);
  if (!service) return (int)GetLastError();
  if (!lstrcmpiW(words[1], L"query")) return query(service);
  if (!lstrcmpiW(words[1], L"delete")) return DeleteService(service) ? 0 : (int)GetLastError();
  return 0;
}
