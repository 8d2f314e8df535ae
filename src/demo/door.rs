//! The door to the service, used in process: requests with tokens and JSON bodies, answers held against what they should be.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Context;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, header};
use chrono::TimeDelta;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::door;
use crate::engine::App;
use crate::processes::do_what_is_due;

/// The largest answer the demo reads.
const LARGEST_ANSWER: usize = 4 * 1024 * 1024;

/// Someone with a token.
pub struct Person {
    /// The principal's id.
    pub id: String,
    /// How they sign in.
    pub token: String,
}

/// The service's router, without a socket in front of it.
pub struct Door {
    router: Router,
    app: Arc<App>,
    /// How long ago it is, in minutes, what is being told.
    ago: AtomicI64,
}

/// How many minutes pass between one thing and the next.
const BETWEEN: i64 = 7;

impl Door {
    /// The door of `app`, put back to what happened so long ago.
    pub fn put_back(app: &Arc<App>, ago: TimeDelta) -> Self {
        app.clock.advance(-ago);
        Self { router: door::router(Arc::clone(app)), app: Arc::clone(app), ago: AtomicI64::new(ago.num_minutes()) }
    }

    /// Tells what happened so long ago, from here on, once all that was due until then has been done.
    pub async fn tells_of(&self, ago: TimeDelta) {
        self.comes_to(ago);
        self.app.latest_views().await;
        if let Err(problem) = do_what_is_due(&self.app).await {
            tracing::warn!(code = problem.code, detail = problem.detail, "what is due will be tried again");
        }
    }

    /// Some minutes lie between one thing and the next, unless that was just now.
    fn goes_on(&self) {
        let ago = TimeDelta::minutes(self.ago.load(Ordering::Relaxed) - BETWEEN);
        self.comes_to(ago.max(TimeDelta::zero()));
    }

    /// Time never goes back.
    fn comes_to(&self, ago: TimeDelta) {
        let before = self.ago.fetch_min(ago.num_minutes(), Ordering::Relaxed);
        self.app.clock.advance(TimeDelta::minutes((before - ago.num_minutes()).max(0)));
    }

    /// Sends a body as someone; an answer that is not one of the `expected` statuses is an error.
    async fn send(&self, who: &Person, method: Method, path: &str, body: &Value, expected: &[u16]) -> anyhow::Result<Value> {
        let request = Request::builder()
            .method(method.clone())
            .uri(format!("/api/v1{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", who.token))
            .header(header::CONTENT_TYPE, "application/json")
            .extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 0))))
            .body(Body::from(body.to_string()))?;
        let response = self.router.clone().oneshot(request).await?;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), LARGEST_ANSWER).await?;
        self.goes_on();
        let answered = String::from_utf8_lossy(&bytes);
        anyhow::ensure!(
            expected.contains(&status.as_u16()),
            "the demo cannot be made: {method} {path} was answered {status}: {answered}"
        );
        if bytes.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&bytes)?) }
    }

    /// Reads what is there.
    pub async fn reads(&self, who: &Person, path: &str) -> anyhow::Result<Value> {
        self.send(who, Method::GET, path, &Value::Null, &[200]).await
    }

    /// Makes something; says what it is.
    pub async fn makes(&self, who: &Person, path: &str, body: Value) -> anyhow::Result<Value> {
        self.send(who, Method::POST, path, &body, &[201]).await
    }

    /// Makes something; says its id.
    pub async fn makes_id(&self, who: &Person, path: &str, body: Value) -> anyhow::Result<String> {
        text(&self.makes(who, path, body).await?, "id")
    }

    /// Does something to what is there.
    pub async fn does(&self, who: &Person, path: &str, body: Value) -> anyhow::Result<()> {
        self.send(who, Method::POST, path, &body, &[200]).await.map(drop)
    }

    /// Changes something.
    pub async fn changes(&self, who: &Person, path: &str, body: Value) -> anyhow::Result<()> {
        self.send(who, Method::PATCH, path, &body, &[200]).await.map(drop)
    }

    /// Opens a proposal; says its id.
    pub async fn proposes(
        &self,
        who: &Person,
        zone: &str,
        kind: &str,
        title: &str,
        why: &str,
        payload: Value,
    ) -> anyhow::Result<String> {
        let body = json!({"zone_id": zone, "type": kind, "title": title, "description": why, "payload": payload});
        self.makes_id(who, "/proposals", body).await
    }

    /// Proposes a task that loses its point in a few seconds.
    pub async fn proposes_briefly(
        &self,
        who: &Person,
        zone: &str,
        title: &str,
        why: &str,
        task: Value,
    ) -> anyhow::Result<String> {
        let expires_at = self.app.clock.now() + TimeDelta::seconds(3);
        let body = json!({"zone_id": zone, "type": "task_execution", "title": title, "description": why, "payload": task, "expires_at": expires_at});
        self.makes_id(who, "/proposals", body).await
    }

    /// Votes on a proposal.
    pub async fn votes(&self, who: &Person, proposal: &str, choice: &str, rationale: &str) -> anyhow::Result<()> {
        let body = json!({"choice": choice, "rationale": rationale});
        self.send(who, Method::POST, &format!("/proposals/{proposal}/votes"), &body, &[200]).await.map(drop)
    }

    /// Does the task that an approval has granted, as it was proposed.
    pub async fn carries_out(&self, who: &Person, proposal: &str, task: &Value) -> anyhow::Result<()> {
        let shown = self.reads(who, &format!("/proposals/{proposal}")).await?;
        let grant = text(&shown["execution"], "grant_id")?;
        let mut done = task.clone();
        if let Some(keys) = done.as_object_mut() {
            keys.remove("action");
        }
        self.send(who, Method::POST, &format!("/grants/{grant}/use"), &done, &[200]).await.map(drop)
    }

    /// Says something about a proposal.
    pub async fn comments(&self, who: &Person, proposal: &str, words: &str) -> anyhow::Result<()> {
        self.makes(who, &format!("/proposals/{proposal}/comments"), json!({"text": words})).await.map(drop)
    }

    /// Stands back from deciding a proposal.
    pub async fn recuses(&self, who: &Person, proposal: &str) -> anyhow::Result<()> {
        self.send(who, Method::POST, &format!("/proposals/{proposal}/recuse"), &json!({}), &[200]).await.map(drop)
    }

    /// Takes a proposal back.
    pub async fn withdraws(&self, who: &Person, proposal: &str) -> anyhow::Result<()> {
        self.send(who, Method::POST, &format!("/proposals/{proposal}/withdraw"), &json!({}), &[200]).await.map(drop)
    }
}

/// The text under `key` of an answer.
pub fn text(answer: &Value, key: &str) -> anyhow::Result<String> {
    let text = answer.get(key).and_then(Value::as_str);
    text.map(str::to_owned).with_context(|| format!("an answer without `{key}`: {answer}"))
}
