//! What of a checkpoint a changed job may go on with.
use dstream::batch::{Fingerprint, Interval};
use dstream::checkpoint::{Decision, Description, Difference, Fit, Operator, decide};
use proptest::prelude::*;

fn operator(name: &str, definition: &str) -> Operator {
    let fingerprint = Fingerprint::of(definition.as_bytes());
    Operator { name: name.to_owned(), table: format!("1:{name}"), fingerprint }
}

/// A job whose operators are given as `name:definition`.
fn job(operators: &[&str], sources: &[&str]) -> Description {
    Description {
        program: String::new(),
        interval: Interval::from_millis(1000).unwrap(),
        operators: operators
            .iter()
            .map(|text| text.split_once(':').unwrap())
            .map(|(n, d)| operator(n, d))
            .collect(),
        sources: sources.iter().map(|&source| source.to_owned()).collect(),
        outputs: vec!["-".to_owned()],
    }
}

fn fit(stored: &Description, current: &Description) -> Fit {
    match decide(Some(stored), current, true) {
        Decision::Restore(fit) => fit,
        other => panic!("{other:?}"),
    }
}

fn texts(differences: &[Difference]) -> Vec<String> {
    differences.iter().map(Difference::to_string).collect()
}

#[test]
fn nothing_is_gone_on_with_where_there_is_nothing() {
    assert_eq!(decide(None, &job(&["window:a"], &[]), false), Decision::Fresh);
}

#[test]
fn the_same_job_goes_on_with_all_of_it() {
    let stored = job(&["updateStateByKey:f", "window:w"], &["tail:a", "tail:b"]);
    let mut current = stored.clone();
    current.program = "written otherwise".to_owned();
    let all = Fit {
        operators: vec![Some(0), Some(1)],
        sources: vec![Some(0), Some(1)],
        outputs: vec![Some(0)],
        dropped: vec![],
    };
    assert_eq!(decide(Some(&stored), &current, false), Decision::Restore(all));
}

#[test]
fn any_difference_is_refused_and_named() {
    let stored = job(&["updateStateByKey:f", "window:w"], &["tail:a"]);
    let mut current = job(&["updateStateByKey:g", "window:w", "mapWithState:m"], &["tail:b"]);
    current.interval = Interval::from_millis(2000).unwrap();
    current.outputs = vec![];
    let Decision::Refuse(differences) = decide(Some(&stored), &current, false) else { panic!("not refused") };
    assert_eq!(
        texts(&differences),
        [
            "the interval was 1s and is 2s",
            "operator 1, updateStateByKey, or what comes before it, has changed",
            "operator 3, mapWithState, is new",
            "the source tail:a is gone",
            "the source tail:b is new",
            "the output - is gone",
        ]
    );
    let fit = fit(&stored, &current);
    assert_eq!((fit.operators, fit.sources, fit.outputs), (vec![None, Some(1), None], vec![None], vec![]));
    assert_eq!(fit.dropped, differences);
}

#[test]
fn operators_are_found_where_they_have_moved_to() {
    let stored = job(&["updateStateByKey:f", "window:w"], &[]);
    let current = job(&["mapWithState:m", "updateStateByKey:f", "window:w"], &[]);
    let fit = fit(&stored, &current);
    assert_eq!(fit.operators, [None, Some(0), Some(1)]);
    assert_eq!(
        texts(&fit.dropped),
        [
            "operator 1, mapWithState, is new",
            "operator 2, updateStateByKey, was operator 1",
            "operator 3, window, was operator 2",
        ]
    );
}

#[test]
fn what_cannot_be_told_apart_is_dropped() {
    let stored = job(&["updateStateByKey:f", "updateStateByKey:f", "window:w"], &[]);
    let fit_one = fit(&stored, &job(&["updateStateByKey:f", "window:w"], &[]));
    assert_eq!(fit_one.operators, [None, Some(2)]);
    assert_eq!(
        texts(&fit_one.dropped),
        [
            "there were 2 operators updateStateByKey that do the same and there are 1: no telling which state is whose",
            "operator 2, window, was operator 3",
        ]
    );
    let same = fit(&stored, &stored);
    assert_eq!((same.operators, same.dropped), (vec![Some(0), Some(1), Some(2)], vec![]));
}

#[test]
fn sources_that_are_read_twice_are_told_apart_by_their_order() {
    let fit =
        fit(&job(&[], &["tail:a", "tail:b", "tail:a"]), &job(&[], &["tail:b", "tail:a", "tail:a", "tail:a"]));
    assert_eq!(fit.sources, [Some(1), Some(0), Some(2), None]);
    assert_eq!(texts(&fit.dropped), ["the source tail:a is new"]);
}

fn operators() -> impl Strategy<Value = Vec<Operator>> {
    let one = (0..2usize, 0..3u8)
        .prop_map(|(name, definition)| operator(["window", "state"][name], &definition.to_string()));
    proptest::collection::vec(one, 0..6)
}

proptest! {
    /// Whatever has changed: no state goes to another operator or to two, and every operator that does
    /// not go on is told of.
    #[test]
    fn no_operator_gets_the_state_of_another(stored in operators(), current in operators()) {
        let (mut before, mut now) = (job(&[], &[]), job(&[], &[]));
        (before.operators, now.operators) = (stored.clone(), current.clone());
        let fit = fit(&before, &now);
        let mut taken: Vec<usize> = fit.operators.iter().flatten().copied().collect();
        for (to, from) in fit.operators.iter().enumerate() {
            if let Some(from) = from {
                prop_assert_eq!(&stored[*from], &current[to]);
            }
        }
        taken.sort_unstable();
        let count = taken.len();
        taken.dedup();
        prop_assert_eq!(taken.len(), count);
        prop_assert_eq!(fit.dropped.is_empty(), stored == current);
        prop_assert_eq!(
            matches!(decide(Some(&before), &now, false), Decision::Refuse(_)),
            stored != current
        );
        prop_assert_eq!(Description::from_json(&now.to_json()), Ok(now));
    }
}
