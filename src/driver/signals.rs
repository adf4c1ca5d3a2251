//! Signals: the first SIGINT or SIGTERM ends the run in order, the second at once; SIGUSR1 asks for
//! a status line, SIGHUP has the output file opened again.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::flag;
use signal_hook::low_level::pipe;

use crate::error::{Error, Result};

/// What signals have asked for.
pub(super) struct Signals {
    stop: Arc<AtomicBool>,
    interrupted: Arc<AtomicBool>,
    reopen: Arc<AtomicBool>,
    status: Arc<AtomicBool>,
    wake: UnixStream,
}

/// The shell's exit code for a process that a signal ended.
const fn ended_by(signal: i32) -> i32 {
    128 + signal
}

impl Signals {
    /// Takes the signals over. SIGHUP only where there is a file to open again; elsewhere it ends
    /// the process, as it does when a terminal goes away.
    pub(super) fn install(reopen_on_hangup: bool) -> Result<Signals> {
        Signals::try_install(reopen_on_hangup).map_err(|fault| Error::io("cannot handle signals", &fault))
    }

    fn try_install(reopen_on_hangup: bool) -> io::Result<Signals> {
        let (wake, written) = UnixStream::pair()?;
        let signals = Signals {
            stop: Arc::default(),
            interrupted: Arc::default(),
            reopen: Arc::default(),
            status: Arc::default(),
            wake,
        };
        for signal in [SIGINT, SIGTERM] {
            // Registered before the flag is: it sees the flag only as an earlier signal left it.
            flag::register_conditional_shutdown(signal, ended_by(signal), Arc::clone(&signals.stop))?;
            flag::register(signal, Arc::clone(&signals.stop))?;
        }
        flag::register(SIGINT, Arc::clone(&signals.interrupted))?;
        flag::register(SIGUSR1, Arc::clone(&signals.status))?;
        let mut handled = vec![SIGINT, SIGTERM, SIGUSR1];
        if reopen_on_hangup {
            flag::register(SIGHUP, Arc::clone(&signals.reopen))?;
            handled.push(SIGHUP);
        }
        for signal in handled {
            pipe::register(signal, written.try_clone()?)?;
        }
        Ok(signals)
    }

    /// A stream that can be read from after every signal.
    pub(super) fn wake(&self) -> Result<UnixStream> {
        self.wake.try_clone().map_err(|fault| Error::io("cannot handle signals", &fault))
    }

    /// Whether the run is to end.
    pub(super) fn stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Whether it was SIGINT that ended it.
    pub(super) fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
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
