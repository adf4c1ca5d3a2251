// Makes the benchmark's data: the same arguments give the same bytes.
//
//   generate logs BYTES               access-log lines: ~110 bytes, 15 words, ~117 k distinct words in 357 MB
//   generate uniq BYTES               distinct 16-hex-digit words, 8 a line
//   generate zipf BYTES WORDS POWER   12 words a line, the word of rank r drawn with weight r^-POWER
//
// Writes whole lines to stdout and stops at the first line end at or beyond BYTES.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Finaliser of splitmix64 (Steele, Lea, Flood 2014): a bijection, so distinct inputs stay distinct.
static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t random_state = 20261;

static uint64_t next_random(void) { return mix(random_state += 0x9e3779b97f4a7c15u); }

// A number below `bound`, by multiplication instead of division (Lemire 2019, without the rejection).
static uint32_t below(uint32_t bound) { return (uint32_t)(((next_random() >> 32) * bound) >> 32); }

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (!memory) {
        fputs("generate: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

// Draws ranks with weight (rank+1)^-power in constant time: Walker's alias method, Vose's tables.
struct zipf {
    uint32_t ranks, *alias;
    double *keep;
};

static struct zipf zipf_new(uint32_t ranks, double power) {
    struct zipf z = {ranks, allocate(ranks, sizeof *z.alias), allocate(ranks, sizeof *z.keep)};
    uint32_t *small = allocate(ranks, sizeof *small), *large = allocate(ranks, sizeof *large);
    uint32_t smalls = 0, larges = 0;
    double total = 0;
    for (uint32_t r = 0; r < ranks; r++) total += z.keep[r] = pow(r + 1.0, -power);
    for (uint32_t r = 0; r < ranks; r++) {
        z.keep[r] *= ranks / total;
        z.alias[r] = r;
        if (z.keep[r] < 1) small[smalls++] = r;
        else large[larges++] = r;
    }
    while (smalls && larges) {
        uint32_t poor = small[--smalls], rich = large[larges - 1];
        z.alias[poor] = rich;
        z.keep[rich] -= 1 - z.keep[poor];
        if (z.keep[rich] < 1) {
            larges--;
            small[smalls++] = rich;
        }
    }
    free(small);
    free(large);
    return z;
}

static uint32_t zipf_draw(const struct zipf *z) {
    uint32_t slot = below(z->ranks);
    return (next_random() >> 11) * 0x1p-53 < z->keep[slot] ? slot : z->alias[slot];
}

static void logs(uint64_t bytes) {
    static const char *methods[] = {"GET", "GET", "GET", "GET", "POST", "PUT", "DELETE", "HEAD"};
    static const char *roots[] = {"api/v1/users", "api/v1/orders", "api/v2/items", "static/img", "search", "blog"};
    static const char *statuses[] = {"200", "200", "200", "200", "200", "304", "301", "404", "403", "500", "502"};
    static const char *levels[] = {"INFO", "INFO", "INFO", "INFO", "WARN", "ERROR"};
    struct zipf hosts = zipf_new(4000, 1.0), paths = zipf_new(45000, 0.9), sizes = zipf_new(35000, 0.6);
    uint64_t written = 0;
    double second = 0, rate = 21000.0 * 110 / bytes;  // the whole file spans 21,000 seconds
    while (written < bytes) {
        uint32_t host = (uint32_t)mix(zipf_draw(&hosts) + 1), path = zipf_draw(&paths), tick = (uint32_t)second;
        int length = printf(
            "10.%u.%u.%u - - [12/Jan/2026:%02u:%02u:%02u +0000] \"%s /%s/%u HTTP/1.1\" %s %u %s web-%02u rt %u.%03u s\n",
            host >> 28, host >> 20 & 255, host >> 12 & 255, tick / 3600, tick / 60 % 60, tick % 60, methods[below(8)],
            roots[path % 6], path * 37 + 1000, statuses[below(11)], 180 + zipf_draw(&sizes) * 3, levels[below(6)],
            below(24), below(8) * below(2), below(1000));
        written += length;
        second += rate;
    }
}

static void uniq(uint64_t bytes) {
    for (uint64_t word = 0; word * 17 < bytes || word % 8; word++)
        printf("%016llx%c", (unsigned long long)mix(word + 1), word % 8 == 7 ? '\n' : ' ');
}

// The word of a rank: frequent words are short, as in natural text; two to five letters tell the
// ranks of a length apart, up to five more are a suffix that follows from the rank.
static int spell(uint32_t rank, char *word) {
    uint32_t of_length = 26 * 26, letters = 2, code = rank;
    while (code >= of_length) {
        code -= of_length;
        of_length *= 26;
        letters++;
    }
    code = (uint32_t)((uint64_t)code * 7919 % of_length);  // 7919 is prime to 26: a permutation
    int length = 0;
    for (; letters; letters--, code /= 26) word[length++] = 'a' + code % 26;
    uint64_t suffix = mix(rank + 1);
    for (uint32_t more = suffix % 6; more; more--, suffix >>= 8) word[length++] = 'a' + (suffix >> 8 & 255) % 26;
    return length;
}

static void zipf(uint64_t bytes, uint32_t words, double power) {
    struct zipf ranks = zipf_new(words, power);
    struct { uint8_t length; char text[15]; } *spelled = allocate(words, sizeof *spelled);
    for (uint32_t rank = 0; rank < words; rank++) spelled[rank].length = spell(rank, spelled[rank].text);
    uint64_t written = 0;
    while (written < bytes) {
        char line[12 * 16];
        int length = 0;
        for (int word = 0; word < 12; word++) {
            uint32_t rank = zipf_draw(&ranks);
            memcpy(line + length, spelled[rank].text, sizeof spelled[rank].text);
            length += spelled[rank].length;
            line[length++] = word == 11 ? '\n' : ' ';
        }
        fwrite(line, 1, length, stdout);
        written += length;
    }
}

int main(int argc, char **argv) {
    static char buffer[1 << 20];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    uint64_t bytes = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    if (argc == 3 && !strcmp(argv[1], "logs")) logs(bytes);
    else if (argc == 3 && !strcmp(argv[1], "uniq")) uniq(bytes);
    else if (argc == 5 && !strcmp(argv[1], "zipf")) zipf(bytes, (uint32_t)atol(argv[3]), atof(argv[4]));
    else {
        fputs("usage: generate logs|uniq BYTES | generate zipf BYTES WORDS POWER\n", stderr);
        return 2;
    }
    if (fflush(stdout) || ferror(stdout)) {
        perror("generate");
        return 1;
    }
    return 0;
}
