//! The demo organization, served for a story, and its people at their browsers.

use chrono::{DateTime, Utc};
use serde_json::json;
use trust_zones::clock::Clock;

use super::Browser;
use super::browser::Setup;
use crate::harness::{Kind, Person, Store, TestApp, serve};

/// The demo organization.
pub struct Nordlicht {
    pub owner: Person,
    pub base: String,
    _service: trust_zones::service::Service,
    people: Vec<(String, String)>,
    _store: Store,
}

/// A working day's morning, so that the clock in the pictures is always the same.
fn morning() -> DateTime<Utc> {
    "2026-03-03T09:30:00Z".parse().expect("a moment")
}

impl Nordlicht {
    /// Serves it.
    pub async fn opens() -> Self {
        let store = Store::create(Kind::Sqlite).await;
        let clock = Clock::standing_at(morning());
        let (service, address) = serve(&store, &[], clock.clone()).await;
        let founded = trust_zones::demo::bootstrap(&service).await.expect("a demo").expect("an empty store");
        // Some time after it was all said and done.
        clock.advance(chrono::Duration::minutes(134));
        trust_zones::processes::do_what_is_due(&service.app).await.expect("the clock");
        let http = reqwest::Client::builder().build().expect("a client");
        let owner = Person::new(http, address, founded.owner_id.to_string(), founded.token);
        let members = owner.get("/members?limit=200").await.expect(200);
        let named = members.items().iter().map(|member| {
            let text = |key: &str| member[key].as_str().unwrap_or_default().to_owned();
            (text("display_name"), text("id"))
        });
        Self { people: named.collect(), owner, base: format!("http://{address}"), _service: service, _store: store }
    }

    /// Someone of the company, by the beginning of their name, with a token of their own.
    pub async fn person(&self, name: &str) -> Person {
        let id = self.id_of(name);
        let token = self.owner.post("/tokens", json!({"member_id": id, "name": "story"})).await.expect(201).text("/token");
        let mut person = self.owner.with_token(&token);
        person.id = id;
        person
    }

    /// The id of someone.
    pub fn id_of(&self, name: &str) -> String {
        let known = self.people.iter().find(|(known, _)| known.starts_with(name));
        known.unwrap_or_else(|| panic!("nobody is called {name}")).1.clone()
    }

    /// The id of the zone with this slug.
    pub async fn zone(&self, slug: &str) -> String {
        let zones = self.owner.get("/zones?limit=200").await.expect(200);
        let zone = zones.items().iter().find(|zone| zone["slug"] == slug).unwrap_or_else(|| panic!("no zone {slug}"));
        zone["id"].as_str().expect("an id").to_owned()
    }

    /// The id of the proposal whose title begins like this.
    pub async fn proposal(&self, title: &str) -> String {
        let proposals = self.owner.get("/proposals?limit=200").await.expect(200);
        let found =
            proposals.items().iter().find(|known| known["title"].as_str().is_some_and(|known| known.starts_with(title)));
        found.unwrap_or_else(|| panic!("no proposal {title}"))["id"].as_str().expect("an id").to_owned()
    }

    /// Someone at their browser, signed in.
    pub async fn at_a_browser(&self, name: &str) -> Browser {
        self.at_a_browser_set_up(name, Setup::default()).await
    }

    /// Someone at a browser of a certain kind, signed in.
    pub async fn at_a_browser_set_up(&self, name: &str, setup: Setup) -> Browser {
        let person = self.person(name).await;
        let browser = Browser::open(&self.base, setup).await;
        browser.signs_in(&person.token).await;
        browser
    }
}

/// A browser that looks at the service of a story.
pub async fn browser_at(app: &TestApp, setup: Setup) -> Browser {
    Browser::open(&format!("http://{}", app.address), setup).await
}
