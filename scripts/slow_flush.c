/* A disk that takes its time: each flush waits before it is done. Loaded by scripts/with-slow-flush. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void wait_for_disk(void) {
    const char *told = getenv("SLOW_FLUSH_MICROSECONDS");
    const long microseconds = told ? atol(told) : 0;
    struct timespec left = {microseconds / 1000000, (microseconds % 1000000) * 1000};
    while (nanosleep(&left, &left) != 0) {}
}

static int flushed(const char *call, int file) {
    int (*flush)(int) = (int (*)(int))dlsym(RTLD_NEXT, call);
    wait_for_disk();
    return flush(file);
}

int fsync(int file) { return flushed("fsync", file); }
int fdatasync(int file) { return flushed("fdatasync", file); }
