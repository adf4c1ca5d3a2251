//! The event loop: waits for all sources at once, on the caller's thread, and reads from the ready
//! ones in turn.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll};

use super::context::{Context, Next, Notices, OWN, Ready, Source, parts, token};
use super::framing::{Framer, Intake, Shared};
use super::hints::Hints;
use super::open::{Start, open};
use super::position::Position;
use super::spec::check;
use super::{Options, SourceKind, SourceSpec, SourceStats};
use crate::batch::{Chunk, Pool, SourceId};
use crate::error::{Error, Result};

/// What a [`EventLoop::turn`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing came until the deadline, or nothing can come any more.
    Idle,
    /// Something happened: bytes or the end of a line came, a source ended, or there is a notice.
    Read,
    /// There was input to read, but the pool had no chunk: chunks have to be crunched first.
    Full,
    /// A stream given to [`EventLoop::wake_on`] was written to.
    Woken,
    /// The reader of an output given to [`EventLoop::watch_output`] has gone; told once.
    OutputClosed,
}

/// All sources of a run, open.
pub struct EventLoop {
    poll: Poll,
    events: Events,
    slots: Vec<Slot>,
    /// Sources that may ask to be called at a time.
    timed: Vec<usize>,
    /// Regular files that wait for their turn; the first is being read.
    turns: VecDeque<usize>,
    running: usize,
    shared: Shared,
    ready: Ready,
    notices: Notices,
    hints: Hints,
    wakers: Vec<UnixStream>,
    outputs: Vec<OwnedFd>,
    reader: Reader,
}

/// Whoever reads the watched outputs.
#[derive(PartialEq, Eq)]
enum Reader {
    There,
    /// Which is to be told.
    Gone,
    Told,
}

struct Slot {
    source: Box<dyn Source>,
    framer: Framer,
    ended: bool,
    /// The position that was told last, or begun at.
    told: Option<Position>,
}

/// Stream numbers of the loop's own descriptors: inotify, all outputs, and from there on wake-up
/// streams.
const HINTS: usize = 0;
const OUTPUT: usize = 1;
const WAKERS: usize = 2;

impl EventLoop {
    /// Opens, connects or binds every source. What may come later (a tailed file, a peer) is waited
    /// for; what must be there (a file to read, an address to listen on) is an error if it is not.
    ///
    /// # Errors
    /// Usage errors for specifications that cannot run side by side, runtime errors that name the
    /// source and what is wrong with it.
    pub fn new(specs: &[SourceSpec], options: Options, pool: Pool) -> Result<EventLoop> {
        EventLoop::open_all(specs, vec![Start::Fresh; specs.len()], options, pool)
    }

    /// Opens every source as [`EventLoop::new`] does, but reads on from the positions: one for each
    /// source, in their order, or none, where a source is to begin by itself. What has become of a
    /// followed name or a watched directory meanwhile, and cannot be read any more, is said as a notice.
    ///
    /// # Errors
    /// As there; a checkpoint's error that names the file, and what differs, if a file is not the one any
    /// more that was read, or a position is of another kind of source.
    pub fn new_at(
        specs: &[SourceSpec],
        positions: Vec<Option<Position>>,
        options: Options,
        pool: Pool,
    ) -> Result<EventLoop> {
        let starts = positions.into_iter().chain(std::iter::repeat(None)).take(specs.len());
        EventLoop::open_all(specs, starts.map(Start::At).collect(), options, pool)
    }

    fn open_all(specs: &[SourceSpec], starts: Vec<Start>, options: Options, pool: Pool) -> Result<EventLoop> {
        check(specs)?;
        if specs.len() >= OWN {
            return Err(Error::Usage(format!("{} sources are too many (at most {})", specs.len(), OWN - 1)));
        }
        let cannot = |error: io::Error| Error::io("cannot set up the event loop", &error);
        let watching = |spec: &SourceSpec| {
            matches!(spec.kind, SourceKind::Tail(_) | SourceKind::Dir(_) | SourceKind::Records { .. })
        };
        let mut this = EventLoop {
            poll: Poll::new().map_err(cannot)?,
            events: Events::with_capacity(1024),
            slots: Vec::with_capacity(specs.len()),
            timed: Vec::new(),
            turns: VecDeque::new(),
            running: specs.len(),
            shared: Shared::new(pool, options.max_line),
            ready: Ready::default(),
            notices: Notices::default(),
            hints: Hints::new(specs.iter().any(watching)),
            wakers: Vec::new(),
            outputs: Vec::new(),
            reader: Reader::There,
        };
        if let Some(fd) = this.hints.fd() {
            let fd = fd.as_raw_fd();
            let registry = this.poll.registry();
            registry.register(&mut SourceFd(&fd), token(OWN, HINTS), Interest::READABLE).map_err(cannot)?;
        }
        for (index, (spec, start)) in specs.iter().zip(starts).enumerate() {
            let mut framer = Framer::new(SourceId(index as u16));
            let told = if let Start::At(Some(position)) = &start { Some(position.as_told()) } else { None };
            let source = this.open(index, spec, options, start, &mut framer)?;
            let ended = source.ended();
            this.running -= usize::from(ended);
            if source.takes_turns() {
                this.turns.push_back(index);
            }
            if !spec.kind.ends() {
                this.timed.push(index);
            }
            this.slots.push(Slot { source, framer, ended, told });
        }
        if let Some(&first) = this.turns.front() {
            this.ready.push(token(first, 0));
        }
        Ok(this)
    }

    fn open(
        &mut self,
        index: usize,
        spec: &SourceSpec,
        options: Options,
        start: Start,
        framer: &mut Framer,
    ) -> Result<Box<dyn Source>> {
        let mut cx = Context {
            now: Instant::now(),
            intake: Intake { framer, shared: &mut self.shared, full: &mut |_| {} },
            notices: &mut self.notices,
            hints: &mut self.hints,
            ready: &mut self.ready,
            registry: self.poll.registry(),
            source: index,
        };
        open(spec, options, start, &mut cx)
    }

    /// Adds a stream that wakes [`EventLoop::turn`] when something can be read from it, as signal
    /// handlers write to it; the turn reads it empty.
    ///
    /// # Errors
    /// When the kernel refuses to watch it.
    pub fn wake_on(&mut self, stream: UnixStream) -> Result<()> {
        let number = WAKERS + self.wakers.len();
        stream
            .set_nonblocking(true)
            .and_then(|()| {
                let fd = stream.as_raw_fd();
                self.poll.registry().register(&mut SourceFd(&fd), token(OWN, number), Interest::READABLE)
            })
            .map_err(|error| Error::io("cannot wait for wake-ups", &error))?;
        self.wakers.push(stream);
        Ok(())
    }

    /// Has [`EventLoop::turn`] tell when whoever reads this output has gone, also while nothing is
    /// written to it: the write end of a pipe whose reader has closed it, a Unix socket or a
    /// connection whose peer is gone, a terminal that was hung up. Kinds of which nobody can tell
    /// (regular files, `/dev/null`) are never closed. As long as the reader lives, its reading
    /// wakes nobody.
    ///
    /// # Errors
    /// When the kernel refuses to watch it for another reason than its kind.
    pub fn watch_output(&mut self, output: OwnedFd) -> Result<()> {
        // Errors and hang-ups are always reported, but a registration needs an interest. That in
        // urgent data is the one that a pipe never satisfies; in writing, each read would.
        let fd = output.as_raw_fd();
        match self.poll.registry().register(&mut SourceFd(&fd), token(OWN, OUTPUT), Interest::PRIORITY) {
            Ok(()) => self.outputs.push(output),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            Err(error) => return Err(Error::io("cannot watch the output", &error)),
        }
        Ok(())
    }

    /// Waits until something can be read, a source's own timer is due, `until` has come, an output's
    /// reader has gone, or a wake-up; then reads once from every ready stream. Full chunks go to `full`. Without a
    /// deadline and without input it sleeps for as long as that takes.
    ///
    /// # Errors
    /// Faults that no waiting heals: a file that cannot be read on, a corrupt archive.
    pub fn turn(&mut self, until: Option<Instant>, full: &mut dyn FnMut(Chunk)) -> Result<Turn> {
        loop {
            let now = Instant::now();
            if until.is_none() && self.ended() && self.wakers.is_empty() {
                return Ok(Turn::Idle);
            }
            let woken = self.wait(until, now, full)?;
            let before = self.progress();
            let now = Instant::now();
            self.call_timers(now, full)?;
            let starved = self.read_round(now, full)?;
            if starved {
                self.unstarve(full);
            }
            return Ok(if woken {
                Turn::Woken
            } else if self.reader == Reader::Gone {
                self.reader = Reader::Told;
                Turn::OutputClosed
            } else if starved {
                Turn::Full
            } else if before != self.progress() || !self.notices.is_empty() {
                Turn::Read
            } else if until.is_some_and(|until| until <= now) {
                Turn::Idle
            } else {
                continue;
            });
        }
    }

    /// Figures of which one changes whenever something came: bytes, the end of a line, of a source.
    fn progress(&self) -> (u64, usize, usize) {
        (self.shared.stats.bytes, self.shared.carried(), self.running)
    }

    /// Sleeps until there is something to do and puts what was reported on the ready list; whether
    /// a wake-up came.
    fn wait(&mut self, until: Option<Instant>, now: Instant, full: &mut dyn FnMut(Chunk)) -> Result<bool> {
        let timeout = if self.ready.len() > 0 || self.reader == Reader::Gone {
            Some(Duration::ZERO)
        } else {
            let timers = self.timed.iter().filter_map(|&index| self.slots[index].source.due());
            timers.chain(until).min().map(|first| first.saturating_duration_since(now))
        };
        match self.poll.poll(&mut self.events, timeout) {
            // A signal came; if it means anything to us, it has written to a wake-up stream.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(false),
            result => result.map_err(|error| Error::io("cannot wait for input", &error))?,
        }
        let (mut woken, mut hinted) = (false, false);
        for event in &self.events {
            match parts(event.token()) {
                (OWN, HINTS) => hinted = true,
                (OWN, OUTPUT) => {
                    let gone = event.is_error() || event.is_write_closed();
                    if gone && self.reader == Reader::There {
                        self.reader = Reader::Gone;
                    }
                }
                (OWN, number) => woken |= drain(&self.wakers[number - WAKERS]),
                _ => self.ready.push(event.token()),
            }
        }
        if hinted {
            self.read_hints(full);
        }
        Ok(woken)
    }

    fn read_hints(&mut self, full: &mut dyn FnMut(Chunk)) {
        loop {
            let (hints, more) = self.hints.read();
            for (sources, hint) in hints {
                for source in sources {
                    self.call(source, Instant::now(), full, |source, cx| source.hint(&hint, cx));
                }
            }
            if !more {
                return;
            }
        }
    }

    fn call_timers(&mut self, now: Instant, full: &mut dyn FnMut(Chunk)) -> Result<()> {
        for at in 0..self.timed.len() {
            let index = self.timed[at];
            if self.slots[index].source.due().is_some_and(|due| due <= now) {
                self.call(index, now, full, |source, cx| source.tick(cx))?;
            }
        }
        Ok(())
    }

    /// Reads once from every stream on the ready list; whether any had to be left for want of a chunk.
    fn read_round(&mut self, now: Instant, full: &mut dyn FnMut(Chunk)) -> Result<bool> {
        let mut starved = false;
        for _ in 0..self.ready.len() {
            let Some(token) = self.ready.pop() else { break };
            let (index, stream) = parts(token);
            if self.slots[index].ended {
                continue;
            }
            let next = self.call(index, now, full, |source, cx| source.read(stream, cx))?;
            if next != Next::Wait {
                self.ready.push(token);
            }
            starved |= next == Next::Starved;
            if self.slots[index].source.ended() {
                self.end(index, full);
            }
        }
        Ok(starved)
    }

    /// A source has ended: its last chunk goes on, and the next file gets its turn.
    fn end(&mut self, index: usize, full: &mut dyn FnMut(Chunk)) {
        let slot = &mut self.slots[index];
        slot.ended = true;
        slot.framer.seal(full);
        self.running -= 1;
        if self.turns.front() == Some(&index) {
            self.turns.pop_front();
            if let Some(&next) = self.turns.front() {
                self.ready.push(token(next, 0));
            }
        }
    }

    /// If every chunk that is out is one of our open ones, nobody else can give one back.
    fn unstarve(&mut self, full: &mut dyn FnMut(Chunk)) {
        let open = self.slots.iter().filter(|slot| slot.framer.is_open()).count();
        if self.shared.chunks_out() <= open {
            self.seal(full);
        }
    }

    fn call<R>(
        &mut self,
        index: usize,
        now: Instant,
        full: &mut dyn FnMut(Chunk),
        act: impl FnOnce(&mut dyn Source, &mut Context) -> R,
    ) -> R {
        let slot = &mut self.slots[index];
        let mut cx = Context {
            now,
            intake: Intake { framer: &mut slot.framer, shared: &mut self.shared, full },
            notices: &mut self.notices,
            hints: &mut self.hints,
            ready: &mut self.ready,
            registry: self.poll.registry(),
            source: index,
        };
        let result = act(&mut *slot.source, &mut cx);
        slot.framer.give_back_empty();
        result
    }

    /// Hands over the open chunks, whole lines as far as they have come: the end of a batch.
    pub fn seal(&mut self, full: &mut dyn FnMut(Chunk)) {
        for slot in &mut self.slots {
            slot.framer.seal(full);
        }
    }

    /// How far the sources were read that can be read again, as of the seal before, right after which this
    /// is to be asked: what has changed since it was asked last, or since the positions that the loop
    /// began at ([`Position::merge`] adds it to them). Whole lines count, what has come of the line behind
    /// them does not. A change is told once, so whoever keeps positions has to keep every one. A loop that was
    /// opened by [`EventLoop::new`] does not keep track: ask only one that was opened by [`EventLoop::new_at`].
    pub fn positions(&mut self) -> Vec<(SourceId, Position)> {
        let slots = self.slots.iter_mut().zip(0..);
        slots
            .filter_map(|(slot, id)| Some((SourceId(id), slot.source.position()?.untold(&mut slot.told)?)))
            .collect()
    }

    /// Whether every source has ended and everything they held was handed over.
    pub fn ended(&self) -> bool {
        self.running == 0
    }

    /// Totals since the start.
    pub fn stats(&self) -> SourceStats {
        let mut stats = self.shared.stats;
        for slot in &self.slots {
            slot.source.add_stats(&mut stats);
        }
        stats
    }

    /// Messages for stderr since the last call: outages and recoveries (each said once, not once
    /// an attempt), exits of commands, files that cannot be read. Without prefix or newline.
    pub fn notices(&mut self) -> Vec<String> {
        self.notices.take()
    }

    /// Bytes of lines whose end has not come.
    pub fn incomplete(&self) -> u64 {
        self.shared.carried() as u64
    }
}

/// Reads a wake-up stream empty; whether there was anything in it.
fn drain(mut stream: &UnixStream) -> bool {
    let mut buffer = [0; 256];
    let mut any = false;
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return any,
            Ok(_) => any = true,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return any,
        }
    }
}
