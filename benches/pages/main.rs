//! How long pages take to the first byte: the demo organization, served from this process, every page asked for in turn.
//!
//! `cargo bench --bench pages [-- --times 300 --proposals 0]`; ends badly when a page's 99th percentile is above the bound.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Parser;
use reqwest::{Client, header, redirect};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use trust_zones::clock::Clock;
use trust_zones::config::Config;
use trust_zones::service::Service;

#[derive(Debug, Parser)]
struct Flags {
    #[command(flatten)]
    config: Config,
    /// How often each page is asked for
    #[arg(long, default_value_t = 300)]
    times: usize,
    /// How many proposals are opened besides those of the demo
    #[arg(long, default_value_t = 0)]
    proposals: u32,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// Someone at a browser.
struct Visitor {
    http: Client,
    base: String,
    cookie: String,
    token: String,
}

impl Visitor {
    async fn signs_in(base: &str, token: &str) -> anyhow::Result<Self> {
        let http = Client::builder().redirect(redirect::Policy::none()).build()?;
        let form = http.post(format!("{base}/sign-in")).header(header::ORIGIN, base).body(format!("token={token}"));
        let answer = form.send().await?;
        let cookie = answer.headers().get(header::SET_COOKIE).context("no session")?.to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Ok(Self { http, base: base.to_owned(), cookie, token: token.to_owned() })
    }

    /// The time until the first byte of a page is there.
    async fn opens(&self, path: &str) -> anyhow::Result<Duration> {
        let began = Instant::now();
        let mut answer = self.http.get(format!("{}{path}", self.base)).header(header::COOKIE, &self.cookie).send().await?;
        anyhow::ensure!(answer.status().is_success(), "{path} was answered {}", answer.status());
        answer.chunk().await?;
        let took = began.elapsed();
        while answer.chunk().await?.is_some() {}
        Ok(took)
    }

    async fn reads(&self, path: &str) -> anyhow::Result<Value> {
        Ok(self.http.get(format!("{}/api/v1{path}", self.base)).bearer_auth(&self.token).send().await?.json().await?)
    }

    async fn proposes(&self, zone: &str, number: u32) -> anyhow::Result<()> {
        let body = json!({"zone_id": zone, "type": "task_execution", "title": format!("Work {number}"), "payload": {"action": "task.do"}});
        let answer =
            self.http.post(format!("{}/api/v1/proposals", self.base)).bearer_auth(&self.token).json(&body).send().await?;
        anyhow::ensure!(answer.status().is_success(), "a proposal was answered {}", answer.status());
        Ok(())
    }
}

fn first_id(list: &Value) -> anyhow::Result<String> {
    Ok(list["items"][0]["id"].as_str().context("an empty list")?.to_owned())
}

async fn pages(visitor: &Visitor) -> anyhow::Result<Vec<String>> {
    let proposal = first_id(&visitor.reads("/proposals").await?)?;
    let decided = first_id(&visitor.reads("/proposals?status=approved").await?)?;
    let (zone, member) = (first_id(&visitor.reads("/zones").await?)?, first_id(&visitor.reads("/members").await?)?);
    let fixed = [
        "/",
        "/inbox",
        "/proposals",
        "/proposals?status=approved",
        "/proposals/new",
        "/escalations",
        "/evaluations",
        "/zones",
        "/zones/new",
        "/members",
        "/tokens",
        "/invites",
        "/audit",
        "/check",
        "/sign-in",
    ];
    let own = [
        format!("/proposals/{proposal}"),
        format!("/proposals/{decided}"),
        format!("/inbox/{proposal}"),
        format!("/zones/{zone}"),
        format!("/zones/{zone}/roles"),
        format!("/zones/{zone}/history"),
        format!("/zones/{zone}/edit/constraints"),
        format!("/zones/{zone}/edit/decision_model"),
        format!("/members/{member}"),
        format!("/audit?entity={decided}"),
    ];
    Ok(fixed.into_iter().map(str::to_owned).chain(own).collect())
}

async fn run(flags: Flags) -> anyhow::Result<bool> {
    let folder = tempfile::tempdir()?;
    let config = Config { data_dir: folder.path().to_owned(), database_url: None, ..flags.config };
    let service = Service::open(config, Clock::Machine).await?;
    let founded = trust_zones::demo::bootstrap(&service).await?.context("the store is empty")?;
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let base = format!("http://{}", listener.local_addr()?);
    let door = Service { app: std::sync::Arc::clone(&service.app), tasks: service.tasks.clone() };
    service.tasks.spawn("door", async move { door.serve(listener).await });
    let visitor = Visitor::signs_in(&base, &founded.token).await?;
    let zone = first_id(&visitor.reads("/zones").await?)?;
    for number in 0..flags.proposals {
        visitor.proposes(&zone, number).await?;
    }
    let bound = Duration::from_millis(if flags.proposals == 0 { 20 } else { 60 });
    let mut well = true;
    println!("{:<34} {:>9} {:>9}", "page", "median", "p99");
    for path in pages(&visitor).await? {
        for _ in 0..20 {
            visitor.opens(&path).await?;
        }
        let mut took = Vec::with_capacity(flags.times);
        for _ in 0..flags.times {
            took.push(visitor.opens(&path).await?);
        }
        took.sort_unstable();
        let (median, p99) = (took[took.len() / 2], took[took.len() * 99 / 100]);
        well &= p99 <= bound;
        let shown: String = path.chars().take(34).collect();
        println!("{shown:<34} {:>6.2} ms {:>6.2} ms", median.as_secs_f64() * 1e3, p99.as_secs_f64() * 1e3);
    }
    println!("bound {} ms: {}", bound.as_millis(), if well { "kept" } else { "broken" });
    Ok(well)
}

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let well = runtime.block_on(run(Flags::parse()))?;
    std::process::exit(i32::from(!well));
}
