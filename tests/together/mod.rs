//! Escalations, judgements and clocks at once (SPEC E2–E4, V6, R3–R5): 200 rounds of each race, none of which may go wrong, and
//! processes that are killed in the middle of it all.

mod clocks;
mod escalating;
mod judging;
mod killed;
mod seats;

use projections::Recorded;

/// How often each race is run.
pub const ROUNDS: usize = 200;

/// How often events of a type are in a log.
pub fn times(log: &[Recorded], name: &str) -> usize {
    log.iter().filter(|event| event.event_type == name).count()
}

/// How often each subject has an event of one of these types; `subject` is the key of its id.
pub fn times_each(log: &[Recorded], names: &[&str], subject: &str) -> std::collections::BTreeMap<String, usize> {
    let mut times = std::collections::BTreeMap::new();
    for event in log.iter().filter(|event| names.contains(&event.event_type.as_ref())) {
        let id = event.data.value()[subject].as_str().expect("an id").to_owned();
        *times.entry(id).or_default() += 1;
    }
    times
}
