//! Opening an evaluation, scoring, asking for the system's checks, and finalizing.

use axum::extract::Path;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::show;
use crate::web::form::{Faults, Fields};
use crate::web::page::{Shown, on_to};
use crate::web::proposals;
use crate::web::refusal::Refusal;
use crate::web::visitor::Visitor;

async fn act(visitor: Visitor, id: &str, command: &str, body: Value, fields: Fields, said: &str) -> Shown {
    let _: aggregates::ids::EvaluationId = id.parse().map_err(|_| Refusal::not_found("evaluation"))?;
    match visitor.post(&format!("/evaluations/{id}/{command}"), &body, fields.once()).await {
        Ok(_) => on_to(&format!("/evaluations/{id}?said={said}")),
        Err(refusal) if refusal.is_of_the_form() || refusal.status == 403 => {
            let (faults, status) = (Faults::of(&refusal, &["/score", "/rationale"]), refusal.http());
            show::again(visitor, id, fields, faults, status).await
        }
        Err(refusal) => Err(refusal),
    }
}

/// `POST /evaluations`: opens one for a proposal that was carried out.
pub async fn open(visitor: Visitor, fields: Fields) -> Shown {
    let proposal = fields.text("proposal_id").to_owned();
    match visitor.post("/evaluations", &json!({"proposal_id": proposal}), fields.once()).await {
        Ok(made) => on_to(&format!("/evaluations/{}", made["id"].as_str().unwrap_or_default())),
        Err(refusal) if refusal.is_of_the_form() || refusal.status == 403 => {
            let (faults, status) = (Faults::of(&refusal, &[]), refusal.http());
            proposals::show::again(visitor, &proposal, fields, faults, status).await
        }
        Err(refusal) => Err(refusal),
    }
}

/// `POST /evaluations/{id}/score`.
pub async fn score(visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Shown {
    let Some(score) = fields.given("score").and_then(|text| text.parse::<serde_json::Number>().ok()) else {
        let faults = Faults::at("/score", "give a number from 0 to 1");
        return show::again(visitor, &id, fields, faults, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let body = json!({"criterion": fields.text("criterion"), "score": score, "rationale": fields.text("rationale")});
    act(visitor, &id, "scores", body, fields, "scored").await
}

/// `POST /evaluations/{id}/check`.
pub async fn check(visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Shown {
    act(visitor, &id, "auto-evaluate", json!({}), fields, "checked").await
}

/// `POST /evaluations/{id}/finalize`.
pub async fn finalize(visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Shown {
    act(visitor, &id, "finalize", json!({}), fields, "finalized").await
}
