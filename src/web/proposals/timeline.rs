//! Everything that happened to a proposal, in order, in sentences.

use aggregates::proposal::Event;
use projections::Recorded;

use crate::web::shown::{Badge, Escaped, Html, Person, When};
use crate::web::visitor::Visitor;
use crate::web::words::{choice, plain, recusal};

/// One thing that happened.
pub struct Happened {
    /// Who did it.
    pub who: Person,
    /// What they did, after their name.
    pub what: Html,
    /// What they said.
    pub words: String,
    /// When.
    pub when: When,
    /// Its picture and colour: a badge without a word.
    pub mark: &'static str,
}

fn reason(code: &str) -> String {
    match code {
        "votes" => "by the votes".to_owned(),
        "auto_approved" => "without a review, as the zone's policy says".to_owned(),
        "deadlock" => "nobody could decide it any more".to_owned(),
        "withdrawn_by_proposer" => "by whoever proposed it".to_owned(),
        other => plain(other),
    }
}

/// An event in a sentence; one that is not known here by its name.
pub fn happened(visitor: &Visitor, event: &Recorded) -> Happened {
    let (what, words, mark) = match event.read::<Event>() {
        // Standing back is one's own deed; losing a seat is done to someone.
        Ok(Event::ReviewerRecused { member_id, reason, .. }) if member_id == event.actor.id => {
            (recusal(reason).to_owned(), String::new(), "out")
        }
        Ok(fact) => told(visitor, &fact),
        Err(_) => elsewhere(visitor, event),
    };
    Happened {
        who: visitor.person(event.actor.id),
        what: Html(what),
        words,
        when: When { at: event.occurred_at, now: visitor.now() },
        mark,
    }
}

fn told(visitor: &Visitor, fact: &Event) -> (String, String, &'static str) {
    let none = String::new;
    match fact {
        Event::Opened(opening) if opening.auto_approved => {
            ("proposed it; nobody needed to be asked".to_owned(), none(), "plus")
        }
        Event::Opened(opening) => {
            let asked = opening.electorate.len();
            let people = if asked == 1 { "one reviewer was asked".to_owned() } else { format!("{asked} reviewers were asked") };
            (format!("proposed it; {people}"), none(), "plus")
        }
        Event::VoteCast { choice: chosen, rationale, .. } => {
            (vote_words(&choice(*chosen)), rationale.to_string(), mark(&choice(*chosen)))
        }
        Event::VoteChanged { from, choice: chosen, rationale, .. } => {
            let words = format!("changed their mind: {} → {}", plain(&from.to_string()), plain(&chosen.to_string()));
            (words, rationale.to_string(), mark(&choice(*chosen)))
        }
        Event::ReviewerRecused { member_id, reason, .. } => {
            (format!("{} {}", visitor.person(*member_id), recusal(*reason)), none(), "out")
        }
        Event::Approved { reason: code, held_until, .. } => {
            let held = if held_until.is_some() { "; it is held for objections" } else { "" };
            (format!("approved it, {}{held}", Escaped(&reason(code))), none(), "check")
        }
        Event::Rejected { reason: code, .. } => (format!("rejected it, {}", Escaped(&reason(code))), none(), "cross"),
        Event::Expired { .. } => ("let it expire: its time ran out, nobody said no".to_owned(), none(), "clock"),
        Event::Withdrawn { .. } => ("took it back".to_owned(), none(), "out"),
        Event::Commented { text, .. } => ("said".to_owned(), text.to_string(), "comment"),
        Event::ExecutionSucceeded { .. } => ("carried it out".to_owned(), none(), "arrow"),
        Event::ReviewersChosen { electorate, fallback, .. } => {
            let people: Vec<String> = electorate.iter().map(|elector| visitor.person(elector.member_id).to_string()).collect();
            (format!("chose who decides: {}", people.join(", ")), fallback.clone().unwrap_or_default(), "person")
        }
        Event::ReviewDelegated { elector, .. } => {
            (format!("asked {} to decide in their place", visitor.person(elector.member_id)), none(), "person")
        }
        Event::Stalled { reason, .. } => (format!("it came to a stop: {}", plain(&reason.to_string())), none(), "clock"),
        Event::Escalated { to_zone_id, reason, parent_proposal_id, .. } => {
            let link = format!("<a href=\"/proposals/{parent_proposal_id}\">decided there</a>");
            (format!("took it up to {}, where it is {link}", visitor.zone(*to_zone_id)), reason.clone(), "escalations")
        }
        Event::EscalationFailed { reason, .. } => ("could not take it up".to_owned(), reason.clone(), "warning"),
        Event::Reinstated { .. } => ("put it back where it stood: its escalation came to nothing".to_owned(), none(), "dash"),
        Event::EvaluationOpened { executor_id, .. } => {
            (format!("asked for a judgement of {}", visitor.person(*executor_id)), none(), "evaluations")
        }
        Event::ExecutionFailed { reason, .. } => ("could not carry it out".to_owned(), reason.clone(), "warning"),
    }
}

fn vote_words(badge: &Badge) -> String {
    match badge.look {
        "good" => "approved".to_owned(),
        "bad" => "rejected".to_owned(),
        _ => "abstained".to_owned(),
    }
}

fn mark(badge: &Badge) -> &'static str {
    match badge.look {
        "good" => "check",
        "bad" => "cross",
        _ => "dash",
    }
}

/// What happened to escalations and evaluations; whatever else, by its name.
fn elsewhere(visitor: &Visitor, event: &Recorded) -> (String, String, &'static str) {
    let data: serde_json::Value = serde_json::from_str(event.data.as_str()).unwrap_or_default();
    let text = |key: &str| data.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let proposal = || format!("<a href=\"/proposals/{}\">a proposal in the zone above</a>", Escaped(&text("proposal_id")));
    let none = String::new;
    match event.event_type.as_str() {
        "escalation.raised" => ("raised it".to_owned(), text("reason"), "flag"),
        "escalation.cosigned" => ("signed it too".to_owned(), none(), "check"),
        "escalation.accepted" => (format!("made it {}", proposal()), none(), "escalations"),
        "escalation.resolved" => (format!("settled it: {}", Escaped(&plain(&text("outcome")))), none(), "check"),
        "escalation.dismissed" => (format!("dismissed it: {}", Escaped(&plain(&text("reason")))), text("note"), "cross"),
        "evaluation.opened" => ("asked for a judgement".to_owned(), none(), "evaluations"),
        "evaluation.scored" => {
            let score = data.get("score").map(ToString::to_string).unwrap_or_default();
            (
                format!("gave {} for {}", Escaped(score.trim_matches('"')), Escaped(&plain(&text("criterion")))),
                text("rationale"),
                "check",
            )
        }
        "evaluation.completed" => {
            let score = data.get("score").map(ToString::to_string).unwrap_or_default();
            (format!("completed it with {}", Escaped(score.trim_matches('"'))), none(), "evaluations")
        }
        other => {
            let name = other.split_once('.').map_or(other, |(_, name)| name);
            let who = text("member_id").parse().map(|id| format!(": {}", visitor.person(id))).unwrap_or_default();
            (format!("{}{who}", Escaped(&plain(name))), none(), "dash")
        }
    }
}
