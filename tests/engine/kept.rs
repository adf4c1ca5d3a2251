//! Programs that are ended after every batch and go on from what they have kept: they come to the same, byte for
//! byte, as if they had never ended.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use dstream::batch::{Pool, SourceId, Time};
use dstream::error::Result;
use dstream::exec::{Delivery, Flow};
use dstream::lang::{Exit, Program};
use dstream::plan::{
    Engine, Interrupt, Operator, Outcome, Rdd, Returned, Runtime, Script, StreamId, Streaming,
};

use crate::bare::BareEngine;
use crate::store::Store;
use crate::support::workers;

/// Lines of each source, batch by batch; `None` where it is idle.
type Batches = Vec<Vec<Option<Vec<String>>>>;

/// Runs some batches of a program's streams.
struct Process<'p> {
    engine: BareEngine,
    started: Option<Streaming>,
    /// The batches, by their numbers from 1, at multiples of the interval.
    batches: &'p [(i64, Vec<Option<Vec<String>>>)],
    store: Option<&'p mut Store>,
    /// What comes of each batch.
    told: Vec<String>,
    operators: Vec<Operator>,
}

impl Runtime for Process<'_> {
    fn start(&mut self, _: &mut dyn Script, streaming: Streaming) -> Result<()> {
        self.started = Some(streaming);
        Ok(())
    }

    fn run(&mut self, script: &mut dyn Script, _: Option<Duration>) -> Result<Returned> {
        let Streaming { graph, interval, .. } = self.started.take().expect("streams are started first");
        self.operators = graph.operators(script);
        let mut flow = Flow::new(graph, interval);
        if let Some(store) = &self.store
            && let Err(fault) = flow.restore(store.rows())
        {
            self.told.push(fault);
            return Ok(Returned::Stopped);
        }
        flow.begin(script, &self.engine.workers, true);
        let pool = Pool::new(8);
        for (number, sources) in self.batches {
            assert_eq!(self.engine.printed, "", "no batch was open");
            for (source, lines) in (0..).map(SourceId).zip(sources) {
                let Some(lines) = lines else { continue };
                let mut chunk = pool.take(source).expect("chunks come back");
                lines.iter().for_each(|line| chunk.extend(format!("{line}\n").as_bytes()));
                flow.accept(chunk, &self.engine.workers);
            }
            let time = Time::from_millis(number * interval.as_millis());
            flow.sum_up(time, &mut self.engine.workers).expect("no worker fails");
            flow.close(time, script, &mut self.engine, |engine, delivery| {
                let told = &mut engine.printed;
                let written = match delivery {
                    Delivery::Done { .. } => return Ok(()),
                    Delivery::Records { output, records, .. } => writeln!(told, "{output}: {records:?}"),
                    other => writeln!(told, "{other:?}"),
                };
                written.expect("memory takes every write");
                Ok(())
            })?;
            if let Some(store) = &mut self.store {
                flow.changes(&mut self.engine, *store)?;
            }
            self.told.push(std::mem::take(&mut self.engine.printed));
        }
        Ok(Returned::Stopped)
    }

    fn slice(&mut self, _: &mut dyn Script, _: StreamId, _: Time, _: Time) -> Outcome<Vec<Arc<Rdd>>> {
        Ok(Vec::new())
    }

    fn engine(&mut self) -> &mut dyn Engine {
        &mut self.engine
    }
}

const HEAD: &str = "from pyspark import SparkContext\nfrom pyspark.streaming import StreamingContext\n\
    sc = SparkContext(appName='kept')\nssc = StreamingContext(sc, 1)\n\
    a = ssc.socketTextStream('localhost', 1)\nb = ssc.socketTextStream('localhost', 2)\n";

const TAIL: &str = "ssc.start()\nssc.awaitTermination()\n";

/// What comes of batches in one process, and its operators.
fn process(
    text: &str,
    batches: &[(i64, Vec<Option<Vec<String>>>)],
    count: usize,
    store: Option<&mut Store>,
) -> (Vec<String>, Vec<Operator>) {
    let text = format!("{HEAD}{text}{TAIL}");
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(256 << 20).spawn_scoped(scope, || {
            let program =
                Program::script(&text, "job.py", &[], None).unwrap_or_else(|fault| panic!("{fault}"));
            let mut process = Process {
                engine: BareEngine::new(workers(count)),
                started: None,
                batches,
                store,
                told: Vec::new(),
                operators: Vec::new(),
            };
            let exit = program.run(&mut process, Interrupt::default()).expect("no fatal error");
            assert_eq!(exit, Exit::Done, "{text}");
            (process.told, process.operators)
        });
        thread.expect("threads can be started").join().expect("no panic")
    })
}

/// The operators of a program's streams.
pub fn operators(text: &str) -> Vec<Operator> {
    process(text, &[], 1, None).1
}

fn numbered(batches: Batches) -> Vec<(i64, Vec<Option<Vec<String>>>)> {
    (1..).zip(batches).collect()
}

/// A program comes to the same, whether it is asked for changes or not, and ended after every batch or not.
fn assert_survives(text: &str, batches: Batches) {
    let batches = numbered(batches);
    let (expected, _) = process(text, &batches, 2, None);
    let mut whole = Store::default();
    let (told, _) = process(text, &batches, 2, Some(&mut whole));
    assert_eq!(told, expected, "asked for changes:\n{text}");
    let mut store = Store::default();
    for (index, batch) in batches.iter().enumerate() {
        let (told, _) = process(text, std::slice::from_ref(batch), 1 + index % 3, Some(&mut store));
        assert_eq!(told[0], expected[index], "begun again before batch {}:\n{text}", index + 1);
    }
    let rows = |store: &Store| {
        store.rows().map(|(table, _, value)| (table.to_string(), value.to_vec())).collect::<Vec<_>>()
    };
    assert_eq!(rows(&store), rows(&whole), "the same is kept in the end:\n{text}");
}

/// Numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn of<'t, T>(&mut self, things: &'t [T]) -> &'t T {
        &things[self.below(things.len())]
    }
}

/// Lines of a letter and a number, of which few have none.
fn random_batches(random: &mut Random, count: usize) -> Batches {
    let source = |random: &mut Random| {
        if random.below(6) == 0 {
            return None;
        }
        let line = |random: &mut Random| match random.below(60) {
            0 => "z!".to_string(),
            _ => format!("{}{}", random.of(&["a", "b", "c", "d", "é"]), random.below(9)),
        };
        let length = random.below(8);
        Some((0..length).map(|_| line(random)).collect())
    };
    (0..count).map(|_| vec![source(random), source(random)]).collect()
}

/// A program of windows, states and joins over pairs of a letter, or a number, and a number.
fn random_program(random: &mut Random) -> String {
    let mut text = String::from(
        "p0 = a.map(lambda x: (x[0], int(x[1:])))\np1 = b.map(lambda x: (x[0], int(x[1:])))\n\
         p2 = ssc.queueStream([[('a', i), (i, 1)] for i in range(9)])\n",
    );
    // Each with its slide.
    let mut pairs = vec![("p0".to_string(), 1), ("p1".to_string(), 1), ("p2".to_string(), 1)];
    for number in 3..5 + random.below(5) {
        let (parent, slide) = random.of(&pairs).clone();
        let (length, step) = (slide * (1 + random.below(7)), slide * (1 + random.below(2)));
        let partitions = 1 + random.below(3);
        let others: Vec<String> =
            pairs.iter().filter(|(_, other)| *other == slide).map(|(name, _)| name.clone()).collect();
        let other = random.of(&others).clone();
        let (call, slide) = match random.below(14) {
            0 => (format!("reduceByKey(lambda x, y: x + y, {partitions})"), slide),
            1 | 2 => (format!("updateStateByKey(lambda vs, s: (s or 0) + sum(vs), {partitions})"), slide),
            3 => (
                format!(
                    "updateStateByKey(lambda vs, s: None if sum(vs) % 5 == 4 else (s or 0) + sum(vs), {partitions})"
                ),
                slide,
            ),
            4 | 5 => (
                format!(
                    "reduceByKeyAndWindow(lambda x, y: x + y, lambda x, y: x - y, {length}, {step}, {partitions})"
                ),
                step,
            ),
            6 => (
                format!(
                    "reduceByKeyAndWindow(lambda x, y: x + y, lambda x, y: x - y, {}, {step}, {partitions}, lambda kv: kv[1] > 0)",
                    6 * step
                ),
                step,
            ),
            7 => (format!("window({length}, {step})"), step),
            8 => (format!("join({other}, {partitions}).mapValues(lambda v: v[0] + v[1])"), slide),
            9 => (
                format!(
                    "fullOuterJoin({other}, {partitions}).mapValues(lambda v: (v[0] or 0) + (v[1] or 0))"
                ),
                slide,
            ),
            10 => (
                "transform(lambda rdd: rdd.filter(lambda kv: kv[1] % 2 == 0).repartition(2))".to_string(),
                slide,
            ),
            11 => (format!("groupByKeyAndWindow({length}, {step}).mapValues(lambda vs: sum(vs))"), step),
            12 => ("mapValues(lambda v: 100 // (v % 11 - 3))".to_string(), slide),
            _ => ("map(lambda kv: (kv[1], 1))".to_string(), slide),
        };
        writeln!(text, "p{number} = {parent}.{call}").expect("memory takes every write");
        pairs.push((format!("p{number}"), slide));
    }
    for (number, (name, _)) in pairs.iter().enumerate() {
        match random.below(3) {
            _ if number + 1 == pairs.len() => writeln!(text, "{name}.pprint(1000)"),
            0 => writeln!(text, "{name}.pprint(2)"),
            1 => writeln!(text, "{name}.foreachRDD(lambda time, rdd: print(rdd.glom().collect()))"),
            _ => Ok(()),
        }
        .expect("memory takes every write");
    }
    text
}

fn lines(text: &str) -> Option<Vec<String>> {
    Some(text.split_whitespace().map(str::to_string).collect())
}

/// Batches of the first source.
fn batches_of(texts: &[&str]) -> Batches {
    texts.iter().map(|text| vec![lines(text)]).collect()
}

#[test]
fn programs_survive_their_processes() {
    for seed in 0..16 {
        let mut random = Random(seed);
        let text = random_program(&mut random);
        let batches = random_batches(&mut random, 12);
        assert_survives(&text, batches);
    }
}

#[test]
fn states_survive_that_have_failed() {
    let batches = || batches_of(&["a1", "a2 b1", "a! b2", "a3", "b!", "a! c1", "a4", "b5", "c!", ""]);
    assert_survives(
        "a.map(lambda x: (x[0], x[1:])).updateStateByKey(lambda vs, s: (s or 0) + sum(int(v) for v in vs), 2).pprint()\n",
        batches(),
    );
    assert_survives(
        "a.map(lambda x: (x[0], int(x[1:]))).updateStateByKey(lambda vs, s: (s or 0) + sum(vs), 2).window(3).pprint()\n",
        batches(),
    );
    // It is the making that fails, not the computing.
    let text = "def checked(rdd):\n    if any('!' in x for x in rdd.collect()):\n        raise ValueError('on purpose')\n    return rdd.map(lambda x: (x[0], 1))\n\
        a.transform(checked).updateStateByKey(lambda vs, s: (s or 0) + len(vs)).pprint()\na.transform(checked).window(2).pprint()\n";
    assert_survives(text, batches());
}

#[test]
fn windows_survive_over_whatever_there_is() {
    let batches = || batches_of(&["a b", "c", "", "a a", "b!", "d", "a", "", "", "e"]);
    // Nothing at all at some times; windows of windows, of states, and of reduced windows; a slide beyond the length.
    for text in [
        "a.transform(lambda time, rdd: rdd if time.second % 2 else None).window(4, 2).count().pprint()\n",
        "a.window(2).window(4, 2).countByValue().pprint()\n",
        "a.countByValue().updateStateByKey(lambda vs, s: (s or 0) + sum(vs)).window(3).pprint()\n",
        "a.countByWindow(6, 1).window(3).pprint()\n",
        "a.countByValueAndWindow(7, 2).pprint()\n",
        "a.window(2, 5).count().pprint()\n",
        "a.flatMap(lambda x: x.split()).map(lambda w: (w, 1)).reduceByKey(lambda x, y: x + y).window(3).pprint()\n",
        "ssc.remember(5)\na.map(lambda x: x.upper()).pprint()\n",
        "ssc.queueStream([[1], [2, 3]], False, [9]).window(3).pprint()\n",
        "a.map(lambda x: (x, 1)).updateStateByKey(lambda vs, s: (s or 0) + len(vs), 2, [('a', 100), ('z', 7)]).pprint()\n",
    ] {
        assert_survives(text, batches());
    }
}

/// Batches that were missed are no empty ones: queues do not go on, and windows have nothing of them.
#[test]
fn windows_age_by_the_times_of_batches() {
    let text = "show = lambda rdd: print(sorted(rdd.collect()))\n\
        ssc.queueStream([[i] for i in range(9)]).window(4).foreachRDD(show)\na.window(4).foreachRDD(show)\n\
        a.map(lambda x: (x, 1)).reduceByKeyAndWindow(lambda x, y: x + y, lambda x, y: x - y, 5, 1).foreachRDD(show)\n";
    let mut store = Store::default();
    process(text, &numbered(batches_of(&["a", "b", "c", "d"])), 2, Some(&mut store));
    let [seventh, eighth] = [(7, vec![lines("e")]), (8, vec![lines("f")])];
    let (told, _) = process(text, &[seventh], 2, Some(&mut store));
    assert_eq!(told, ["[3, 4]\n['d', 'e']\n[('c', 1), ('d', 1), ('e', 1)]\n"]);
    let (told, _) = process(text, &[eighth], 2, Some(&mut store));
    assert_eq!(told, ["[4, 5]\n['e', 'f']\n[('c', 0), ('d', 1), ('e', 1), ('f', 1)]\n"]);
}

#[test]
fn a_change_costs_a_row_whatever_the_state() {
    const KEYS: usize = 20_000;
    let text = "a.map(lambda x: (x, 1)).updateStateByKey(lambda vs, s: (s or 0) + len(vs), 4).pprint(1)\n";
    let touch = |step: usize| vec![Some((0..KEYS).step_by(step).map(|key| format!("key{key}")).collect())];
    let all = numbered(vec![touch(1), touch(100), touch(100)]);
    let mut store = Store::default();
    process(text, &all[..1], 2, Some(&mut store));
    assert!(store.puts < KEYS + 10, "{} rows for {KEYS} keys", store.puts);
    for batch in &all[1..] {
        let before = store.clone();
        process(text, std::slice::from_ref(batch), 2, Some(&mut store));
        let (puts, deletes) = (store.puts - before.puts, store.deletes - before.deletes);
        assert!(
            (KEYS / 100..KEYS / 100 + 10).contains(&puts) && deletes == 0,
            "{puts} puts, {deletes} deletes"
        );
    }
}

#[test]
fn damaged_rows_are_never_fatal() {
    let text = "a.map(lambda x: (x[0], 1.5)).updateStateByKey(lambda vs, s: vs or s, 2).pprint()\na.window(3).pprint()\n";
    let mut store = Store::default();
    process(text, &numbered(batches_of(&["a b", "c é", "d!"])), 2, Some(&mut store));
    let mut refused = 0;
    for number in 0..store.len() {
        for damage in 0..4 {
            let mut damaged = store.clone();
            damaged.damage(number, |value| {
                match damage {
                    0 => return false,
                    1 => drop(value.pop()),
                    2 => value.push(1),
                    _ => value.iter_mut().take(1).for_each(|byte| *byte ^= 0x55),
                }
                true
            });
            refused += process(text, &[], 1, Some(&mut damaged)).0.len();
        }
    }
    assert!(refused > 2 * store.len(), "{refused} of {} times", 4 * store.len());
}
