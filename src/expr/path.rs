//! JSONPath (RFC 9535). The one file that names the JSONPath crate.

use jsonpath_rust::parser::model::Filter;
use jsonpath_rust::parser::model::FilterAtom;
use jsonpath_rust::parser::model::JpQuery;
use jsonpath_rust::parser::model::Segment;
use jsonpath_rust::parser::model::Selector;
use jsonpath_rust::parser::model::Test;
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::QueryRef;
use jsonpath_rust::query::js_path_process;
use serde_json::Value as Json;

/// The parser takes time that grows faster than its text. A path that a person wrote has some dozen bytes.
const LONGEST: usize = 4_096;

#[derive(Debug, Clone, PartialEq)]
pub struct Path(JpQuery);

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PathError {
    #[error("not a JSONPath: {0}")]
    Syntax(String),
    #[error("a JSONPath of more than {LONGEST} bytes")]
    TooLong,
    /// The library answers these wrongly (a filter inside a filter finds nothing), so they are refused.
    #[error("a filter inside a filter is not supported in a JSONPath")]
    NestedFilter,
}

impl Path {
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text.len() > LONGEST {
            return Err(PathError::TooLong);
        }
        let query = parse_json_path(text)
            .map_err(|error| PathError::Syntax(first_line(&error.to_string())))?;
        if query.segments.iter().any(has_nested_filter) {
            return Err(PathError::NestedFilter);
        }
        Ok(Self(query))
    }

    /// The names a path begins with: `$.steps.stale.records[?…]` → steps, stale, records.
    pub fn leading_names(&self) -> Vec<&str> {
        self.0
            .segments
            .iter()
            .map_while(|segment| match segment {
                Segment::Selector(Selector::Name(name)) => Some(name.trim_matches(['\'', '"'])),
                _ => None,
            })
            .collect()
    }

    pub fn find(&self, value: &Json) -> Vec<Json> {
        self.find_in(value).into_iter().cloned().collect()
    }

    /// The values themselves, where they are.
    pub fn find_in<'a>(&self, value: &'a Json) -> Vec<&'a Json> {
        // Processing fails for no value; an empty result is no error either.
        js_path_process(&self.0, value)
            .map(|found| found.into_iter().map(QueryRef::val).collect())
            .unwrap_or_default()
    }
}

/// The parser draws several lines; its last says what was expected.
fn first_line(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .rfind(|line| !line.is_empty())
        .map_or_else(String::new, |line| line.trim_start_matches("= ").to_owned())
}

fn has_nested_filter(segment: &Segment) -> bool {
    filters(segment).any(holds_filter)
}

fn filter_of(selector: &Selector) -> Option<&Filter> {
    match selector {
        Selector::Filter(filter) => Some(filter),
        _ => None,
    }
}

fn filters(segment: &Segment) -> Box<dyn Iterator<Item = &Filter> + '_> {
    match segment {
        Segment::Descendant(inner) => filters(inner),
        Segment::Selector(selector) => Box::new(filter_of(selector).into_iter()),
        Segment::Selectors(selectors) => Box::new(selectors.iter().filter_map(filter_of)),
    }
}

/// Whether a filter tests a path that has a filter of its own.
fn holds_filter(filter: &Filter) -> bool {
    match filter {
        Filter::Or(list) | Filter::And(list) => list.iter().any(holds_filter),
        Filter::Atom(FilterAtom::Filter { expr, .. }) => holds_filter(expr),
        Filter::Atom(FilterAtom::Test { expr, .. }) => match expr.as_ref() {
            Test::RelQuery(segments) => segments
                .iter()
                .any(|segment| filters(segment).next().is_some()),
            Test::AbsQuery(query) => query
                .segments
                .iter()
                .any(|segment| filters(segment).next().is_some()),
            Test::Function(_) => false,
        },
        Filter::Atom(FilterAtom::Comparison(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn finds_records_by_a_filter() {
        let path = Path::parse("$.steps.stale.records[?@.lead_source == 'Campaign']").unwrap();
        assert_eq!(path.leading_names(), ["steps", "stale", "records"]);
        let document = json!({ "steps": { "stale": { "records": [
            { "id": 1, "lead_source": "Campaign" }, { "id": 2, "lead_source": "Email" },
        ] } } });
        assert_eq!(
            path.find(&document),
            [json!({ "id": 1, "lead_source": "Campaign" })]
        );
    }

    #[test]
    fn refuses_what_the_library_answers_wrongly() {
        assert_eq!(Path::parse("$[?@[?@>1]]"), Err(PathError::NestedFilter));
        assert!(matches!(Path::parse("$.a["), Err(PathError::Syntax(_))));
    }

    #[test]
    fn refuses_what_would_take_long() {
        let long = |part: &str| format!("${}", part.repeat(100_000));
        for text in [long("[0]"), long("["), long(".a"), long("..a")] {
            assert_eq!(Path::parse(&text), Err(PathError::TooLong));
        }
        for part in ["[", "(", "!", "[?@.a", "[?length("] {
            let text = format!("$[?{}", part.repeat(4_000 / part.len()));
            assert!(Path::parse(&text).is_err(), "{part}");
        }
    }
}
