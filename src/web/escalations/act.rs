//! Signing, dismissing and taking back escalations.

use axum::extract::Path;
use serde_json::{Value, json};

use super::show;
use crate::web::form::{Faults, Fields};
use crate::web::page::{Shown, on_to};
use crate::web::refusal::Refusal;
use crate::web::visitor::Visitor;

async fn act(visitor: Visitor, id: &str, command: &str, body: Value, fields: Fields, said: &str) -> Shown {
    let _: aggregates::ids::EscalationId = id.parse().map_err(|_| Refusal::not_found("escalation"))?;
    match visitor.post(&format!("/escalations/{id}/{command}"), &body, fields.once()).await {
        Ok(_) => on_to(&format!("/escalations/{id}?said={said}")),
        Err(refusal) if refusal.is_of_the_form() || refusal.status == 403 => {
            let (faults, status) = (Faults::of(&refusal, &["/reason"]), refusal.http());
            show::again(visitor, id, fields, faults, status).await
        }
        Err(refusal) => Err(refusal),
    }
}

/// `POST /escalations/{id}/cosign`.
pub async fn cosign(visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Shown {
    act(visitor, &id, "cosign", json!({}), fields, "cosigned").await
}

/// `POST /escalations/{id}/dismiss`.
pub async fn dismiss(visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Shown {
    let body = Value::Object(fields.object(&["reason"]));
    act(visitor, &id, "dismiss", body, fields, "dismissed").await
}

/// `POST /escalations/{id}/withdraw`.
pub async fn withdraw(visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Shown {
    act(visitor, &id, "withdraw", json!({}), fields, "withdrawn").await
}
