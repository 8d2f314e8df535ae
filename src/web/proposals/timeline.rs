//! Everything that happened to a proposal, in order, in sentences.

use aggregates::proposal::{CONTESTED, Event};
use projections::Recorded;

use crate::web::shown::{Badge, Escaped, Html, Person, When};
use crate::web::visitor::Visitor;
use crate::web::words::{choice, plain, recusal, sentence};

/// One thing that happened.
pub struct Happened {
    /// Who did it; nobody, where it followed from what others did.
    pub who: Option<Person>,
    /// What they did, after their name; a sentence of its own where nobody did it.
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
        "escalation" => "in the zone above".to_owned(),
        "zone_archived" => "its zone was archived".to_owned(),
        "escalation_dismissed" => "the escalation it was to decide came to nothing".to_owned(),
        other => plain(other),
    }
}

/// An event in a sentence; one that is not known here by its name.
pub fn happened(visitor: &Visitor, event: &Recorded) -> Happened {
    let mut follows = is_of_the_system(event);
    let (what, words, mark) = match event.read::<Event>() {
        // Standing back is one's own deed; losing a seat is done to someone.
        Ok(Event::ReviewerRecused { member_id, reason, .. }) if member_id == event.actor.id => {
            (recusal(reason).to_owned(), String::new(), "out")
        }
        Ok(fact) => {
            follows = followed(&fact);
            told(visitor, &fact)
        }
        Err(_) => elsewhere(visitor, event),
    };
    Happened {
        who: (!follows).then(|| visitor.person(event.actor.id)),
        what: Html(what),
        words,
        when: When { at: event.occurred_at, now: visitor.now() },
        mark,
    }
}

fn is_of_the_system(event: &Recorded) -> bool {
    ["escalation.resolved", "evaluation.check_not_made"].contains(&event.event_type.as_ref())
}

/// Whether it followed from what somebody did: the last vote decides, and yet it is not the voter who approves.
fn followed(fact: &Event) -> bool {
    match fact {
        Event::Withdrawn { reason, .. } => reason != "withdrawn_by_proposer",
        Event::ReviewerRecused { .. }
        | Event::Approved { .. }
        | Event::Rejected { .. }
        | Event::Expired { .. }
        | Event::ExecutionSucceeded { .. }
        | Event::ExecutionFailed { .. }
        | Event::Stalled { .. }
        | Event::EscalationFailed { .. }
        | Event::Reinstated { .. } => true,
        Event::Opened(_)
        | Event::ReviewersChosen { .. }
        | Event::ReviewDelegated { .. }
        | Event::VoteCast { .. }
        | Event::VoteChanged { .. }
        | Event::Commented { .. }
        | Event::Escalated { .. }
        | Event::EvaluationOpened { .. } => false,
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
            let brought = if opening.lineage.is_some() { "took the question up" } else { "proposed it" };
            (format!("{brought}; {people}"), none(), "plus")
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
            (format!("Approved {}{held}", Escaped(&reason(code))), none(), "check")
        }
        Event::Rejected { reason: code, .. } if code == "deadlock" => {
            (format!("Rejected: {}", Escaped(&reason(code))), none(), "cross")
        }
        Event::Rejected { reason: code, .. } => (format!("Rejected {}", Escaped(&reason(code))), none(), "cross"),
        Event::Expired { .. } => ("Expired: its time ran out, nobody said no".to_owned(), none(), "clock"),
        Event::Withdrawn { reason: code, .. } if followed(fact) => {
            (format!("Withdrawn: {}", Escaped(&reason(code))), none(), "out")
        }
        Event::Withdrawn { .. } => ("took it back".to_owned(), none(), "out"),
        Event::Commented { text, .. } => ("said".to_owned(), text.to_string(), "comment"),
        Event::ExecutionSucceeded { .. } => ("Carried out".to_owned(), none(), "arrow"),
        Event::ReviewersChosen { electorate, fallback, .. } => {
            let people: Vec<String> = electorate.iter().map(|elector| visitor.person(elector.member_id).to_string()).collect();
            (format!("chose who decides: {}", people.join(", ")), fallback.clone().unwrap_or_default(), "person")
        }
        Event::ReviewDelegated { elector, .. } => {
            (format!("asked {} to decide in their place", visitor.person(elector.member_id)), none(), "person")
        }
        Event::Stalled { reason, .. } => (format!("It came to a stop: {}", plain(&reason.to_string())), none(), "clock"),
        Event::Escalated { to_zone_id, reason, parent_proposal_id, .. } => {
            let link = format!("<a href=\"/proposals/{parent_proposal_id}\">decided there</a>");
            let words = if reason == CONTESTED { String::new() } else { plain(reason) };
            (format!("took it up to {}, where it is {link}", visitor.zone(*to_zone_id)), words, "escalations")
        }
        Event::EscalationFailed { reason, .. } => ("It could not be taken up".to_owned(), visitor.words(reason), "warning"),
        Event::Reinstated { .. } => ("It stands where it stood: its escalation came to nothing".to_owned(), none(), "dash"),
        Event::EvaluationOpened { executor_id, .. } => {
            (format!("asked for a judgement of {}", visitor.person(*executor_id)), none(), "evaluations")
        }
        Event::ExecutionFailed { reason, .. } => ("It could not be carried out".to_owned(), visitor.words(reason), "warning"),
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
    match event.event_type.as_ref() {
        "escalation.raised" => ("raised it".to_owned(), text("reason"), "flag"),
        "escalation.cosigned" => ("signed it too".to_owned(), none(), "check"),
        "escalation.accepted" => (format!("made it {}", proposal()), none(), "escalations"),
        "escalation.resolved" => (format!("Settled: {}", Escaped(&plain(&text("outcome")))), none(), "check"),
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
        "evaluation.check_not_made" => {
            (format!("{} could not be checked", Escaped(&sentence(&text("criterion")))), text("reason"), "warning")
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
