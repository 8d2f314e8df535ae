//! Checks over HTTP against bare `/healthz` of the same service, in one run: `cargo bench --bench questions`.
//!
//! The service runs in a process of its own on SQLite and is spoken to over TCP on loopback with connections kept alive. Rounds
//! alternate between health, a check that is allowed and one that is denied with its reasons, in a zone four deep; what is shown is
//! the median round, and its share of the requests a second that health gets.

#[path = "../durable/client.rs"]
mod client;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use client::{Client, HEALTH};
use serde_json::{Value, json};

const CLIENTS: [usize; 3] = [1, 16, 64];
const LENGTH: Duration = Duration::from_secs(2);
const ROUNDS: usize = 5;
const DEPTH: usize = 4;

/// The service, in a process of its own. Ends with its value.
struct Running {
    address: SocketAddr,
    owner: String,
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
    fn start(folder: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trust-zones"));
        command.args(["--listen", "127.0.0.1:0", "--requests-per-second", "1000000", "--data-dir"]).arg(folder);
        command.env("RUST_LOG", "error").env_remove("DATABASE_URL").env_remove("LOCAL_AUTH_TOKEN").stdout(Stdio::piped());
        let mut child = command.spawn().context("the service cannot be started")?;
        let output = child.stdout.take().context("the service says nothing")?;
        let mut service = Self { address: SocketAddr::from(([127, 0, 0, 1], 0)), owner: String::new(), child };
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
        Ok(service)
    }
}

/// A request that is sent again and again.
#[derive(Clone)]
struct Asked {
    name: &'static str,
    method: &'static str,
    path: String,
    token: String,
    body: String,
    /// What the answer must say.
    says: &'static str,
}

async fn make(client: &mut Client, path: &str, token: &str, body: &Value, key: &str) -> anyhow::Result<String> {
    let answer = client.expect(201, "POST", path, token, &body.to_string()).await?;
    let made: Value = serde_json::from_str(answer.body()?)?;
    made[key].as_str().map(str::to_owned).with_context(|| format!("no {key} in {made}"))
}

/// A chain of zones with a worker in its root, and what is asked about the deepest.
async fn questions(service: &Running) -> anyhow::Result<Vec<Asked>> {
    let mut client = Client::connect(service.address).await?;
    let owner = &service.owner;
    let mut zones: Vec<String> = Vec::new();
    for level in 0..DEPTH {
        let zone = json!({"name": format!("Level {level}"), "parent_zone_id": zones.last(),
            "constraints": {"allowed_actions": ["work.*", "task.*"], "blocked_actions": ["work.destroy"]},
            "resource_scope": {"allowed_tools": ["helm", "terraform"]}});
        zones.push(make(&mut client, "/zones", owner, &zone, "id").await?);
    }
    let worker = json!({"kind": "human", "display_name": "Worker", "role": "member"});
    let id = make(&mut client, "/members", owner, &worker, "id").await?;
    let (root, deepest) = (zones.first().context("a root")?, zones.last().context("a zone")?);
    let role = json!({"member_id": id, "role": "executor"});
    make(&mut client, &format!("/zones/{root}/assignments"), owner, &role, "id").await?;
    let token = make(&mut client, "/tokens", owner, &json!({"member_id": id, "name": "bench"}), "token").await?;
    let check = |name, action: &str, says| Asked {
        name,
        method: "POST",
        path: format!("/zones/{deepest}/check"),
        token: token.clone(),
        body: json!({"action": action, "tool": "helm"}).to_string(),
        says,
    };
    let health =
        Asked { name: "health", method: "GET", path: HEALTH.to_owned(), token: token.clone(), body: String::new(), says: "" };
    Ok(vec![
        health,
        check("check, allowed", "work.deploy", "\"allow\""),
        check("check, denied", "work.destroy", "\"action_blocked\""),
    ])
}

/// How many answers a second so many clients get.
async fn rate(address: SocketAddr, asked: &Asked, clients: usize) -> anyhow::Result<f64> {
    let until = Instant::now() + LENGTH;
    let one = async || {
        let mut client = Client::connect(address).await?;
        let mut answers = 0_u32;
        while Instant::now() < until {
            let answer = client.expect(200, asked.method, &asked.path, &asked.token, &asked.body).await?;
            anyhow::ensure!(answer.body()?.contains(asked.says), "{} was answered {}", asked.name, answer.body()?);
            answers += 1;
        }
        anyhow::Ok(answers)
    };
    let answers = futures::future::try_join_all((0..clients).map(|_| one())).await?;
    Ok(f64::from(answers.into_iter().sum::<u32>()) / LENGTH.as_secs_f64())
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

fn main() -> anyhow::Result<()> {
    // `cargo test --benches` runs it too, without `--bench`: there is nothing to test.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let service = Running::start(folder.path())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!("{} s for each measurement, the median of {ROUNDS} rounds; zones {DEPTH} deep\n", LENGTH.as_secs());
    println!("| clients | asked | answers/s | ÷ health |\n|---:|---|---:|---:|");
    runtime.block_on(async {
        let questions = questions(&service).await?;
        for clients in CLIENTS {
            let mut rates = vec![Vec::new(); questions.len()];
            for _ in 0..ROUNDS {
                for (rates, asked) in rates.iter_mut().zip(&questions) {
                    rates.push(rate(service.address, asked, clients).await?);
                }
            }
            let medians: Vec<f64> = rates.into_iter().map(median).collect();
            let health = medians.first().copied().unwrap_or(f64::NAN);
            for (asked, median) in questions.iter().zip(&medians) {
                println!("| {clients} | {} | {median:.0} | {:.2} |", asked.name, median / health);
            }
        }
        anyhow::Ok(())
    })
}
