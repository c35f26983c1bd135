//! `order_by` as Sugar takes it: fields, each with a direction.

/// Which way a field is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Ascending,
    Descending,
}

/// The fields of an `order_by`, the first of them the weightiest. What names no direction ascends.
pub fn parts_of_order(order: &str) -> impl Iterator<Item = (&str, Direction)> {
    order.split(',').map(|part| {
        let (name, direction) = part.split_once(':').unwrap_or((part, "ASC"));
        let direction = match direction.trim().eq_ignore_ascii_case("DESC") {
            true => Direction::Descending,
            false => Direction::Ascending,
        };
        (name.trim(), direction)
    })
}

/// With the id behind it: records with equal values would otherwise come in any order, and a page could repeat or skip
/// one.
pub fn with_tie_break(order: &str) -> String {
    match parts_of_order(order).any(|(name, _)| name == "id") {
        true => order.to_owned(),
        false => format!("{order},id:ASC"),
    }
}
