//! The README's ```` ```console ```` blocks are run: every `$ command` must print what stands below it.

use std::process::{Command, Stdio};
use std::{env, fs};

const README: &str = include_str!("../README.md");

/// Commands with what they are to print, in the order of the README.
fn commands() -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in README.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| inside) {
            commands.push((command.to_string(), String::new()));
        } else if let Some((_, output)) = commands.last_mut().filter(|_| inside) {
            output.push_str(line);
            output.push('\n');
        }
    }
    commands
}

#[test]
fn the_readme_prints_what_it_says() {
    let directory = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_dstream");
    let bin = directory.path().join("bin");
    fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(program, bin.join("dstream")).unwrap();
    let path = format!("{}:{}", bin.display(), env::var("PATH").unwrap());
    let commands = commands();
    assert!(commands.len() > 5, "the README has lost its examples");
    for (command, expected) in commands {
        let ran = Command::new("sh")
            .args(["-c", &command])
            .current_dir(directory.path())
            .env("PATH", &path)
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&ran.stdout), expected, "$ {command}");
        assert!(ran.status.success(), "$ {command}");
    }
}

/// Every option that `--help` knows is in the README's table, and the other way round.
#[test]
fn the_readme_names_every_option() {
    let command = dstream::cli::command();
    let options = command.get_subcommands().flat_map(|command| command.get_arguments());
    for option in options.filter_map(|option| option.get_long()) {
        assert!(README.contains(&format!("--{option}")), "--{option} is not in the README");
    }
    for word in README.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')) {
        if let Some(option) =
            word.strip_prefix("--").filter(|option| option.starts_with(|c: char| c.is_ascii_lowercase()))
        {
            let known = command
                .get_subcommands()
                .flat_map(|command| command.get_arguments())
                .any(|known| known.get_long() == Some(option));
            assert!(
                known || ["release", "path", "peers", "countwords"].contains(&option),
                "--{option} is in the README only"
            );
        }
    }
}

/// Every method of DStreams that the catalogue has is in the README.
#[test]
fn the_readme_names_every_operator() {
    let catalogue = include_str!("../src/lang/prelude/dstream.py");
    let class =
        catalogue.split("\nclass ").find(|text| text.starts_with("DStream:")).expect("there is the class");
    let methods = class.lines().filter_map(|line| line.strip_prefix("    def ")?.split('(').next());
    let mut count = 0;
    for method in methods.filter(|method| !method.starts_with('_')) {
        count += 1;
        assert!(
            README.contains(&format!("`{method}`")) || README.contains(&format!("`{method}(")),
            "{method}"
        );
    }
    assert!(count > 40, "the catalogue has only {count} methods");
}

/// Every difference from Spark that the README tells of names a test.
#[test]
fn differences_are_pinned_by_tests() {
    let table = README.split("### Where dstream differs").nth(1).expect("there is the table");
    let rows = table.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let mut count = 0;
    for row in rows.take_while(|line| line.starts_with('|')) {
        let test = row.split('|').nth(3).expect("a third column").trim().trim_matches('`');
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(test);
        assert!(path.is_file() && test.starts_with("tests/"), "no such test: {row}");
        count += 1;
    }
    assert!(count > 10, "the table has only {count} rows");
}
