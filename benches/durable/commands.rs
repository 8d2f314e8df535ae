//! Submissions and votes over HTTP, by many clients at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::json;

use crate::client::Client;
use crate::figures::Figure;
use crate::service::Running;

/// How many reviewers a proposal has that is voted on.
pub const REVIEWERS: usize = 12;
/// How many approvals it needs.
pub const APPROVALS: usize = 10;
/// How many reviewers an everyday proposal has: as many as high risk asks for by itself.
pub const FEW: usize = 3;
/// What is measured, in words.
pub const DESCRIBED: &str = "submissions to 3 reviewers, then to 12; the latter need 10 approvals: of ten votes nine do not decide \
(one event each), the tenth decides, executes and issues a grant (four events)";

/// What one client did: how long each command took, and which proposals it made.
type Work = (Vec<Duration>, Vec<String>);

/// How many threads the clients share, as with `pgbench -j 2`.
const THREADS: usize = 2;

/// Lets `clients` work at once until `length` is over or nothing is left to do.
fn together(
    service: &Running,
    clients: usize,
    length: Duration,
    work: impl AsyncFn(&mut Client) -> anyhow::Result<Option<String>> + Sync,
) -> anyhow::Result<(Figure, Vec<String>)> {
    let before = service.players.spent();
    let began = Instant::now();
    let one = async || {
        let mut client = Client::connect(service.address).await?;
        let (mut taken, mut made) = Work::default();
        while began.elapsed() < length {
            let asked = Instant::now();
            let Some(id) = work(&mut client).await? else { break };
            taken.push(asked.elapsed());
            made.push(id);
        }
        anyhow::Ok((taken, made))
    };
    let thread = |clients: usize| -> anyhow::Result<Vec<Work>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(futures::future::try_join_all((0..clients).map(|_| one())))
    };
    let all = std::thread::scope(|scope| {
        let threads = (0..THREADS).map(|number| (clients + number) / THREADS).filter(|clients| *clients > 0);
        let threads: Vec<_> = threads.map(|clients| scope.spawn(move || thread(clients))).collect();
        let joined = threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow::anyhow!("a client panicked"))?);
        joined.collect::<anyhow::Result<Vec<_>>>()
    })?;
    let elapsed = began.elapsed();
    let spent = service.players.spent() - before;
    let (taken, made): (Vec<_>, Vec<_>) = all.into_iter().flatten().unzip();
    let figure = Figure::of(taken.into_iter().flatten().collect(), elapsed).costing(spent, elapsed);
    Ok((figure, made.into_iter().flatten().collect()))
}

/// Submits proposals to a zone; says which.
pub fn submit(service: &Running, zone: &str, clients: usize, length: Duration) -> anyhow::Result<(Figure, Vec<String>)> {
    let body = json!({
        "zone_id": zone, "type": "task_execution", "title": "Read the meters of the northern district",
        "description": "All of them, by Friday.", "payload": {"action": "meters.read", "params": {"district": "north"}},
    });
    let body = body.to_string();
    together(service, clients, length, async |client| {
        let answer = client.expect(201, "POST", "/proposals", &service.owner, &body).await?;
        let place = answer.header("location").context("a submission without a place")?;
        Ok(place.rsplit('/').next().map(str::to_owned))
    })
}

/// Votes on `proposals`, the oldest first, each by one reviewer after the other, in groups so large that no two clients meet on one
/// proposal.
pub fn vote(service: &Running, clients: usize, length: Duration, mut proposals: Vec<String>) -> anyhow::Result<Figure> {
    // Later ids sort after earlier ones.
    proposals.sort_unstable();
    let body = json!({"choice": "approve", "rationale": "it is within the budget and the plan is sound"}).to_string();
    let group = (clients * 2).min(proposals.len()).max(1);
    let votes: Vec<(&String, &String)> = proposals
        .chunks_exact(group)
        .flat_map(|group| service.reviewers[..APPROVALS].iter().flat_map(|token| group.iter().map(move |id| (id, token))))
        .collect();
    let next = AtomicUsize::new(0);
    let (figure, _) = together(service, clients, length, async |client| {
        let Some((id, token)) = votes.get(next.fetch_add(1, Ordering::Relaxed)) else { return Ok(None) };
        client.expect(200, "POST", &format!("/proposals/{id}/votes"), token, &body).await?;
        Ok(Some(String::new()))
    })?;
    Ok(figure)
}
