//! Which vector instructions the kernels use: found out at run time, chosen by hand in tests.

/// A set of vector instructions that this machine is known to have.
///
/// A value can only be had from [`Level::best`] or [`Level::available`], which ask the processor;
/// kernels rely on that when they call code compiled for the instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(pub(super) Instructions);

/// The instruction sets that there are kernels for, in ascending order of speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instructions {
    /// Plain 64-bit integer arithmetic: every machine.
    Portable,
    /// 16 bytes at a time: every x86-64.
    #[cfg(target_arch = "x86_64")]
    Sse2,
    /// 32 bytes at a time: x86-64 since about 2013.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 64 bytes at a time with byte compression (VBMI2): Intel since Ice Lake, AMD since Zen 4.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// The fastest level of this machine.
    pub fn best() -> Level {
        Level::available().last().expect("the portable level is always there")
    }

    /// All levels of this machine, the fastest last.
    pub fn available() -> impl DoubleEndedIterator<Item = Level> {
        #[cfg(target_arch = "x86_64")]
        let rest = {
            let avx2 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("popcnt");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512vbmi")
                && is_x86_feature_detected!("avx512vbmi2")
                && is_x86_feature_detected!("popcnt");
            [
                Some(Instructions::Sse2),
                avx2.then_some(Instructions::Avx2),
                avx512.then_some(Instructions::Avx512),
            ]
        };
        #[cfg(not(target_arch = "x86_64"))]
        let rest: [Option<Instructions>; 0] = [];
        std::iter::once(Instructions::Portable).chain(rest.into_iter().flatten()).map(Level)
    }

    /// Its name, as benchmarks and status lines print it.
    pub fn name(self) -> &'static str {
        match self.0 {
            Instructions::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Instructions::Sse2 => "sse2",
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => "avx512",
        }
    }
}
