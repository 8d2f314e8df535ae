//! What surrounds every page: the menu, who one is and where, and what was just done.

use axum::http::HeaderMap;

use super::session::cookie;
use super::shown::Icon;
use super::visitor::Visitor;
use crate::entropy;

/// A section of the menu.
pub struct Section {
    /// By which pages say that they belong to it.
    pub key: &'static str,
    /// Where it is.
    pub address: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// Its picture.
    pub icon: Icon,
    /// The key that leads there after `g`.
    pub shortcut: &'static str,
}

const fn section(key: &'static str, address: &'static str, name: &'static str, shortcut: &'static str) -> Section {
    Section { key, address, name, icon: Icon(key), shortcut }
}

/// The menu, in its order.
pub const SECTIONS: [Section; 9] = [
    section("overview", "/", "Overview", "o"),
    section("inbox", "/inbox", "Inbox", "i"),
    section("proposals", "/proposals", "Proposals", "p"),
    section("escalations", "/escalations", "Escalations", "e"),
    section("evaluations", "/evaluations", "Evaluations", "v"),
    section("zones", "/zones", "Zones", "z"),
    section("members", "/members", "Members", "m"),
    section("audit", "/audit", "Audit", "a"),
    section("checks", "/check", "Check", "c"),
];

/// Something that was just done, or happened, said at the top of a page.
pub struct Notice {
    /// In words.
    pub text: &'static str,
    /// Whether it is bad news.
    pub bad: bool,
}

/// What `?said=…` stands for: fixed words, so that a link can put none of its own on a page.
const NOTICES: [(&str, &str); 26] = [
    ("cosigned", "You have signed it."),
    ("dismissed", "It has been dismissed."),
    ("raised", "It is raised; others can sign it now."),
    ("scored", "Your score counts."),
    ("checked", "The checks have been asked for."),
    ("finalized", "It is judged; its consequences follow."),
    ("member-added", "Member added. Give them a token to sign in with, and roles in zones."),
    ("member-changed", "It is changed."),
    ("member-removed", "Member removed. Their tokens no longer work."),
    ("invite-revoked", "Nobody can join by this invitation any more."),
    ("token-revoked", "The token no longer works."),
    ("zone-changed", "The zone is changed; it holds from now on."),
    ("zone-made", "Zone created. Say what holds in it, and who works in it."),
    ("role-given", "The role is given; it reaches down to every zone below."),
    ("role-taken", "The role is taken away."),
    ("delegated", "Your seat is handed on."),
    ("escalated", "Its question went up to the zone above."),
    ("proposed", "It is proposed; its reviewers have been asked."),
    ("voted", "Your vote counts."),
    ("commented", "Your comment is there for everyone to read."),
    ("recused", "You stood back; the others decide."),
    ("withdrawn", "It has been taken back."),
    ("retried", "It has been tried again; the outcome is below."),
    ("signed-out", "You are signed out."),
    ("switched", "You are looking at another organization now."),
    ("signed-in", "You are signed in."),
];

impl Notice {
    fn of(query: &str) -> Option<Self> {
        let said = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "said")?.1;
        if said == "ended" {
            return Some(Self { text: "Your session has ended. Sign in again to go on.", bad: true });
        }
        NOTICES.iter().find(|(key, _)| *key == said).map(|(_, text)| Self { text, bad: false })
    }
}

/// An organization the browser is signed in to.
#[derive(Clone, Debug)]
pub struct Organization {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is the one that is shown.
    pub current: bool,
}

/// What surrounds a page.
pub struct Frame {
    /// The page's title.
    pub title: String,
    /// The section it belongs to.
    pub section: &'static str,
    /// `light`, `dark`, or what the system likes.
    pub theme: &'static str,
    /// Whoever is signed in.
    pub me: Option<Me>,
    /// What was just done.
    pub notice: Option<Notice>,
    /// A hidden field that makes sending a form twice do a thing once.
    pub once: String,
    /// Where the page is.
    pub here: String,
}

/// Whoever is signed in, as the frame shows it.
pub struct Me {
    /// Their id.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Their role in the organization.
    pub role: String,
    /// The letters of their name.
    pub initials: String,
    /// The organization they look at.
    pub organization_id: String,
    /// Its name.
    pub organization: String,
    /// The others the browser is signed in to, and this one.
    pub organizations: Vec<Organization>,
    /// Whether the whole log is theirs to read.
    pub sees_log: bool,
    /// What waits for them.
    pub waiting: u64,
    /// The log position that the page shows.
    pub position: u64,
    /// Now, in seconds since 1970, by the service's clock.
    pub now: i64,
}

fn theme(headers: &HeaderMap) -> &'static str {
    match cookie(headers, "tz_theme") {
        Some("light") => "light",
        Some("dark") => "dark",
        _ => "system",
    }
}

impl Frame {
    /// The frame of a page that `visitor` looks at.
    pub fn of(visitor: &Visitor, title: &str, section: &'static str) -> Self {
        let person = visitor.person(visitor.caller.id());
        let me = Me {
            id: person.id.clone(),
            role: visitor.member.role.to_string(),
            initials: person.initials(),
            name: person.name,
            organization_id: visitor.caller.organization_id.to_string(),
            organization: visitor
                .organizations
                .iter()
                .find(|known| known.current)
                .map(|known| known.name.clone())
                .unwrap_or_default(),
            organizations: visitor.organizations.clone(),
            sees_log: visitor.may_everywhere("audit.read"),
            waiting: visitor.waiting,
            position: visitor.position,
            now: visitor.now().timestamp(),
        };
        let here = visitor.uri.path_and_query().map_or("/", |asked| asked.as_str()).to_owned();
        Self {
            title: title.to_owned(),
            section,
            theme: theme(&visitor.headers),
            me: Some(me),
            notice: Notice::of(visitor.uri.query().unwrap_or_default()),
            // It names the organization, so that a form is not carried out in another that was switched to meanwhile.
            once: format!("{}.{}", visitor.caller.organization_id, entropy::secret(22)),
            here,
        }
    }

    /// Whether whoever looks changes anything at all: an auditor does not.
    pub fn may_propose(&self) -> bool {
        self.me.as_ref().is_some_and(|me| me.role != "auditor")
    }

    /// The frame of a page for someone who is not signed in.
    pub fn for_nobody(title: &str, headers: &HeaderMap, query: &str) -> Self {
        Self {
            title: title.to_owned(),
            section: "",
            theme: theme(headers),
            me: None,
            notice: Notice::of(query),
            once: entropy::secret(22),
            here: "/".to_owned(),
        }
    }

    /// The first letter of the organization's name.
    pub fn organization_initial(&self) -> String {
        let name = self.me.as_ref().and_then(|me| me.organization.chars().next());
        name.into_iter().flat_map(char::to_uppercase).collect()
    }
}
