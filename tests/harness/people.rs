//! People who speak HTTP.

use std::net::SocketAddr;

use reqwest::Method;
use serde_json::{Value, json};

use super::described;
use super::reply::Reply;

/// Someone with a token (or without).
#[derive(Clone, Debug)]
pub struct Person {
    http: reqwest::Client,
    address: SocketAddr,
    pub id: String,
    pub token: String,
}

impl Person {
    pub fn new(http: reqwest::Client, address: SocketAddr, id: String, token: String) -> Self {
        Self { http, address, id, token }
    }

    /// The same person, speaking to another process.
    pub fn speaking_to(&self, address: SocketAddr) -> Self {
        Self { address, ..self.clone() }
    }

    /// The same person with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// A request under `/api/v1` (or outside, if the path says so), with headers and a raw body.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], sent: Option<Vec<u8>>) -> Reply {
        let outside = ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/access/", "/.well-known/"]
            .iter()
            .any(|outside| path.starts_with(outside));
        let prefix = if outside { "" } else { "/api/v1" };
        let mut request = self.http.request(method.clone(), format!("http://{}{prefix}{path}", self.address));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = &sent {
            request = request.header("content-type", "application/json").body(body.clone());
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let raw = response.bytes().await.expect("a body").to_vec();
        let body = serde_json::from_slice(&raw).unwrap_or(Value::Null);
        let reply = Reply { status, headers, body, raw };
        described::agrees(&method, path, sent.as_deref(), &reply);
        reply
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, &[], Some(body.to_string().into_bytes())).await
    }

    pub async fn post_with(&self, path: &str, body: Value, headers: &[(&str, &str)]) -> Reply {
        self.send(Method::POST, path, headers, Some(body.to_string().into_bytes())).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PATCH, path, &[], Some(body.to_string().into_bytes())).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, &[], None).await
    }

    /// Takes a member in and gives them a token.
    pub async fn takes_in(&self, member: Value) -> Self {
        let id = self.post("/members", member).await.expect(201).id();
        let token = self.post("/tokens", json!({"member_id": id, "name": "story"})).await.expect(201).text("/token");
        Self { id, token, ..self.clone() }
    }

    /// Makes an active zone; says its id.
    pub async fn makes_zone(&self, zone: Value) -> String {
        self.post("/zones", zone).await.expect(201).id()
    }

    /// Gives someone a role in a zone.
    pub async fn assigns(&self, zone: &str, member: &Self, role: &str) -> Reply {
        self.post(&format!("/zones/{zone}/assignments"), json!({"member_id": member.id, "role": role})).await
    }

    /// Proposes to do `work.do` in a zone; says the proposal's id.
    pub async fn proposes_work(&self, zone: &str) -> String {
        let body = json!({"zone_id": zone, "type": "task_execution", "title": "Some work", "payload": {"action": "work.do"}});
        self.post("/proposals", body).await.expect(201).id()
    }

    /// Votes on a proposal.
    pub async fn votes(&self, proposal: &str, choice: &str) -> Reply {
        self.post(&format!("/proposals/{proposal}/votes"), json!({"choice": choice, "rationale": format!("I {choice}")})).await
    }
}
