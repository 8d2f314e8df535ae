//! What a check is asked.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::Moment;
use crate::action::{Action, Pattern};
use crate::amount::Amount;
use crate::ids::{MemberId, ReservationId};
use crate::text::Label;

/// How the principal comes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Via {
    /// In person.
    #[default]
    Itself,
    /// By an API token, which only narrows its principal (SPEC A4); no list is no narrowing.
    Token(Option<BTreeSet<Pattern>>),
}

/// What a check takes for granted.
#[expect(clippy::struct_excessive_bools, reason = "four things that are granted apart from each other")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The zone need not be in force: reading and mending a zone that is not.
    pub out_of_force: bool,
    /// An approved proposal stands behind it: neither role nor further approval is asked, every hard rule is.
    pub approved: bool,
    /// It is an allocation of resources, which allow-lists of work do not speak of.
    pub allocation: bool,
    /// It is granted now and done later: rates are asked for when it is done.
    pub ahead: bool,
}

/// May `principal` do `action`, with these particulars, at `now`?
#[derive(Clone, Debug)]
pub struct Ask {
    /// Who.
    pub principal: MemberId,
    /// What.
    pub action: Action,
    /// For how much.
    pub amount: Option<Amount>,
    /// On which board.
    pub board_id: Option<Label>,
    /// By which type of agent; the principal's own when absent.
    pub agent_type: Option<Label>,
    /// With which tool.
    pub tool: Option<Label>,
    /// With what else; numbers here are held against `limits` of the same name.
    pub params: Map<String, Value>,
    /// How the principal comes.
    pub via: Via,
    /// What is taken for granted.
    pub standing: Standing,
    /// What has been set aside for just this, and is not to be counted twice.
    pub holding: Option<ReservationId>,
    /// When.
    pub now: Moment,
}

impl Ask {
    /// The plain question.
    pub fn plain(principal: MemberId, action: Action, now: Moment) -> Self {
        Self {
            principal,
            action,
            amount: None,
            board_id: None,
            agent_type: None,
            tool: None,
            params: Map::new(),
            via: Via::Itself,
            standing: Standing::default(),
            holding: None,
            now,
        }
    }
}
