//! The shape of the code: which package may know which, and what may be written where.

use std::path::{Path, PathBuf};

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a file");
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has sources");
    found
}

/// Lines of code, without comments and doc comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

fn nowhere_in(folder: &str, forbidden: &[&str]) {
    for (path, text) in sources(folder) {
        // A deserializer must name every type there is.
        let text = text.replace("i64 i128 u8 u16 u32 u64 u128 f32 f64", "");
        for word in forbidden {
            let line = code(&text).find(|line| line.contains(word));
            assert!(line.is_none(), "{} says `{word}`: {}", path.display(), line.unwrap_or_default());
        }
    }
}

#[test]
fn packages_know_only_those_below_them() {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .expect("cargo metadata");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata");
    let knows = |package: &str| -> Vec<String> {
        let packages = metadata["packages"].as_array().expect("packages");
        let found = packages.iter().find(|found| found["name"] == package).expect("a package");
        let names = found["dependencies"].as_array().expect("dependencies").iter().filter_map(|known| known["name"].as_str());
        names.filter(|name| ["aggregates", "projections", "trust-zones"].contains(name)).map(str::to_owned).collect()
    };
    assert_eq!(knows("aggregates"), Vec::<String>::new());
    assert_eq!(knows("projections"), ["aggregates"]);
    assert_eq!(knows("trust-zones"), ["aggregates", "projections"]);
}

#[test]
fn the_rule_book_is_pure_and_synchronous() {
    nowhere_in(
        "aggregates/src",
        &[
            "async ",
            ".await",
            "SELECT ",
            "INSERT INTO",
            "Utc::now",
            "SystemTime",
            "new_v4",
            "now_v7",
            "std::fs",
            "tokio",
            "sqlx",
            "f64",
            "f32",
        ],
    );
    nowhere_in("projections/src", &["async ", ".await", "Utc::now", "tokio", "sqlx"]);
}

#[test]
fn sql_is_written_in_projections_and_the_store_only() {
    for folder in ["src/api", "src/auth", "src/engine", "src/governance", "src/processes", "src/demo", "src/web"] {
        nowhere_in(folder, &["SELECT ", "INSERT INTO", "UPDATE ", "DELETE FROM"]);
    }
}

#[test]
fn no_file_is_longer_than_500_lines() {
    for folder in ["aggregates/src", "projections/src", "src", "tests"] {
        for (path, text) in sources(folder) {
            let lines = text.lines().count();
            assert!(lines <= 500, "{} has {lines} lines", path.display());
        }
    }
}

#[test]
fn the_interface_and_the_pages_do_not_know_each_other() {
    nowhere_in("src/api", &["crate::web"]);
    nowhere_in("src/web", &["crate::api"]);
}
