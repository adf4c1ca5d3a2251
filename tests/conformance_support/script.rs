//! The script that a case becomes: its inputs as `queueStream`s, its program, and functions that print what
//! every batch came to.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value as Json;

use super::Case;

/// Before the program. Values are printed as JSON in the form in which cases have them.
const HEAD: &str = include_str!("head.py");

/// Behind the program.
const TAIL: &str = include_str!("tail.py");

/// The script of a case; what it writes goes below `base`.
pub fn of(case: &Case, base: &Path) -> String {
    let mut script = HEAD.to_string();
    let field = |name: &str| &case.0[name];
    let mut line = |text: String| writeln!(script, "{text}").unwrap();
    line(format!("PERIOD = {}", case.interval_millis()));
    line(format!("NUM = {}", field("num").as_i64().unwrap_or(10)));
    line("sc = SparkContext('local[2]', 'case')".into());
    line(format!("ssc = StreamingContext(sc, {})", field("interval").as_f64().unwrap_or(1.0)));
    if field("checkpoint") == true {
        line(format!("ssc.checkpoint({})", literal(&Json::from(base.join("checkpoint").to_string_lossy()))));
    }
    let slices = field("slices").as_u64().unwrap_or(1);
    let one_at_a_time = field("one_at_a_time").as_bool().unwrap_or(true);
    let inputs = field("inputs").as_object().into_iter().flatten();
    let inputs: Vec<(&str, &Json)> =
        [("lines", field("batches"))].into_iter().chain(inputs.map(|(name, b)| (name.as_str(), b))).collect();
    for (name, batches) in &inputs {
        let batches = batches.as_array().map_or(&[][..], Vec::as_slice);
        let rdds = batches.iter().map(|batch| match batch {
            Json::Null => "sc.emptyRDD()".to_string(),
            records => format!("sc.parallelize({}, {slices})", literal(records)),
        });
        let rdds: Vec<String> = rdds.collect();
        let rdds = if rdds.is_empty() { "sc.emptyRDD()".to_string() } else { rdds.join(",\n    ") };
        let once = if one_at_a_time { "True" } else { "False" };
        line(format!("{name} = ssc.queueStream([\n    {rdds}\n], {once}, sc.emptyRDD())"));
    }
    // Nobody listens to it: it has the run go on beyond the end of the inputs, or stop before it.
    let looks_back = !field("post").is_null() && !case.writes_files();
    let run = case.batches() + usize::from(looks_back);
    line(format!("ssc.queueStream([sc.emptyRDD() for _ in range({run})])"));
    if case.writes_files() {
        line(format!("base = {}", literal(&Json::from(base.to_string_lossy()))));
    } else {
        line(case.text("setup").to_string());
    }
    line(format!("result = (\n{}\n)", case.program()));
    script += TAIL;
    if field("sentinel").as_bool().unwrap_or(true) {
        for (name, _) in &inputs {
            writeln!(script, "{name}.foreachRDD(lambda t, rdd: tell('over', 0, batch_of(t)))").unwrap();
        }
    }
    script += "ssc.start()\n";
    if looks_back {
        let post = case.text("post");
        let batches = case.batches();
        write!(
            script,
            "ssc.awaitTerminationOrTimeout({batches} * PERIOD / 1000.0)\n\
             times = [datetime.datetime.fromtimestamp((i + 1) * PERIOD / 1000.0) for i in range({batches})]\n\
             tell('post', 0, 0, {post})\n\
             ssc.stop()\n"
        )
        .unwrap();
    } else {
        script += "ssc.awaitTermination()\n";
    }
    script
}

/// A value as Python writes it.
fn literal(value: &Json) -> String {
    let list = |values: &[Json]| values.iter().map(literal).collect::<Vec<_>>().join(", ");
    match value {
        Json::Null => "None".into(),
        Json::Bool(true) => "True".into(),
        Json::Bool(false) => "False".into(),
        Json::Number(number) => number.to_string(),
        Json::String(text) => string(text),
        Json::Array(values) => format!("[{}]", list(values)),
        Json::Object(object) => {
            let (tag, inner) = object.iter().next().expect("a tagged value");
            let values = inner.as_array().map_or(&[][..], Vec::as_slice);
            match tag.as_str() {
                "t" => format!("({}{})", list(values), if values.len() == 1 { "," } else { "" }),
                "s" => format!("set([{}])", list(values)),
                "d" => {
                    let entries =
                        values.iter().map(|entry| format!("{}: {}", literal(&entry[0]), literal(&entry[1])));
                    format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
                }
                "b" => format!("bytes.fromhex({})", literal(inner)),
                "f" => format!("float({})", literal(inner)),
                other => panic!("no value is tagged {other:?}"),
            }
        }
    }
}

/// Text in double quotes; everything beyond ASCII is escaped.
fn string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            _ => write!(quoted, "\\U{:08x}", u32::from(c)).unwrap(),
        }
    }
    quoted + "\""
}
