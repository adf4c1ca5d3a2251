// The two ends of the loopback TCP measurement.
//
//   tcp send PORT FILE   connects to 127.0.0.1 (waits up to 10 s for a listener), sends the file
//                        as programs do, by read and write of 64 KiB, shuts down, and ends when the
//                        peer has closed too
//   tcp lines PORT       accepts one client and counts its newlines: what a reader that does
//                        nothing else reaches; prints the count
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int fail(const char *what) {
    perror(what);
    return 1;
}

static struct sockaddr_in loopback(const char *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int send_file(const char *port, const char *path) {
    struct sockaddr_in address = loopback(port);
    int file = open(path, O_RDONLY), peer = -1;
    if (file < 0) return fail(path);
    for (int attempt = 0; attempt < 1000; attempt++) {
        peer = socket(AF_INET, SOCK_STREAM, 0);
        if (peer < 0) return fail("socket");
        if (!connect(peer, (struct sockaddr *)&address, sizeof address)) break;
        close(peer);
        peer = -1;
        if (errno != ECONNREFUSED) return fail("connect");
        usleep(10000);
    }
    if (peer < 0) return fail("connect");
    static char buffer[1 << 16];
    ssize_t length;
    while ((length = read(file, buffer, sizeof buffer)) > 0)
        for (ssize_t sent = 0, now; sent < length; sent += now)
            if ((now = write(peer, buffer + sent, length - sent)) < 0) return fail("write");
    if (length < 0) return fail(path);
    if (shutdown(peer, SHUT_WR)) return fail("shutdown");
    char rest;
    while (read(peer, &rest, 1) > 0) {}
    return 0;
}

static int count_lines(const char *port) {
    static char buffer[1 << 20];
    struct sockaddr_in address = loopback(port);
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on)) return fail("socket");
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1)) return fail("listen");
    int peer = accept(listener, NULL, NULL);
    if (peer < 0) return fail("accept");
    unsigned long long lines = 0;
    ssize_t length;
    while ((length = read(peer, buffer, sizeof buffer)) > 0)
        for (char *at = buffer, *end = buffer + length; (at = memchr(at, '\n', end - at)); at++) lines++;
    if (length < 0) return fail("read");
    printf("%llu\n", lines);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 4 && !strcmp(argv[1], "send")) return send_file(argv[2], argv[3]);
    if (argc == 3 && !strcmp(argv[1], "lines")) return count_lines(argv[2]);
    fputs("usage: tcp send PORT FILE | tcp lines PORT\n", stderr);
    return 2;
}
