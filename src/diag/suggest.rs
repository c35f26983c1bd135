//! The name somebody probably meant, and other small courtesies of a message.

use strsim::osa_distance;

/// Bytes that names may differ in length to be compared at all; nothing is measured on a name of a megabyte.
const FAR: usize = 12;

/// Names that a message lists. A file may have a column for every day of a century.
const MOST_NAMED: usize = 80;

/// The known name nearest to what was written, if one is near enough to be worth saying.
///
/// Case, `-` and spaces do not count as differences: `Order-By` is `order_by`. Of names equally near the first is taken,
/// so callers put the likeliest first.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = folded(written);
    known
        .into_iter()
        .filter_map(|name| {
            let candidate = folded(name);
            let tolerance = tolerance(&written, &candidate);
            let is_comparable = written.len().abs_diff(candidate.len()) <= FAR;
            let distance = is_comparable.then(|| osa_distance(&written, &candidate))?;
            (distance <= tolerance).then_some((distance, name))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// The help that goes with an unknown name.
pub fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(written, known).map(|name| format!("did you mean `{name}`?"))
}

/// The nearest name there is, and all of them: "did you mean `a`? its steps are `a` and `b`".
pub fn nearest_and_all<'a>(
    written: &str,
    singular: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let all = match known.len() {
        0 => format!("it has no {singular}s"),
        1 => format!("its only {singular} is {}", all_of(known.iter().copied())),
        _ => format!("its {singular}s are {}", all_of(known.iter().copied())),
    };
    match did_you_mean(written, known) {
        Some(nearest) => format!("{nearest} {all}"),
        None => all,
    }
}

/// "1 error", "2 errors".
pub fn counted(count: usize, singular: &str) -> String {
    if count == 1 {
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
    joined(names, "or")
}

/// "`a`, `b` and `c`".
pub fn all_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    joined(names, "and")
}

fn joined<'a>(names: impl IntoIterator<Item = &'a str>, conjunction: &str) -> String {
    let mut names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    if let Some(more @ 1..) = names.len().checked_sub(MOST_NAMED) {
        names.truncate(MOST_NAMED);
        return format!("{} {conjunction} {more} more", names.join(", "));
    }
    match (names.pop(), names.is_empty()) {
        (None, _) => String::new(),
        (Some(last), true) => last,
        (Some(last), false) => format!("{} {conjunction} {last}", names.join(", ")),
    }
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase().replace(['-', ' '], "_")
}

/// One slip in a short name, two in a longer one, three in a very long one. In a name of two letters a slip is another name.
fn tolerance(written: &str, candidate: &str) -> usize {
    match written.chars().count().min(candidate.chars().count()) {
        0..=2 => 0,
        3..=5 => 1,
        6..=11 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 5] = ["set", "record", "order_by", "on_duplicate", "id"];

    #[test]
    fn a_slip_finds_its_name() {
        assert_eq!(nearest("recrod", KEYS), Some("record"));
        assert_eq!(nearest("Order-By", KEYS), Some("order_by"));
        assert_eq!(nearest("on_duplcate", KEYS), Some("on_duplicate"));
        assert_eq!(nearest("ID", KEYS), Some("id"));
        assert_eq!(
            did_you_mean("sets", KEYS),
            Some("did you mean `set`?".into())
        );
    }

    #[test]
    fn what_is_far_off_finds_nothing() {
        assert_eq!(nearest("colour", KEYS), None);
        assert_eq!(nearest("if", KEYS), None);
        assert_eq!(nearest("", KEYS), None);
        assert_eq!(nearest("x", []), None);
    }

    #[test]
    fn lists_and_numbers_read_as_english() {
        assert_eq!(counted(1, "error"), "1 error");
        assert_eq!(counted(0, "error"), "0 errors");
        assert_eq!(one_of([]), "");
        assert_eq!(one_of(["a"]), "`a`");
        assert_eq!(one_of(["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(all_of(["a", "b"]), "`a` and `b`");
    }
}
