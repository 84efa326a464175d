/* Included last by every .c file of ours: a banned call is a compile error. */
#ifndef WRIT_BASE_BANNED_H
#define WRIT_BASE_BANNED_H
/* Macros in <stdlib.h>, and in the fortified <stdio.h> and <string.h> that clang sees. */
#undef alloca
#undef strcpy
#undef strcat
#undef sprintf
#undef vsprintf
#pragma GCC poison strcpy strcat sprintf vsprintf gets strtok atoi atol atoll
#pragma GCC poison alloca gmtime localtime ctime asctime rand srand system popen
#endif
