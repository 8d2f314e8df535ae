//! The service in a process of its own, with a zone that leaves the choice of reviewers to the gardener.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::Context;
use serde_json::{Value, json};

use crate::client::Client;

const APPROVERS: usize = 6;

/// A running service. Ends with its value.
pub struct Running {
    pub address: SocketAddr,
    /// The owner's token.
    pub owner: String,
    pub zone: String,
    child: Child,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("the service could not be ended: {error}");
        }
    }
}

impl Running {
    /// On SQLite in `folder`, or on a database of its own of the server at `url`.
    pub fn start(folder: &Path, url: Option<&str>, name: &str, provider: Option<SocketAddr>) -> anyhow::Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trust-zones"));
        command.args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(folder);
        command.env("RUST_LOG", "error").env_remove("DATABASE_URL").env_remove("LOCAL_AUTH_TOKEN").stdout(Stdio::piped());
        if let Some(url) = url {
            let name = format!("gardener_{name}_{}", std::process::id());
            let made = Command::new("psql").args([url, "-qc", &format!("CREATE DATABASE {name}")]).status()?;
            anyhow::ensure!(made.success(), "psql cannot make a database");
            command.args(["--database-url", &url.replacen("/postgres?", &format!("/{name}?"), 1)]);
        }
        if let Some(provider) = provider {
            command.args(["--gardener-provider", "openai", "--gardener-model", "mute", "--gardener-timeout-ms", "1000"]);
            command.args(["--gardener-base-url", &format!("http://{provider}")]);
        }
        let mut child = command.spawn().context("the service cannot be started")?;
        let output = child.stdout.take().context("the service says nothing")?;
        let mut service =
            Self { address: SocketAddr::from(([127, 0, 0, 1], 0)), owner: String::new(), zone: String::new(), child };
        for line in BufReader::new(output).lines() {
            let line = line?;
            if let Some((_, address)) = line.split_once("http://") {
                service.address = address.trim().parse()?;
            }
            if let Some(at) = line.find("tz_") {
                line[at..].trim().clone_into(&mut service.owner);
                break;
            }
        }
        service.set_up()?;
        Ok(service)
    }

    fn set_up(&mut self) -> anyhow::Result<()> {
        let mut client = Client::connect(self.address)?;
        let policy = json!({"reviewer_selection": "gardener", "reviewers_by_risk": {"low": 2}});
        self.zone = self.make(&mut client, "/zones", &json!({"name": "Garden", "approval_policy": policy}))?;
        for number in 1..=APPROVERS {
            let member = json!({"kind": "human", "display_name": format!("Reviewer {number}"), "role": "member"});
            let id = self.make(&mut client, "/members", &member)?;
            let assignment = json!({"member_id": id, "role": "approver"});
            self.make(&mut client, &format!("/zones/{}/assignments", self.zone), &assignment)?;
        }
        Ok(())
    }

    fn make(&self, client: &mut Client, path: &str, body: &Value) -> anyhow::Result<String> {
        let answer = client.expect(201, "POST", path, &self.owner, &body.to_string())?;
        let made: Value = serde_json::from_str(&answer.body)?;
        made["id"].as_str().map(str::to_owned).with_context(|| format!("no id in {made}"))
    }

    /// A figure counts only if the provider was asked and the rules had to choose.
    pub fn must_have_let_rules_choose(&self) -> anyhow::Result<()> {
        let mut client = Client::connect(self.address)?;
        let path = "/audit?type=proposal.reviewers_chosen&limit=1";
        let story = client.expect(200, "GET", path, &self.owner, "")?;
        anyhow::ensure!(story.body.contains("\"timeout\""), "nobody was waited for: {}", story.body);
        Ok(())
    }
}
