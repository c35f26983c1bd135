//! Words for text that is no YAML. The parser says what it stumbled over; a reader wants to know what to write.

use super::super::code;
use super::place::Place;
use crate::diag::Problem;
use crate::diag::Span;

pub(super) fn limit(span: Span) -> Problem {
    let message = "the text is nested too deeply, or aliases make it too large";
    Problem::error(code::YAML_LIMIT, message)
        .at(span, "reading stopped here")
        .help("put rows into a data file, and write out what aliases copy many times")
}

pub(super) fn two_documents(span: Span) -> Problem {
    fault("a file holds one playbook, here a second document begins")
        .at(span, "the second document")
        .help("remove the `---`, or put the second playbook into a file of its own")
}

pub(super) fn unknown_anchor(text: &str, span: Span) -> Problem {
    let place = Place::new(text, span);
    let alias = place.word();
    let written = place.text_of(alias);
    let name = written.trim_start_matches('*');
    fault(format!("no anchor is called `{name}`"))
        .at(alias, "an alias of nothing")
        .help(format!(
            "put quotes around text that begins with `*`: `\"{written}\"`; an alias needs `&{name}` before its value"
        ))
}

/// A fault of the text itself. The parser's message tells its kind, the text around it the likely mistake.
pub(super) fn syntax(text: &str, span: Span, said: &str) -> (Problem, Hole) {
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
pub(super) enum Hole {
    Nothing,
    /// The value that is underlined.
    Value,
    /// The same, if nothing is wrong any more without it: where it ends is not certain.
    Last,
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
    Rule::perhaps("mapping values are not allowed", dash_without_blank),
    Rule::perhaps("mapping values are not allowed", indented_too_far),
    Rule::perhaps("did not find expected key", indented_between),
    Rule::always("did not find expected '-'", dash_missing),
    Rule::always("block sequence entries are not allowed", list_on_key_line),
    Rule::always("simple key expected ':'", colon_missing),
    Rule::always("unclosed quote", quote_not_closed).leaving(Hole::Last),
    Rule::always("invalid trailing content", text_behind_quote),
    Rule::perhaps("unknown escape", unknown_escape),
    Rule::perhaps("unexpected character", control_character),
    Rule::perhaps("unexpected character", odd_character).leaving(Hole::Value),
    Rule::perhaps("unsupported tag", tag).leaving(Hole::Value),
    Rule::always("mismatched bracket", mixed_brackets).leaving(Hole::Brackets),
    Rule::always("misplaced bracket", bracket_too_many),
    Rule::always("recursive references", endless_alias),
    Rule::perhaps("", bracket_not_closed).leaving(Hole::Brackets),
];

fn fault(message: impl Into<String>) -> Problem {
    Problem::error(code::YAML_SYNTAX, message)
}

fn tab(place: &Place<'_>) -> Option<Problem> {
    let problem = fault("a tab cannot indent a line")
        .at(place.tab_in_indentation()?, "a tab")
        .help("indent with spaces, two for each level");
    Some(problem)
}

/// `name: {{ item.name }} again`: YAML sees a map and then something else.
fn unquoted_template(place: &Place<'_>) -> Option<Problem> {
    let line = place.line();
    let start = line.find("{{").filter(|start| {
        let before = line[..*start].trim_end();
        before.ends_with([':', '-', '[', ','])
    })?;
    let value = place.on_line(start, value_end(line, start));
    Some(template_without_quotes(place.text_of(value), value))
}

/// Where a value ends: inside brackets, at the comma or bracket behind it.
fn value_end(line: &str, start: usize) -> usize {
    let opened = line[..start].matches(['[', '{']).count();
    let closed = line[..start].matches([']', '}']).count();
    let mut depth = 0_usize;
    let end = line[start..].char_indices().find(|(_, letter)| {
        match letter {
            '[' | '{' => depth += 1,
            ']' | '}' if depth > 0 => depth -= 1,
            ']' | '}' | ',' => return depth == 0,
            _ => {}
        }
        false
    });
    match end {
        Some((at, _)) if opened > closed => start + line[start..start + at].trim_end().len(),
        _ => line.trim_end().len(),
    }
}

pub(super) fn template_without_quotes(written: &str, span: Span) -> Problem {
    Problem::error(code::UNQUOTED_TEMPLATE, "a template needs quotes around it")
        .at(span, "YAML reads these braces as a map")
        .help(format!("write {}", quoted(written)))
}

/// `name: Call back: urgent`.
fn colon_in_text(place: &Place<'_>) -> Option<Problem> {
    let line = place.line();
    let (key, value) = line.split_once(": ")?;
    if key.len() + 1 >= place.column() || value.starts_with(['"', '\'', '[', '{', '|', '>']) {
        return None;
    }
    let start = line.len() - value.trim_start().len();
    let value = place.on_line(start, line.trim_end().len());
    let problem = fault("text that has `: ` in it needs quotes")
        .at(value, "YAML reads a second key here")
        .help(format!("write {}", quoted(place.text_of(value))));
    Some(problem)
}

/// `-id: a`: the dash becomes part of the key.
fn dash_without_blank(place: &Place<'_>) -> Option<Problem> {
    let above = place.line_above()?;
    let item = place.text_of(above).strip_prefix('-')?;
    item.starts_with(char::is_alphabetic).then(|| {
        let dash = above.at(above.start()..above.start() + 1);
        fault("the dash of a list needs a blank behind it")
            .at(dash, "no blank behind it")
            .help(format!("write `- {item}`"))
    })
}

fn indented_too_far(place: &Place<'_>) -> Option<Problem> {
    let problem = fault("this line is indented under one that has its value already")
        .at(place.first_word(), "too far to the right")
        .at(place.line_above()?, "complete without it")
        .help("begin both in the same column");
    Some(problem)
}

fn indented_between(place: &Place<'_>) -> Option<Problem> {
    let is_first = place.line()[..place.column()].trim().is_empty();
    is_first.then(|| {
        fault("this line begins in a column of its own")
            .at(place.first_word(), "belongs to nothing above it")
            .help("begin it in the column of the keys it belongs to")
    })
}

fn dash_missing(place: &Place<'_>) -> Problem {
    fault("a list goes on here without a dash")
        .at(place.first_word(), "not an item of the list above")
        .help("begin it with `- `, or indent it as far as the item it belongs to")
}

fn list_on_key_line(place: &Place<'_>) -> Problem {
    fault("a list with dashes begins on a line of its own")
        .at(place.rest_of_line(), "on the line of its key")
        .help("write `[a, b]`, or put every `- …` on a line below the key")
}

fn colon_missing(place: &Place<'_>) -> Problem {
    let first = place.text_of(place.word());
    fault(format!("a `:` is missing behind `{first}`"))
        .at(place.rest_of_line(), "neither a key nor its value")
        .help(format!("write `{first}: …`"))
}

fn quote_not_closed(place: &Place<'_>) -> Problem {
    fault("this quote is never closed")
        .at(place.character(), "opened here")
        .help("write the same quote again where the text ends")
}

fn text_behind_quote(place: &Place<'_>) -> Problem {
    let line = place.line();
    let is_single = line[..place.column()].trim_end().ends_with('\'');
    let help = if is_single {
        "inside single quotes an apostrophe is written twice: `'O''Brien'`"
    } else {
        "inside double quotes a quote is written `\\\"`: `\"the \\\"best\\\" lead\"`"
    };
    fault("text goes on behind the closing quote")
        .at(place.rest_of_line(), "outside the quotes")
        .help(help)
}

fn unknown_escape(place: &Place<'_>) -> Option<Problem> {
    let escape = place.unknown_escape()?;
    let written = place.text_of(escape);
    let problem = fault(format!("`{written}` is no escape"))
        .at(escape, "a backslash inside double quotes")
        .help(format!(
            "write `\\{written}` for a backslash, or put single quotes around the text"
        ));
    Some(problem)
}

fn control_character(place: &Place<'_>) -> Option<Problem> {
    let span = place.control_character()?;
    let number = u32::from(place.text_of(span).chars().next()?);
    let message = format!("the control character U+{number:04X} cannot stand in YAML");
    let problem = fault(message)
        .at(span, "not a character of text")
        .help(format!("remove it, or write it as `\"\\u{number:04x}\"`"));
    Some(problem)
}

fn odd_character(place: &Place<'_>) -> Option<Problem> {
    let word = place.word();
    let written = place.text_of(word);
    let first = written.chars().next()?;
    let problem = fault(format!("text cannot begin with `{first}`"))
        .at(word, "needs quotes")
        .help(format!("write {}", quoted(written)));
    Some(problem)
}

fn tag(place: &Place<'_>) -> Option<Problem> {
    let line = place.line();
    let start = line[..place.column()].rfind('!')?;
    let value = place.on_line(start, line.trim_end().len());
    let written = place.text_of(value);
    let name = written.split_whitespace().next()?;
    let problem = fault(format!("`{name}` is a tag, and playbooks have none"))
        .at(value, "not text for YAML")
        .help(format!(
            "put quotes around text that begins with `!`: {}",
            quoted(written)
        ));
    Some(problem)
}

fn mixed_brackets(place: &Place<'_>) -> Problem {
    fault("this bracket is closed by one of the other kind")
        .at(place.character(), "opened here")
        .help("`[` wants `]`, `{` wants `}`")
}

fn bracket_too_many(place: &Place<'_>) -> Problem {
    fault("this bracket closes nothing")
        .at(place.character(), "one too many")
        .help("remove it, or put quotes around it if it is text")
}

fn bracket_not_closed(place: &Place<'_>) -> Option<Problem> {
    let open = place.open_bracket()?;
    let close = match place.text_of(open) {
        "[" => ']',
        _ => '}',
    };
    let problem = fault(format!("this bracket is not closed with `{close}`"))
        .at(open, "opened here")
        .help(format!("add `{close}` where the list or map ends"));
    Some(problem)
}

fn endless_alias(place: &Place<'_>) -> Problem {
    fault("an alias cannot stand inside what it is an alias of")
        .at(place.word(), "would never end")
        .help("write the value out")
}

/// The same text with quotes that suit it.
fn quoted(written: &str) -> String {
    if written.contains('"') || written.contains('\\') {
        format!("`'{}'`", written.replace('\'', "''"))
    } else {
        format!("`\"{written}\"`")
    }
}
