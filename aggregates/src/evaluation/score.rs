//! Scores: exact decimals from 0 to 1.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::amount::Quantity;

/// A score: 0 is the worst, 1 the best.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Quantity", into = "Quantity")]
#[schema(value_type = Quantity)]
pub struct Score(Quantity);

/// It is more than 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be from 0 to 1")]
pub struct AboveOne;

impl Score {
    /// The best there is.
    pub fn full() -> Self {
        Self(Quantity::ZERO.plus(Quantity::one()))
    }

    /// The worst there is.
    pub fn none() -> Self {
        Self(Quantity::ZERO)
    }

    /// The decimal itself.
    pub fn decimal(self) -> Decimal {
        self.0.decimal()
    }

    /// The score as a quantity.
    pub fn quantity(self) -> Quantity {
        self.0
    }
}

impl TryFrom<Quantity> for Score {
    type Error = AboveOne;

    fn try_from(quantity: Quantity) -> Result<Self, AboveOne> {
        if quantity.decimal() > Decimal::ONE { Err(AboveOne) } else { Ok(Self(quantity)) }
    }
}

impl From<Score> for Quantity {
    fn from(score: Score) -> Self {
        score.0
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Score({})", self.0)
    }
}
