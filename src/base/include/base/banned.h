/* Included last by every .c file of ours: a banned call is a compile error. */
#ifndef WRIT_BASE_BANNED_H
#define WRIT_BASE_BANNED_H
#undef alloca /* a macro in <stdlib.h> */
#pragma GCC poison strcpy strcat sprintf vsprintf gets strtok atoi atol atoll
#pragma GCC poison alloca gmtime localtime ctime asctime rand srand system popen
#endif
