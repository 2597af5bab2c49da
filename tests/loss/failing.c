/* A disk that is full, or that fails, as the programs under test see it. Loaded before libc
   (LD_PRELOAD).

   Calls that concern files below FAILING_FOLDER are counted in a state that all programs share, and
   that the test sets (loss/failing.py): those that write, read or sync, as it says. From the call at
   which it runs out all of them fail, or that one alone. A full disk fails them but for what the
   reserve has made room for. Where a file is only written over, a real disk would still take it:
   this one is worse. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct state {
    int64_t left;      /* calls that still succeed; -1: all do */
    int64_t failed;    /* calls that failed since it was set */
    int64_t failed_at; /* when the first did, in ns of the monotonic clock; 0: none did */
    int64_t room;      /* bytes that the reserve left */
    int64_t counts;    /* whether the reserve leaves any */
    int64_t which;     /* calls that count: WRITES, READS, SYNCS */
    int64_t error;     /* what a call that fails says */
    int64_t once;      /* whether only one does */
};

enum { WRITES = 1, READS = 2, SYNCS = 4 };
static struct state *shared;
static char folder[PATH_MAX];

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAILING_STATE"), *below = getenv("FAILING_FOLDER");
    if (!path || !below) return;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *map = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    snprintf(folder, sizeof folder, "%s/", below);
    if (map != MAP_FAILED) shared = map;
}

static int below(const char *path) { return !strncmp(path, folder, strlen(folder)); }

static int concerns(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size <= 0) return 0;
    path[size] = 0;
    return below(path);
}

static int64_t now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000000000LL + at.tv_nsec;
}

/* Whether any call of a kind may fail now. */
static int may_fail(int kind) {
    return shared && __atomic_load_n(&shared->left, __ATOMIC_SEQ_CST) >= 0 &&
           (shared->which & kind);
}

/* Whether a call fails that would write so many bytes. */
static int strikes(int64_t size) {
    int64_t left = __atomic_load_n(&shared->left, __ATOMIC_SEQ_CST), gone = -1;
    while (left > 0)
        if (__atomic_compare_exchange_n(&shared->left, &left, left - 1, 0, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST))
            return 0;
    if (left < 0) return 0;
    if (shared->once && !__atomic_compare_exchange_n(&shared->left, &left, gone, 0,
                                                     __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        return 0;
    int64_t room = __atomic_load_n(&shared->room, __ATOMIC_SEQ_CST);
    while (size >= 0 && room >= size)
        if (__atomic_compare_exchange_n(&shared->room, &room, room - size, 0, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST))
            return 0;
    int64_t none = 0;
    __atomic_compare_exchange_n(&shared->failed_at, &none, now(), 0, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&shared->failed, 1, __ATOMIC_SEQ_CST);
    errno = shared->error;
    return 1;
}

static int fails(int kind, int fd, int64_t size) {
    return may_fail(kind) && concerns(fd) && strikes(size);
}

static int64_t sum(const struct iovec *parts, int count) {
    int64_t size = 0;
    for (int i = 0; i < count; i++) size += parts[i].iov_len;
    return size;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *data, size_t size) {
    return fails(WRITES, fd, size) ? -1 : REAL(write)(fd, data, size);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
    return fails(WRITES, fd, sum(parts, count)) ? -1 : REAL(writev)(fd, parts, count);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    return fails(WRITES, fd, size) ? -1 : REAL(pwrite)(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    return fails(WRITES, fd, size) ? -1 : REAL(pwrite64)(fd, data, size, at);
}
ssize_t sendfile(int out, int in, off_t *at, size_t size);
ssize_t sendfile(int out, int in, off_t *at, size_t size) {
    return fails(WRITES, out, size) ? -1 : REAL(sendfile)(out, in, at, size);
}
ssize_t sendfile64(int out, int in, off64_t *at, size_t size);
ssize_t sendfile64(int out, int in, off64_t *at, size_t size) {
    return fails(WRITES, out, size) ? -1 : REAL(sendfile64)(out, in, at, size);
}
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t size, unsigned how) {
    return fails(WRITES, out, size) ? -1 : REAL(copy_file_range)(in, from, out, to, size, how);
}
/* Blocks for a whole file at once are never to be had from what the reserve left. */
int posix_fallocate(int fd, off_t at, off_t size) {
    return fails(WRITES, fd, -1) ? (int)shared->error : REAL(posix_fallocate)(fd, at, size);
}
int posix_fallocate64(int fd, off64_t at, off64_t size) {
    return fails(WRITES, fd, -1) ? (int)shared->error : REAL(posix_fallocate64)(fd, at, size);
}

ssize_t read(int fd, void *data, size_t size) {
    return fails(READS, fd, -1) ? -1 : REAL(read)(fd, data, size);
}
ssize_t pread(int fd, void *data, size_t size, off_t at) {
    return fails(READS, fd, -1) ? -1 : REAL(pread)(fd, data, size, at);
}
ssize_t pread64(int fd, void *data, size_t size, off64_t at) {
    return fails(READS, fd, -1) ? -1 : REAL(pread64)(fd, data, size, at);
}
/* The time of a file is written too, but needs no room. */
int utimensat(int at, const char *path, const struct timespec times[2], int flags) {
    if (may_fail(WRITES) && shared->error != ENOSPC && below(path) && strikes(-1)) return -1;
    return REAL(utimensat)(at, path, times, flags);
}
int fsync(int fd) { return fails(SYNCS, fd, -1) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return fails(SYNCS, fd, -1) ? -1 : REAL(fdatasync)(fd); }

static void freed(const char *path) {
    struct stat64 found;
    const char *name = strrchr(path, '/');
    if (shared && shared->counts && name && !strcmp(name, "/reserve") && !stat64(path, &found))
        __atomic_add_fetch(&shared->room, found.st_size, __ATOMIC_SEQ_CST);
}
int truncate(const char *path, off_t size) {
    freed(path);
    return REAL(truncate)(path, size);
}
int truncate64(const char *path, off64_t size) {
    freed(path);
    return REAL(truncate64)(path, size);
}
