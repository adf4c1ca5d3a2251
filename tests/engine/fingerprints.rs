//! Fingerprints: the same for programs that do the same, however they are written, and for no others.

use crate::kept::operators;

const PROGRAM: &str = "def update(values, total):\n    return sum(values) + (total or 0)\n\
    counts = a.flatMap(lambda line: line.split()).map(lambda word: (word, 1))\n\
    counts.updateStateByKey(update, 2).pprint()\ncounts.window(4, 2).pprint()\n";

/// The fingerprints of all operators, by what people call them.
fn prints(text: &str) -> Vec<(String, String)> {
    operators(text).iter().map(|operator| (operator.to_string(), operator.fingerprint.to_string())).collect()
}

#[test]
fn operators_have_names_for_people_and_tables() {
    let operators = operators(PROGRAM);
    let names: Vec<_> = operators.iter().map(ToString::to_string).collect();
    assert_eq!(
        names,
        [
            "1: socketTextStream",
            "2: socketTextStream",
            "3: flatMap",
            "4: map",
            "5: updateStateByKey",
            "6: window"
        ]
    );
    let keeps: Vec<_> =
        operators.iter().filter(|operator| operator.keeps).map(|operator| operator.table()).collect();
    assert_eq!(keeps, ["4:map", "5:updateStateByKey"]);
}

/// They are in checkpoints: these values may not change.
#[test]
fn fingerprints_are_the_same_for_ever() {
    let prints = prints(PROGRAM);
    assert_eq!(prints[3].1, "80ea75500a24fbeb2c6ab1e87833e367");
    assert_eq!(prints[4].1, "1d2e2955dc45d8b74674675670a56933");
}

#[test]
fn how_a_program_is_laid_out_does_not_count() {
    let other = "# A comment.\n\n\ndef update ( values, total ) :\n\n    '''Sums up.'''\n    # More.\n    return (sum(values)\n        + (total or 0))\n\
        unused = 1\ncounts = (a.flatMap( lambda line : line.split( ) )\n    .map(lambda word: (word,1)))\n\
        counts.updateStateByKey(update, 2).pprint()\ncounts.window(4, 2).pprint(7)\n";
    let (these, others) = (prints(PROGRAM), prints(&other.replace("    '''Sums up.'''\n", "")));
    assert_eq!(these, others);
}

#[test]
fn what_an_operator_does_counts() {
    let all = prints(PROGRAM);
    // What is changed, and the first operator that is another one then.
    for (from, to, changed) in [
        ("line.split()", "line.split(' ')", 2),
        ("(word, 1)", "(word, 2)", 3),
        ("(word, 1)", "(word, 1.0)", 3),
        ("sum(values)", "max(values)", 4),
        ("+ (total", "- (total", 4),
        ("(total or 0)", "(total or offset)\noffset = 3", 4),
        ("update, 2", "update, 3", 4),
        ("window(4, 2)", "window(6, 2)", 5),
        ("window(4, 2)", "window(4, 4)", 5),
    ] {
        let others = prints(&PROGRAM.replace(from, to));
        assert_eq!(others[..changed], all[..changed], "{from} to {to}");
        assert_ne!(others[changed].1, all[changed].1, "{from} to {to}");
    }
}

#[test]
fn what_functions_have_captured_counts() {
    let program = |value: &str| {
        format!("offset = {value}\na.map(lambda x: (x, offset)).updateStateByKey(lambda v, s: v).pprint()\n")
    };
    assert_eq!(prints(&program("{'a': [1, 2]}")), prints(&program("dict(a=[1, 1 + 1])")));
    assert_ne!(prints(&program("{'a': [1, 2]}"))[2], prints(&program("{'a': [1, 3]}"))[2]);
    // A function that a function calls.
    let program = |body: &str| {
        format!(
            "def inner(v):\n    return {body}\ndef outer(v, s):\n    return inner(v)\na.map(lambda x: (x, 1)).updateStateByKey(outer).pprint()\n"
        )
    };
    assert_eq!(prints(&program("v + [1]")), prints(&program("v  +  [1]")));
    assert_ne!(prints(&program("v + [1]"))[3], prints(&program("v + [2]"))[3]);
    // What only the main script can use is no part of it, and no fault.
    let text = "seen = []\ndef note(time, rdd):\n    seen.append(ssc)\n    return rdd\na.transform(note).window(2).pprint()\n";
    assert_eq!(prints(text), prints(text));
}

/// Changed by hand: the graph is the same, the order of the operators is not.
#[test]
fn operators_are_what_comes_before_them() {
    let of_a = prints("a.map(lambda x: (x, 1)).updateStateByKey(lambda v, s: v).pprint()\n");
    let of_b = prints("b.map(lambda x: (x, 1)).updateStateByKey(lambda v, s: v).pprint()\n");
    assert_eq!(of_a[..2], of_b[..2]);
    assert_ne!(of_a[3], of_b[3]);
}
