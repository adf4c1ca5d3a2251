//! How many descriptors the process may have.

use rustix::process::{Resource, Rlimit};

/// Lets the process have as many descriptors as it may (the soft limit exists for `select`). If it
/// fails, fewer clients can be served and fewer files followed, which is said when it happens.
pub(super) fn raise_descriptor_limit() {
    let limit = rustix::process::getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let _ = rustix::process::setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    }
}
