//! Numbers and lists as messages say them.

use std::fmt::Display;

/// Names that a message lists. A file may have a column for every day of a century.
const MOST_NAMED: usize = 80;

/// "1 error", "2 errors".
pub fn counted<N: Copy + Display + PartialEq + From<u8>>(count: N, singular: &str) -> String {
    if count == N::from(1) {
        format!("1 {singular}")
    } else {
        format!("{count} {singular}s")
    }
}

/// With commas between thousands: there are numbers of seven digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// "`a`, `b` or `c`".
pub fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    named(names, "or")
}

/// "`a`, `b` and `c`".
pub fn all_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    named(names, "and")
}

/// "a, b and c", as they are.
pub fn listed(words: Vec<String>) -> String {
    joined(words, "and")
}

fn named<'a>(names: impl IntoIterator<Item = &'a str>, conjunction: &str) -> String {
    let mut names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    if let Some(more @ 1..) = names.len().checked_sub(MOST_NAMED) {
        names.truncate(MOST_NAMED);
        return format!("{} {conjunction} {more} more", names.join(", "));
    }
    joined(names, conjunction)
}

fn joined(mut words: Vec<String>, conjunction: &str) -> String {
    match (words.pop(), words.is_empty()) {
        (None, _) => String::new(),
        (Some(last), true) => last,
        (Some(last), false) => format!("{} {conjunction} {last}", words.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_numbers_read_as_english() {
        assert_eq!(counted(1_u64, "error"), "1 error");
        assert_eq!(counted(0_usize, "error"), "0 errors");
        assert_eq!(one_of([]), "");
        assert_eq!(one_of(["a"]), "`a`");
        assert_eq!(one_of(["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(all_of(["a", "b"]), "`a` and `b`");
        assert_eq!(listed(vec!["2 a".into(), "1 b".into()]), "2 a and 1 b");
    }

    #[test]
    fn more_names_than_anybody_reads_are_only_counted() {
        let names = vec!["a"; MOST_NAMED + 2];
        assert!(all_of(names).ends_with("`a` and 2 more"));
    }
}
