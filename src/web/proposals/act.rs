//! Acting on a proposal: voting, standing back, taking it back, saying something, trying its execution again.

use axum::extract::Path;
use serde_json::{Value, json};

use super::show;
use crate::web::form::{Faults, Fields};
use crate::web::inbox;
use crate::web::page::{Shown, on_to};
use crate::web::refusal::Refusal;
use crate::web::visitor::Visitor;

/// Sends a command about a proposal, and goes back to where the form was.
async fn act(visitor: Visitor, id: &str, command: &str, body: Value, fields: Fields, pointers: &[&str], said: &str) -> Shown {
    // What is no id of ours must not become another path of the interface.
    let _: aggregates::ids::ProposalId = id.parse().map_err(|_| Refusal::not_found("proposal"))?;
    let from_inbox = fields.text("back").starts_with("/inbox");
    match visitor.post(&format!("/proposals/{id}/{command}"), &body, fields.once()).await {
        Ok(_) if from_inbox => on_to(&format!("/inbox?said={said}")),
        Ok(_) => on_to(&format!("/proposals/{id}?said={said}")),
        Err(refusal) if refusal.is_of_the_form() || refusal.status == 403 => {
            let (faults, status) = (Faults::of(&refusal, pointers), refusal.http());
            if from_inbox {
                inbox::again(visitor, Some(id), fields, faults, status).await
            } else {
                show::again(visitor, id, fields, faults, status).await
            }
        }
        Err(refusal) => Err(refusal),
    }
}

/// `POST /proposals/{id}/vote`.
pub async fn vote(visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Shown {
    let body = Value::Object(fields.object(&["choice", "rationale"]));
    act(visitor, &id, "votes", body, fields, &["/choice", "/rationale"], "voted").await
}

/// `POST /proposals/{id}/comment`.
pub async fn comment(visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Shown {
    let body = json!({"text": fields.text("text")});
    act(visitor, &id, "comments", body, fields, &["/text"], "commented").await
}

/// `POST /proposals/{id}/recuse`.
pub async fn recuse(visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Shown {
    act(visitor, &id, "recuse", json!({}), fields, &[], "recused").await
}

/// `POST /proposals/{id}/withdraw`.
pub async fn withdraw(visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Shown {
    act(visitor, &id, "withdraw", json!({}), fields, &[], "withdrawn").await
}

/// `POST /proposals/{id}/retry`.
pub async fn retry(visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Shown {
    act(visitor, &id, "retry-execution", json!({}), fields, &[], "retried").await
}

/// `POST /proposals/{id}/delegate`.
pub async fn delegate(visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Shown {
    let Some(member) = fields.given("member_id").and_then(|id| id.parse::<aggregates::ids::MemberId>().ok()) else {
        let status = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
        return show::again(visitor, &id, fields, Faults::at("/member_id", "choose someone"), status).await;
    };
    act(visitor, &id, "delegate", json!({"member_id": member}), fields, &["/member_id"], "delegated").await
}

/// `POST /proposals/{id}/escalate`.
pub async fn escalate(visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Shown {
    let body = json!({"reason": fields.text("reason")});
    act(visitor, &id, "escalate", body, fields, &["/reason"], "escalated").await
}
