//! Members: people, agents and services, their tokens, and invitations to join.

pub mod invites;
pub mod list;
pub mod profile;
mod standing;
pub mod tokens;

use aggregates::actor::OrganizationRole;

use crate::web::visitor::Visitor;

type Options = Vec<(String, String)>;

/// A way between the pages about members.
pub struct Tab {
    name: &'static str,
    address: &'static str,
    current: bool,
}

/// The pages about members that the visitor may look at.
fn tabs(visitor: &Visitor, current: &str) -> Vec<Tab> {
    let all = [("Members", "/members"), ("Tokens", "/tokens"), ("Invitations", "/invites")];
    let seen = all.into_iter().filter(|(name, _)| *name != "Invitations" || visitor.may_everywhere("member.read"));
    seen.map(|(name, address)| Tab { name, address, current: name == current }).collect()
}

const ROLES: [(OrganizationRole, &str); 4] = [
    (OrganizationRole::Member, "Member: proposes, and does what a role in a zone lets them"),
    (OrganizationRole::Auditor, "Auditor: reads everything, changes nothing"),
    (OrganizationRole::Admin, "Admin: runs zones, members and tokens"),
    (OrganizationRole::Owner, "Owner: everything"),
];

/// The roles that the visitor can give, and the one that someone has.
fn roles(visitor: &Visitor, has: Option<OrganizationRole>) -> Options {
    let given = ROLES.into_iter().filter(|(role, _)| visitor.member.role.may_grant(*role) || has == Some(*role));
    given.map(|(role, words)| (role.to_string(), words.to_owned())).collect()
}

/// Humans who can answer for an agent.
fn sponsors(visitor: &Visitor) -> Options {
    let humans = visitor.ruling.authority.organization.members();
    let humans = humans.filter(|member| member.kind == aggregates::actor::PrincipalKind::Human);
    let named = humans.map(|member| (member.id.to_string(), visitor.name(member.id)));
    [(String::new(), "nobody".to_owned())].into_iter().chain(named).collect()
}

/// Skills as typed: one per line, or with commas between.
fn skills(text: &str) -> Vec<&str> {
    text.split(['\n', ',']).map(str::trim).filter(|skill| !skill.is_empty()).collect()
}
