/*
 * Stands in for bcryptprimitives.dll, which Wine 8 does not have and Bun asks for one function of:
 * ProcessPrng, random bytes that cannot fail. SystemFunction036 (RtlGenRandom) gives the same.
 */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length)
{
	return SystemFunction036(buffer, (ULONG)length);
}
