//! Committed texts that a test makes again and compares; `UPDATE_GOLDEN=1` rewrites them.

use std::path::PathBuf;

/// Where a committed file is.
pub fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Whether committed files are to be rewritten.
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says so in the environment")]
pub fn updating() -> bool {
    std::env::var("UPDATE_GOLDEN").is_ok_and(|value| value == "1")
}

/// Compares `actual` with what is committed, line by line; rewrites it when asked to.
#[track_caller]
pub fn agrees(name: &str, actual: &str) {
    if updating() {
        std::fs::create_dir_all(path(name).parent().expect("a folder")).expect("a folder");
        std::fs::write(path(name), actual).expect("a file to write");
    }
    let committed = std::fs::read_to_string(path(name)).unwrap_or_default();
    let differences = differences(&committed, actual);
    assert!(differences.is_empty(), "{name} has changed (UPDATE_GOLDEN=1 rewrites it):\n{}", differences.join("\n"));
}

/// Lines that are only in one of two texts, `-` before and `+` after.
fn differences(before: &str, after: &str) -> Vec<String> {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let lost = before.iter().filter(|line| !after.contains(line)).map(|line| format!("- {line}"));
    let new = after.iter().filter(|line| !before.contains(line)).map(|line| format!("+ {line}"));
    let told: Vec<String> = lost.chain(new).collect();
    if told.is_empty() && before != after { vec!["the same lines in another order or number".to_owned()] } else { told }
}
