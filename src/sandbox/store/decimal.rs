//! Decimals, kept digit by digit as text: a binary number would lose digits from the sixteenth on.
//!
//! The database compares and orders such text by a collation of its own, which the sandbox puts on the columns it asks
//! for. It stands in no declaration, so that other programs can read the file.

use std::cmp::Ordering;

use rusqlite::Connection;
use rust_decimal::Decimal;
use rust_decimal::RoundingStrategy;

/// The name of the collation.
pub(super) const COLLATION: &str = "DECIMAL";

/// A decimal rounded to its places, half away from zero, without zeros at the end.
pub(super) fn canonical(text: &str, places: u8) -> Option<String> {
    let rounded = read(text)?
        .round_dp_with_strategy(places.into(), RoundingStrategy::MidpointAwayFromZero)
        .normalize();
    Some(rounded.to_string())
}

fn read(text: &str) -> Option<Decimal> {
    let text = text.trim();
    text.parse()
        .or_else(|_| Decimal::from_scientific(text))
        .ok()
}

/// What is no number stands before all numbers.
fn compare(left: &str, right: &str) -> Ordering {
    match (read(left), read(right)) {
        (None, None) => left.cmp(right),
        (left, right) => left.cmp(&right),
    }
}

/// Makes the collation known to a connection.
pub(crate) fn collate(db: &Connection) -> rusqlite::Result<()> {
    db.create_collation(COLLATION, compare)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decimals_keep_their_digits_and_lose_their_zeros() {
        for (given, places, kept) in [
            ("100.00", 6, Some("100")),
            ("25000", 6, Some("25000")),
            ("3.225", 2, Some("3.23")),
            ("-3.225", 2, Some("-3.23")),
            ("3.22", 6, Some("3.22")),
            ("99.5", 0, Some("100")),
            ("-0.0", 6, Some("0")),
            ("1e3", 6, Some("1000")),
            ("2.5E-1", 6, Some("0.25")),
            (" .5 ", 6, Some("0.5")),
            ("99999999999.123456", 6, Some("99999999999.123456")),
            ("12345678901234567.89", 6, Some("12345678901234567.89")),
            (
                "99999999999999999999.999999",
                6,
                Some("99999999999999999999.999999"),
            ),
            ("much", 6, None),
            ("", 6, None),
            ("NaN", 6, None),
            ("1e999999999", 6, None),
        ] {
            assert_eq!(canonical(given, places).as_deref(), kept, "{given}");
        }
    }

    proptest! {
        #[test]
        fn order_is_that_of_the_numbers(left: i64, right: i64, places in 0_u8..7) {
            let text = |number: i64| {
                let number = Decimal::new(number, u32::from(places)).to_string();
                canonical(&number, places).unwrap()
            };
            prop_assert_eq!(compare(&text(left), &text(right)), left.cmp(&right));
        }

        #[test]
        fn nothing_is_fatal(left: String, right: String) {
            prop_assert_eq!(compare(&left, &right), compare(&right, &left).reverse());
            let _ = canonical(&left, 6);
        }
    }
}
