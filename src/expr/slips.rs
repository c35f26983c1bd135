//! What people of other template languages write, and what is written here.

use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Span;

const INVALID: Code = Code("invalid_parameter");

/// What can be read, and never be worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slip {
    /// `today() + 1`
    DateAndNumber,
    /// `days(1)`, and nothing else.
    LoneLength,
}

impl Slip {
    pub(super) fn problem(self, place: Span) -> Problem {
        match self {
            Self::DateAndNumber => Problem::error(INVALID, "a number has no place beside a date")
                .at(place, "days, hours, or what?")
                .help("write the unit: `today() + days(1)`, `now() - hours(12)`"),
            Self::LoneLength => Problem::error(INVALID, "a length of time is no value")
                .at(place, "from when on?")
                .help("add it to a date: `today() + days(1)`"),
        }
    }
}

/// What names that nobody declares stand for in other languages.
pub fn foreign_name(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "null" | "nil" | "none" | "undefined" => "none",
        "true" | "yes" => "true",
        "false" | "no" => "false",
        "now" => "now()",
        "today" => "today()",
        _ => return None,
    })
}

/// What is nearly always meant by what stands where the parser stopped, by that and by its message.
pub(super) fn meant(text: &str, at: usize, said: &str) -> Option<String> {
    let (before, rest) = text.split_at_checked(at)?;
    if rest.starts_with(|first: char| first.is_alphabetic() && !first.is_ascii()) {
        return in_brackets(text, at);
    }
    statement(said)
        .or_else(|| unended(text, before, said))
        .or_else(|| word(before, rest))
        .map(str::to_owned)
        .or_else(|| curly_quotes(rest))
        .or_else(|| condition_alone(rest))
        .or_else(|| argument_of_filter(before, rest))
        .or_else(|| sign(before, rest).map(str::to_owned))
        .or_else(|| name_with_blank(before, rest))
}

/// What ends too early.
fn unended(text: &str, before: &str, said: &str) -> Option<&'static str> {
    let before = before.trim_end();
    Some(match said {
        "unexpected end of string" => {
            "this quote is not closed: write it again where the text ends"
        }
        "unexpected end of input, expected end of block" if text.contains("{% for") => {
            "write `{% endfor %}` or `{% endif %}` where it ends"
        }
        "unexpected end of input, expected end of block" => "write `{% endif %}` where it ends",
        said if said.ends_with("expected `]`") => "`[` is not closed: write `]`",
        said if said.ends_with("expected `)`") => "`(` is not closed: write `)`",
        _ if text.contains("{{{") => "a template has two braces: `{{ … }}`",
        "unexpected end of input, expected end of variable block"
        | "unexpected `}`, expected end of variable block" => "a template ends with `}}`",
        "unexpected end of input, expected expression" => "something is missing behind it",
        _ if said.starts_with("unexpected end of variable block") => match before {
            _ if before.ends_with('|') => "write a filter behind `|`, or leave it out",
            _ if before.ends_with('.') => "write a name behind the dot",
            _ => "something is missing before `}}`",
        },
        "unexpected `)`, expected end of variable block" => "this bracket closes nothing",
        "unexpected `]`, expected end of variable block" => "this bracket closes nothing",
        _ => return None,
    })
}

/// Words of other languages, where the parser stopped at them or behind them.
fn word(before: &str, rest: &str) -> Option<&'static str> {
    let behind = before.trim_end();
    if behind.trim_start_matches("{{").trim() == "if" {
        return Some(
            "write the condition alone, or `'a' if condition else 'b'` for one of two values",
        );
    }
    if behind.ends_with("else") && rest.starts_with("if ") {
        return Some("write `{% elif … %}`");
    }
    let word = rest
        .split(|letter: char| !letter.is_alphanumeric())
        .next()?;
    WORDS
        .iter()
        .find(|(theirs, _)| theirs.eq_ignore_ascii_case(word))
        .map(|(_, help)| *help)
}

/// A sign of another language: the parser stops at the first that it does not know, or behind it.
fn sign(before: &str, rest: &str) -> Option<&'static str> {
    let last = before.chars().next_back();
    let around = last.map(|last| format!("{last}{rest}")).unwrap_or_default();
    SIGNS
        .iter()
        .find(|(sign, _)| rest.starts_with(sign) || sign.len() == 2 && around.starts_with(sign))
        .filter(|_| !rest.starts_with("!="))
        .map(|(_, help)| *help)
}

const WORDS: &[(&str, &str)] = &[
    ("or", "write `or`"),
    ("and", "write `and`"),
    ("not", "write `not`"),
    ("like", "write `'x' in a`"),
    ("contains", "write `'x' in a`"),
    ("includes", "write `'x' in a`"),
    ("null", "write `a is none`"),
    ("is", "write `a is none`"),
    ("exists", "write `a is defined`"),
    ("startswith", "write `a is startingwith('x')`"),
    ("endswith", "write `a is endingwith('x')`"),
    ("matches", "write `'x' in a`"),
    ("between", "write `a >= 1 and a <= 2`"),
    ("eq", "write `==`"),
    ("equals", "write `==`"),
    ("ne", "write `!=`"),
    ("gt", "write `>`"),
    ("ge", "write `>=`"),
    ("gte", "write `>=`"),
    ("lt", "write `<`"),
    ("le", "write `<=`"),
    ("lte", "write `<=`"),
    ("then", "write `'a' if condition else 'b'`"),
];

const SIGNS: &[(&str, &str)] = &[
    ("||", "write `or`"),
    ("&&", "write `and`"),
    ("<>", "write `!=`"),
    ("??", "write `a | default('x')`"),
    ("->", "write a dot: `vars.name`"),
    ("::", "write a dot: `vars.name`"),
    ("..", "write one dot"),
    ("$", "write the name without `$`"),
    ("@", "write the name without `@`"),
    ("%", "write the name without `%`"),
    ("=", "compare with `==`"),
    ("!", "write `not`"),
    ("?", "write `a if condition else b`"),
];

/// `row.Last Name`, where nothing follows.
fn name_with_blank(before: &str, rest: &str) -> Option<String> {
    let is_of_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let first = before.strip_suffix(' ')?;
    let path = &first[first
        .trim_end_matches(|letter| is_of_name(letter) || letter == '.')
        .len()..];
    let (owner, name) = path.rsplit_once('.')?;
    let second = &rest[..rest.find(|letter| !is_of_name(letter))?];
    let ends = rest[second.len()..].trim_start().starts_with("}}");
    (ends && !second.is_empty())
        .then(|| format!("a name with a blank in it is written `{owner}['{name} {second}']`"))
}

/// A name with letters that the engine does not know: `item.Näme`.
fn in_brackets(text: &str, at: usize) -> Option<String> {
    let is_of_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let (before, rest) = text.split_at_checked(at)?;
    let begin = before.trim_end_matches(is_of_name);
    let end = at
        + rest
            .find(|letter| !is_of_name(letter))
            .unwrap_or(rest.len());
    let name = &text[begin.len()..end];
    let owner = begin.strip_suffix('.')?;
    let path = owner.trim_end_matches(|letter| is_of_name(letter) || letter == '.');
    Some(format!("write `{}['{name}']`", &owner[path.len()..]))
}

/// Statements that the engine knows and playbooks do not, or that it does not know.
fn statement(said: &str) -> Option<&'static str> {
    let name = said
        .strip_prefix("unknown statement ")
        .or_else(|| Some(said.strip_prefix('`')?.split_once("` blocks")?.0))?;
    Some(match name {
        "with" => "write `{% set x = … %}` before the text that uses it",
        "include" | "import" | "from" | "extends" => {
            "a template takes in no other file; steps of another playbook come with `include: FILE` as a step"
        }
        "macro" | "call" | "block" => {
            "write the text where it is used, or once as the `default` of a variable"
        }
        "filter" => "write the filter behind a value: `{{ item.name | upper }}`",
        "elseif" | "else if" => "write `{% elif … %}`",
        "unless" => "write `{% if not … %}`",
        "case" | "switch" | "when" => "write `{% if … %}` and `{% elif … %}`",
        "assign" | "let" | "var" => "write `{% set x = … %}`",
        "endif" | "endfor" | "else" | "elif" => "what it belongs to begins nowhere before it",
        _ => "there are `{% if … %}`, `{% for … %}` and `{% set … %}`",
    })
}

/// `‘x’`, as programs for letters write it.
fn curly_quotes(rest: &str) -> Option<String> {
    const CURLY: [char; 6] = ['‘', '’', '‚', '“', '”', '„'];
    let inside = rest.strip_prefix(CURLY)?;
    let text = inside
        .split(CURLY)
        .next()
        .filter(|text| text.len() < inside.len());
    Some(format!(
        "these quotes are none of a template; write `'{}'`",
        text.unwrap_or("…")
    ))
}

/// `when: "{% if vars.x %}"`.
fn condition_alone(rest: &str) -> Option<String> {
    let condition = rest.trim_start_matches('{').strip_prefix('%')?;
    let condition = condition
        .trim_start_matches('-')
        .trim_start()
        .strip_prefix("if ")?;
    let (condition, _) = condition.split_once("%}")?;
    let condition = condition.trim_end_matches('-').trim();
    Some(format!("write the condition alone: `{condition}`"))
}

/// `a | default 'x'` and `a | default: 'x'`.
fn argument_of_filter(before: &str, rest: &str) -> Option<String> {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let before = before.trim_end();
    let name = &before[before.trim_end_matches(is_of_name).len()..];
    let is_filter = before[..before.len() - name.len()]
        .trim_end()
        .ends_with('|');
    let argument = rest.strip_prefix(':').unwrap_or(rest).trim_start();
    let length = match argument.chars().next()? {
        quote @ ('\'' | '"') => argument[1..].find(quote)? + 2,
        first if is_of_name(first) => argument
            .find(|letter| !is_of_name(letter) && letter != '.')
            .unwrap_or(argument.len()),
        _ => return None,
    };
    let argument = &argument[..length];
    (is_filter && !name.is_empty() && argument != "if")
        .then(|| format!("what a filter is given stands in brackets: `| {name}({argument})`"))
}
