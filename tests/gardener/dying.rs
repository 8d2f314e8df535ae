//! A process that dies while it waits for a model strands nothing: whoever starts next finds the deadline.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use chrono::Duration;
use serde_json::json;
use trust_zones::clock::Clock;

use super::choosing::garden;
use super::server::{Model, Says};
use crate::harness::TestApp;
use crate::on_both;

on_both!(a_process_killed_while_it_asks_leaves_the_choice_to_the_rules, async |app: TestApp| {
    let (zone, people) = garden(&app, 2, json!({})).await;
    let TestApp { service, owner, store, .. } = app;
    service.end().await;
    let model = Model::saying([Says::Nothing]).await;
    let mut process = Command::new(env!("CARGO_BIN_EXE_trust-zones"))
        .args(store.flags())
        .args(model.flags("openai"))
        .args(["--listen", "127.0.0.1:0", "serve"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a process");
    let mut said = String::new();
    BufReader::new(process.stdout.take().expect("its output")).read_line(&mut said).expect("its address");
    let address = said.trim().rsplit("http://").next().and_then(|address| address.parse().ok()).expect("an address");
    let proposal = owner.speaking_to(address).proposes_work(&zone).await;
    model.asked_times(1).await;
    process.kill().expect("kill -9");
    process.wait().expect("its end");

    let later = Clock::standing_at(Clock::Machine.now() + Duration::hours(1));
    let again = TestApp::on_with(store, &[], later).await;
    again.time_passes(Duration::zero()).await;
    let owner = again.person(&owner.id, &owner.token);
    let shown = owner.get(&format!("/proposals/{proposal}")).await.expect(200);
    assert_eq!((shown.text("/status"), shown.text("/selection/fallback")), ("pending_review".to_owned(), "timeout".to_owned()));
    let ann = again.person(&people[0].id, &people[0].token);
    assert_eq!(ann.votes(&proposal, "approve").await.expect(200).text("/status"), "approved");
});
