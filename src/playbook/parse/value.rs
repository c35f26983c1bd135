//! Single values: text, numbers, choices, durations. Each reports what is wrong and gives `None`.

use std::time::Duration;

use super::super::code;
use super::super::node::Node;
use super::reader::Reader;
use super::reader::is_template;
use super::reader::wants;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::nearest;
use crate::diag::one_of;

const DURATION: &str = "a duration such as `30s`, `5m`, `2h` or `1d`";

impl Reader<'_> {
    pub(super) fn text(&mut self, name: &str, node: Located<Node>) -> Option<Located<String>> {
        match node.value {
            Node::Text(text) => Some(Located::new(text, node.span)),
            Node::Bool(_) | Node::Int(_) | Node::Float(_) => {
                let help = format!("put it in quotes: `\"{}\"`", self.written(node.span));
                let problem = wants(name, "text", &node).help(help);
                self.report(problem);
                None
            }
            Node::Null | Node::List(_) | Node::Map(_) | Node::Unread => {
                self.wrong_kind(name, "text", &node);
                None
            }
        }
    }

    /// Text that is taken as it stands: nothing evaluates a template in it.
    pub(super) fn plain_text(
        &mut self,
        name: &str,
        node: Located<Node>,
    ) -> Option<Located<String>> {
        let text = self.text(name, node)?;
        if is_template(&text.value) {
            let message = format!("`{name}` has to be written out");
            let problem = Problem::error(code::INVALID_PARAMETER, message)
                .at(text.span, "a template is not evaluated here")
                .help("it has to be known before anything runs");
            self.report(problem);
            return None;
        }
        if text.value.trim().is_empty() {
            let problem = Problem::error(code::INVALID_PARAMETER, format!("`{name}` is empty"))
                .at(text.span, "no text here");
            self.report(problem);
            return None;
        }
        Some(text)
    }

    /// An expression: text, or a plain `true` or `false`.
    pub(super) fn expression(
        &mut self,
        name: &str,
        node: Located<Node>,
    ) -> Option<Located<String>> {
        match node.value {
            Node::Bool(value) => Some(Located::new(value.to_string(), node.span)),
            Node::Text(text) if !text.trim().is_empty() => Some(Located::new(text, node.span)),
            _ => {
                self.wrong_kind(name, "an expression", &node);
                None
            }
        }
    }

    pub(super) fn json_path(&mut self, name: &str, node: Located<Node>) -> Option<Located<String>> {
        let path = self.text(name, node)?;
        if path.value.starts_with('$') {
            return Some(path);
        }
        let message = format!("`{name}` wants a JSONPath");
        let help = "a JSONPath begins with `$`: `$.records[*].id`".to_owned();
        self.invalid(path.span, message, "does not begin with `$`", help);
        None
    }

    pub(super) fn boolean(&mut self, name: &str, node: &Located<Node>) -> Option<bool> {
        match &node.value {
            Node::Bool(value) => Some(*value),
            Node::Text(_) => {
                let problem = wants(name, "`true` or `false`", node).help(
                    "YAML 1.2 reads `yes`, `no`, `on` and `off` as text, and quotes make text too",
                );
                self.report(problem);
                None
            }
            _ => {
                self.wrong_kind(name, "`true` or `false`", node);
                None
            }
        }
    }

    /// A whole number, not below the lowest.
    pub(super) fn whole(
        &mut self,
        name: &str,
        node: &Located<Node>,
        lowest: u64,
    ) -> Option<Located<u64>> {
        let wanted = if lowest == 0 {
            "a whole number".to_owned()
        } else {
            format!("a whole number, {lowest} or more")
        };
        match &node.value {
            Node::Int(value) => match u64::try_from(*value) {
                Ok(value) if value >= lowest => return Some(Located::new(value, node.span)),
                _ => {
                    let message = format!("`{name}` wants {wanted}");
                    let problem = Problem::error(code::INVALID_PARAMETER, message)
                        .at(node.span, "this is too small");
                    self.report(problem);
                }
            },
            Node::Float(_) => {
                let message = format!("`{name}` wants {wanted}");
                let problem = Problem::error(code::INVALID_PARAMETER, message)
                    .at(node.span, "this has decimals");
                self.report(problem);
            }
            Node::Text(text) if text.trim().parse::<u64>().is_ok() => {
                let help = format!("remove the quotes: `{}`", text.trim());
                let problem = wants(name, &wanted, node).help(help);
                self.report(problem);
            }
            _ => self.wrong_kind(name, &wanted, node),
        }
        None
    }

    /// The same, for what counts in 32 bits.
    pub(super) fn whole_small(
        &mut self,
        name: &str,
        node: &Located<Node>,
        lowest: u64,
    ) -> Option<u32> {
        let number = self.whole(name, node, lowest)?;
        let small = u32::try_from(number.value).ok();
        if small.is_none() {
            let message = format!("`{name}` is larger than {}", u32::MAX);
            let problem =
                Problem::error(code::INVALID_PARAMETER, message).at(number.span, "too large");
            self.report(problem);
        }
        small
    }

    pub(super) fn positive(&mut self, name: &str, node: &Located<Node>) -> Option<f64> {
        let number = match node.value {
            // Requests in a second are few; what a float loses of a large integer does not matter here.
            Node::Int(value) => i32::try_from(value).map_or(f64::MAX, f64::from),
            Node::Float(value) => value,
            _ => {
                self.wrong_kind(name, "a number above 0", node);
                return None;
            }
        };
        let is_negative = matches!(node.value, Node::Int(value) if value <= 0);
        if number > 0.0 && !is_negative {
            return Some(number);
        }
        let message = format!("`{name}` wants a number above 0");
        let problem =
            Problem::error(code::INVALID_PARAMETER, message).at(node.span, "this is not above 0");
        self.report(problem);
        None
    }

    pub(super) fn duration(&mut self, name: &str, node: &Located<Node>) -> Option<Duration> {
        match &node.value {
            Node::Text(text) => {
                let duration = parse_duration(text);
                if duration.is_none() {
                    let problem = Problem::error(
                        code::INVALID_PARAMETER,
                        format!("`{name}` wants {DURATION}"),
                    )
                    .at(node.span, "not a duration")
                    .help("a whole number, then `s`, `m`, `h` or `d`, without a blank");
                    self.report(problem);
                }
                duration
            }
            Node::Int(value) => {
                let problem = wants(name, DURATION, node)
                    .help(format!("add the unit: `{value}s` for seconds"));
                self.report(problem);
                None
            }
            _ => {
                self.wrong_kind(name, DURATION, node);
                None
            }
        }
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &str,
        node: &Located<Node>,
        choices: &[(&'static str, T)],
    ) -> Option<T> {
        let words = || choices.iter().map(|(word, _)| *word);
        let Node::Text(text) = &node.value else {
            self.wrong_kind(name, &one_of(words()), node);
            return None;
        };
        let found = choices.iter().find(|(word, _)| word == text);
        if found.is_none() {
            let message = format!("`{name}` cannot be `{text}`");
            let problem = Problem::error(code::INVALID_PARAMETER, message);
            let all = one_of(words());
            let problem = match other_type(text, words()).or_else(|| nearest(text, words())) {
                Some(word) => problem
                    .at(node.span, "not known here")
                    .help(format!("did you mean `{word}`? It can be {all}")),
                None => problem
                    .at(node.span, "not known here")
                    .help(format!("it can be {all}")),
            };
            self.report(problem);
        }
        found.map(|(_, value)| *value)
    }

    /// A list of names that are written out.
    pub(super) fn plain_texts(
        &mut self,
        name: &str,
        node: Located<Node>,
    ) -> Option<Vec<Located<String>>> {
        match node.value {
            Node::List(items) => {
                // Every bad item is reported, not only the first.
                let count = items.len();
                let texts: Vec<_> = items
                    .into_iter()
                    .filter_map(|item| self.plain_text(name, item))
                    .collect();
                (texts.len() == count).then_some(texts)
            }
            Node::Text(_) => {
                let written = self.written(node.span);
                let problem =
                    wants(name, "a list", &node).help(format!("write `{name}: [{written}]`"));
                self.report(problem);
                None
            }
            _ => {
                self.wrong_kind(name, "a list", &node);
                None
            }
        }
    }
}

/// What other languages call the type of a var.
const OTHER_TYPES: &[(&str, &str)] = &[
    ("array", "list"),
    ("bool", "boolean"),
    ("decimal", "number"),
    ("float", "number"),
    ("int", "integer"),
    ("password", "secret"),
    ("str", "string"),
    ("text", "string"),
    ("timestamp", "datetime"),
    ("varchar", "string"),
];

fn other_type<'k>(written: &str, mut known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let (_, ours) = OTHER_TYPES
        .iter()
        .find(|(theirs, _)| theirs.eq_ignore_ascii_case(written))?;
    known.find(|name| name == ours)
}

fn parse_duration(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return None,
    };
    let digits = &text[..text.len() - unit.len_utf8()];
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    count.checked_mul(seconds).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        assert_eq!(parse_duration("30s"), Some(Duration::from_secs(30)));
        assert_eq!(parse_duration("5m"), Some(Duration::from_mins(5)));
        assert_eq!(parse_duration("2h"), Some(Duration::from_hours(2)));
        assert_eq!(parse_duration("1d"), Some(Duration::from_hours(24)));
        for text in [
            "",
            "s",
            "30",
            "30 s",
            "-1s",
            "+1s",
            "1.5h",
            "30ä",
            "99999999999999999999d",
            "999999999999999999d",
        ] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
