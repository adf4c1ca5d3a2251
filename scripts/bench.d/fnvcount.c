// A single-threaded word counter by the algorithm of `optimized.c` in Ben Hoyt's "countwords"
// comparison (https://github.com/benhoyt/countwords): one pass over 64 KiB reads that lowercases
// ASCII and computes FNV-1 while it looks for the word's end, then one open-addressing table with
// linear probing, the words' bytes allocated one by one. Written anew for this benchmark; it is
// not that project's source. `scripts/bench --countwords DIR` measures the original beside it.
//
// Built with -DTABLE_BITS=16 (the published size) or more ("big"). Prints the ten most frequent.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef TABLE_BITS
#define TABLE_BITS 16
#endif
#define SLOTS ((size_t)1 << TABLE_BITS)
#define READ_SIZE 65536

struct entry {
    char *word;
    int length, count;
};

static struct entry *table;
static size_t distinct;

static void add(const char *word, int length, uint64_t hash) {
    struct entry *entry = &table[hash & (SLOTS - 1)];
    while (entry->word) {
        if (entry->length == length && !memcmp(entry->word, word, length)) {
            entry->count++;
            return;
        }
        if (++entry == table + SLOTS) entry = table;
    }
    // A full table would be probed for ever.
    if (++distinct == SLOTS || !(entry->word = malloc(length))) {
        fputs("fnvcount: too many distinct words for the table\n", stderr);
        exit(1);
    }
    memcpy(entry->word, word, length);
    entry->length = length;
    entry->count = 1;
}

// Counts the words of a slice that ends at a word's end.
static void scan(char *at, char *end) {
    for (;;) {
        while (at < end && *at <= ' ') at++;
        if (at == end) return;
        char *word = at;
        uint64_t hash = 14695981039346656037u;
        for (; at < end && *at > ' '; at++) {
            if (*at >= 'A' && *at <= 'Z') *at += 'a' - 'A';
            hash = hash * 1099511628211u ^ (uint64_t)*at;
        }
        add(word, (int)(at - word), hash);
    }
}

static int by_count(const void *a, const void *b) {
    int left = ((const struct entry *)a)->count, right = ((const struct entry *)b)->count;
    return (left < right) - (left > right);
}

int main(void) {
    static char buffer[READ_SIZE];
    size_t kept = 0, got;
    table = calloc(SLOTS, sizeof *table);
    if (!table) {
        perror("fnvcount");
        return 1;
    }
    while ((got = fread(buffer + kept, 1, READ_SIZE - kept, stdin)) > 0) {
        char *end = buffer + kept + got, *last = end;
        while (last > buffer && last[-1] > ' ') last--;
        if (last == buffer) last = end;  // one word fills the buffer: it is cut
        scan(buffer, last);
        kept = end - last;
        memmove(buffer, last, kept);
    }
    scan(buffer, buffer + kept);

    struct entry *ordered = malloc((distinct + 1) * sizeof *ordered);
    if (!ordered) {
        perror("fnvcount");
        return 1;
    }
    size_t filled = 0;
    for (size_t i = 0; i < SLOTS; i++)
        if (table[i].word) ordered[filled++] = table[i];
    qsort(ordered, filled, sizeof *ordered, by_count);
    for (size_t i = 0; i < filled && i < 10; i++)
        printf("%.*s %d\n", ordered[i].length, ordered[i].word, ordered[i].count);
    return 0;
}
