//! The name somebody probably meant.

use strsim::osa_distance;

use super::words::all_of;

/// Bytes that names may differ in length to be compared at all; nothing is measured on a name of a megabyte.
const FAR: usize = 12;

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
}
