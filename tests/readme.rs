//! The README's first decision is run as it is written.

use std::process::Command;

use crate::harness::TestApp;
use crate::on_both;

fn first_decision() -> String {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("the README");
    let (_, after) = readme.split_once("```bash\n").expect("a bash example");
    after.split_once("```").expect("its end").0.to_owned()
}

on_both!(the_first_decision_of_the_readme_works_as_written, async |app: TestApp| {
    let script = format!("set -euo pipefail\n{}", first_decision());
    let (base, token) = (format!("http://{}", app.address), app.owner.token.clone());
    let run = tokio::task::spawn_blocking(move || {
        Command::new("bash").arg("-c").arg(script).env("BASE", base).env("TOKEN", token).output().expect("bash and curl")
    });
    let output = run.await.expect("a run");
    let (said, failed) =
        (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned());
    assert!(output.status.success(), "{said}\n{failed}");
    for expected in ["\"approval_required\"", "\"approved\"", "\"succeeded\"", "grant_id", "proposal.execution_succeeded"] {
        assert!(said.contains(expected), "{expected} is missing in {said}");
    }
});
