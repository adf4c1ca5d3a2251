//! Who stops a run by a signal and then waits in vain is told what to do: functions of the program may
//! take long, or for ever.

use std::io::Read as _;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use super::signals::Signals;
use crate::error::{Error, Result};
use crate::monitor::Messages;

/// How long a run may take to end before anybody is told.
const PATIENCE: Duration = Duration::from_secs(2);

/// A thread that sleeps until a signal comes.
pub(super) struct Patience {
    wake: UnixStream,
}

impl Patience {
    pub(super) fn start(signals: &Signals, messages: Messages) -> Result<Self> {
        let wake = signals.watch()?;
        let cannot = |fault: std::io::Error| Error::io("cannot handle signals", &fault);
        let mut watched = wake.try_clone().map_err(cannot)?;
        let stop = signals.stop_flag();
        let watch = move || {
            let mut signal = [0];
            while let Ok(1) = watched.read(&mut signal) {
                if stop() {
                    // Whoever ends the run in time ends this thread, too.
                    let ended = watched.set_read_timeout(Some(PATIENCE)).is_err()
                        || !matches!(watched.read(&mut signal), Err(fault) if fault.kind() == std::io::ErrorKind::WouldBlock);
                    if !ended {
                        messages.notice("the batch is still at work, and is finished first; one more signal ends it at once");
                    }
                    return;
                }
            }
        };
        thread::Builder::new().name("patience".into()).spawn(watch).map_err(cannot)?;
        Ok(Patience { wake })
    }
}

impl Drop for Patience {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.wake.shutdown(Shutdown::Both);
    }
}
