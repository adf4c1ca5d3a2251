//! Signals: the first SIGINT, SIGTERM or SIGHUP ends the run in order, the second at once; SIGUSR1
//! asks for a status line. Where there is an output file, SIGHUP has it opened again instead.
//!
//! A signal that was ignored when the process began stays ignored: `nohup` and shells that start
//! jobs in the background mean it so.

use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, io};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::flag;
use signal_hook::low_level::pipe;

use super::Ended;
use crate::error::{Error, Result};

/// What signals have asked for.
pub(super) struct Signals {
    stop: Arc<AtomicBool>,
    interrupted: Arc<AtomicBool>,
    hung_up: Arc<AtomicBool>,
    reopen: Arc<AtomicBool>,
    status: Arc<AtomicBool>,
    wake: UnixStream,
    watch: UnixStream,
}

/// The signals that are ignored, as a mask; none where the system does not tell.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// The shell's exit code for a process that a signal ended.
const fn ended_by(signal: i32) -> i32 {
    128 + signal
}

impl Signals {
    /// Takes the signals over. Those that end the run also set `asked`.
    pub(super) fn install(reopen_on_hangup: bool, asked: &Arc<AtomicBool>) -> Result<Signals> {
        Signals::try_install(reopen_on_hangup, asked)
            .map_err(|fault| Error::io("cannot handle signals", &fault))
    }

    fn try_install(reopen_on_hangup: bool, asked: &Arc<AtomicBool>) -> io::Result<Signals> {
        let (wake, written) = UnixStream::pair()?;
        let (watch, watch_written) = UnixStream::pair()?;
        let signals = Signals {
            stop: Arc::default(),
            interrupted: Arc::default(),
            hung_up: Arc::default(),
            reopen: Arc::default(),
            status: Arc::default(),
            wake,
            watch,
        };
        let Signals { stop, interrupted, hung_up, reopen, status, .. } = &signals;
        let handled: [(i32, &[&Arc<AtomicBool>]); 4] = [
            (SIGINT, &[stop, asked, interrupted]),
            (SIGTERM, &[stop, asked]),
            (SIGHUP, if reopen_on_hangup { &[reopen] } else { &[stop, asked, hung_up] }),
            (SIGUSR1, &[status]),
        ];
        let ignored = ignored();
        for (signal, flags) in handled {
            if ignored & (1 << (signal - 1)) != 0 {
                continue;
            }
            if flags.iter().any(|flag| Arc::ptr_eq(flag, stop)) {
                // Registered before the flag is: it sees the flag only as an earlier signal left it.
                flag::register_conditional_shutdown(signal, ended_by(signal), Arc::clone(stop))?;
            }
            for flag in flags {
                flag::register(signal, Arc::clone(flag))?;
            }
            pipe::register(signal, written.try_clone()?)?;
            pipe::register(signal, watch_written.try_clone()?)?;
        }
        Ok(signals)
    }

    /// A stream that can be read from after every signal.
    pub(super) fn wake(&self) -> Result<UnixStream> {
        self.wake.try_clone().map_err(|fault| Error::io("cannot handle signals", &fault))
    }

    /// Another stream that can be read from after every signal.
    pub(super) fn watch(&self) -> Result<UnixStream> {
        self.watch.try_clone().map_err(|fault| Error::io("cannot handle signals", &fault))
    }

    /// Tells, from any thread, whether the run is to end.
    pub(super) fn stop_flag(&self) -> impl Fn() -> bool + Send + use<> {
        let stop = Arc::clone(&self.stop);
        move || stop.load(Ordering::Relaxed)
    }

    /// Tells, from any thread, with which code the process ends by the signal that has come.
    pub(super) fn exit_code(&self) -> impl Fn() -> i32 + Send + use<> {
        let (interrupted, hung_up) = (Arc::clone(&self.interrupted), Arc::clone(&self.hung_up));
        move || match (interrupted.load(Ordering::Relaxed), hung_up.load(Ordering::Relaxed)) {
            (true, _) => ended_by(SIGINT),
            (false, true) => ended_by(SIGHUP),
            (false, false) => ended_by(SIGTERM),
        }
    }

    /// Another stream of the program begins: the first signal stops it in order.
    pub(super) fn begin_again(&self) {
        self.stop.store(false, Ordering::Relaxed);
    }

    /// The run is over, the program is not: from now on the first signal ends the process.
    pub(super) fn end_at_next(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether the run is to end.
    pub(super) fn stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// How a run ends that has not failed.
    pub(super) fn ended(&self) -> Ended {
        if self.interrupted.load(Ordering::Relaxed) {
            Ended::Interrupted
        } else if self.hung_up.load(Ordering::Relaxed) {
            Ended::HungUp
        } else {
            Ended::Drained
        }
    }

    /// Whether the output was asked to be opened again since the last call.
    pub(super) fn take_reopen(&self) -> bool {
        self.reopen.swap(false, Ordering::Relaxed)
    }

    /// Whether a status line was asked for since the last call.
    pub(super) fn take_status(&self) -> bool {
        self.status.swap(false, Ordering::Relaxed)
    }
}
