//! The plan of a program, as people read it: what comes in, what is done with it, in which stages, and which
//! functions run as kernels. It tells of the rules by which the engine computes, and of nothing else.

use std::fmt::Write as _;
use std::sync::Arc;

use super::host::Streaming;
use super::image::{Frozen, Image};
use super::key::WordsBy;
use super::recipe::seconds;
use super::rules::{
    EarlyCount, EarlyStage, Projection, counts_by_key, early_counts, early_stages, groups_ones, kept,
    projection, reducer_of, sums_ones, words, words_first, words_of_text,
};
use super::shape::{Part, Shape, shape};
use super::stream::{Graph, Lambda, Output, OutputOp, StreamId, StreamOp};
use super::{Origin, RddOp};
use crate::batch::python::json::Wanted;

/// Characters of a function's text that are shown.
const WIDEST: usize = 72;

/// The plan of what a program starts. `image` freezes its functions; one that cannot be is told of as unknown.
pub fn explain(streaming: &Streaming, image: &mut dyn FnMut(Lambda) -> Option<Arc<Image>>) -> String {
    let Streaming { graph, interval, sources, .. } = streaming;
    let early = early_counts(graph, image);
    let mut operator = |stream: &super::Stream| match &stream.op {
        StreamOp::Rdd(op) => op.freeze(&mut |lambda| image(lambda).ok_or(())).ok(),
        _ => None,
    };
    let operators = graph.streams.iter().map(&mut operator).collect();
    let stages = early_stages(graph);
    let plan =
        Explained { graph, operators, kept: kept(graph), early, stages, interval: interval.as_millis() };
    let mut text = format!("batch interval: {} s\n\nsources:\n", seconds(*interval));
    for (number, source) in sources.iter().enumerate() {
        put(&mut text, format_args!("  {number}: {source}"));
    }
    if sources.is_empty() {
        text.push_str("  none: the program makes its records itself\n");
    }
    text.push_str("\nstreams:\n");
    for stream in 0..graph.streams.len() {
        plan.stream(stream, &mut text);
    }
    text.push_str("\noutputs:\n");
    for (number, output) in graph.outputs.iter().enumerate() {
        put(&mut text, format_args!("  {}: {}", number + 1, of_output(output)));
    }
    text
}

/// A line; writing to a `String` does not fail.
fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{line}");
}

struct Explained<'g> {
    graph: &'g Graph,
    /// The operators over RDDs, frozen, by stream.
    operators: Vec<Option<RddOp>>,
    /// Whose results are kept, by stream.
    kept: Vec<bool>,
    early: Vec<EarlyCount>,
    stages: Vec<EarlyStage>,
    /// Length of a batch in milliseconds.
    interval: i64,
}

impl Explained<'_> {
    fn stream(&self, index: usize, text: &mut String) {
        let stream = &self.graph.streams[index];
        let name = self.name(index);
        let asked = match &*stream.origin.name {
            "" => String::new(),
            asked if name.starts_with(asked) => String::new(),
            asked => format!(" for {asked}"),
        };
        let parents: Vec<String> = stream.parents.iter().map(|parent| parent.0.to_string()).collect();
        let parents =
            if parents.is_empty() { String::new() } else { format!(" of {}", parents.join(" and ")) };
        let slide = match stream.slide.as_millis() == self.interval {
            true => String::new(),
            false => format!(", every {} s", seconds(stream.slide)),
        };
        put(text, format_args!("  {index}: {name}{parents}{asked}{slide}{}", place(&stream.origin)));
        for function in self.operators[index].iter().flat_map(functions) {
            put(text, format_args!("       function: {}", text_of(function)));
        }
        for line in self.how(index) {
            put(text, format_args!("       {line}"));
        }
        if self.kept[index] {
            text.push_str("       kept: it is asked for more than once, or by later batches\n");
        }
    }

    /// What a stream's operator is called.
    fn name(&self, index: usize) -> String {
        match (&self.graph.streams[index].op, &self.operators[index]) {
            (StreamOp::Source(sources), _) => {
                let numbers: Vec<String> = sources.iter().map(|source| source.0.to_string()).collect();
                format!("lines of source {}", numbers.join(" and "))
            }
            (StreamOp::Queue { rdds, one_at_a_time, .. }, _) => {
                let how = if *one_at_a_time { "one a batch" } else { "all in the first batch" };
                format!("queueStream of {} RDDs, {how}", rdds.len())
            }
            (StreamOp::Transform(_), _) => "transform".into(),
            (StreamOp::Window { length }, _) => format!("window of {} s", seconds(*length)),
            (StreamOp::State { maps: true, .. }, _) => "mapWithState".into(),
            (StreamOp::State { .. }, _) => "state".into(),
            (StreamOp::ReduceWindow { length, .. }, _) => {
                format!("reduced window of {} s", seconds(*length))
            }
            (StreamOp::Rdd(_), Some(op)) => name_of(op).into(),
            (StreamOp::Rdd(_), None) => "operator".into(),
        }
    }

    /// How a stream's RDDs come to be.
    fn how(&self, index: usize) -> Vec<String> {
        match &self.graph.streams[index].op {
            StreamOp::Source(_) if self.early.iter().any(|early| at(early.source) == index) => {
                vec!["not kept: each chunk is counted as it comes in".into()]
            }
            StreamOp::Source(_) if let Some(last) = self.last_of_stage(index) => {
                vec![format!(
                    "not kept: up to {last} the operators take each piece as it comes in; kept until the batch is over \
                     if one of their functions changes what it has captured"
                )]
            }
            StreamOp::Source(_) => vec!["kept until the batch is over".into()],
            StreamOp::Queue { .. } => Vec::new(),
            StreamOp::Transform(_) => {
                vec![
                    "the program's function is called for every batch; what it builds is planned then".into(),
                ]
            }
            StreamOp::Window { .. } => vec!["the batches of its span put together, nothing is copied".into()],
            StreamOp::State { maps: true, .. } => vec![
                "shuffle by key, into the partitions of the states".into(),
                "evaluated: the mapping function, for every record and for every key that times out; what a batch \
                 does not touch costs nothing".into(),
            ],
            StreamOp::State { .. } => {
                vec!["evaluated: the update function, for every key that has values or a state".into()]
            }
            StreamOp::ReduceWindow { inverse, .. } => vec![
                match inverse {
                    Some(_) => {
                        "evaluated: of 5 slides or more, what leaves is taken out and what is new comes in"
                    }
                    None => "evaluated: reduced from the beginning every time",
                }
                .into(),
            ],
            StreamOp::Rdd(_) => match &self.operators[index] {
                Some(op) => self.how_of_operator(index, op),
                None => vec!["a function of it cannot be handed to the workers".into()],
            },
        }
    }

    /// The last operator that works on a source's lines while they come in.
    fn last_of_stage(&self, source: usize) -> Option<usize> {
        let stage = self.stages.iter().find(|stage| at(stage.source) == source)?;
        stage.operators.last().map(|last| at(*last))
    }

    fn how_of_operator(&self, index: usize, op: &RddOp) -> Vec<String> {
        let mut how = Vec::new();
        if op.is_narrow() {
            match self.before(index) {
                Some(parent) => {
                    how.push(format!("fused with {parent}: one pass, nothing in between is stored"))
                }
                None => how.push("begins a stage".into()),
            }
        }
        if op.step().is_some() {
            how.push(self.how_of_step(index));
        }
        how.extend(match op {
            RddOp::Combine { create, merge_value, merge_combiners, partitions } => {
                let counts = counts_by_key(op, self.before_of_wide(index));
                vec![
                    format!("shuffle by key into {partitions} partitions"),
                    match self.words_before(index) {
                        Some(by) => format!(
                            "native (count words): cut {} and counted by the word-count kernel in one pass",
                            at_what(&by)
                        ),
                        None if counts => {
                            "native (count by key): the word count's tables; keys that are no text in the evaluator"
                                .into()
                        }
                        None if reducer_of(create.as_deref(), merge_value, merge_combiners).is_some() => {
                            "native (numbers by key): nothing is called where keys are text and values are numbers"
                                .into()
                        }
                        None => "evaluated: its function is no sum, maximum or minimum".into(),
                    },
                ]
            }
            RddOp::Group { partitions } | RddOp::Cogroup { partitions } => {
                let ones = self.before_of_wide(index).filter(|before| groups_ones(op, *before));
                let ones = ones.map(|_| "native (count by key): the ones of a key are counted, and made again".into());
                std::iter::once(format!("shuffle by key into {partitions} partitions")).chain(ones).collect()
            }
            RddOp::PartitionBy { partitions, .. } => vec![format!("shuffle by key into {partitions} partitions")],
            RddOp::Repartition { partitions } => vec![format!("shuffle in turn into {partitions} partitions")],
            RddOp::Sort { partitions, .. } => {
                let partitions = partitions
                    .map_or("as many partitions as before".into(), |partitions| format!("{partitions} partitions"));
                vec![format!("sorted, into {partitions}")]
            }
            RddOp::Top { n, .. } => vec![format!("the first {n} of every task, merged into one partition")],
            RddOp::Snapshot => vec!["all keys with their states, after every batch".into()],
            RddOp::Union => vec!["all partitions of its parents, nothing is copied".into()],
            _ => Vec::new(),
        });
        how
    }

    /// How a function of records runs.
    fn how_of_step(&self, index: usize) -> String {
        let Some(step) = self.operators[index].as_ref().and_then(RddOp::step) else { return String::new() };
        let behind = self.behind(index);
        if let Some(projection) = self.projection(index) {
            let paths: Vec<_> = projection.wanted.paths().iter().map(|path| path.join(".")).collect();
            let made = if projection.wanted == Wanted::All { "everything".into() } else { paths.join(", ") };
            return format!("native (JSON projection): documents are checked whole; made of them: {made}");
        }
        let parser = self.parser_before(index);
        if let (Some(parser), Some(Shape::Path(_))) = (parser, shape(step.1)) {
            return format!("native (JSON projection): the value that {parser} finds");
        }
        let last = behind.last().copied().unwrap_or(index);
        if let Some(wide) = self.only_child(last)
            && self.operators[wide].as_ref().is_some_and(|op| sums_ones(op, self.before_of_wide(wide)))
        {
            if self.words_before(wide).is_some() {
                return format!("native (count words): part of {wide}, no word is made a value");
            }
            let keys = self.keys_before(last);
            let (words, Some(place)) =
                (self.words_first(&keys, last), keys.iter().position(|key| *key == index))
            else {
                return format!("native (count by key): part of {wide}, no pair is made");
            };
            if words.is_some_and(|words| words < place) {
                return format!("evaluated once for every different word: {wide} counts them first");
            }
            if words == Some(place) || (place + 1 == keys.len() && words_of_text(step).is_some()) {
                return format!(
                    "native (count words): the text is evaluated, its words are counted by {wide}"
                );
            }
            if last == index {
                return format!("evaluated: the key alone, which {wide} counts; no pair is made");
            }
        }
        let why = match shape(step.1) {
            Some(Shape::Words(_)) => "words go on to other operators than a count of them",
            Some(Shape::PairWithOne) => "its pairs are not summed up by key at once",
            Some(Shape::ParseJson) => "which members are read of the documents cannot be told",
            Some(_) => "it has no kernel in this place",
            None => "no kernel is for this function",
        };
        match parser {
            Some(parser) => format!("evaluated on the members that {parser} finds: {why}"),
            None => format!("evaluated: {why}"),
        }
    }

    /// What an operator makes of documents, if that need not be all.
    fn projection(&self, index: usize) -> Option<Projection> {
        let step = |stream: usize| self.operators[stream].as_ref().and_then(RddOp::step);
        projection(step(index)?, self.behind(index).into_iter().map(step))
    }

    /// What parses the documents of which an operator is given some members alone.
    fn parser_before(&self, index: usize) -> Option<usize> {
        let mut parser = index;
        for readers in 1.. {
            parser = self.before(parser)?;
            if let Some(projection) = self.projection(parser) {
                return (projection.readers >= readers).then_some(parser);
            }
        }
        None
    }

    /// The stream that an operator by records is fused with, if it is.
    fn before(&self, index: usize) -> Option<usize> {
        let parent = at(*self.graph.streams[index].parents.first()?);
        let fused = self.operators[parent].as_ref().is_some_and(RddOp::is_narrow) && !self.kept[parent];
        fused.then_some(parent)
    }

    /// The function of records that a shuffle reads through.
    fn before_of_wide(&self, index: usize) -> Option<super::RecordStep<'_>> {
        self.before(index).and_then(|parent| self.operators[parent].as_ref()?.step())
    }

    /// The operators, one behind the other, that give the keys that `ones` pairs with 1; without itself, if it takes
    /// records as they are.
    fn keys_before(&self, ones: usize) -> Vec<usize> {
        let step = self.operators[ones].as_ref().and_then(RddOp::step);
        let is_plain = step.is_some_and(|(_, image)| shape(image) == Some(Shape::PairWithOne));
        let mut keys: Vec<_> = std::iter::successors(Some(ones), |index| self.before(*index)).collect();
        keys.reverse();
        keys.truncate(keys.len() - usize::from(is_plain));
        keys
    }

    /// Which of the operators that give keys cuts words that are counted before the others look at them.
    fn words_first(&self, keys: &[usize], ones: usize) -> Option<usize> {
        let step = |key: &usize| self.operators[*key].as_ref().and_then(RddOp::step);
        let steps: Vec<_> = keys.iter().map(step).collect();
        words_first(&steps, (keys.last() == Some(&ones)).then_some(Part::KeyOfOne))
    }

    /// How words are cut, if a stream counts those of lines as they stand.
    fn words_before(&self, index: usize) -> Option<WordsBy> {
        if !counts_by_key(self.operators[index].as_ref()?, self.before_of_wide(index)) {
            return None;
        }
        let ones = self.before(index)?;
        if self.keys_before(ones).last() == Some(&ones) {
            return None;
        }
        let split = self.before(ones)?;
        if self.before(split).is_some()
            || !self.is_of_lines(at(*self.graph.streams[split].parents.first()?))
        {
            return None;
        }
        words(self.operators[split].as_ref()?.step()?)
    }

    /// Whether all records of a stream are lines as they came in.
    fn is_of_lines(&self, index: usize) -> bool {
        let mut seen = vec![false; index + 1];
        let mut open = vec![index];
        while let Some(index) = open.pop() {
            if std::mem::replace(&mut seen[index], true) {
                continue;
            }
            match (&self.graph.streams[index].op, &self.operators[index]) {
                (StreamOp::Source(_), _) => {}
                (StreamOp::Window { .. }, _) | (_, Some(RddOp::Union)) => {
                    open.extend(self.graph.streams[index].parents.iter().map(|parent| at(*parent)));
                }
                _ => return false,
            }
        }
        true
    }

    /// The streams that are fused behind this one, in order.
    fn behind(&self, index: usize) -> Vec<usize> {
        let mut behind = Vec::new();
        let mut last = index;
        while let Some(child) = self.only_child(last)
            && self.before(child) == Some(last)
            && self.operators[child].as_ref().is_some_and(RddOp::is_narrow)
        {
            behind.push(child);
            last = child;
        }
        behind
    }

    fn only_child(&self, index: usize) -> Option<usize> {
        if self.kept[index] {
            return None;
        }
        self.graph.streams.iter().position(|stream| stream.parents.iter().any(|parent| at(*parent) == index))
    }
}

fn at(stream: StreamId) -> usize {
    stream.0 as usize
}

/// ` at job.py:3:7`
fn place(origin: &Origin) -> String {
    let Some((source, span)) = &origin.place else { return String::new() };
    let position = source.position(span.start);
    format!("  [{}:{}:{}]", source.name, position.line, position.column)
}

fn at_what(by: &WordsBy) -> &'static str {
    match by {
        WordsBy::Whitespace => "at white space",
        WordsBy::Space => "at every space",
        WordsBy::Regex(_) => "by a pattern",
    }
}

/// An operator's name in PySpark.
fn name_of(op: &RddOp) -> &'static str {
    match op {
        RddOp::Data(_) => "data",
        RddOp::Map(_) => "map",
        RddOp::Filter(_) => "filter",
        RddOp::FlatMap(_) => "flatMap",
        RddOp::MapValues(_) => "mapValues",
        RddOp::FlatMapValues(_) => "flatMapValues",
        RddOp::MapPartitions { with_index: false, .. } => "mapPartitions",
        RddOp::MapPartitions { with_index: true, .. } => "mapPartitionsWithIndex",
        RddOp::Glom => "glom",
        RddOp::Count => "count",
        RddOp::Union => "union",
        RddOp::Zip => "zip",
        RddOp::ZipWithIndex => "zipWithIndex",
        RddOp::Cartesian => "cartesian",
        RddOp::Combine { create: None, .. } => "reduceByKey",
        RddOp::Combine { .. } => "combineByKey",
        RddOp::Group { .. } => "groupByKey",
        RddOp::Cogroup { .. } => "cogroup",
        RddOp::PartitionBy { .. } => "partitionBy",
        RddOp::Repartition { .. } => "repartition",
        RddOp::Coalesce { .. } => "coalesce",
        RddOp::Sort { .. } => "sortBy",
        RddOp::Top { largest: true, .. } => "top",
        RddOp::Top { .. } => "takeOrdered",
        RddOp::MapWithState(_) => "mapWithState",
        RddOp::Snapshot => "stateSnapshots",
        RddOp::Sample { .. } => "sample",
        RddOp::States(_) => "states",
        RddOp::Failed { .. } => "failed",
    }
}

/// The functions of an operator, each once.
fn functions(op: &RddOp) -> Vec<&Image> {
    match op {
        RddOp::MapPartitions { function, .. } => vec![function],
        RddOp::Combine { create, merge_value, merge_combiners, .. } => {
            let mut functions: Vec<&Image> = create.iter().map(|create| &**create).collect();
            functions.push(merge_value);
            if text_of(merge_value) != text_of(merge_combiners) {
                functions.push(merge_combiners);
            }
            functions
        }
        RddOp::PartitionBy { function, .. } => function.iter().map(|function| &**function).collect(),
        RddOp::Sort { key, .. } | RddOp::Top { key, .. } => key.iter().map(|key| &**key).collect(),
        other => other.step().map(|(_, image)| &**image).into_iter().collect(),
    }
}

/// A function as the program has it: a lambda's text, or a name.
fn text_of(image: &Image) -> String {
    match &image.entry {
        Frozen::Function { code, .. } if code.is_lambda => {
            let text = code.source.text.get(code.span.start as usize..code.span.end as usize);
            let text = text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
            match text.char_indices().nth(WIDEST) {
                Some((end, _)) => format!("{}…", &text[..end]),
                None => text,
            }
        }
        Frozen::Function { code, .. } => {
            let position = code.source.position(code.span.start);
            format!("def {} [{}:{}:{}]", code.name, code.source.name, position.line, position.column)
        }
        Frozen::Native(native) => native.name.into(),
        Frozen::Type(class) => class.name.into(),
        _ => "an object that can be called".into(),
    }
}

fn of_output(output: &Output) -> String {
    let op = match &output.op {
        OutputOp::Print { limit, format } => {
            let format = format.unwrap_or("pprint");
            match limit {
                Some(limit) => format!("{format}, {limit} records at most"),
                None => format!("{format}, all records"),
            }
        }
        OutputOp::ForEach(_) => "foreachRDD: the program's function is called for every batch".into(),
        OutputOp::SaveAsTextFiles { prefix, suffix } => {
            let suffix = suffix.as_deref().map(|suffix| format!(".{suffix}")).unwrap_or_default();
            format!("saveAsTextFiles to {prefix}-TIME{suffix}")
        }
        OutputOp::ToCommand(command) => format!("toCommand {command}"),
    };
    format!("{op}, of stream {}{}", at(output.stream), place(&output.origin))
}
