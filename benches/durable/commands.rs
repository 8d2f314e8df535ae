//! Submissions and votes over HTTP, by many clients at once.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::json;

use crate::client::Client;
use crate::figures::Figure;
use crate::service::Running;

/// How many reviewers each proposal has.
pub const REVIEWERS: usize = 12;
/// How many approvals it needs.
pub const APPROVALS: usize = 10;
/// What is measured, in words.
pub const DESCRIBED: &str = "each proposal has 12 reviewers and needs 10 approvals: of ten votes nine do not decide (one event each), \
the tenth decides, executes and issues a grant (four events)";

/// What one client did: how long each command took, and which proposals it made.
type Work = (Vec<Duration>, Vec<String>);

/// Lets `clients` work at once until `length` is over or nothing is left to do.
fn together(
    service: &Running,
    clients: usize,
    length: Duration,
    work: impl Fn(&mut Client) -> anyhow::Result<Option<String>> + Sync,
) -> anyhow::Result<(Figure, Vec<String>)> {
    let all: Mutex<Work> = Mutex::default();
    let connections = (0..clients).map(|_| Client::connect(service.address)).collect::<anyhow::Result<Vec<_>>>()?;
    let began = Instant::now();
    std::thread::scope(|scope| {
        let one = |mut client: Client| {
            let (mut taken, mut made) = Work::default();
            while began.elapsed() < length {
                let asked = Instant::now();
                let Some(id) = work(&mut client)? else { break };
                taken.push(asked.elapsed());
                made.push(id);
            }
            let mut all = all.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            all.0.append(&mut taken);
            all.1.append(&mut made);
            anyhow::Ok(())
        };
        let threads: Vec<_> = connections.into_iter().map(|client| scope.spawn(move || one(client))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| anyhow::anyhow!("a client panicked"))?)
    })?;
    let elapsed = began.elapsed();
    let (taken, made) = all.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok((Figure::of(taken, elapsed), made))
}

/// Submits proposals; says which.
pub fn submit(service: &Running, clients: usize, length: Duration) -> anyhow::Result<(Figure, Vec<String>)> {
    let body = json!({
        "zone_id": service.zone, "type": "task_execution", "title": "Read the meters of the northern district",
        "description": "All of them, by Friday.", "payload": {"action": "meters.read", "params": {"district": "north"}},
    });
    let body = body.to_string();
    together(service, clients, length, |client| {
        let answer = client.expect(201, "POST", "/proposals", &service.owner, &body)?;
        let place = answer.header("location").context("a submission without a place")?;
        Ok(place.rsplit('/').next().map(str::to_owned))
    })
}

/// Votes on `proposals`, each by one reviewer after the other, in groups so large that no two clients meet on one proposal.
pub fn vote(service: &Running, clients: usize, length: Duration, proposals: &[String]) -> anyhow::Result<Figure> {
    let body = json!({"choice": "approve", "rationale": "it is within the budget and the plan is sound"}).to_string();
    let group = (clients * 2).min(proposals.len()).max(1);
    let votes: Vec<(&String, &String)> = proposals
        .chunks_exact(group)
        .flat_map(|group| service.reviewers[..APPROVALS].iter().flat_map(|token| group.iter().map(move |id| (id, token))))
        .collect();
    let next = AtomicUsize::new(0);
    let (figure, _) = together(service, clients, length, |client| {
        let Some((id, token)) = votes.get(next.fetch_add(1, Ordering::Relaxed)) else { return Ok(None) };
        client.expect(200, "POST", &format!("/proposals/{id}/votes"), token, &body)?;
        Ok(Some(String::new()))
    })?;
    Ok(figure)
}
