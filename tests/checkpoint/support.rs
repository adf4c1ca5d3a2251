//! A file system in memory that fails, tears and loses what it is told to, and a model of what a store holds.
#![allow(dead_code, clippy::unwrap_used)]

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use dstream::batch::{Fingerprint, Interval, Time};
use dstream::checkpoint::{
    Access, Checkpoint, Claim, Committed, Description, Holder, Lock, Operator, Options, Storage, Store,
    StoredFile,
};
use dstream::error::Result;

/// What a store should hold: values by table and key.
pub type Model = BTreeMap<(String, Vec<u8>), Vec<u8>>;

/// What happens to an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails and does nothing. A sync loses what it was to make durable, as Linux does.
    Fail,
    /// It fails and does some or all of it.
    Tear,
    /// It and all that come after it fail: the process is no more.
    Halt,
}

/// A small generator of numbers: the same ones for the same seed.
#[derive(Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// The file system. Clones are the same one.
#[derive(Clone)]
pub struct Sim {
    state: Arc<Mutex<State>>,
}

#[derive(Clone, Default)]
struct State {
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    /// Changes to names that are not durable.
    pending: Vec<Change>,
    files: HashMap<usize, Content>,
    next: usize,
    operations: u64,
    fault: Option<(u64, Fault)>,
    fired: bool,
    locked: bool,
    error: Option<io::ErrorKind>,
}

#[derive(Clone)]
enum Change {
    Link(String, usize),
    Rename(String, String, usize),
    Remove(String),
}

#[derive(Clone, Default)]
struct Content {
    now: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<(u64, Vec<u8>)>,
}

impl Sim {
    pub fn new() -> Self {
        Sim { state: Arc::new(Mutex::new(State::default())) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Another file system with the same content.
    pub fn copy(&self) -> Sim {
        let mut state = self.state().clone();
        state.locked = false;
        Sim { state: Arc::new(Mutex::new(state)) }
    }

    pub fn fault_at(&self, operation: u64, fault: Fault) {
        let mut state = self.state();
        state.fault = Some((state.operations + operation, fault));
        state.fired = false;
    }

    /// Operations fail with that, as on a disk that is full or may not be written.
    pub fn fail_writes_with(&self, error: Option<io::ErrorKind>) {
        self.state().error = error;
    }

    pub fn fired(&self) -> bool {
        self.state().fired
    }

    /// The process has ended; what it wrote is in the cache of the system.
    pub fn end_process(&self) {
        let mut state = self.state();
        (state.fault, state.locked) = (None, false);
    }

    /// The power has failed: of what was not durable any part is lost.
    pub fn crash(&self, random: &mut Random) {
        self.end_process();
        let state = &mut *self.state();
        for change in std::mem::take(&mut state.pending) {
            if random.below(2) == 0 {
                apply(&mut state.durable_names, change);
            }
        }
        state.names = state.durable_names.clone();
        let ids: Vec<usize> = state.files.keys().copied().collect();
        for id in ids {
            let content = state.files.get_mut(&id).unwrap();
            for (offset, bytes) in std::mem::take(&mut content.pending) {
                match random.below(4) {
                    0 => {}
                    1 => write(&mut content.durable, offset, &bytes),
                    // Its sectors reach the disk in any order.
                    _ => {
                        for (n, sector) in bytes.chunks(64).enumerate() {
                            if random.below(2) == 0 {
                                write(&mut content.durable, offset + n as u64 * 64, sector);
                            }
                        }
                    }
                }
            }
            content.now = content.durable.clone();
        }
    }

    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let state = self.state();
        state.names.iter().map(|(name, id)| (name.clone(), state.files[id].now.clone())).collect()
    }

    pub fn set_file(&self, name: &str, bytes: Option<Vec<u8>>) {
        let mut state = self.state();
        match bytes {
            Some(bytes) => {
                let id = state.names[name];
                state.files.insert(id, Content { now: bytes.clone(), durable: bytes, pending: Vec::new() });
            }
            None => _ = state.names.remove(name),
        }
    }

    /// Counts an operation; the fault that it is to have.
    fn operation(&self, changes: bool) -> io::Result<(MutexGuard<'_, State>, bool)> {
        let mut state = self.state();
        state.operations += 1;
        if let Some(kind) = state.error
            && changes
        {
            return Err(kind.into());
        }
        let Some((at, fault)) = state.fault else { return Ok((state, false)) };
        let now = state.operations - 1;
        if now != at && !(fault == Fault::Halt && now > at) {
            return Ok((state, false));
        }
        state.fired = true;
        match fault {
            Fault::Tear if changes => Ok((state, true)),
            _ => Err(io::Error::other("injected")),
        }
    }
}

fn apply(names: &mut BTreeMap<String, usize>, change: Change) {
    match change {
        Change::Link(name, id) => _ = names.insert(name, id),
        Change::Rename(from, to, id) => {
            names.remove(&from);
            names.insert(to, id);
        }
        Change::Remove(name) => _ = names.remove(&name),
    }
}

fn write(content: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    let end = offset as usize + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset as usize..end].copy_from_slice(bytes);
}

fn torn<T>(torn: bool, value: T) -> io::Result<T> {
    if torn { Err(io::Error::other("injected")) } else { Ok(value) }
}

impl Storage for Sim {
    fn describe(&self, name: &str) -> String {
        format!("sim/{name}")
    }

    fn prepare(&self) -> io::Result<()> {
        self.operation(false).map(|_| ())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.operation(false)?.0.names.keys().cloned().collect())
    }

    fn open(&self, name: &str, access: Access) -> io::Result<Box<dyn StoredFile>> {
        let (mut state, tear) = self.operation(access == Access::Create)?;
        let id = match access {
            Access::Create => {
                let id = state.next;
                state.next += 1;
                state.files.insert(id, Content::default());
                let change = Change::Link(name.to_owned(), id);
                apply(&mut state.names, change.clone());
                state.pending.push(change);
                id
            }
            _ => *state.names.get(name).ok_or(io::ErrorKind::NotFound)?,
        };
        torn(tear, Box::new(SimFile { sim: self.clone(), id }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let (mut state, tear) = self.operation(true)?;
        let id = *state.names.get(from).ok_or(io::ErrorKind::NotFound)?;
        let change = Change::Rename(from.to_owned(), to.to_owned(), id);
        apply(&mut state.names, change.clone());
        state.pending.push(change);
        torn(tear, ())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let (mut state, tear) = self.operation(true)?;
        let change = Change::Remove(name.to_owned());
        apply(&mut state.names, change.clone());
        state.pending.push(change);
        torn(tear, ())
    }

    fn sync_directory(&self) -> io::Result<()> {
        let (mut state, tear) = self.operation(true)?;
        // Unlike content, names are journalled: what was not made durable will be, or the system
        // goes down.
        let done = if tear { state.pending.len() / 2 } else { state.pending.len() };
        let changes: Vec<Change> = state.pending.drain(..done).collect();
        for change in changes {
            apply(&mut state.durable_names, change);
        }
        torn(tear, ())
    }

    fn lock(&self) -> io::Result<Lock> {
        let (mut state, _) = self.operation(false)?;
        if state.locked {
            return Ok(Lock::Theirs(Holder { pid: Some(7) }));
        }
        state.locked = true;
        Ok(Lock::Ours(Box::new(SimLock { sim: self.clone() })))
    }

    fn holder(&self) -> io::Result<Option<Holder>> {
        Ok(self.state().locked.then_some(Holder { pid: Some(7) }))
    }
}

struct SimLock {
    sim: Sim,
}

impl Drop for SimLock {
    fn drop(&mut self) {
        self.sim.state().locked = false;
    }
}

struct SimFile {
    sim: Sim,
    id: usize,
}

impl StoredFile for SimFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.sim.operation(false)?.0.files[&self.id].now.len() as u64)
    }

    fn read_at(&self, room: &mut [u8], offset: u64) -> io::Result<usize> {
        let (state, _) = self.sim.operation(false)?;
        let content = &state.files[&self.id].now;
        let from = content.get(offset as usize..).unwrap_or(&[]);
        let n = from.len().min(room.len());
        room[..n].copy_from_slice(&from[..n]);
        Ok(n)
    }

    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let (mut state, tear) = self.sim.operation(true)?;
        let content = state.files.get_mut(&self.id).unwrap();
        let bytes = if tear { &bytes[..bytes.len() / 2] } else { bytes };
        write(&mut content.now, offset, bytes);
        content.pending.push((offset, bytes.to_vec()));
        torn(tear, ())
    }

    fn sync(&mut self) -> io::Result<()> {
        let failed = match self.sim.operation(true) {
            Ok((mut state, tear)) => {
                let content = state.files.get_mut(&self.id).unwrap();
                let half = content.pending.len() / 2;
                let pending = std::mem::take(&mut content.pending);
                let done = if tear { half } else { pending.len() };
                for (offset, bytes) in pending.into_iter().take(done) {
                    write(&mut content.durable, offset, &bytes);
                }
                return torn(tear, ());
            }
            Err(error) => error,
        };
        // The pages count as clean from now on: no later sync writes them.
        self.sim.state().files.get_mut(&self.id).unwrap().pending.clear();
        Err(failed)
    }
}

/// A job to describe.
pub fn job() -> Description {
    let operator = |number: usize, name: &str, definition: &str| Operator {
        name: name.to_owned(),
        table: format!("{number}:{name}"),
        fingerprint: Fingerprint::of(definition.as_bytes()),
    };
    Description {
        program: "lines.countByValue().pprint()".to_owned(),
        interval: Interval::from_millis(1000).unwrap(),
        operators: vec![operator(1, "updateStateByKey", "f"), operator(2, "window", "60s")],
        sources: vec!["tail:/var/log/syslog".to_owned()],
        outputs: vec!["-".to_owned()],
    }
}

/// Options under which logs are compacted after some commits, at once.
pub fn eager() -> Options {
    Options { compact_at: 5200, background: false }
}

pub fn contents(found: &Checkpoint) -> Result<Model> {
    let mut model = Model::new();
    let mut contents = found.contents();
    let mut last = None;
    while let Some(entry) = contents.advance()? {
        let key = (entry.table.to_owned(), entry.key.to_vec());
        assert!(last.as_ref() < Some(&key), "entries come in order");
        last = Some(key.clone());
        model.insert(key, entry.value.to_vec());
    }
    Ok(model)
}

pub fn open(storage: &Arc<dyn Storage>, options: Options) -> Result<(Store, Model, Committed)> {
    let claim = Claim::take(storage.clone())?;
    let found = claim.read()?;
    let model = contents(&found)?;
    let last = found.last();
    Ok((claim.begin(&found, job(), options)?, model, last))
}

pub fn read(storage: &Arc<dyn Storage>) -> Result<(Model, Committed)> {
    let found = Checkpoint::read(storage)?;
    Ok((contents(&found)?, found.last()))
}

/// A change.
#[derive(Clone, Debug)]
pub enum Op {
    Put(String, Vec<u8>, Vec<u8>),
    Delete(String, Vec<u8>),
    Clear(String),
}

/// Makes the changes in the model and as a commit.
pub fn commit(store: &mut Store, model: &mut Model, ops: &[Op], time: i64) -> Result<Committed> {
    for op in ops {
        match op {
            Op::Put(table, key, value) => _ = model.insert((table.clone(), key.clone()), value.clone()),
            Op::Delete(table, key) => _ = model.remove(&(table.clone(), key.clone())),
            Op::Clear(table) => model.retain(|(other, _), _| other != table),
        }
    }
    let mut commit = store.commit()?;
    for op in ops {
        match op {
            Op::Put(table, key, value) => commit.put(table, key, value)?,
            Op::Delete(table, key) => commit.delete(table, key)?,
            Op::Clear(table) => commit.clear(table)?,
        }
    }
    commit.finish(Time::from_millis(time))
}

/// Some changes.
pub fn some_ops(random: &mut Random) -> Vec<Op> {
    let count = random.below(6);
    let mut op = || {
        let table = ["state", "seen", "a"][random.below(3) as usize].to_owned();
        let key = vec![b'k'; random.below(3) as usize].into_iter().chain([random.below(6) as u8]).collect();
        match random.below(8) {
            0 => Op::Clear(table),
            1 | 2 => Op::Delete(table, key),
            _ => Op::Put(table, key, vec![random.below(256) as u8; random.below(120) as usize]),
        }
    };
    (0..count).map(|_| op()).collect()
}
