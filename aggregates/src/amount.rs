//! Exact quantities. Money travels as a decimal string, ratios and scores as plain JSON numbers of at most 15
//! significant digits; neither is ever computed in binary floating point.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// Digits that survive a trip through a JSON number unharmed (IEEE 754 binary64).
const EXACT_DIGITS: usize = 15;
/// Largest magnitude of any quantity, so that sums cannot overflow.
const LARGEST: i64 = 1_000_000_000_000_000;
/// More digits than the largest quantity has in billionths, and no more than a decimal holds.
const MOST_BILLIONTHS_DIGITS: usize = 28;

/// An amount of money or another resource: an exact decimal from 0 to 10^15 with at most 9 decimal places. Reads JSON
/// strings and numbers, writes strings.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, pattern = r"^\d{1,16}(\.\d{1,9})?$", examples("1000.00"))]
pub struct Amount(Decimal);

/// A plain number (a score, a reputation, a named limit): an exact decimal from 0 to 10^15. Reads JSON numbers and
/// strings, writes numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(Decimal);

/// A share of a whole, in (0, 1].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(Decimal);

/// Why a text is no quantity.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unmeasurable {
    /// Not a decimal number.
    #[error("`{0}` is not a decimal number")]
    NotANumber(String),
    /// Below zero.
    #[error("must not be negative")]
    Negative,
    /// Beyond the largest quantity.
    #[error("must not exceed {LARGEST}")]
    TooLarge,
    /// Finer than is kept.
    #[error("must not have more than 9 decimal places")]
    TooFine,
    /// A JSON number that a float could not carry exactly.
    #[error("a number of more than {EXACT_DIGITS} digits is not exact in JSON, send it as a string")]
    Inexact,
    /// Outside (0, 1].
    #[error("must be greater than 0 and at most 1")]
    NotAShare,
}

/// A decimal number as it is written.
struct Numeral<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: i32,
}

impl<'a> Numeral<'a> {
    /// Reads digits with at most one point among them, a sign before and an exponent behind; nothing else is a number.
    fn read(text: &'a str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse().ok()?),
            None => (text, 0),
        };
        let digits = mantissa.strip_prefix('-').unwrap_or(mantissa);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = digits != "." && !digits.is_empty() && [whole, fraction].into_iter().all(is_digits);
        is_number.then_some(Self { negative: mantissa.starts_with('-'), whole, fraction, exponent })
    }

    /// Its size in billionths, rounded down, and whether that leaves something; none where it is beyond every quantity.
    fn billionths(&self) -> Option<(i128, bool)> {
        let digits = [self.whole, self.fraction].concat();
        let digits = digits.trim_start_matches('0');
        if digits.is_empty() {
            return Some((0, false));
        }
        let length = i64::try_from(digits.len()).ok()?;
        let places = length + i64::from(self.exponent) - i64::try_from(self.fraction.len()).ok()? + 9;
        let Ok(kept) = usize::try_from(places) else { return Some((0, true)) };
        if kept > MOST_BILLIONTHS_DIGITS {
            return None;
        }
        let (head, rest) = digits.split_at(kept.min(digits.len()));
        let billionths = format!("0{head:0<kept$}").parse().ok()?;
        Some((billionths, rest.bytes().any(|digit| digit != b'0')))
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn measure(text: &str) -> Result<Decimal, Unmeasurable> {
    let not_a_number = || Unmeasurable::NotANumber(text.chars().take(40).collect());
    let numeral = Numeral::read(text).ok_or_else(not_a_number)?;
    let size = numeral.billionths();
    if numeral.negative && size != Some((0, false)) {
        return Err(Unmeasurable::Negative);
    }
    let (billionths, finer) = size.ok_or(Unmeasurable::TooLarge)?;
    let number = Decimal::from_i128_with_scale(billionths, 9);
    if number > Decimal::from(LARGEST) {
        return Err(Unmeasurable::TooLarge);
    }
    if finer {
        return Err(Unmeasurable::TooFine);
    }
    // As many places as were written are shown again.
    Ok(Decimal::from_str_exact(text).unwrap_or_else(|_| number.normalize()).abs())
}

fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => measure(&text).map_err(D::Error::custom),
        Value::Number(number) => {
            let text = number.to_string();
            let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
            let digits = mantissa.trim_start_matches(['-', '0', '.']).chars().filter(char::is_ascii_digit).count();
            if !number.is_i64() && !number.is_u64() && digits > EXACT_DIGITS {
                return Err(D::Error::custom(Unmeasurable::Inexact));
            }
            measure(&text).map_err(D::Error::custom)
        }
        _ => Err(D::Error::custom("must be a decimal number")),
    }
}

fn write_number<S: Serializer>(number: Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    let text = number.normalize().to_string();
    serde_json::Number::from_str(&text).map_err(serde::ser::Error::custom)?.serialize(serializer)
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Reads a decimal.
    ///
    /// # Errors
    /// [`Unmeasurable`] when it is no decimal number, negative, too large or too fine.
    pub fn parse(text: &str) -> Result<Self, Unmeasurable> {
        measure(text).map(Self)
    }

    /// The decimal itself.
    pub fn decimal(self) -> Decimal {
        self.0
    }

    /// Whether `self ÷ whole ≥ percent ÷ 100`, exactly; anything is all of an empty whole.
    pub fn is_at_least_percent_of(self, percent: u32, whole: Self) -> bool {
        self.0 * Decimal::from(100) >= Decimal::from(percent) * whole.0
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left when `other` is taken away; nothing is less than nothing.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0).max(Decimal::ZERO))
    }

    /// Whether it is zero.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Reads a decimal; at most 15 significant digits, so that it survives as a JSON number.
    ///
    /// # Errors
    /// [`Unmeasurable`] when it is no decimal number, negative, too large, too fine or too long.
    pub fn parse(text: &str) -> Result<Self, Unmeasurable> {
        measure(text).and_then(Self::exact)
    }

    /// One.
    pub fn one() -> Self {
        Self(Decimal::ONE)
    }

    /// `thousandths` thousandths.
    pub fn of_thousandths(thousandths: u32) -> Self {
        Self(Decimal::new(i64::from(thousandths), 3).normalize())
    }

    /// A decimal that is known to fit; what is below nothing is nothing.
    pub(crate) fn of_decimal(decimal: Decimal) -> Self {
        Self(decimal.clamp(Decimal::ZERO, Decimal::from(LARGEST)).normalize())
    }

    /// Both together; no more than a quantity can be.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self((self.0 + other.0).min(Decimal::from(LARGEST)).normalize())
    }

    /// What is left without `other`, at least nothing.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self((self.0 - other.0).max(Decimal::ZERO).normalize())
    }

    /// So many hours after `moment`, to the millisecond, and later than `moment` unless it is zero hours; none beyond the end of
    /// the calendar.
    pub fn hours_after(self, moment: crate::Moment) -> Option<crate::Moment> {
        let shortest = i64::from(!self.0.is_zero());
        let milliseconds = i64::try_from((self.0 * Decimal::from(3_600_000)).round()).ok()?.max(shortest);
        moment.checked_add_signed(chrono::Duration::milliseconds(milliseconds))
    }

    /// Whether the number written as `text` is at most this, exactly, however many digits it has. What is no number is not.
    pub fn admits(self, text: &str) -> bool {
        let Some(numeral) = Numeral::read(text) else { return false };
        let Some((billionths, finer)) = numeral.billionths() else { return numeral.negative };
        let down = Decimal::from_i128_with_scale(billionths, 9);
        numeral.negative || down < self.0 || (down == self.0 && !finer)
    }

    fn exact(number: Decimal) -> Result<Self, Unmeasurable> {
        let digits = number.normalize().mantissa().to_string().len();
        if digits > EXACT_DIGITS && !number.normalize().fract().is_zero() {
            return Err(Unmeasurable::Inexact);
        }
        Ok(Self(number.normalize()))
    }

    /// The decimal itself.
    pub fn decimal(self) -> Decimal {
        self.0
    }
}

impl Share {
    /// One half: the default quorum and approval ratio (SPEC section 6).
    pub fn half() -> Self {
        Self::of_tenths(5)
    }

    /// `tenths` tenths, 1 to 10.
    pub(crate) fn of_tenths(tenths: u8) -> Self {
        debug_assert!((1..=10).contains(&tenths), "{tenths} tenths are no share");
        Self(Decimal::new(i64::from(tenths), 1))
    }

    /// Reads a share.
    ///
    /// # Errors
    /// [`Unmeasurable`] when it is no decimal number or outside (0, 1].
    pub fn parse(text: &str) -> Result<Self, Unmeasurable> {
        measure(text).and_then(Self::bounded)
    }

    fn bounded(number: Decimal) -> Result<Self, Unmeasurable> {
        if number.is_zero() || number > Decimal::ONE {
            return Err(Unmeasurable::NotAShare);
        }
        Ok(Self(number.normalize()))
    }

    /// The decimal itself.
    pub fn decimal(self) -> Decimal {
        self.0
    }

    /// Whether `part` is at least this share of `whole`.
    pub fn is_reached_by(self, part: u64, whole: u64) -> bool {
        Decimal::from(part) >= self.0 * Decimal::from(whole)
    }

    /// Whether `part` is more than this share of `whole`.
    pub fn is_passed_by(self, part: u64, whole: u64) -> bool {
        Decimal::from(part) > self.0 * Decimal::from(whole)
    }
}

macro_rules! shown_as_decimal {
    ($($name:ident),+) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    )+};
}
shown_as_decimal!(Amount, Quantity, Share);

macro_rules! documented_as_number {
    ($($name:ident: $text:literal),+ $(,)?) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type(Type::Number).description(Some($text)).into()
            }
        }

        impl ToSchema for $name {}
    )+};
}
documented_as_number! {
    Quantity: "An exact decimal from 0 to 10^15.",
    Share: "A share of a whole: more than 0, at most 1.",
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer).map(Self)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::exact(read(deserializer)?).map_err(D::Error::custom)
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_number(self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::bounded(read(deserializer)?).map_err(D::Error::custom)
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_number(self.0, serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_read_from_numbers_and_strings_and_written_as_a_string() {
        let amounts: Vec<Amount> = serde_json::from_str(r#"[1000, "1000.00", 0.1, "0.000000001"]"#).expect("amounts");
        assert_eq!(serde_json::to_string(&amounts).expect("json"), r#"["1000","1000.00","0.1","0.000000001"]"#);
        assert_eq!(amounts[0], amounts[1]);
    }

    #[test]
    fn a_span_however_short_ends_after_it_begins() {
        let now: crate::Moment = "2026-01-05T10:00:00Z".parse().expect("a moment");
        let after = |hours: &str| Quantity::parse(hours).expect("hours").hours_after(now).expect("a moment") - now;
        assert_eq!(after("0.000000001"), chrono::Duration::milliseconds(1));
        assert_eq!(after("0.0005"), chrono::Duration::milliseconds(1_800));
        assert_eq!(after("0"), chrono::Duration::zero());
    }

    #[test]
    fn what_cannot_be_exact_or_sensible_is_refused() {
        for text in
            ["-1", "\"-0.01\"", "\"abc\"", "0.12345678901234567", "1e300", "\"1e40\"", "true", "null", "\"0.0000000001\""]
        {
            assert!(serde_json::from_str::<Amount>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nothing_is_rounded_and_only_digits_are_a_number() {
        let long = |zeros: usize, last: &str| format!("0.{}{last}", "0".repeat(zeros));
        assert_eq!(Amount::parse(&long(30, "1")), Err(Unmeasurable::TooFine));
        assert_eq!(Amount::parse("0.99999999999999999999999999999999"), Err(Unmeasurable::TooFine));
        assert_eq!(Amount::parse("1000000000000000.00000000000000000001"), Err(Unmeasurable::TooFine));
        assert_eq!(Amount::parse(&format!("-{}", long(30, "1"))), Err(Unmeasurable::Negative));
        assert_eq!(Amount::parse("-1e300"), Err(Unmeasurable::Negative));
        assert_eq!(Amount::parse("1e300"), Err(Unmeasurable::TooLarge));
        assert_eq!(Amount::parse("1000000000000000.000000001"), Err(Unmeasurable::TooLarge));
        for text in ["1_000", "", ".", "-", "1.2.3", "+1", " 1", "1e", "1e1.5", "0x10", "1,5", "\u{661}"] {
            assert!(matches!(Amount::parse(text), Err(Unmeasurable::NotANumber(_))), "{text}");
        }
        for (text, shown) in
            [("1000.00", "1000.00"), ("-0", "0"), ("1e3", "1000"), ("25E-1", "2.5"), ("1.5e+2", "150"), (".5", "0.5")]
        {
            assert_eq!(Amount::parse(text).map(|amount| amount.to_string()), Ok(shown.to_owned()));
        }
        assert_eq!(Amount::parse(&format!("1.{}", "0".repeat(40))), Amount::parse("1"));
    }

    #[test]
    fn a_limit_admits_what_is_not_above_it_however_it_is_written() {
        let limit = Quantity::parse("0.3").expect("a quantity");
        for below in ["0.3", "0.29999999999999999999999999999999999", "-0.30000000000000004", "-1e300", "3e-1", "1e-300", "0"] {
            assert!(limit.admits(below), "{below}");
        }
        for above in ["0.30000000000000004", "0.3000000000000000000000000000000000001", "1e300", "", "x", "true"] {
            assert!(!limit.admits(above), "{above}");
        }
    }

    #[test]
    fn a_share_is_more_than_nothing_and_at_most_all() {
        for text in ["0", "1.01", "-0.5", "\"x\""] {
            assert!(serde_json::from_str::<Share>(text).is_err(), "{text}");
        }
        let share: Share = serde_json::from_str("0.50").expect("share");
        assert_eq!(serde_json::to_string(&share).expect("json"), "0.5");
        assert!(share.is_reached_by(1, 2) && !share.is_passed_by(1, 2));
    }
}
