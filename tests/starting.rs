//! Starting with a wrong setting: one line that names it, and an exit code (SPEC O2).

use std::process::Command;

/// How the program ends with a variable set, and what it says.
fn started(variable: &str, value: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let ended = Command::new(env!("CARGO_BIN_EXE_trust-zones"))
        .args(["--listen", "127.0.0.1:0", "migrate"])
        .env("TRUST_ZONES_DATA_DIR", folder.path())
        .env(variable, value)
        .output()
        .expect("an end");
    (ended.status.code(), String::from_utf8(ended.stderr).expect("text"))
}

#[test]
fn a_wrong_setting_stops_the_start_with_one_line_that_names_it() {
    for (variable, flag, value) in [
        ("AUTH_MODE", "--auth-mode", "none"),
        ("TRUST_ZONES_LOG_FORMAT", "--log-format", "xml"),
        ("TRUST_ZONES_REQUESTS_PER_SECOND", "--requests-per-second", "0"),
        ("TRUST_ZONES_AGGREGATES_IN_MEMORY", "--aggregates-in-memory", "0"),
        ("RUST_LOG", "", "info,=loud="),
        ("LOCAL_AUTH_TOKEN", "", "short"),
    ] {
        let (code, said) = started(variable, value);
        assert_eq!(code, Some(2), "{variable}: {said}");
        assert_eq!(said.lines().count(), 1, "{variable}: {said}");
        assert!(said.contains(variable) && said.contains(flag), "{variable}: {said}");
    }
}

#[test]
fn a_database_that_is_not_there_is_said_to_refuse() {
    let (code, said) = started("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing");
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.to_lowercase().contains("refused"), "{said}");
}

#[test]
fn a_misspelt_setting_is_not_passed_over_in_silence() {
    let (code, said) = started("TRUST_ZONES_REQUEST_PER_SECOND", "10");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("no setting has this name") && said.contains("TRUST_ZONES_REQUEST_PER_SECOND"), "{said}");
    let (code, said) = started("TRUST_ZONES_REQUESTS_PER_SECOND", "10");
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("no setting has this name"), "{said}");
}
