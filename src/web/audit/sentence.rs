//! Events as sentences. A name or a zone stands where the log has an id.

use std::collections::HashMap;

use aggregates::Decider;
use aggregates::ids::{MemberId, ProposalId, ZoneId};
use aggregates::zones::Zones;
use projections::{Recorded, desk};
use serde_json::Value;

use crate::web::refusal::Refusal;
use crate::web::shown::{Badge, Escaped, Html, Person, When, ZoneName};
use crate::web::visitor::Visitor;
use crate::web::words::{money, number, plain};

/// An event, told.
pub struct Told {
    /// Its place in the organization's log.
    pub position: u64,
    /// When.
    pub when: When,
    /// Who did it.
    pub who: Person,
    /// What, after their name.
    pub what: Html,
    /// Where, if it concerns a zone.
    pub zone: Option<ZoneName>,
    /// Its stored name.
    pub event_type: String,
    /// What it is about.
    pub aggregate_id: String,
    /// Where everything is told that happened to that.
    pub story: String,
}

/// What proposals are called, as far as they are known.
type Titles = HashMap<ProposalId, String>;

/// Tells events. Proposals are called by their titles, which are looked up once each.
pub async fn told(visitor: &Visitor, events: &[Recorded]) -> Result<Vec<Told>, Refusal> {
    let mut titles = Titles::new();
    let views = visitor.app.views.live();
    for id in events.iter().filter_map(|event| proposal_of(&event.data.value())) {
        if titles.contains_key(&id) {
            continue;
        }
        let row = views.db.row(desk::title(visitor.caller.organization_id, id)).await?;
        if let Some(title) = row.map(|row| row.text("title")).transpose()? {
            titles.insert(id, title);
        }
    }
    Ok(events.iter().map(|event| tell(visitor, event, &titles)).collect())
}

fn proposal_of(data: &Value) -> Option<ProposalId> {
    data["proposal_id"].as_str().and_then(|id| id.parse().ok())
}

fn tell(visitor: &Visitor, event: &Recorded, titles: &Titles) -> Told {
    let data = event.data.value();
    let teller = Teller { visitor, data: &data, titles };
    let what = teller.sentence(&event.event_type).unwrap_or_else(|| format!("recorded {}", Escaped(&plain(&event.event_type))));
    Told {
        position: event.position,
        when: When { at: event.occurred_at, now: visitor.now() },
        who: visitor.person(event.actor.id),
        what: Html(what),
        zone: event.zone_id.map(|zone| visitor.zone(zone)),
        event_type: event.event_type.to_string(),
        aggregate_id: event.aggregate_id.to_string(),
        // The tree of zones is one stream: the story of one of its events is that of the zone.
        story: match event.zone_id.filter(|_| event.aggregate_type == Zones::TYPE) {
            Some(zone) => format!("/zones/{zone}/history"),
            None => format!("/audit?entity={}&order=asc", event.aggregate_id),
        },
    }
}

struct Teller<'a> {
    visitor: &'a Visitor,
    data: &'a Value,
    titles: &'a Titles,
}

impl Teller<'_> {
    fn text(&self, key: &str) -> String {
        match &self.data[key] {
            Value::String(text) => Escaped(text).to_string(),
            Value::Null => String::new(),
            other => Escaped(&other.to_string()).to_string(),
        }
    }

    fn words(&self, key: &str) -> String {
        plain(&self.text(key))
    }

    fn figure(&self, key: &str) -> String {
        let text = bare(&self.data[key]);
        text.parse().map_or(text, number)
    }

    fn person(&self, key: &str) -> String {
        let id = self.data[key].as_str().and_then(|id| id.parse::<MemberId>().ok());
        id.map_or_else(|| "someone".to_owned(), |id| self.visitor.person(id).to_string())
    }

    fn zone_or(&self, key: &str, nothing: &str) -> String {
        let id = self.data[key].as_str().and_then(|id| id.parse::<ZoneId>().ok());
        id.map_or_else(|| nothing.to_owned(), |id| self.visitor.zone(id).to_string())
    }

    fn zone(&self) -> String {
        self.zone_or("zone_id", "a zone")
    }

    /// The proposal by its title, leading to it; else in these words.
    fn proposal(&self, words: &str) -> String {
        let title = proposal_of(self.data).and_then(|id| self.titles.get(&id));
        let called = title.map_or_else(|| words.to_owned(), |title| format!("“{}”", Escaped(title)));
        format!("<a href=\"/proposals/{}\">{called}</a>", self.text("proposal_id"))
    }

    fn strong(&self, key: &str) -> String {
        format!("<strong>{}</strong>", self.text(key))
    }

    fn badge(look: &'static str, word: &str) -> String {
        Badge::new(look, word).to_string()
    }

    /// The event in words; nothing where its name is not known here.
    fn sentence(&self, event_type: &str) -> Option<String> {
        let family = event_type.split('.').next().unwrap_or_default();
        match family {
            "zone" => self.of_zones(event_type),
            "proposal" => self.of_proposals(event_type),
            "member" | "organization" | "invite" | "token" | "access" => self.of_people(event_type),
            "ledger" | "grant" | "inbox" => self.of_spending(event_type),
            _ => self.of_consequences(event_type),
        }
    }

    fn of_zones(&self, event_type: &str) -> Option<String> {
        let zone = self.zone();
        Some(match event_type {
            "zone.created" => format!("made {zone} below {}", self.zone_or("parent_zone_id", "nothing: it is a root")),
            "zone.changed" => {
                let keys = self.data["changed_keys"].as_array().into_iter().flatten().filter_map(Value::as_str);
                let keys: Vec<String> =
                    keys.map(|key| crate::web::zones::label_at(&format!("/{key}")).to_lowercase()).collect();
                format!("changed {} of {zone}{}", Escaped(&keys.join(", ")), self.by_proposal())
            }
            "zone.moved" => {
                let (from, to) = (self.zone_or("from_zone_id", "the top"), self.zone_or("to_zone_id", "the top"));
                format!("moved {zone} from {from} to {to}{}", self.by_proposal())
            }
            "zone.status_changed" => {
                let to = self
                    .text("to")
                    .parse()
                    .map_or_else(|_| self.text("to"), |to| crate::web::words::zone_status(to).to_string());
                format!("switched {zone} from {} to {to}{}", self.text("from"), self.by_proposal())
            }
            "zone.member_assigned" => {
                format!("gave {} the role {} in {zone}{}", self.person("member_id"), self.strong("role"), self.by_proposal())
            }
            "zone.member_unassigned" => {
                format!(
                    "took the role {} from {} in {zone}{}",
                    self.strong("role"),
                    self.person("member_id"),
                    self.by_proposal()
                )
            }
            _ => return None,
        })
    }

    fn by_proposal(&self) -> String {
        self.data["by_proposal"]
            .as_str()
            .map(|id| format!(", as <a href=\"/proposals/{}\">a proposal</a> had been approved", Escaped(id)))
            .unwrap_or_default()
    }

    fn of_proposals(&self, event_type: &str) -> Option<String> {
        let it = self.proposal("the proposal");
        Some(match event_type {
            "proposal.opened" => format!("proposed {}", self.proposal(&format!("“{}”", self.text("title")))),
            "proposal.reviewers_chosen" => {
                let asked = self.data["electorate"].as_array().map_or(0, Vec::len);
                format!("asked {asked} {} about {it}", if asked == 1 { "reviewer" } else { "reviewers" })
            }
            "proposal.vote_cast" => format!("voted to {} on {it}", self.strong("choice")),
            "proposal.vote_changed" => {
                format!("changed a vote on {it} from {} to {}", self.text("from"), self.strong("choice"))
            }
            "proposal.commented" => format!("commented on {it}"),
            "proposal.reviewer_recused" => {
                format!("saw {} leave the reviewers of {it}: {}", self.person("member_id"), self.words("reason"))
            }
            "proposal.review_delegated" => {
                let to = self.data["elector"]["member_id"].as_str().and_then(|id| id.parse::<MemberId>().ok());
                let to = to.map_or_else(|| "someone".to_owned(), |id| self.visitor.person(id).to_string());
                format!("handed a seat of {} on {it} to {to}", self.person("from_id"))
            }
            "proposal.approved" => format!("{} {it}, {}", Self::badge("good", "approved"), self.reason()),
            "proposal.rejected" => format!("{} {it}, {}", Self::badge("bad", "rejected"), self.reason()),
            "proposal.expired" => format!("let {it} expire: nobody had decided it"),
            "proposal.withdrawn" => format!("withdrew {it}: {}", self.words("reason")),
            "proposal.stalled" => format!("found {it} stalled: {}", self.words("reason")),
            "proposal.escalated" => format!("took {it} up to {}", self.zone_or("to_zone_id", "the zone above")),
            "proposal.escalation_failed" => format!("could not take {it} up: {}", self.told("reason")),
            "proposal.reinstated" => format!("put {it} back where it was"),
            "proposal.evaluation_opened" => format!("saw an evaluation opened of the work behind {it}"),
            "proposal.execution_succeeded" => format!("carried out {it}"),
            "proposal.execution_failed" => format!("could not carry out {it}: {}", self.told("reason")),
            _ => return None,
        })
    }

    /// What the rules said, for people.
    fn told(&self, key: &str) -> String {
        Escaped(&self.visitor.words(self.data[key].as_str().unwrap_or_default())).to_string()
    }

    fn reason(&self) -> String {
        match self.data["reason"].as_str().unwrap_or_default() {
            "votes" => "by the votes".to_owned(),
            "auto_approved" => "without a review, as the zone's policy says".to_owned(),
            other => Escaped(&plain(other)).to_string(),
        }
    }

    fn of_people(&self, event_type: &str) -> Option<String> {
        let who = self.person("member_id");
        Some(match event_type {
            "organization.founded" => format!("founded {}", self.strong("name")),
            "organization.renamed" => format!("renamed the organization to {}", self.strong("name")),
            "member.added" => format!("took in {who}, {} and {}", self.text("kind"), self.strong("role")),
            "member.changed" => format!("changed who {who} is here: {}", self.strong("role")),
            "member.profile_changed" => format!("corrected the name or address of {who}"),
            "member.removed" => format!("let {who} go"),
            "member.reputation_changed" => {
                let (before, after) = (self.figure("before"), self.figure("after"));
                let zone = self.zone();
                if before == after {
                    format!("left the reputation of {who} at {after} in {zone}")
                } else {
                    format!("moved the reputation of {who} from {before} to <strong>{after}</strong> in {zone}")
                }
            }
            "member.stake_locked" => {
                format!(
                    "locked {} of the reputation of {who} as a stake on {}",
                    self.figure("amount"),
                    self.proposal("a grant")
                )
            }
            "member.stake_released" if self.data["burnt"] == true => {
                format!("burnt a stake of {} of {who} on {}", self.figure("amount"), self.proposal("a grant"))
            }
            "member.stake_released" => {
                format!("gave {who} back a stake of {} on {}", self.figure("amount"), self.proposal("a grant"))
            }
            "invite.created" => format!("invited someone as {}", self.strong("role")),
            "invite.accepted" => "took up an invitation".to_owned(),
            "invite.revoked" => "took an invitation back".to_owned(),
            "token.issued" => format!("made the token “{}” for {who}", self.text("name")),
            "token.revoked" => "made a token worthless".to_owned(),
            "access.check_denied" => {
                format!(
                    "asked whether {} may do <code class=\"action\">{}</code> in {}: no",
                    self.person("principal_id"),
                    self.text("action"),
                    self.zone()
                )
            }
            "access.check_answered" => {
                let action = format!("<code class=\"action\">{}</code>", self.text("action"));
                let zone = self.zone();
                format!("asked whether {} may do {action} in {zone}: {}", self.person("principal_id"), self.words("decision"))
            }
            "access.sign_in_failed" => format!("failed to sign in: {}", self.words("reason")),
            "access.vote_refused" => format!("was refused a vote on {}: {}", self.proposal("a proposal"), self.words("reason")),
            "access.log_exported" => {
                format!("took a copy of the log from position {} on, as {}", self.text("after_position"), self.text("format"))
            }
            _ => return None,
        })
    }

    fn amount(&self, key: &str) -> String {
        let amount = self.data[key].as_str().and_then(|amount| amount.parse().ok()).map(money);
        amount.map_or_else(|| "something".to_owned(), |amount| format!("<strong>{amount}</strong>"))
    }

    fn of_spending(&self, event_type: &str) -> Option<String> {
        let (zone, action) = (self.zone(), format!("<code class=\"action\">{}</code>", self.text("action")));
        let who = self.person("principal_id");
        Some(match event_type {
            "ledger.reserved" => format!("set aside {} in {zone} for {who} to do {action}", self.amount("amount")),
            "ledger.committed" => format!("spent {} of what was set aside in {zone}", self.amount("actual")),
            "ledger.drawn" => format!("drew {} of what was granted in {zone}", self.amount("amount")),
            "ledger.released" => format!("gave back what was set aside in {zone}"),
            "ledger.lapsed" => format!("let go of what was set aside in {zone}: its time was up"),
            "ledger.admitted" => format!("counted {action} of {who} in {zone}"),
            "inbox.marked_read" => "marked what they had read in their inbox".to_owned(),
            "grant.used" if self.data["amount"].is_null() => "used a grant".to_owned(),
            "grant.used" => format!("used a grant for {}", self.amount("amount")),
            "grant.expired" => "let a grant end: its time was up".to_owned(),
            "grant.issued" => {
                let amount = self.data["amount"].as_str().and_then(|amount| amount.parse().ok()).map(money);
                let amount = amount.map(|amount| format!(" for <strong>{amount}</strong>")).unwrap_or_default();
                let action = self.text("action");
                format!(
                    "granted {} <code class=\"action\">{action}</code>{amount}, after {}",
                    self.person("principal_id"),
                    self.proposal("a proposal")
                )
            }
            "grant.voided" => format!("voided a grant: {}", self.words("reason")),
            _ => return None,
        })
    }

    fn of_consequences(&self, event_type: &str) -> Option<String> {
        let escalation = format!("<a href=\"/escalations/{}\">escalation</a>", self.text("escalation_id"));
        let evaluation = format!("<a href=\"/evaluations/{}\">evaluation</a>", self.text("evaluation_id"));
        Some(match event_type {
            "escalation.raised" => format!("raised an {escalation} to {}", self.zone_or("to_zone_id", "the zone above")),
            "escalation.cosigned" => format!("signed an {escalation}, which has {} signatures now", self.text("signatures")),
            "escalation.accepted" => format!("put an {escalation} to {}", self.proposal("a vote")),
            "escalation.dismissed" => format!("dismissed an {escalation}: {}", self.words("reason")),
            "escalation.resolved" => format!("saw an {escalation} end: {}", self.words("outcome")),
            "escalation_allowance.used" => {
                format!("counted an {escalation} among those of {} for the day", self.person("person_id"))
            }
            "evaluation.opened" => format!(
                "opened an {evaluation} of the work of {} behind {}",
                self.person("executor_id"),
                self.proposal("a proposal")
            ),
            "evaluation.scored" => format!("gave {} for {} in an {evaluation}", self.figure("score"), self.words("criterion")),
            "evaluation.check_not_made" => {
                format!("could not check {} in an {evaluation}: {}", self.words("criterion"), self.text("reason"))
            }
            "evaluation.review_requested" => format!("asked a model to judge {} in an {evaluation}", self.words("criterion")),
            "evaluation.reviewed" => format!("had a model look at the work of an {evaluation}"),
            "evaluation.completed" => format!("finished an {evaluation}: {}, {}", self.figure("score"), self.strong("signal")),
            _ => return None,
        })
    }
}

/// A value without its quotes.
fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    /// Every name the log knows, from the files that keep its stored forms.
    #[test]
    fn every_event_can_be_looked_for_and_has_a_sentence() {
        let known = super::super::filter::TYPES;
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/events");
        let stored = std::fs::read_dir(folder).expect("the stored forms").map(|file| file.expect("a file").path());
        for file in stored {
            let name = file.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
            assert!(known.iter().flat_map(|(_, names)| *names).any(|known| **known == name), "{name} can be looked for");
            let arm = format!("            \"{name}\" ");
            assert!(include_str!("sentence.rs").contains(&arm), "{name} has a sentence");
        }
    }
}
