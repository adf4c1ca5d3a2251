//! Drives an event loop as the driver does, and keeps what it reads.
#![allow(dead_code, clippy::unwrap_used, missing_docs)]

mod store;

use std::path::Path;
use std::time::{Duration, Instant};

use dstream::batch::{Chunk, Pool};
use dstream::error::{Error, Result};
use dstream::source::{EventLoop, Options, SourceSpec, Turn};
pub use store::Store;

/// After this long something hangs; nothing here takes a tenth of it.
const HANG: Duration = Duration::from_secs(30);

pub struct Rig {
    pub events: EventLoop,
    pub text: Vec<u8>,
    pub notices: Vec<String>,
    pub chunks: usize,
}

pub fn specs<S: AsRef<str>>(texts: &[S]) -> Vec<SourceSpec> {
    texts.iter().map(|text| text.as_ref().parse().unwrap()).collect()
}

pub fn from(scheme: &str, path: &Path) -> String {
    format!("{scheme}:{}", path.display())
}

impl Rig {
    pub fn new<S: AsRef<str>>(texts: &[S]) -> Rig {
        Rig::with(texts, Options::default())
    }

    pub fn with<S: AsRef<str>>(texts: &[S], options: Options) -> Rig {
        Rig::open(texts, options, Pool::new(16)).unwrap_or_else(|error| panic!("{error}"))
    }

    pub fn open<S: AsRef<str>>(texts: &[S], options: Options, pool: Pool) -> Result<Rig> {
        Ok(Rig::of(EventLoop::new(&specs(texts), options, pool)?))
    }

    /// Goes on where the store has the sources.
    pub fn restore<S: AsRef<str>>(texts: &[S], options: Options, store: &Store) -> Result<Rig> {
        let positions = store.positions(texts.len() as u16);
        Ok(Rig::of(EventLoop::new_at(&specs(texts), positions, options, Pool::new(16))?))
    }

    fn of(events: EventLoop) -> Rig {
        let mut rig = Rig { events, text: Vec::new(), notices: Vec::new(), chunks: 0 };
        rig.notices = rig.events.notices();
        rig
    }

    /// Stores how far the sources were read by the last turn.
    pub fn commit(&mut self, store: &mut Store) {
        store.commit(&self.events.positions());
    }

    /// One turn, at most 20 ms long, and its batch.
    pub fn turn(&mut self) -> Result<Turn> {
        let Rig { events, text, notices, chunks } = self;
        let mut full = |chunk: Chunk| {
            assert_eq!(chunk.bytes().last(), Some(&b'\n'), "a chunk ends with a whole line");
            text.extend_from_slice(chunk.bytes());
            *chunks += 1;
        };
        let turn = events.turn(Some(Instant::now() + Duration::from_millis(20)), &mut full)?;
        events.seal(&mut full);
        notices.extend(events.notices());
        Ok(turn)
    }

    pub fn until(&mut self, what: &str, mut is_so: impl FnMut(&Rig) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            self.turn().unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(
                start.elapsed() < HANG,
                "hangs: {what}; {} bytes, notices {:?}, the end of the text {:?}",
                self.text.len(),
                self.notices,
                String::from_utf8_lossy(&self.text[self.text.len().saturating_sub(200)..])
            );
        }
    }

    pub fn until_text(&mut self, text: &str) {
        self.until(&format!("waiting for {text:?}"), |rig| rig.text == text.as_bytes());
    }

    pub fn until_lines(&mut self, count: usize) {
        self.until(&format!("waiting for {count} lines"), |rig| {
            rig.text.iter().filter(|&&byte| byte == b'\n').count() >= count
        });
    }

    pub fn until_notice(&mut self, part: &str) {
        self.until(&format!("waiting for a notice with {part:?}"), |rig| rig.has_notice(part));
    }

    pub fn until_ended(&mut self) {
        self.until("waiting for the end", |rig| rig.events.ended());
    }

    /// Some more turns, in which things that should not happen could.
    pub fn rest(&mut self) {
        for _ in 0..5 {
            self.turn().unwrap();
        }
    }

    pub fn has_notice(&self, part: &str) -> bool {
        self.notices.iter().any(|notice| notice.contains(part))
    }

    pub fn lines(&self) -> Vec<String> {
        String::from_utf8(self.text.clone()).unwrap().lines().map(str::to_string).collect()
    }

    pub fn sorted(&self) -> Vec<String> {
        let mut lines = self.lines();
        lines.sort();
        lines
    }

    /// The port in the notice of a source that listens on port 0.
    pub fn port(&self) -> u16 {
        let notice = self.notices.iter().find(|notice| notice.contains(" listens on ")).unwrap();
        notice.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// Turns until one fails.
    pub fn error(&mut self) -> Error {
        let start = Instant::now();
        loop {
            match self.turn() {
                Err(error) => return error,
                Ok(_) => assert!(start.elapsed() < HANG, "no error came"),
            }
        }
    }
}

pub fn error_of<S: AsRef<str>>(texts: &[S]) -> Error {
    match Rig::open(texts, Options::default(), Pool::new(4)) {
        Ok(_) => panic!("should be refused"),
        Err(error) => error,
    }
}
