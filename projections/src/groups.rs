//! Statements gathered so that many rows are written at once: each way to a database and back costs more than a row.

use std::collections::HashMap;

use crate::{Param, Statement};

/// One text, run for many sets of values in any order.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The text.
    pub sql: &'static str,
    /// The values of each run.
    pub rows: Vec<Vec<Param>>,
}

/// How far back it is looked whether something has been noted: what has just been is likely to be again.
const LATELY: usize = 64;

/// Statements in an order that comes to the same as the one in which they were added: those of one aggregate stay behind
/// each other, those of different aggregates concern different rows and may pass each other.
#[derive(Debug, Default)]
pub struct Groups {
    groups: Vec<Group>,
    latest: HashMap<String, Latest>,
}

/// What was said last of an aggregate.
#[derive(Debug)]
struct Latest {
    /// In which group.
    place: usize,
    /// In which group and row what need not be said if it is said again.
    passing: Option<(usize, usize)>,
}

/// Whether it does not matter which of two with this text comes first, though they are of one aggregate: new rows.
fn adds_rows(sql: &str) -> bool {
    sql.starts_with("INSERT ") && !sql.contains("ON CONFLICT")
}

/// Whether it does not matter when it is said, nor how often: a row that is there from then on, and that nothing else touches.
fn notes(sql: &str) -> bool {
    sql.starts_with("INSERT ") && sql.ends_with(" ON CONFLICT DO NOTHING")
}

impl Groups {
    /// Adds a statement about an aggregate.
    pub fn add(&mut self, aggregate: &str, statement: Statement) {
        if notes(statement.sql) {
            return self.note(statement);
        }
        let latest = self.latest.get(aggregate);
        let first = match latest.map(|latest| latest.place) {
            None => 0,
            Some(place) if self.groups[place].sql == statement.sql && adds_rows(statement.sql) => place,
            Some(place) => place + 1,
        };
        let passing = latest.and_then(|latest| latest.passing);
        if let Some((place, row)) = passing.filter(|(place, _)| statement.passing && self.groups[*place].sql == statement.sql) {
            self.groups[place].rows[row].clear();
        }
        let found = self.groups[first..].iter().position(|group| group.sql == statement.sql).map(|place| first + place);
        let place = found.unwrap_or(self.groups.len());
        match found {
            Some(place) => self.groups[place].rows.push(statement.params),
            None => self.groups.push(Group { sql: statement.sql, rows: vec![statement.params] }),
        }
        let passing = if statement.passing { Some((place, self.groups[place].rows.len() - 1)) } else { passing };
        match self.latest.get_mut(aggregate) {
            Some(latest) => *latest = Latest { place, passing },
            None => drop(self.latest.insert(aggregate.to_owned(), Latest { place, passing })),
        }
    }

    fn note(&mut self, statement: Statement) {
        match self.groups.iter_mut().find(|group| group.sql == statement.sql) {
            Some(group) if group.rows.iter().rev().take(LATELY).any(|row| *row == statement.params) => {}
            Some(group) => group.rows.push(statement.params),
            None => self.groups.push(Group { sql: statement.sql, rows: vec![statement.params] }),
        }
    }

    /// The groups, in order.
    pub fn into_groups(mut self) -> Vec<Group> {
        for group in &mut self.groups {
            // What was said again.
            group.rows.retain(|row| !row.is_empty());
        }
        self.groups.retain(|group| !group.rows.is_empty());
        self.groups
    }
}

#[cfg(test)]
mod tests {
    use super::{Group, Groups};
    use crate::{Param, Statement};

    const ADD: &str = "INSERT INTO things (id, place) VALUES ($1, $2)";
    const SET: &str = "UPDATE things SET place = $2 WHERE id = $1";
    const COUNT: &str = "UPDATE counts SET number = $2 WHERE id = $1";
    const NOTE: &str = "INSERT INTO things (id, place) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    const DROP: &str = "DELETE FROM things WHERE id = $1 AND place = $2";

    fn gathered(statements: &[(&'static str, &str, i64)]) -> Vec<(&'static str, Vec<i64>)> {
        let mut groups = Groups::default();
        for (sql, aggregate, number) in statements {
            groups.add(aggregate, Statement::new(sql).bind(*aggregate).bind(*number));
        }
        let number = |row: &Vec<Param>| if let Param::Int(Some(number)) = row[1] { number } else { panic!("{row:?}") };
        groups.into_groups().iter().map(|Group { sql, rows }| (*sql, rows.iter().map(number).collect())).collect()
    }

    #[test]
    fn different_aggregates_go_together() {
        let gathered = gathered(&[(ADD, "a", 1), (SET, "a", 2), (ADD, "b", 3), (SET, "b", 4)]);
        assert_eq!(gathered, [(ADD, vec![1, 3]), (SET, vec![2, 4])]);
    }

    #[test]
    fn what_is_said_of_one_aggregate_stays_in_order() {
        let twice = gathered(&[(SET, "a", 1), (SET, "a", 2), (SET, "b", 3)]);
        assert_eq!(twice, [(SET, vec![1, 3]), (SET, vec![2])]);
        let back = gathered(&[(SET, "a", 1), (DROP, "a", 1), (SET, "a", 2), (SET, "b", 3)]);
        assert_eq!(back, [(SET, vec![1, 3]), (DROP, vec![1]), (SET, vec![2])]);
    }

    #[test]
    fn what_is_said_again_is_said_once_and_last() {
        let mut groups = Groups::default();
        let count = |number: i64| Statement::new(COUNT).bind("a").bind(number);
        groups.add("a", count(1).passing());
        groups.add("b", Statement::new(COUNT).bind("b").bind(2_i64).passing());
        groups.add("a", Statement::new(SET).bind("a").bind(3_i64));
        groups.add("a", count(4).passing());
        groups.add("a", Statement::new(SET).bind("a").bind(5_i64));
        groups.add("a", count(6).passing());
        let said: Vec<_> = groups.into_groups().into_iter().map(|group| (group.sql, group.rows)).collect();
        let row = |aggregate: &str, number: i64| vec![vec![Param::from(aggregate), Param::from(number)]];
        assert_eq!(said, [(COUNT, row("b", 2)), (SET, row("a", 3)), (SET, row("a", 5)), (COUNT, row("a", 6))]);
    }

    #[test]
    fn what_is_noted_is_noted_once() {
        let gathered =
            gathered(&[(NOTE, "a", 1), (SET, "a", 2), (NOTE, "b", 1), (NOTE, "a", 1), (SET, "a", 3), (NOTE, "a", 2)]);
        assert_eq!(gathered, [(NOTE, vec![1, 1, 2]), (SET, vec![2]), (SET, vec![3])]);
    }

    #[test]
    fn rows_that_are_added_go_together() {
        let gathered = gathered(&[(ADD, "a", 1), (ADD, "a", 2), (DROP, "a", 1), (ADD, "a", 3)]);
        assert_eq!(gathered, [(ADD, vec![1, 2]), (DROP, vec![1]), (ADD, vec![3])]);
    }
}
