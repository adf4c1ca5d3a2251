//! How much memory the process holds, against what it can have: a program that takes ever more gets an exception
//! before the system ends the process.

use std::fs;
use std::sync::LazyLock;

/// What the machine, or the control group around the process, has.
static LIMIT: LazyLock<Option<u64>> = LazyLock::new(|| {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| bytes(&text, "MemTotal:"));
    let groups = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let groups = groups.iter().filter_map(|path| fs::read_to_string(path).ok()?.trim().parse().ok());
    groups.chain(machine).min()
});

/// Whether three quarters of it are taken: the rest is for what is being done at the moment.
pub(super) fn is_short() -> bool {
    let resident = fs::read_to_string("/proc/self/status").ok().and_then(|text| bytes(&text, "VmRSS:"));
    LIMIT.zip(resident).is_some_and(|(limit, resident)| resident > limit / 4 * 3)
}

/// Bytes of a line like `MemTotal:   24027244 kB`.
fn bytes(text: &str, field: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_the_kernel_writes_them() {
        let text = "MemTotal:       24027244 kB\nMemFree: 1 kB\n";
        assert_eq!(bytes(text, "MemTotal:"), Some(24_027_244 << 10));
        assert_eq!(bytes(text, "MemFree:"), Some(1024));
        assert_eq!(bytes(text, "VmRSS:"), None);
        assert!(LIMIT.is_some_and(|limit| limit > 1 << 20));
        assert!(!is_short());
    }
}
