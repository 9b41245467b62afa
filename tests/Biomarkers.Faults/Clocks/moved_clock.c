/* Moves the wall clock of the process that this library is loaded into (LD_PRELOAD), while it runs. The monotonic clock goes on as it is.
 *   MOVED_CLOCK_FILE     file of 8 bytes: by how many nanoseconds, a signed number in the machine's byte order; whoever writes it moves the clock
 * What is no call of the C library stays as it is: times that the kernel gives to files, and timers of the kernel that wait for a time of day. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t SECOND = 1000000000;

static int (*next)(clockid_t, struct timespec *);
static const volatile int64_t *moved_by;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("MOVED_CLOCK_FILE");
    int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    void *mapped = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *moved_by, PROT_READ, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) {
        perror("MOVED_CLOCK_FILE");
        _exit(127);
    }

    close(file);
    moved_by = mapped;
    next = (__typeof__(next))dlsym(RTLD_NEXT, "clock_gettime");
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    /* Other libraries may ask before this one has begun. */
    int outcome = next == NULL ? (int)syscall(SYS_clock_gettime, clock, time) : next(clock, time);
    if (outcome == 0 && moved_by != NULL && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t moved = time->tv_sec * SECOND + time->tv_nsec + *moved_by;
        time->tv_sec = moved / SECOND;
        time->tv_nsec = moved % SECOND;
    }

    return outcome;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec time;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &time);
    now->tv_sec = time.tv_sec;
    now->tv_usec = time.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *seconds) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (seconds != NULL)
        *seconds = now.tv_sec;
    return now.tv_sec;
}
