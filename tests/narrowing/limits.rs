//! Every key that narrows on the way down (SPEC Z4), with values that show it.

use serde_json::{Map, Value, json};

/// One key: what a parent writes, and what becomes of what a child writes.
pub struct Limit {
    /// JSON pointer to the key.
    pub pointer: &'static str,
    /// Which part of it is narrowed for itself, if it has parts.
    pub part: Option<&'static str>,
    /// What the parent writes.
    pub parent: Value,
    /// What a child may write, and what holds then.
    pub narrower: (Value, Value),
    /// What a child may not write, and what would hold if it stood there; a list of demands can never be wider.
    pub wider: Option<(Value, Value)>,
    /// For lists: what holds where the child writes an empty one.
    pub emptied: Option<Value>,
}

impl Limit {
    /// The section and the key.
    fn place(&self) -> (&'static str, &'static str) {
        self.pointer[1..].split_once('/').expect("a section and a key")
    }

    /// JSON pointer to what is narrowed for itself.
    pub fn part(&self) -> String {
        self.part.map_or_else(|| self.pointer.to_owned(), |part| format!("{}/{part}", self.pointer))
    }

    /// What a value of the key says of that.
    pub fn in_part<'v>(&self, value: &'v Value) -> &'v Value {
        self.part.map_or(value, |part| &value[part])
    }

    /// A policy object that sets the key to `value`.
    pub fn set_to(&self, value: &Value) -> Value {
        let (section, key) = self.place();
        json!({section: {key: value}})
    }

    /// A zone that sets the key to `value`, if to anything, below `parent`, if below any.
    pub fn zone(&self, name: &str, parent: Option<&str>, value: Option<&Value>) -> Value {
        let mut zone = value.map_or_else(|| json!({}), |value| self.set_to(value));
        let keys: &mut Map<String, Value> = zone.as_object_mut().expect("an object");
        keys.insert("name".to_owned(), json!(name));
        keys.insert("parent_zone_id".to_owned(), json!(parent));
        zone
    }
}

fn allow_list(pointer: &'static str, items: [&'static str; 3]) -> Limit {
    let [one, two, three] = items;
    Limit {
        pointer,
        part: None,
        parent: json!([one, two]),
        narrower: (json!([two]), json!([two])),
        wider: Some((json!([one, two, three]), json!([one, two]))),
        emptied: Some(json!([])),
    }
}

fn demands(pointer: &'static str, items: [&'static str; 2]) -> Limit {
    let [one, two] = items;
    Limit {
        pointer,
        part: None,
        parent: json!([one]),
        narrower: (json!([two]), json!([one, two])),
        wider: None,
        emptied: Some(json!([one])),
    }
}

fn bound(pointer: &'static str, parent: Value, narrower: Value, wider: Value) -> Limit {
    let (met, held) = (narrower.clone(), parent.clone());
    Limit { pointer, part: None, parent, narrower: (narrower, met), wider: Some((wider, held)), emptied: None }
}

fn rate(max: u32) -> Value {
    json!([{"action": "work.*", "max": max, "per_seconds": 60}])
}

fn hours(from: &str, to: &str) -> Value {
    json!({"timezone": "Europe/Berlin", "days": ["mon", "tue"], "from": from, "to": to})
}

fn several_ceilings() -> Vec<Limit> {
    let limits = bound("/resource_scope/limits", json!({"tokens": 100}), json!({"tokens": 7}), json!({"tokens": 101}));
    let other_rate = json!([{"action": "deploy.*", "max": 1, "per_seconds": 3600}]);
    let both_rates = json!([rate(5)[0], other_rate[0]]);
    let (day, afternoon, evening) = (hours("09:00", "17:05"), hours("12:00", "16:00"), hours("12:00", "17:10"));
    vec![
        Limit { part: Some("tokens"), emptied: Some(json!({"tokens": 100})), ..limits },
        bound("/constraints/rate_limits", rate(5), rate(4), rate(6)),
        Limit {
            pointer: "/constraints/rate_limits",
            part: None,
            parent: rate(5),
            narrower: (other_rate, both_rates),
            wider: None,
            emptied: Some(rate(5)),
        },
        Limit {
            pointer: "/constraints/active_hours",
            part: None,
            parent: day.clone(),
            narrower: (afternoon.clone(), json!([day, afternoon])),
            wider: Some((evening.clone(), json!([day, evening]))),
            emptied: None,
        },
    ]
}

/// All of them.
pub fn all() -> Vec<Limit> {
    let spending = |amount: &str, window: &str| json!({"amount": amount, "window": window});
    let (spring, summer, autumn) = ("2026-03-01T00:00:00Z", "2026-06-01T00:00:00Z", "2026-09-01T00:00:00Z");
    let mut all = vec![
        allow_list("/constraints/allowed_actions", ["deploy.*", "task.create", "work.do"]),
        allow_list("/resource_scope/allowed_boards", ["alpha", "beta", "gamma"]),
        allow_list("/resource_scope/allowed_agent_types", ["coder", "reviewer", "tester"]),
        allow_list("/resource_scope/allowed_tools", ["git", "shell", "web"]),
        allow_list("/resource_scope/api_key_scopes", ["deploy.*", "task.*", "work.*"]),
        allow_list("/agent_qualifications/kinds", ["human", "agent", "service"]),
        demands("/constraints/blocked_actions", ["deploy.production", "work.harm"]),
        demands("/constraints/approval_required_actions", ["deploy.production", "work.harm"]),
        demands("/agent_qualifications/required_skills", ["reading", "writing"]),
        bound("/resource_scope/budget_limit", json!("1000"), json!("999.999999999"), json!("1000.000000001")),
        bound("/constraints/max_concurrent_tasks", json!(3), json!(0), json!(4)),
        bound("/constraints/spending_limit", spending("100", "week"), spending("99", "week"), spending("101", "week")),
        bound("/agent_qualifications/min_reputation", json!(2), json!(2.5), json!(1.9)),
        bound("/alignment_requirements/stake_required", json!(1.5), json!(3), json!(0)),
        bound("/constraints/valid_from", json!(summer), json!(autumn), json!(spring)),
        bound("/constraints/valid_until", json!(summer), json!(spring), json!(autumn)),
    ];
    all.extend(several_ceilings());
    all.extend(["/constraints/require_human_review", "/alignment_requirements/sponsor_required"].map(|pointer| Limit {
        pointer,
        part: None,
        parent: json!(true),
        narrower: (json!(true), json!(true)),
        wider: Some((json!(false), json!(true))),
        emptied: None,
    }));
    all
}
