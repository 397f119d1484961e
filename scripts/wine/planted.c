/* A program of somebody else under the name of one of Windows': says that it ran, and how. */
#include <stdio.h>

int main(int count, char **words)
{
	FILE *file = fopen("C:\\planted.txt", "a");
	if (file == NULL)
		return 1;
	for (int at = 0; at < count; at++)
		fprintf(file, "%s ", words[at]);
	return fclose(file);
}
