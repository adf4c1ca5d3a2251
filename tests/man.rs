//! The manual pages under `man/` are those of the command line as it is.
//!
//! `DSTREAM_UPDATE=1 cargo test --test man` writes them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

/// A section of entries: what is described, and its description.
type Entries = &'static [(&'static str, &'static str)];

const EXIT_STATUS: Entries = &[
    (
        "0",
        "The input ended, a limit was reached, the reader of the output closed it, or SIGTERM stopped the run.",
    ),
    ("1", "The run failed: a source that cannot be read, an output that takes no more."),
    ("2", "The command line asks for something that cannot be."),
    ("3", "A record could not be used, with --on-error fail."),
    ("4", "The checkpoint is damaged, or another job's; what differs is said, and nothing was changed."),
    ("129", "SIGHUP stopped the run (without --output); the last batch was printed."),
    ("130", "SIGINT stopped the run; the last batch was printed."),
];

const COMPLETIONS_EXIT_STATUS: Entries = &[
    ("0", "The completions were printed, or the reader of the output closed it."),
    ("1", "Standard output took no more."),
    ("2", "There are no completions for such a shell."),
];

const STATE_EXIT_STATUS: Entries = &[
    ("0", "It was done, or the reader of the output closed it."),
    ("1", "There is no checkpoint, a process works on it, or the directory cannot be read or written."),
    ("2", "The command line asks for something that cannot be."),
    ("4", "The checkpoint is damaged, or was written by a newer version."),
];

const TOLD_EXIT_STATUS: Entries = &[
    ("0", "The plan or script was printed, or the reader of the output closed it."),
    ("1", "Standard output took no more."),
    ("2", "The program is at fault, starts no stream, or has no counterpart in Spark."),
];

const SIGNALS: Entries = &[
    (
        "SIGINT, SIGTERM, SIGHUP",
        "The first one stops reading, finishes the batch, prints it and exits. The second one exits at once.",
    ),
    ("SIGHUP with --output", "Opens the output file again by its name, after log rotation; the run goes on."),
    ("SIGUSR1", "Prints a status line on stderr: totals, rates, and the delay of the last batch."),
];

const SIGNALS_IGNORED: &str =
    "Signals that are ignored when dstream starts (as nohup(1) has it) stay ignored.";

const ENVIRONMENT: Entries = &[
    ("TZ", "The time zone of batch times in the formats pprint and table; the others print UTC."),
    ("NO_COLOR", "If set and not empty, --color auto uses no colours."),
    (
        "CLICOLOR_FORCE",
        "If set to something other than 0, --color auto uses colours off a terminal too, unless NO_COLOR is set.",
    ),
    ("TERM", "On a terminal that is dumb, tables are printed one below the other."),
];

/// Every page: file name to text. The command's own, and one for each subcommand.
fn pages() -> BTreeMap<String, String> {
    // Help wraps at the terminal's width, a page must not.
    let mut top = dstream::cli::command().term_width(0).disable_help_subcommand(true);
    top.build();
    let commands = top.get_subcommands().filter(|command| !command.is_hide_set());
    let commands =
        commands.map(|command| command.clone().display_name(format!("dstream-{}", command.get_name())));
    let commands: Vec<Command> = commands.chain([top.clone()]).collect();
    let names: Vec<&str> = commands.iter().map(name).collect();
    commands.iter().map(|command| page(command, &names)).collect()
}

/// The name of a command's page.
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or(command.get_name())
}

/// A command's page, which points to those of all the others.
fn page(command: &Command, names: &[&str]) -> (String, String) {
    let source = format!("dstream {}", env!("CARGO_PKG_VERSION"));
    // A blank date (an empty one would not be quoted, and the next argument taken for it): a page
    // changes with the command line, not with the day.
    let man = Man::new(command.clone()).source(source).manual("dstream manual").date(" ");
    let mut own = Roff::new();
    let (runs, exit_status) = match command.get_name() {
        "completions" => (false, COMPLETIONS_EXIT_STATUS),
        "state" => (false, STATE_EXIT_STATUS),
        "explain" | "export" => (false, TOLD_EXIT_STATUS),
        _ => (true, EXIT_STATUS),
    };
    entries(&mut own, "EXIT STATUS", exit_status);
    if runs {
        entries(&mut own, "SIGNALS", SIGNALS);
        own.control("PP", []).text([roman(SIGNALS_IGNORED)]);
        entries(&mut own, "ENVIRONMENT", ENVIRONMENT);
    }
    examples(&mut own, command);
    see_also(&mut own, command, names);
    let parts = [
        rendered(|out| man.render_title(out)),
        rendered(|out| man.render_name_section(out)),
        rendered(|out| synopsis(command).to_writer(out)),
        rendered(|out| man.render_description_section(out)),
        rendered(|out| man.render_options_section(out)),
        match command.has_subcommands() {
            true => rendered(|out| man.render_subcommands_section(out)),
            false => String::new(),
        },
        rendered(|out| own.to_writer(out)),
    ];
    // Every part comes with the definitions that one page needs once.
    let preamble = Roff::new().render();
    let parts = parts.iter().map(|part| part.strip_prefix(&preamble).unwrap_or(part));
    (man.get_filename(), preamble.clone() + &parts.collect::<String>())
}

fn rendered(part: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
    let mut text = Vec::new();
    part(&mut text).expect("a vector takes every write");
    String::from_utf8(text).expect("pages are text")
}

/// The usage line of `--help`.
fn synopsis(command: &Command) -> Roff {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").expect("clap's usage begins so");
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let rest = usage.strip_prefix(name).expect("a usage begins with the command");
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]).text([bold(name), roman(rest)]);
    roff
}

fn entries(roff: &mut Roff, title: &str, entries: Entries) {
    roff.control("SH", [title]);
    for (what, description) in entries {
        roff.control("TP", []).text([bold(*what)]).text([roman(*description)]);
    }
}

/// The examples that `--help` ends with.
fn examples(roff: &mut Roff, command: &Command) {
    let Some(text) = command.get_after_help().map(ToString::to_string) else { return };
    let examples = text.strip_prefix("Examples:\n").expect("what stands behind the options are examples");
    roff.control("SH", ["EXAMPLES"]).control("nf", []);
    for example in examples.lines() {
        roff.text([roman(example)]);
    }
    roff.control("fi", []);
}

fn see_also(roff: &mut Roff, command: &Command, names: &[&str]) {
    let others = names.iter().filter(|other| **other != name(command));
    let others: Vec<String> = others.map(|other| format!("{other}(1)")).collect();
    roff.control("SH", ["SEE ALSO"]).text([roman(others.join(", "))]);
}

#[test]
fn the_manual_is_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    let pages = pages();
    assert!(pages.contains_key("dstream.1") && pages.len() > 1, "pages: {:?}", pages.keys());
    if std::env::var_os("DSTREAM_UPDATE").is_some_and(|value| value == "1") {
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).expect("the folder can be made");
        for (name, text) in &pages {
            fs::write(folder.join(name), text).expect("a page can be written");
        }
        return;
    }
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(&folder).expect("the folder man can be listed") {
        let path = entry.expect("the folder man can be listed").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        found.insert(name, fs::read_to_string(&path).expect("pages are text"));
    }
    let names = pages.keys().chain(found.keys());
    let stale: BTreeSet<&String> = names.filter(|name| pages.get(*name) != found.get(*name)).collect();
    assert!(stale.is_empty(), "{stale:?} differ: run DSTREAM_UPDATE=1 cargo test --test man");
}
