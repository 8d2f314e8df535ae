//! What a check is asked, in JSON.

use aggregates::Moment;
use aggregates::action::Action;
use aggregates::amount::Amount;
use aggregates::ids::MemberId;
use aggregates::permission::{Ask, Authority};
use aggregates::text::Label;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::engine::{Caller, Problem};

/// A question of permission.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    pub action: Action,
    /// Who would do it; the caller when absent.
    pub principal_id: Option<MemberId>,
    pub amount: Option<Amount>,
    pub board_id: Option<Label>,
    pub agent_type: Option<Label>,
    pub tool: Option<Label>,
    /// Numbers are held against `limits` of the same name.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub params: Map<String, Value>,
}

impl Question {
    /// The question as the check reads it. Who asks about someone else asks what they could do in person.
    pub fn asking(self, authority: &Authority, caller: &Caller, now: Moment) -> Result<Ask, Problem> {
        let principal = self.principal_id.unwrap_or(caller.id());
        if authority.organization.member(principal).is_none() {
            return Err(Problem::named_nowhere("/principal_id", "member"));
        }
        Ok(self.asking_of(principal, caller, now))
    }

    /// The question about a principal who may have been here at another time.
    pub fn asking_of(self, principal: MemberId, caller: &Caller, now: Moment) -> Ask {
        Ask {
            amount: self.amount,
            board_id: self.board_id,
            agent_type: self.agent_type,
            tool: self.tool,
            params: self.params,
            via: caller.via_of(principal),
            ..Ask::plain(principal, self.action, now)
        }
    }
}
