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
    let value = place.value_from(start, value_end(line, start));
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
        .help(format!("write {}", quoted(&closed(written))))
}

/// The same template, with the braces at its end.
fn closed(written: &str) -> String {
    let is_open = written.matches("{{").count() > written.matches("}}").count();
    match written.trim_end_matches('}').trim_end() {
        text if is_open => format!("{text} }}}}"),
        _ => written.to_owned(),
    }
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

/// A blank that looks like one and is none for YAML, where one has to stand.
fn odd_blank(place: &Place<'_>) -> Option<Problem> {
    let is_odd = |letter: char| letter.is_whitespace() && !letter.is_ascii();
    let own = place.on_line(0, place.line().len());
    let (line, at) = [place.line_above(), Some(own)]
        .into_iter()
        .flatten()
        .find_map(|line| {
            let written = place.text_of(line);
            let at = written.find(is_odd)?;
            let before = written[..at].trim_end();
            let matters = before.is_empty() || before.ends_with([':', '-']);
            matters.then_some((line, at))
        })?;
    let odd = place.text_of(line)[at..].chars().next()?;
    let start = line.start() + at;
    let blank = line.at(start..start + odd.len_utf8());
    let problem = fault("this blank is none that YAML knows")
        .at(blank, format!("the character U+{:04X}", u32::from(odd)))
        .help("write plain spaces; text that is copied from a page or a letter may bring others");
    Some(problem)
}

/// `– id: a`, as programs for letters write it.
fn odd_dash(place: &Place<'_>) -> Option<Problem> {
    const ODD: [char; 6] = ['–', '—', '−', '‐', '‑', '•'];
    let line = [Some(place.text_of_line()), place.line_above()]
        .into_iter()
        .flatten()
        .find(|line| place.text_of(*line).starts_with(ODD))?;
    let written = place.text_of(line);
    let odd = written.chars().next()?;
    let item = written.strip_prefix(ODD)?;
    let dash = line.at(line.start()..line.start() + odd.len_utf8());
    let problem = fault("an item of a list begins with `-`, and this is another character")
        .at(dash, format!("the character U+{:04X}", u32::from(odd)))
        .help(format!("write `- {}`", item.trim_start()));
    Some(problem)
}

/// `id:c` or `name Call back`, above a line in the same column.
fn colon_wrong_above(place: &Place<'_>) -> Option<Problem> {
    let above = place.line_above()?;
    let entry = place.text_of(above).trim_start_matches("- ");
    let entry = above.at(above.end() - entry.len()..above.end());
    let line = place.line();
    let is_in_column = entry.start() - place.line_of(entry) == line.len() - line.trim_start().len();
    let written = place.text_of(entry);
    if !is_in_column || written.contains(": ") || written.ends_with(':') {
        return None;
    }
    let problem = match written.split_once(':') {
        Some((key, value)) => fault("a `:` needs a blank behind it")
            .at(entry, "this is one text")
            .help(format!("write `{key}: {value}`")),
        None => {
            let (key, value) = written.split_once(' ').unwrap_or((written, "…"));
            fault(format!("a `:` is missing behind `{key}`"))
                .at(entry, "neither a key nor its value")
                .help(format!("write `{key}: {value}`"))
        }
    };
    Some(problem)
}

/// `text: [a] b`.
fn text_behind_bracket(place: &Place<'_>) -> Option<Problem> {
    let line = place.line();
    let (_, value) = line[..place.column()].split_once(": ")?;
    let is_closed = value.trim_end().ends_with([']', '}']);
    if !is_closed || !value.trim_start().starts_with(['[', '{']) {
        return None;
    }
    let start = place.column() - value.trim_start().len();
    let value = place.value_from(start, line.len());
    let problem = fault("text goes on behind the closing bracket")
        .at(value, "YAML reads a list or a map, and then something else")
        .help(format!(
            "put quotes around text: {}",
            quoted(place.text_of(value))
        ));
    Some(problem)
}

/// `- status` among the keys of a map.
fn item_of_no_list(place: &Place<'_>) -> Option<Problem> {
    let line = place.line();
    let item = line.trim_start();
    let begin = line.len() - item.len();
    let between = line.get(begin + 1..place.column())?;
    if !item.starts_with("- ") || !between.trim().is_empty() {
        return None;
    }
    let help = match begin {
        0 => "write the key of the list above it, such as `steps:`",
        _ => "write it below the other items of its list, or its list's key above it",
    };
    let problem = fault("an item stands here where a key is expected")
        .at(place.on_line(begin, line.trim_end().len()), "of no list")
        .help(help);
    Some(problem)
}

/// `{ $gt: amount: 5 }`.
fn second_colon(place: &Place<'_>) -> Option<Problem> {
    let line = place.line();
    let column = place.column();
    if !line[column..].starts_with(':') {
        return None;
    }
    let (before, _) = line[..column].rsplit_once(": ")?;
    let start = before.len() + 2;
    let key = before.rsplit([' ', '{', ',']).next()?;
    let value = place.value_from(start, value_end(line, start));
    let written = place.text_of(value);
    let problem = fault(format!("two `:` stand in one entry, `{key}: {written}`"))
        .at(value, "YAML reads a second key here")
        .help(format!(
            "a map inside has braces of its own, `{key}: {{ {written} }}`, and text has quotes, {}",
            quoted(written)
        ));
    Some(problem)
}

/// Text below `key: >` that is not indented deeper than the key.
fn block_too_far_left(place: &Place<'_>) -> Option<Problem> {
    let above = place.line_above()?;
    let (key, mark) = place.text_of(above).rsplit_once(": ")?;
    let is_block = mark.starts_with(['>', '|']) && mark.len() <= 3;
    is_block.then(|| {
        fault("this text is not indented as text of the line above")
            .at(place.rest_of_line(), "too far to the left")
            .at(above, "its text stands deeper")
            .help(format!(
                "indent every line of the text deeper than `{}`",
                key.trim_start_matches("- ")
            ))
    })
}

/// A quote that is left open goes on to the next one, which is another value's.
fn quote_closed_by_another(place: &Place<'_>) -> Option<Problem> {
    let before = place.line()[..place.column()].trim_end();
    let quote = before.chars().next_back()?;
    let opens = before[..before.len() - quote.len_utf8()].trim_end();
    if !opens.ends_with([':', '-']) || opens.contains(quote) {
        return None;
    }
    let opened = place.open_above(quote)?;
    let closed = place.on_line(before.len() - quote.len_utf8(), before.len());
    let problem = fault("this quote is not closed where its text ends")
        .at(opened, "opened here")
        .at(closed, "closed only here")
        .help(format!("write `{quote}` at the end of the text"));
    Some(problem)
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
    } else if line[..place.column()].contains("{{") {
        "inside a template in double quotes write single ones: `\"{{ row['name'] }}\"`"
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
    let start = place.column();
    let value = place.value_from(start, value_end(place.line(), start));
    let written = place.text_of(value);
    let first = written.chars().next()?;
    let problem = fault(format!("text cannot begin with `{first}`"))
        .at(value, "needs quotes")
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
