//! The manual pages under `man/` are those of the command line as it is.
//!
//! `DSTREAM_UPDATE=1 cargo test --test man` writes them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use clap_mangen::Man;

/// Every page: file name to text. The command's own, and one for each subcommand.
fn pages() -> BTreeMap<String, String> {
    // Help wraps at the terminal's width, a page must not.
    let mut top = dstream::cli::command().term_width(0).disable_help_subcommand(true);
    top.build();
    let mut pages = BTreeMap::new();
    for command in top.get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = format!("{}-{}", top.get_name(), command.get_name());
        add(&mut pages, command.clone().display_name(name));
    }
    add(&mut pages, top.clone());
    pages
}

fn add(pages: &mut BTreeMap<String, String>, command: clap::Command) {
    let source = format!("dstream {}", env!("CARGO_PKG_VERSION"));
    // A blank date (an empty one would not be quoted, and the next argument taken for it): a page
    // changes with the command line, not with the day.
    let page = Man::new(command).source(source).manual("dstream manual").date(" ");
    let mut text = Vec::new();
    page.render(&mut text).expect("a vector takes every write");
    pages.insert(page.get_filename(), String::from_utf8(text).expect("pages are text"));
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
