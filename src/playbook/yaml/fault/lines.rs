//! Lines that begin in a wrong column or with a wrong sign, and colons that are missing or one too many.

use super::super::place::Place;
use super::super::place::indentation;
use super::words::fault;
use super::words::named;
use super::words::quoted;
use crate::diag::Problem;
use crate::diag::Span;

pub(super) fn tab(place: &Place<'_>) -> Option<Problem> {
    let problem = fault("a tab cannot indent a line")
        .at(place.tab_in_indentation()?, "a tab")
        .help("indent with spaces, two for each level");
    Some(problem)
}

/// `name: Call back: urgent`.
pub(super) fn colon_in_text(place: &Place<'_>) -> Option<Problem> {
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
pub(super) fn dash_without_blank(place: &Place<'_>) -> Option<Problem> {
    let (line, item) = [place.line_above(), Some(place.text_of_line())]
        .into_iter()
        .flatten()
        .find_map(|line| {
            let item = place.text_of(line).strip_prefix('-')?;
            item.starts_with(char::is_alphabetic)
                .then_some((line, item))
        })?;
    let dash = line.at(line.start()..line.start() + 1);
    let problem = fault("the dash of a list needs a blank behind it")
        .at(dash, "no blank behind it")
        .help(format!("write `- {item}`"));
    Some(problem)
}

/// `– id: a`, as programs for letters write it.
pub(super) fn odd_dash(place: &Place<'_>) -> Option<Problem> {
    const ODD: [char; 6] = ['–', '—', '−', '‐', '‑', '•'];
    // These two begin text as well, where no blank follows.
    let is_odd = |written: &str| {
        written.starts_with(ODD) || ["* ", "+ "].iter().any(|odd| written.starts_with(odd))
    };
    let line = [Some(place.text_of_line()), place.line_above()]
        .into_iter()
        .flatten()
        .find(|line| is_odd(place.text_of(*line)))?;
    let written = place.text_of(line);
    let odd = written.chars().next()?;
    let item = &written[odd.len_utf8()..];
    let dash = line.at(line.start()..line.start() + odd.len_utf8());
    let problem = fault("an item of a list begins with `-`, and this is another character")
        .at(dash, named(odd))
        .help(format!("write `- {}`", item.trim_start()));
    Some(problem)
}

/// `id:c` or `name Call back`, above a line in the same column.
pub(super) fn colon_wrong_above(place: &Place<'_>) -> Option<Problem> {
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

/// `- status` among the keys of a map.
pub(super) fn item_of_no_list(place: &Place<'_>) -> Option<Problem> {
    let line = place.line();
    let item = line.trim_start();
    let begin = line.len() - item.len();
    let between = line.get(begin + 1..place.column())?;
    if !item.starts_with("- ") || !between.trim().is_empty() {
        return None;
    }
    let is_below_items = place
        .lines_above()
        .any(|line| place.column_of(line) > begin && place.text_of(line).starts_with("- "));
    let help = match begin {
        0 if is_below_items => "indent it as far as the items of the list above it",
        0 => "write the key of the list above it, such as `steps:`",
        _ => "write it below the other items of its list, or its list's key above it",
    };
    let problem = fault("an item stands here where a key is expected")
        .at(place.on_line(begin, line.trim_end().len()), "of no list")
        .help(help);
    Some(problem)
}

pub(super) fn indented_too_far(place: &Place<'_>) -> Option<Problem> {
    let problem = fault("this line is indented under one that has its value already")
        .at(place.first_word(), "too far to the right")
        .at(place.line_above()?, "complete without it")
        .help("begin both in the same column");
    Some(problem)
}

pub(super) fn indented_between(place: &Place<'_>) -> Option<Problem> {
    let is_first = place.line()[..place.column()].trim().is_empty();
    let is_item = place.text_of(place.text_of_line()).starts_with("- ");
    is_first.then(|| {
        fault("this line begins in a column of its own")
            .at(place.first_word(), "belongs to nothing above it")
            .help(if is_item {
                "begin it in the column of the other items of its list"
            } else {
                "begin it in the column of the keys it belongs to"
            })
    })
}

pub(super) fn dash_missing(place: &Place<'_>) -> Problem {
    fault("a list goes on here without a dash")
        .at(place.first_word(), "not an item of the list above")
        .help("begin it with `- `, or indent it as far as the item it belongs to")
}

pub(super) fn list_on_key_line(place: &Place<'_>) -> Problem {
    fault("a list with dashes begins on a line of its own")
        .at(place.rest_of_line(), "on the line of its key")
        .help("write `[a, b]`, or put every `- …` on a line below the key")
}

pub(super) fn colon_missing(place: &Place<'_>) -> Problem {
    let first = place.text_of(place.word());
    let line = place.rest_of_line();
    if !first.contains(char::is_alphanumeric) {
        return fault("this line is neither a key with its value nor an item of a list")
            .at(line, "means nothing here")
            .help("remove it, or begin it with `#` to make a comment of it");
    }
    if let Some((key, value)) = first.split_once([':', '：']) {
        let is_odd = first.contains('：');
        let message = if is_odd {
            "the colon behind a key is `:`, and this is another character"
        } else {
            "a `:` needs a blank behind it"
        };
        let label = if is_odd {
            named('：')
        } else {
            "this is one text".to_owned()
        };
        let value = if value.is_empty() { "…" } else { value };
        return fault(message)
            .at(line, label)
            .help(format!("write `{key}: {value}`"));
    }
    let problem =
        fault(format!("a `:` is missing behind `{first}`")).at(line, "neither a key nor its value");
    match place.text_of(line).strip_prefix(first).map(str::trim) {
        Some(value) if !value.is_empty() => {
            let value = value.trim_start_matches(['=', ':']).trim();
            problem.help(format!(
                "write `{first}: {value}`, or `# {first} …` for a comment"
            ))
        }
        _ => problem.help(format!("write `{first}: …`")),
    }
}

/// A key of a step that stands so far to the left that it ends the list of steps, which goes on below it.
pub(super) fn too_far_left_above(place: &Place<'_>) -> Option<Problem> {
    let line = place.line();
    let column = indentation(line);
    if !line[column..].starts_with("- ") {
        return None;
    }
    let mut lines = place.lines_above();
    let mut first = None;
    let is_left =
        |line: Span| place.column_of(line) < column && !place.text_of(line).starts_with('-');
    for above in lines.by_ref() {
        if !is_left(above) {
            let goes_on = std::iter::once(above).chain(lines).any(|line| {
                place.column_of(line) == column && place.text_of(line).starts_with("- ")
            });
            return first.filter(|_| goes_on).map(|first| {
                fault("this line ends the list of steps, which goes on below it")
                    .at(first, "too far to the left")
                    .at(place.first_word(), "goes on here")
                    .help("indent it as far as the other keys of its step")
            });
        }
        first = Some(above);
    }
    None
}
