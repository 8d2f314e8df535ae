//! The service in a process of its own, with an organization whose one zone has many reviewers.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};

use crate::bare::psql;
use crate::client::Client;
use crate::commands::{APPROVALS, FEW, REVIEWERS};
use crate::cpu::Players;

/// The longest to wait for read models to come up.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running service. Ends with its value.
pub struct Running {
    pub name: &'static str,
    /// Where its PostgreSQL is.
    pub database: Option<String>,
    pub address: SocketAddr,
    /// The owner's token.
    pub owner: String,
    /// The reviewers' tokens.
    pub reviewers: Vec<String>,
    /// A zone where every reviewer is asked.
    pub zone: String,
    /// A zone where a few of them are.
    pub everyday: String,
    /// Whose processor time is counted.
    pub players: Players,
    child: Child,
}

impl Drop for Running {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        if let Err(error) = ended {
            eprintln!("the service could not be ended: {error}");
        }
    }
}

impl Running {
    pub fn on_sqlite(folder: &Path) -> anyhow::Result<Self> {
        Self::start("SQLite", folder, None)
    }

    /// On a database of its own of the server at `url`.
    pub fn on_postgres(url: &str, folder: &Path) -> anyhow::Result<Self> {
        let name = format!("bench_{}", std::process::id());
        psql(url, &format!("CREATE DATABASE {name}"))?;
        let url = url.replacen("/postgres?", &format!("/{name}?"), 1);
        Self::start("PostgreSQL", folder, Some(url))
    }

    fn start(name: &'static str, folder: &Path, database: Option<String>) -> anyhow::Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trust-zones"));
        command.args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(folder.join("service"));
        command.args(["--requests-per-second", "1000000"]);
        command.env("RUST_LOG", "warn").env_remove("DATABASE_URL").env_remove("LOCAL_AUTH_TOKEN").stdout(Stdio::piped());
        if let Some(url) = &database {
            command.args(["--database-url", url]);
        }
        let mut child = command.spawn().context("the service cannot be started")?;
        let output = child.stdout.take().context("the service says nothing")?;
        let postmaster = database.as_deref().map(postmaster).transpose()?;
        let mut service = Self {
            name,
            database,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            owner: String::new(),
            reviewers: Vec::new(),
            zone: String::new(),
            everyday: String::new(),
            players: Players { service: child.id(), postmaster },
            child,
        };
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
        at_rest(service.set_up())?;
        Ok(service)
    }

    async fn set_up(&mut self) -> anyhow::Result<()> {
        let mut client = Client::connect(self.address).await?;
        self.zone = self.zone_of(&mut client, "Work", REVIEWERS, APPROVALS).await?;
        self.everyday = self.zone_of(&mut client, "Everyday", FEW, FEW - 1).await?;
        for number in 1..=REVIEWERS {
            let member = json!({"kind": "human", "display_name": format!("Reviewer {number}"), "role": "member"});
            let id = self.make(&mut client, "/members", &member, "id").await?;
            let assignment = json!({"member_id": id, "role": "approver"});
            for zone in [&self.zone, &self.everyday] {
                self.make(&mut client, &format!("/zones/{zone}/assignments"), &assignment, "id").await?;
            }
            let token = self.make(&mut client, "/tokens", &json!({"member_id": id, "name": "bench"}), "token").await?;
            self.reviewers.push(token);
        }
        Ok(())
    }

    async fn zone_of(&self, client: &mut Client, name: &str, reviewers: usize, approvals: usize) -> anyhow::Result<String> {
        let zone = json!({
            "name": name,
            "decision_model": {"model_type": "threshold", "threshold": approvals},
            "approval_policy": {"reviewers_by_risk": {"low": reviewers}},
        });
        self.make(client, "/zones", &zone, "id").await
    }

    async fn make(&self, client: &mut Client, path: &str, body: &Value, key: &str) -> anyhow::Result<String> {
        let answer = client.expect(201, "POST", path, &self.owner, &body.to_string()).await?;
        let made: Value = serde_json::from_str(answer.body()?)?;
        made[key].as_str().map(str::to_owned).with_context(|| format!("no {key} in {made}"))
    }

    /// Waits until the read models have caught up, so that no measurement pays for the one before it.
    pub fn settle(&self) -> anyhow::Result<()> {
        at_rest(self.caught_up())
    }

    async fn caught_up(&self) -> anyhow::Result<()> {
        let mut client = Client::connect(self.address).await?;
        let newest = client.expect(200, "GET", "/audit?limit=1", &self.owner, "").await?;
        let newest: Value = serde_json::from_str(newest.body()?)?;
        let position = newest["items"][0]["position"].as_u64().unwrap_or(0);
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let answer = client.ask("GET", &format!("/proposals?limit=1&after={position}"), &self.owner, "").await?;
            if answer.status == 200 {
                return Ok(());
            }
        }
        anyhow::bail!("the read models of the service on {} do not catch up", self.name)
    }
}

/// Runs what is not measured.
fn at_rest<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// The parent of all processes of the server.
fn postmaster(url: &str) -> anyhow::Result<u32> {
    let file = psql(url, "SELECT pg_read_file('postmaster.pid')")?;
    file.lines().next().and_then(|line| line.trim().parse().ok()).context("the server does not say its process")
}
