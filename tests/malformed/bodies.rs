//! Commands as they would be right.

use serde_json::{Value, json};

/// The right body of each command, and the keys that it cannot be without.
pub fn right(route: &str, member: &str, zone: &str) -> (Value, Vec<&'static str>) {
    match route {
        "POST /api/v1/organizations" => (json!({"name": "New", "slug": "new"}), vec!["name"]),
        "PATCH /api/v1/organizations/current" => (json!({"name": "Other", "slug": "other"}), vec![]),
        "POST /api/v1/members" => {
            let member = json!({"kind": "agent", "display_name": "New", "role": "member", "email": "a@b.c", "sponsor_id": member,
                "agent_type": "coder", "skills": ["rust"]});
            (member, vec!["kind", "display_name", "role"])
        }
        "PATCH /api/v1/members/{id}" => {
            (json!({"display_name": "Other", "email": "a@b.c", "role": "member", "skills": ["rust"]}), vec![])
        }
        "POST /api/v1/tokens" => {
            let token =
                json!({"name": "New", "member_id": member, "expires_at": "2030-01-01T00:00:00Z", "actions": ["zone.read"]});
            (token, vec!["name"])
        }
        "POST /api/v1/invites" => (json!({"role": "member", "expires_at": "2026-02-01T00:00:00Z"}), vec!["role"]),
        "POST /api/v1/invites/accept" => {
            (json!({"code": "tzi_nobody", "display_name": "Guest", "email": "a@b.c"}), vec!["code", "display_name"])
        }
        "POST /api/v1/zones" => {
            let zone = json!({"name": "New", "slug": "new", "description": "text", "parent_zone_id": zone, "status": "draft",
                "responsibilities": {"outcomes": ["text"]}, "resource_scope": {"budget_limit": "10"},
                "agent_qualifications": {"kinds": ["human"]}, "alignment_requirements": {"sponsor_required": true},
                "incentive_model": {"positive_threshold": "0.9"}, "constraints": {"allowed_actions": ["work.do"]},
                "decision_model": {"model_type": "unilateral"}, "approval_policy": {"solo": true},
                "escalation_policy": {"cosigner_threshold": 3}, "evaluation_criteria": {"evaluators_required": 2},
                "sealed": ["constraints"]});
            (zone, vec!["name"])
        }
        "PATCH /api/v1/zones/{id}" => {
            let change = json!({"name": "Other", "slug": "other", "description": "text", "resource_scope": {"budget_limit": "10"},
                "constraints": {"allowed_actions": ["work.do"]}, "decision_model": {"model_type": "unilateral"},
                "approval_policy": {"solo": true}, "sealed": ["constraints"]});
            (change, vec![])
        }
        "POST /api/v1/zones/{id}/move" => (json!({"parent_zone_id": zone}), vec!["parent_zone_id"]),
        "POST /api/v1/zones/{id}/assignments" => (json!({"member_id": member, "role": "executor"}), vec!["member_id", "role"]),
        "POST /api/v1/zones/{id}/check" => {
            let question = json!({"action": "work.do", "principal_id": member, "amount": "10", "board_id": "board",
                "agent_type": "coder", "tool": "hammer", "params": {"a": 1}, "record": true, "submit": false, "title": "Work",
                "at": "2026-01-05T10:00:00Z", "changes": {"constraints": {"max_concurrent_tasks": 3}}});
            (question, vec!["action"])
        }
        "POST /api/v1/checks" => (json!({"checks": [{"zone_id": zone, "action": "work.do"}]}), vec!["checks"]),
        "POST /api/v1/zones/{id}/simulate" => {
            let proposed = json!({"changes": {"constraints": {"max_concurrent_tasks": 3}}, "from": "2026-01-05T10:00:00Z",
                "to": "2026-01-05T11:00:00Z"});
            (proposed, vec!["changes"])
        }
        "POST /api/v1/zones/{id}/reservations" => {
            let reservation = json!({"action": "work.do", "amount": "10", "principal_id": member, "board_id": "board",
                "agent_type": "coder", "tool": "hammer", "params": {"a": 1}});
            (reservation, vec!["action", "amount"])
        }
        "POST /api/v1/reservations/{id}/commit" => (json!({"actual": "1"}), vec![]),
        "POST /api/v1/grants/{id}/use" => {
            (json!({"amount": "1", "board_id": "board", "tool": "hammer", "agent_type": "coder", "params": {"a": 1}}), vec![])
        }
        "POST /api/v1/proposals" => {
            let proposal = json!({"zone_id": zone, "type": "task_execution", "title": "Work", "description": "text",
                "payload": {"action": "work.do"}, "decision_model": {"model_type": "unilateral"},
                "expires_at": "2030-01-01T00:00:00Z"});
            (proposal, vec!["zone_id", "type", "title", "payload"])
        }
        "POST /api/v1/proposals/{id}/votes" => (json!({"choice": "approve", "rationale": "text"}), vec!["choice"]),
        "POST /api/v1/me/inbox/read" => (json!({"positions": []}), vec![]),
        "POST /api/v1/proposals/{id}/comments" => (json!({"text": "text"}), vec!["text"]),
        "POST /api/v1/proposals/{id}/delegate" => (json!({"member_id": member}), vec!["member_id"]),
        "POST /api/v1/proposals/{id}/escalate" => (json!({"reason": "text"}), vec!["reason"]),
        "POST /api/v1/zones/{id}/escalations" => {
            (json!({"reason": "text", "change": {"status": "suspended"}}), vec!["reason", "change"])
        }
        "POST /api/v1/evaluations" => (json!({"proposal_id": zone, "executor_id": member}), vec!["proposal_id"]),
        "POST /api/v1/evaluations/{id}/scores" => {
            (json!({"criterion": "quality", "score": 0.5, "rationale": "text"}), vec!["criterion", "score", "rationale"])
        }
        "POST /api/v1/escalations/{id}/dismiss" => (json!({"reason": "text"}), vec![]),
        "POST /api/v1/zones/{id}/activate"
        | "POST /api/v1/zones/{id}/suspend"
        | "POST /api/v1/zones/{id}/archive"
        | "POST /api/v1/proposals/{id}/recuse"
        | "POST /api/v1/reservations/{id}/release"
        | "POST /api/v1/proposals/{id}/withdraw"
        | "POST /api/v1/escalations/{id}/cosign"
        | "POST /api/v1/escalations/{id}/withdraw"
        | "POST /api/v1/evaluations/{id}/auto-evaluate"
        | "POST /api/v1/evaluations/{id}/finalize"
        | "POST /api/v1/proposals/{id}/retry-execution" => (json!({}), vec![]),
        _ => panic!("no body for {route}: say here what it would be"),
    }
}
