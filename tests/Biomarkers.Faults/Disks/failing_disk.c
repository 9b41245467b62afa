/* Makes one call, or every call from one on, on the files of a database fail, in the process that this library is loaded into (LD_PRELOAD).
 * Calls of all threads are counted together, in their order, which strace's own fault injection does not do.
 *   FAILING_DISK_FILE    beginning of the paths that count
 *   FAILING_DISK_LOG     takes a line for each call: its name, 1 where it was made to fail, the path
 *   FAILING_DISK_AT      number of the call that fails, from 1 on; 0 for none
 *   FAILING_DISK_ERROR   errno of the failure
 *   FAILING_DISK_ALWAYS  1: every later call fails too */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static long calls;
static int log_file = -1;

static long number(const char *name) {
    const char *text = getenv(name);
    return text == NULL ? 0 : atol(text);
}

/* Whether this call is to fail; errno is set then. */
static int fails(const char *call, int file) {
    const char *prefix = getenv("FAILING_DISK_FILE");
    char link[64], path[4096];
    if (prefix == NULL)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    if (strncmp(path, prefix, strlen(prefix)) != 0)
        return 0;

    pthread_mutex_lock(&gate);
    long n = ++calls;
    long at = number("FAILING_DISK_AT");
    int failed = at > 0 && (n == at || (n > at && number("FAILING_DISK_ALWAYS") == 1));
    if (log_file < 0)
        log_file = (int)syscall(SYS_openat, AT_FDCWD, getenv("FAILING_DISK_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    char line[4200];
    int size = snprintf(line, sizeof line, "%s %d %s\n", call, failed, path);
    syscall(SYS_write, log_file, line, (size_t)size);
    pthread_mutex_unlock(&gate);
    if (failed)
        errno = (int)number("FAILING_DISK_ERROR");
    return failed;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    return fails("write", file) ? -1 : NEXT(pwrite64)(file, bytes, count, offset);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    return fails("write", file) ? -1 : NEXT(pwrite)(file, bytes, count, offset);
}

ssize_t write(int file, const void *bytes, size_t count) {
    return fails("write", file) ? -1 : NEXT(write)(file, bytes, count);
}

int fsync(int file) {
    return fails("fsync", file) ? -1 : NEXT(fsync)(file);
}

int fdatasync(int file) {
    return fails("fsync", file) ? -1 : NEXT(fdatasync)(file);
}

int ftruncate(int file, off_t length) {
    return fails("ftruncate", file) ? -1 : NEXT(ftruncate)(file, length);
}

int ftruncate64(int file, off64_t length) {
    return fails("ftruncate", file) ? -1 : NEXT(ftruncate64)(file, length);
}
