//! Which mistake it is: the parser's message tells its kind, the text around it the rest.

use super::super::hole::Hole;
use super::super::place::Place;
use super::blocks::blanks_before_a_block;
use super::blocks::less_than_its_text;
use super::blocks::mark_of_a_block;
use super::blocks::text_too_far_left;
use super::brackets::bracket_not_closed;
use super::brackets::bracket_too_many;
use super::brackets::comma_missing_above;
use super::brackets::comma_of_nothing;
use super::brackets::comment_in_brackets;
use super::brackets::dash_in_brackets;
use super::brackets::mixed_brackets;
use super::brackets::second_colon;
use super::brackets::text_behind_bracket;
use super::document::conflict;
use super::document::directive;
use super::document::endless_alias;
use super::document::fence;
use super::document::foreign_comment;
use super::document::limit;
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
use super::lines::too_far_left_above;
use super::quotes::comma_missing;
use super::quotes::comment_without_blank;
use super::quotes::quote_closed_by_another;
use super::quotes::quote_not_closed;
use super::quotes::text_behind_quote;
use super::quotes::unfinished_escape;
use super::quotes::unknown_escape;
use super::signs::control_character;
use super::signs::mark_inside;
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
            let problem = fault(format!("this is not YAML: {said}"))
                .at(place.word(), "reading stopped here")
                .help("look at this line and the one above: how far they are indented, and their quotes, brackets and colons");
            (problem, Hole::Unknown)
        })
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
            hole: Hole::Unknown,
        }
    }

    const fn leaving(self, hole: Hole) -> Self {
        Self { hole, ..self }
    }

    const fn perhaps(said: &'static str, explain: fn(&Place<'_>) -> Option<Problem>) -> Self {
        Self {
            said,
            explain: Explain::Perhaps(explain),
            hole: Hole::Unknown,
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
    Rule::perhaps("", conflict).leaving(Hole::Conflict),
    Rule::perhaps("", tab).leaving(Hole::Tabs),
    Rule::always("recursion limit", |place| limit(place.span())).leaving(Hole::Nothing),
    Rule::always("recursive references", endless_alias).leaving(Hole::Value),
    Rule::perhaps("", unquoted_template).leaving(Hole::Value),
    Rule::perhaps("", foreign_comment).leaving(Hole::Mark),
    Rule::perhaps("", fence).leaving(Hole::Mark),
    Rule::perhaps("document start", directive).leaving(Hole::Mark),
    Rule::perhaps("", comment_in_brackets).leaving(Hole::Brackets),
    Rule::perhaps("", dash_in_brackets).leaving(Hole::Brackets),
    Rule::perhaps("", comma_of_nothing).leaving(Hole::Character),
    Rule::perhaps("mapping values are not allowed", colon_in_text).leaving(Hole::Value),
    Rule::perhaps("not allowed", odd_blank).leaving(Hole::Lines),
    Rule::perhaps("did not find expected '-'", odd_blank).leaving(Hole::Lines),
    Rule::perhaps("simple key expected ':'", odd_blank).leaving(Hole::Line),
    Rule::perhaps("mapping values are not allowed", odd_dash).leaving(Hole::Line),
    Rule::perhaps("did not find expected '-'", odd_dash).leaving(Hole::Line),
    Rule::perhaps("anchor or alias", odd_dash).leaving(Hole::Line),
    Rule::perhaps("mapping values are not allowed", colon_wrong_above).leaving(Hole::Line),
    Rule::perhaps("mapping values are not allowed", dash_without_blank).leaving(Hole::Line),
    Rule::perhaps("did not find expected '-'", dash_without_blank).leaving(Hole::Line),
    Rule::perhaps("mapping values are not allowed", too_far_left_above).leaving(Hole::Line),
    Rule::perhaps("mapping values are not allowed", indented_too_far).leaving(Hole::Lines),
    Rule::perhaps("did not find expected key", text_behind_bracket).leaving(Hole::Value),
    Rule::perhaps("did not find expected key", item_of_no_list).leaving(Hole::Lines),
    Rule::perhaps("did not find expected key", odd_character).leaving(Hole::Value),
    Rule::perhaps("unexpected EOF", odd_character).leaving(Hole::Value),
    Rule::perhaps("did not find expected ',' or", comma_missing_above).leaving(Hole::Around),
    Rule::perhaps("did not find expected ',' or", second_colon).leaving(Hole::Value),
    Rule::perhaps("did not find expected key", less_than_its_text).leaving(Hole::Lines),
    Rule::perhaps("did not find expected key", indented_between).leaving(Hole::Lines),
    Rule::always("did not find expected '-'", dash_missing).leaving(Hole::Lines),
    Rule::always("block sequence entries are not allowed", list_on_key_line).leaving(Hole::Below),
    Rule::perhaps("simple key expected ':'", text_too_far_left).leaving(Hole::Lines),
    Rule::always("simple key expected ':'", colon_missing).leaving(Hole::Line),
    Rule::always("unclosed quote", quote_not_closed).leaving(Hole::Value),
    Rule::perhaps("invalid trailing content", quote_closed_by_another).leaving(Hole::Value),
    Rule::perhaps("invalid trailing content", comma_missing).leaving(Hole::Quoted),
    Rule::always("invalid trailing content", text_behind_quote).leaving(Hole::Quoted),
    Rule::always("comments must be separated", comment_without_blank).leaving(Hole::Comment),
    Rule::perhaps("unknown escape", unknown_escape).leaving(Hole::Quoted),
    Rule::perhaps("a quoted scalar", unfinished_escape).leaving(Hole::Quoted),
    Rule::perhaps("unexpected character", control_character).leaving(Hole::Character),
    Rule::perhaps("BOM", mark_inside).leaving(Hole::Character),
    Rule::perhaps("a block scalar", mark_of_a_block).leaving(Hole::Below),
    Rule::perhaps("block scalar", blanks_before_a_block).leaving(Hole::Below),
    Rule::perhaps("", odd_character).leaving(Hole::Value),
    Rule::perhaps("unsupported tag", tag).leaving(Hole::Below),
    Rule::always("mismatched bracket", mixed_brackets).leaving(Hole::Brackets),
    Rule::always("misplaced bracket", bracket_too_many).leaving(Hole::Character),
    Rule::perhaps("", bracket_not_closed).leaving(Hole::Brackets),
];
