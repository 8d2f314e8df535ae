//! Axe-core, which looks for barriers to people who do not see, hear or point: fetched once from the npm registry, in the
//! version and with the digest that stand here.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tokio::sync::OnceCell;
use trust_zones::entropy::sha256;

use super::Browser;

const ADDRESS: &str = "https://registry.npmjs.org/axe-core/-/axe-core-4.10.3.tgz";
const SHA256: &str = "0f2b4d7dcdf7d1219df8d1959ad68e565f51d14c3f0d88bb71cd59abeb956292";

static AXE: OnceCell<String> = OnceCell::const_new();

fn run(command: &mut Command) {
    let ended = command.status().expect("a command that runs");
    assert!(ended.success(), "{command:?} failed");
}

/// Its text, from a former run or from the registry.
async fn axe() -> &'static str {
    let read = async || {
        let kept = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/axe-core-4.10.3.tgz");
        let right = || std::fs::read(&kept).is_ok_and(|bytes| sha256(bytes) == SHA256);
        if !right() {
            run(Command::new("curl").args(["-fsSL", "--retry", "3", "-o"]).arg(&kept).arg(ADDRESS));
            assert!(right(), "what the registry gave is not axe-core 4.10.3");
        }
        let text = Command::new("tar").arg("-xzOf").arg(&kept).arg("package/axe.min.js").output().expect("tar");
        String::from_utf8(text.stdout).expect("a script")
    };
    AXE.get_or_init(read).await
}

/// What axe finds serious on the page that is open: rule, and the first element that breaks it.
pub async fn barriers(browser: &Browser) -> Vec<String> {
    browser.script(axe().await).await;
    let found = browser.promise("return await axe.run(document, {resultTypes: ['violations']})").await;
    let violations = found["violations"].as_array().unwrap_or_else(|| panic!("axe did not run: {found}"));
    let serious = violations.iter().filter(|rule| matches!(rule["impact"].as_str(), Some("serious" | "critical")));
    let told = |rule: &Value| {
        let node = &rule["nodes"][0];
        format!("{}: {} {}", rule["id"], node["html"], node["failureSummary"])
    };
    serious.map(told).collect()
}
