// timed REPORT COMMAND [ARG...]: runs the command and writes to the file REPORT one line of
// wall seconds (monotonic clock, start to exit), peak resident KiB, CPU seconds, exit status.
//
// A process inherits the peak memory of whoever started it across exec, so a small native
// starter measures what a Python one (15 MB) would hide. SIGTERM is passed on to the command.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile pid_t child;

static void pass_on(int signal) { kill(child, signal); }

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fputs("usage: timed REPORT COMMAND [ARG...]\n", stderr);
        return 2;
    }
    FILE *report = fopen(argv[1], "we");
    if (!report) {
        perror(argv[1]);
        return 2;
    }
    double start = now();
    child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    // The child has its own copy of the standard streams; ours would hold a pipe's end open.
    close(0);
    close(1);
    struct sigaction forward = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
    int status = 0;
    struct rusage usage = {0};
    if (child < 0 || sigaction(SIGTERM, &forward, NULL) || wait4(child, &status, 0, &usage) < 0) {
        perror("timed");
        return 2;
    }
    double wall = now() - start;
    double cpu = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    fprintf(report, "%.6f %ld %.3f %d\n", wall, usage.ru_maxrss, cpu, code);
    return fclose(report) ? 2 : code;
}
