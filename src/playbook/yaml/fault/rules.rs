//! Which mistake it is: the parser's message tells its kind, the text around it the rest.

use super::super::place::Place;
use super::brackets::bracket_not_closed;
use super::brackets::bracket_too_many;
use super::brackets::mixed_brackets;
use super::brackets::second_colon;
use super::brackets::text_behind_bracket;
use super::document::endless_alias;
use super::document::limit;
use super::lines::block_too_far_left;
use super::lines::colon_in_text;
use super::lines::colon_missing;
use super::lines::colon_wrong_above;
use super::lines::dash_missing;
use super::lines::dash_without_blank;
use super::lines::indented_between;
use super::lines::indented_too_far;
use super::lines::item_of_no_list;
use super::lines::list_on_key_line;
use super::lines::odd_dash;
use super::lines::tab;
use super::quotes::quote_closed_by_another;
use super::quotes::quote_not_closed;
use super::quotes::text_behind_quote;
use super::quotes::unknown_escape;
use super::signs::control_character;
use super::signs::odd_blank;
use super::signs::odd_character;
use super::signs::tag;
use super::signs::unquoted_template;
use super::words::fault;
use crate::diag::Problem;
use crate::diag::Span;

/// A fault of the text itself. The parser's message tells its kind, the text around it the likely mistake.
pub(in super::super) fn syntax(text: &str, span: Span, said: &str) -> (Problem, Hole) {
    let place = Place::new(text, span);
    RULES
        .iter()
        .filter(|rule| said.contains(rule.said))
        .find_map(|rule| Some((rule.explain(&place)?, rule.hole)))
        .unwrap_or_else(|| {
            let problem = fault(format!("this is not YAML: {said}")).at(place.word(), "here");
            (problem, Hole::Nothing)
        })
}

/// What can be left out for the rest to be YAML, perhaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Hole {
    Nothing,
    /// The value that is underlined.
    Value,
    /// The same, if nothing is wrong any more without it: where it ends is not certain.
    Last,
    /// The value in quotes that goes on, or ends too late, where it is underlined.
    Quoted,
    /// The one character.
    Character,
    /// Its line, and those below it that are indented deeper.
    Line,
    /// The same, and those that go on in its column.
    Lines,
    /// The brackets that are open there, up to the next line that is not indented deeper than theirs.
    Brackets,
}

/// A likely mistake.
struct Rule {
    /// What the parser's message contains then.
    said: &'static str,
    explain: Explain,
    hole: Hole,
}

#[derive(Clone, Copy)]
enum Explain {
    Always(fn(&Place<'_>) -> Problem),
    /// If the text shows the mistake.
    Perhaps(fn(&Place<'_>) -> Option<Problem>),
}

impl Rule {
    const fn always(said: &'static str, explain: fn(&Place<'_>) -> Problem) -> Self {
        Self {
            said,
            explain: Explain::Always(explain),
            hole: Hole::Nothing,
        }
    }

    const fn leaving(self, hole: Hole) -> Self {
        Self { hole, ..self }
    }

    const fn perhaps(said: &'static str, explain: fn(&Place<'_>) -> Option<Problem>) -> Self {
        Self {
            said,
            explain: Explain::Perhaps(explain),
            hole: Hole::Nothing,
        }
    }

    fn explain(&self, place: &Place<'_>) -> Option<Problem> {
        match self.explain {
            Explain::Always(explain) => Some(explain(place)),
            Explain::Perhaps(explain) => explain(place),
        }
    }
}

/// The first that finds its mistake is told.
const RULES: &[Rule] = &[
    Rule::perhaps("", tab),
    Rule::always("recursion limit", |place| limit(place.span())),
    Rule::perhaps("", unquoted_template).leaving(Hole::Value),
    Rule::perhaps("mapping values are not allowed", colon_in_text).leaving(Hole::Value),
    Rule::perhaps("not allowed", odd_blank).leaving(Hole::Lines),
    Rule::perhaps("did not find expected '-'", odd_blank).leaving(Hole::Lines),
    Rule::perhaps("mapping values are not allowed", odd_dash).leaving(Hole::Line),
    Rule::perhaps("did not find expected '-'", odd_dash).leaving(Hole::Line),
    Rule::perhaps("mapping values are not allowed", colon_wrong_above).leaving(Hole::Line),
    Rule::perhaps("mapping values are not allowed", dash_without_blank).leaving(Hole::Line),
    Rule::perhaps("mapping values are not allowed", indented_too_far).leaving(Hole::Lines),
    Rule::perhaps("did not find expected key", text_behind_bracket).leaving(Hole::Value),
    Rule::perhaps("did not find expected key", item_of_no_list).leaving(Hole::Lines),
    Rule::perhaps("did not find expected ',' or", second_colon).leaving(Hole::Value),
    Rule::perhaps("did not find expected key", indented_between).leaving(Hole::Lines),
    Rule::always("did not find expected '-'", dash_missing).leaving(Hole::Lines),
    Rule::always("block sequence entries are not allowed", list_on_key_line).leaving(Hole::Last),
    Rule::perhaps("simple key expected ':'", block_too_far_left).leaving(Hole::Lines),
    Rule::always("simple key expected ':'", colon_missing).leaving(Hole::Line),
    Rule::always("unclosed quote", quote_not_closed).leaving(Hole::Last),
    Rule::perhaps("invalid trailing content", quote_closed_by_another).leaving(Hole::Value),
    Rule::always("invalid trailing content", text_behind_quote).leaving(Hole::Quoted),
    Rule::perhaps("unknown escape", unknown_escape).leaving(Hole::Quoted),
    Rule::perhaps("unexpected character", control_character),
    Rule::perhaps("unexpected character", odd_character).leaving(Hole::Value),
    Rule::perhaps("unsupported tag", tag).leaving(Hole::Value),
    Rule::always("mismatched bracket", mixed_brackets).leaving(Hole::Brackets),
    Rule::always("misplaced bracket", bracket_too_many).leaving(Hole::Character),
    Rule::always("recursive references", endless_alias),
    Rule::perhaps("", bracket_not_closed).leaving(Hole::Brackets),
];
