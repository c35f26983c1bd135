//! JSONPath (RFC 9535). The one file that names the JSONPath crate.

use std::borrow::Cow;

use jsonpath_rust::parser::model::Comparable;
use jsonpath_rust::parser::model::Comparison;
use jsonpath_rust::parser::model::Filter;
use jsonpath_rust::parser::model::FilterAtom;
use jsonpath_rust::parser::model::FnArg;
use jsonpath_rust::parser::model::JpQuery;
use jsonpath_rust::parser::model::Literal;
use jsonpath_rust::parser::model::Segment;
use jsonpath_rust::parser::model::Selector;
use jsonpath_rust::parser::model::SingularQuery;
use jsonpath_rust::parser::model::SingularQuerySegment;
use jsonpath_rust::parser::model::Test;
use jsonpath_rust::parser::model::TestFunction;
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::QueryRef;
use jsonpath_rust::query::js_path_process;
use serde_json::Value as Json;

use super::references;
use super::references::Extent;
use super::references::Part;
use super::references::Reference;
use super::references::StepNames;

/// What a JSONPath reads of what it goes through.
#[derive(Debug, Clone, Default)]
pub struct Reads {
    pub references: Vec<Reference>,
    /// The list of which it finds some items, where that is all it does.
    pub gives: Option<Reference>,
}

/// The parser takes time that grows faster than its text. A path that a person wrote has some dozen bytes.
const LONGEST: usize = 4_096;

/// A bracket inside a bracket makes a mistake take nearly three times as long to be found. A person needs four.
const DEEPEST: usize = 6;

#[derive(Debug, Clone, PartialEq)]
pub struct Path(JpQuery);

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PathError {
    #[error("not a JSONPath: {0}")]
    Syntax(String),
    #[error("a JSONPath of more than {LONGEST} bytes")]
    TooLong,
    #[error("a JSONPath with brackets more than {DEEPEST} deep")]
    TooDeep,
    /// The library answers these wrongly (a filter inside a filter finds nothing), so they are refused.
    #[error("a filter inside a filter is not supported in a JSONPath")]
    NestedFilter,
}

impl Path {
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text.len() > LONGEST {
            return Err(PathError::TooLong);
        }
        if depth(text) > DEEPEST {
            return Err(PathError::TooDeep);
        }
        let query = parse_json_path(text)
            .map_err(|error| PathError::Syntax(first_line(&error.to_string())))?;
        if query.segments.iter().any(has_nested_filter) {
            return Err(PathError::NestedFilter);
        }
        Ok(Self(query))
    }

    /// The one that finds all of a value.
    pub fn whole() -> Self {
        Self(JpQuery::new(Vec::new()))
    }

    /// The names a path begins with: `$.steps.stale.records[?…]` → steps, stale, records.
    pub fn leading_names(&self) -> Vec<&str> {
        self.0
            .segments
            .iter()
            .map_while(|segment| match segment {
                Segment::Selector(Selector::Name(name)) => Some(unquoted(name)),
                _ => None,
            })
            .collect()
    }

    /// What it compares and what it finds, as a template would name it. A name of several at once ends what can be seen.
    pub fn reads(&self, names: StepNames<'_>) -> Reads {
        let mut reads = Reads::default();
        let mut segments = self.0.segments.iter();
        let root = match segments.next() {
            Some(Segment::Selector(Selector::Name(name))) => references::root(unquoted(name)),
            _ => return reads,
        };
        let mut reader = Reader::new(root);
        let end = reader.follow(segments, &[]);
        let gives = end.and_then(|mut parts| {
            (parts.last() == Some(&Part::Index)).then(|| {
                parts.pop();
                reader.reference(parts)
            })
        });
        if gives.is_some() {
            // The last is the item itself; how much of it is used is seen where the items are.
            reader.found.pop();
        }
        reads.references = reader.found;
        reads.gives = gives;
        for reference in reads.references.iter_mut().chain(&mut reads.gives) {
            reference.resolve(names);
        }
        reads
    }

    /// What its filters compare with texts that are written out.
    pub fn comparisons(&self, names: StepNames<'_>) -> Vec<(Reference, String)> {
        let mut segments = self.0.segments.iter();
        let Some(Segment::Selector(Selector::Name(name))) = segments.next() else {
            return Vec::new();
        };
        let mut reader = Reader::new(references::root(unquoted(name)));
        reader.follow(segments, &[]);
        let mut compared = reader.compared;
        for (reference, _) in &mut compared {
            reference.resolve(names);
        }
        compared
    }

    /// Whether a filter looks at the whole document, of which only the list is there.
    pub fn filters_by_the_whole(&self) -> bool {
        let mut reader = Reader::new(Cow::Borrowed(""));
        reader.follow(self.0.segments.iter(), &[]);
        reader.found.iter().any(|reference| reference.root == WHOLE)
    }

    pub fn find(&self, value: &Json) -> Vec<Json> {
        self.find_in(value).into_iter().cloned().collect()
    }

    /// The values themselves, where they are.
    pub fn find_in<'a>(&self, value: &'a Json) -> Vec<&'a Json> {
        // What `$` in a filter means is known only where the whole is asked at once.
        if self.has_several_selectors() && !self.filters_by_the_whole() {
            return self.0.segments.iter().fold(vec![value], next);
        }
        found(&self.0, value)
    }

    fn has_several_selectors(&self) -> bool {
        self.0.segments.iter().any(|segment| match segment {
            Segment::Selectors(_) => true,
            Segment::Descendant(inner) => matches!(**inner, Segment::Selectors(_)),
            Segment::Selector(_) => false,
        })
    }
}

/// How deep brackets are inside each other, those of texts left out.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut quote = None;
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        match (sign, quote) {
            ('\\', Some(_)) => {
                signs.next();
            }
            (sign, Some(open)) if sign == open => quote = None,
            (_, Some(_)) => {}
            ('\'' | '"', None) => quote = Some(sign),
            ('(' | '[', None) => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (')' | ']', None) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn found<'a>(query: &JpQuery, value: &'a Json) -> Vec<&'a Json> {
    // Processing fails for no value; an empty result is no error either.
    js_path_process(query, value)
        .map(|found| found.into_iter().map(QueryRef::val).collect())
        .unwrap_or_default()
}

/// What a segment finds below each value. Of `['id', 'name']` the library gives all ids and then all names, where RFC 9535
/// has them value by value (2.3).
fn next<'a>(values: Vec<&'a Json>, segment: &Segment) -> Vec<&'a Json> {
    let (values, selectors) = match segment {
        Segment::Selectors(selectors) => (values, selectors.as_slice()),
        Segment::Selector(selector) => (values, std::slice::from_ref(selector)),
        Segment::Descendant(inner) => {
            let all = values.into_iter().flat_map(and_below).collect();
            return next(all, inner);
        }
    };
    let queries: Vec<JpQuery> = selectors
        .iter()
        .map(|selector| JpQuery::new(vec![Segment::Selector(selector.clone())]))
        .collect();
    values
        .into_iter()
        .flat_map(|value| queries.iter().flat_map(|query| found(query, value)))
        .collect()
}

/// A value and all that it holds at any depth.
fn and_below(value: &Json) -> Vec<&Json> {
    let mut all = vec![value];
    match value {
        Json::Array(items) => all.extend(items.iter().flat_map(and_below)),
        Json::Object(entries) => all.extend(entries.values().flat_map(and_below)),
        _ => {}
    }
    all
}

/// Stands for a root that a filter names.
const WHOLE: &str = "$";

struct Reader {
    root: Cow<'static, str>,
    found: Vec<Reference>,
    compared: Vec<(Reference, String)>,
}

impl Reader {
    fn new(root: Cow<'static, str>) -> Self {
        Self {
            root,
            found: Vec::new(),
            compared: Vec::new(),
        }
    }

    fn reference(&self, parts: Vec<Part>) -> Reference {
        Reference {
            root: self.root.clone(),
            parts: parts.into(),
            range: 0..0,
            extent: Extent::Whole,
        }
    }

    fn add(&mut self, parts: &[Part]) {
        let reference = self.reference(parts.to_vec());
        self.found.push(reference);
    }

    /// Notes where segments lead; given back, if it is one place.
    fn follow<'s>(
        &mut self,
        segments: impl Iterator<Item = &'s Segment>,
        from: &[Part],
    ) -> Option<Vec<Part>> {
        let mut parts = from.to_vec();
        for segment in segments {
            match segment {
                Segment::Descendant(_) => {
                    self.add(&parts);
                    return None;
                }
                Segment::Selector(selector) => {
                    let part = self.part(selector, &parts);
                    parts.push(part);
                }
                Segment::Selectors(selectors) => {
                    let several: Vec<Part> = selectors
                        .iter()
                        .map(|selector| self.part(selector, &parts))
                        .collect();
                    if several.iter().all(|part| *part == Part::Index) {
                        parts.push(Part::Index);
                        continue;
                    }
                    for part in several {
                        parts.push(part);
                        self.add(&parts);
                        parts.pop();
                    }
                    return None;
                }
            }
        }
        self.add(&parts);
        Some(parts)
    }

    fn part(&mut self, selector: &Selector, list: &[Part]) -> Part {
        match selector {
            Selector::Name(name) => Part::Name(unquoted(name).to_owned()),
            Selector::Filter(filter) => {
                let mut item = list.to_vec();
                item.push(Part::Index);
                self.filter(filter, &item);
                Part::Index
            }
            Selector::Wildcard | Selector::Index(_) | Selector::Slice(..) => Part::Index,
        }
    }

    fn filter(&mut self, filter: &Filter, item: &[Part]) {
        match filter {
            Filter::Or(list) | Filter::And(list) => {
                for filter in list {
                    self.filter(filter, item);
                }
            }
            Filter::Atom(FilterAtom::Filter { expr, .. }) => self.filter(expr, item),
            Filter::Atom(FilterAtom::Test { expr, .. }) => self.test(expr, item),
            Filter::Atom(FilterAtom::Comparison(comparison)) => {
                let (left, right) = comparison.vals();
                self.compare(comparison, item);
                for side in [left, right] {
                    match side {
                        Comparable::Literal(_) => {}
                        Comparable::Function(function) => self.function(function, item),
                        Comparable::SingularQuery(SingularQuery::Current(segments)) => {
                            self.add(&below(item, segments));
                        }
                        Comparable::SingularQuery(SingularQuery::Root(_)) => self.whole(),
                    }
                }
            }
        }
    }

    fn compare(&mut self, comparison: &Comparison, item: &[Part]) {
        let (Comparison::Eq(left, right) | Comparison::Ne(left, right)) = comparison else {
            return;
        };
        if let (
            Comparable::SingularQuery(SingularQuery::Current(segments)),
            Comparable::Literal(Literal::String(text)),
        )
        | (
            Comparable::Literal(Literal::String(text)),
            Comparable::SingularQuery(SingularQuery::Current(segments)),
        ) = (left, right)
        {
            let reference = self.reference(below(item, segments));
            self.compared.push((reference, unquoted(text).to_owned()));
        }
    }

    fn test(&mut self, test: &Test, item: &[Part]) {
        match test {
            Test::RelQuery(segments) => {
                self.follow(segments.iter(), item);
            }
            Test::AbsQuery(_) => self.whole(),
            Test::Function(function) => self.function(function, item),
        }
    }

    fn function(&mut self, function: &TestFunction, item: &[Part]) {
        let arguments: Vec<&FnArg> = match function {
            TestFunction::Custom(_, arguments) => arguments.iter().collect(),
            TestFunction::Length(argument) => vec![argument],
            TestFunction::Value(argument) | TestFunction::Count(argument) => vec![argument],
            TestFunction::Search(text, pattern) | TestFunction::Match(text, pattern) => {
                vec![text, pattern]
            }
        };
        for argument in arguments {
            match argument {
                FnArg::Literal(_) => {}
                FnArg::Test(test) => self.test(test, item),
                FnArg::Filter(filter) => self.filter(filter, item),
            }
        }
    }

    fn whole(&mut self) {
        self.found.push(Reference {
            root: Cow::Borrowed(WHOLE),
            parts: Box::default(),
            range: 0..0,
            extent: Extent::Whole,
        });
    }
}

/// Where segments lead from an item.
fn below(item: &[Part], segments: &[SingularQuerySegment]) -> Vec<Part> {
    let mut parts = item.to_vec();
    parts.extend(segments.iter().map(|segment| match segment {
        SingularQuerySegment::Name(name) => Part::Name(unquoted(name).to_owned()),
        SingularQuerySegment::Index(_) => Part::Index,
    }));
    parts
}

/// The parser keeps the quotes of a name.
fn unquoted(name: &str) -> &str {
    name.trim_matches(['\'', '"'])
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
    fn several_names_are_found_value_by_value() {
        let document = json!({ "records": [
            { "id": 1, "name": "a", "of": [{ "id": 2 }] }, { "id": 3, "name": "b" }, { "name": "c" },
        ] });
        let found = |path: &str| Json::from(Path::parse(path).unwrap().find(&document));
        assert_eq!(
            found("$.records[*]['id', 'name']"),
            json!([1, "a", 3, "b", "c"])
        );
        assert_eq!(
            found("$.records[0, 1]['name', 'id']"),
            json!(["a", 1, "b", 3])
        );
        assert_eq!(
            found("$.records[?@.id > 1, 0]['id']"),
            json!([3, 1]),
            "the filter first"
        );
        assert_eq!(found("$..['id', 'name']"), json!([1, "a", 2, 3, "b", "c"]));
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

    #[test]
    fn deep_brackets_are_refused_before_the_parser_tries_them_all() {
        let begun = std::time::Instant::now();
        for deep in [
            "$[?length(".to_owned() + &"length(".repeat(500),
            "$[?".to_owned() + &"(".repeat(500),
        ] {
            assert_eq!(Path::parse(&deep), Err(PathError::TooDeep));
        }
        assert!(begun.elapsed().as_secs() < 5, "they are not parsed");
        for plain in [
            "$.a[?(@.b == '((((((((((')]",
            "$.a[?@.b == \"it's \\\" [[[[[[[[\"]",
            "$.a[?((@.b == 1 || length(@['c']) > 2) && !(@.d == 'x'))]",
        ] {
            assert!(Path::parse(plain).is_ok(), "{plain}");
        }
    }
}
